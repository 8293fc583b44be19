"""Layers as einsums: functions over a `Builder` that the readers and the zoo share.

Each takes names of tensors that exist and the name of the one to make, adds the einsums that
compute it, and returns its name. Ranks are called alike everywhere: `n` batch, `g` group, `k`
output channels, `c` input channels, `p q o` output positions, `r s t` positions in a window.
"""
