"""What each block computes, in NumPy: one file for each block that has a twin, of the same name."""
