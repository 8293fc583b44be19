"""Optimisers, one file each: the file's name is the optimiser's."""
