"""Steps before factors are stored, one file each: the file's name is the step's."""
