// Copies boxes from DRAM to the buffer: runs of grains of G bits, each where the nest says on either side.
// Channels of the nest: 0 place in DRAM, 1 place in the buffer, both in grains. Extra: 0 grains of a run.
// A command ends here when all its runs are under way, so that the next one's bursts are asked for before
// its data came; its tokens are given when they are in the buffer.
`default_nettype none
module load #(
    parameter int W = 64,
    parameter int D = 64,
    parameter int G = 8,
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int ADDRESS = 32,
    parameter int TOKENS = 16,
    parameter int LINE = 12,
    parameter int OUTSTANDING = 64,
    localparam int GRAINS = W / G
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               in_valid,
    output logic                    in_ready,
    input  wire logic [41:0]        in_data,
    input  wire logic [TOKENS-1:0]  available,
    output logic      [TOKENS-1:0]  take,
    output logic      [TOKENS-1:0]  give,
    output logic                    busy,
    output logic                    ar_valid,
    input  wire logic               ar_ready,
    output logic      [ADDRESS-1:0] ar_address,
    output logic      [7:0]         ar_length,
    input  wire logic               r_valid,
    output logic                    r_ready,
    input  wire logic [D-1:0]       r_data,
    input  wire logic [1:0]         r_response,
    input  wire logic               r_last,
    output logic                    write_valid,
    input  wire logic               write_ready,
    output logic      [LINE-1:0]    write_line,
    output logic      [W-1:0]       write_data,
    output logic      [GRAINS-1:0]  write_mask,
    output logic                    passes,
    output logic                    holds_bus,
    output logic                    waits_bus,
    output logic                    failed
);
  localparam int AW = LINE + $clog2(GRAINS);
  logic run_valid, run_ready, run_last, done;
  logic [39:0] run_dram;
  logic [AW-1:0] run_local;
  logic [AW:0] run_length;

  walk_runs #(.LOOPS(LOOPS), .COUNT(COUNT), .AW(AW), .TOKENS(TOKENS)) walk_runs (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .busy, .run_valid,
      .run_ready, .run_dram, .run_local, .run_length, .run_last, .done
  );
  run_load #(
      .W(W), .D(D), .G(G), .AW(AW), .ADDRESS(ADDRESS), .OUTSTANDING(OUTSTANDING)
  ) copy (
      .clk, .rst, .run_valid, .run_ready, .run_dram, .run_local, .run_length, .run_last, .done,
      .ar_valid, .ar_ready, .ar_address, .ar_length, .r_valid, .r_ready, .r_data, .r_response,
      .r_last, .write_valid, .write_ready, .write_line, .write_data, .write_mask, .passes,
      .holds_bus, .waits_bus, .failed
  );
endmodule
`default_nettype wire
