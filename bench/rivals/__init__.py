"""Our mapper against AccelForge 1.0.467 and ZigZag 3.9.1, on the same problems, in one run.

`python -m bench.rivals [PROBLEM ...]`. Each tool gets an environment of its own (`--environments`),
and each problem in its own language, written from one description: shapes, tree, capacities, energy
per bit read and written, energy of a multiply-accumulate. Bandwidths are unlimited, so that latency
is the steps of the array in all three; every sum is as wide as the stored output, since AccelForge
gives partial sums no width of their own. All operands may live in all memories.

Counted are CPU seconds of all threads and children: of a fresh process with its imports, of the
first call alone, and of a second call in that process for a chip whose outermost memory takes 1 %
more energy, so that no tool can answer from a table of results. AccelForge runs one job at a time;
its drawing of the result (it needs Graphviz) is left out, and so are ZigZag's files and plots.

Models differ, so every mapping found is priced by our exact counter too (`back.py`). What it cannot
say as it stands:

- Two tensors kept in one memory at different depths of the nest. We have one depth for each
  memory. All depths between are tried, and the cheapest that fits is priced: `nearest`.
- A fused nest of several einsums: AccelForge's is compared by its own cost: `fused`.

What their input cannot say:

- ZigZag cannot leave an operand out of a memory that serves it, accesses are whole words, and
  without bandwidth it does not work: 2^14 bits a cycle stand for "unlimited", and its latency holds
  stalls all the same. It tries three unrollings, each of one rank for each
  dimension; `zigzag-mixed` asks for several.
- AccelForge takes only factors of a rank. `accelforge-ragged` asks for all tiles, and
  `accelforge-coarse` for tiles at least twice the next smaller, as its manual recommends then.
  It takes a ragged last step for a fraction of a step; we count it as a step like the others.
- Neither has padding as we have: the inputs of convolutions are given with their borders.
- Networks are their contractions; equal layers are mapped once, for all three.
"""
