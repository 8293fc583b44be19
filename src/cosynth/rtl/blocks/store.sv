// Copies boxes from the buffer to DRAM: runs of grains of G bits, whole bytes each, where the nest says on
// either side. Channels: 0 place in DRAM, 1 place in the buffer, in grains. Extra: 0 grains of a run.
// A command ends here when its runs are under way; its tokens are given with its last response.
`default_nettype none
module store #(
    parameter int W = 64,
    parameter int D = 64,
    parameter int G = 8,
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int ADDRESS = 32,
    parameter int TOKENS = 16,
    parameter int LINE = 12,
    parameter int OUTSTANDING = 64
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
    output logic                    aw_valid,
    input  wire logic               aw_ready,
    output logic      [ADDRESS-1:0] aw_address,
    output logic      [7:0]         aw_length,
    output logic                    w_valid,
    input  wire logic               w_ready,
    output logic      [D-1:0]       w_data,
    output logic      [D/8-1:0]     w_strobe,
    output logic                    w_last,
    input  wire logic               b_valid,
    output logic                    b_ready,
    input  wire logic [1:0]         b_response,
    output logic                    read_valid,
    input  wire logic               read_ready,
    output logic      [LINE-1:0]    read_line,
    input  wire logic [W-1:0]       read_data,
    output logic                    passes,
    output logic                    holds_bus,
    output logic                    waits_bus,
    output logic                    failed
);
  localparam int AW = LINE + $clog2(W / G);
  logic run_valid, run_ready, run_last, done;
  logic [39:0] run_dram;
  logic [AW-1:0] run_local;
  logic [AW:0] run_length;

  walk_runs #(.LOOPS(LOOPS), .COUNT(COUNT), .AW(AW), .TOKENS(TOKENS), .AHEAD(0)) walk_runs (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .busy, .run_valid,
      .run_ready, .run_dram, .run_local, .run_length, .run_last, .done
  );
  run_store #(
      .W(W), .D(D), .G(G), .AW(AW), .ADDRESS(ADDRESS), .OUTSTANDING(OUTSTANDING)
  ) copy (
      .clk, .rst, .run_valid, .run_ready, .run_dram, .run_local, .run_length, .run_last, .done,
      .aw_valid, .aw_ready, .aw_address, .aw_length, .w_valid, .w_ready, .w_data, .w_strobe, .w_last,
      .b_valid, .b_ready, .b_response, .read_valid, .read_ready, .read_line, .read_data, .passes,
      .holds_bus, .waits_bus, .failed
  );
endmodule
`default_nettype wire
