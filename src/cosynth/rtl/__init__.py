"""The circuit of a chip: its blocks in SystemVerilog, simulated bit by bit and synthesised."""
