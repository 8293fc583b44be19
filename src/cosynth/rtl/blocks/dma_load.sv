// Copies boxes from DRAM (AXI4 read port of D bits) into a memory of lines of W bits; D divides W.
// A command names a box: `command_run` grains that lie side by side on both sides, in loops of
// `command_counts` (0 innermost, at least 1) that move by signed strides. Addresses, strides and lengths
// are in grains of G bits: `command_dram` in DRAM, `command_local` in the memory.
// How it moves them, when `done` comes and what the events mean: `run_load`.
`default_nettype none
module dma_load #(
    parameter int W = 128,
    parameter int D = 64,
    parameter int G = 8,
    parameter int AW = 16,
    parameter int LOOPS = 4,
    parameter int ADDRESS = 32,
    parameter int MAX_BURST = 16,
    parameter int OUTSTANDING = 8,
    parameter int AHEAD = 16,
    localparam int COUNT = 16,
    localparam int DRAM = 40,
    localparam int STRIDE = 32,
    localparam int LANES = W / G,
    localparam int LINE = AW - $clog2(LANES)
) (
    input  wire logic                    clk,
    input  wire logic                    rst,
    input  wire logic                    command_valid,
    output logic                         command_ready,
    input  wire logic [AW:0]             command_run,
    input  wire logic [DRAM-1:0]         command_dram,
    input  wire logic [AW-1:0]           command_local,
    input  wire logic [LOOPS*COUNT-1:0]  command_counts,
    input  wire logic [LOOPS*STRIDE-1:0] command_dram_strides,
    input  wire logic [LOOPS*(AW+1)-1:0] command_local_strides,
    output logic                         done,
    output logic                         ar_valid,
    input  wire logic                    ar_ready,
    output logic      [ADDRESS-1:0]      ar_address,
    output logic      [7:0]              ar_length,
    input  wire logic                    r_valid,
    output logic                         r_ready,
    input  wire logic [D-1:0]            r_data,
    input  wire logic [1:0]              r_response,
    input  wire logic                    r_last,
    output logic                         write_valid,
    input  wire logic                    write_ready,
    output logic      [LINE-1:0]         write_line,
    output logic      [W-1:0]            write_data,
    output logic      [LANES-1:0]        write_mask,
    output logic                         passes,
    output logic                         holds_bus,
    output logic                         waits_bus,
    output logic                         failed
);
  logic run_valid, run_ready, run_last;
  logic [DRAM-1:0] run_dram;
  logic [AW-1:0] run_local;
  logic [AW:0] run_length;

  box_runs #(.LOOPS(LOOPS), .COUNT(COUNT), .DRAM(DRAM), .STRIDE(STRIDE), .AW(AW)) walk (
      .clk, .rst, .in_valid(command_valid), .in_ready(command_ready), .in_run(command_run),
      .in_dram(command_dram), .in_local(command_local), .in_counts(command_counts),
      .in_dram_strides(command_dram_strides), .in_local_strides(command_local_strides),
      .run_valid, .run_ready, .run_dram, .run_local, .run_length, .run_last
  );
  run_load #(
      .W(W), .D(D), .G(G), .AW(AW), .DRAM(DRAM), .ADDRESS(ADDRESS), .MAX_BURST(MAX_BURST),
      .OUTSTANDING(OUTSTANDING), .AHEAD(AHEAD)
  ) copy (
      .clk, .rst, .run_valid, .run_ready, .run_dram, .run_local, .run_length, .run_last, .done,
      .ar_valid, .ar_ready, .ar_address, .ar_length, .r_valid, .r_ready, .r_data, .r_response,
      .r_last, .write_valid, .write_ready, .write_line, .write_data, .write_mask,
      .passes, .holds_bus, .waits_bus, .failed
  );
endmodule
`default_nettype wire
