// Commands of a copy as runs: a unit whose nest names where each run lies in DRAM and in the buffer.
// A command is over when its last run was taken, and the next begins; its tokens wait in a queue for
// `done`, which comes once for each command, in order.
`default_nettype none
module walk_runs #(
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int AW = 16,
    parameter int TOKENS = 16,
    parameter int PENDING = 8,
    parameter int AHEAD = 1
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic              in_valid,
    output logic                   in_ready,
    input  wire logic [41:0]       in_data,
    input  wire logic [TOKENS-1:0] available,
    output logic      [TOKENS-1:0] take,
    output logic      [TOKENS-1:0] give,
    output logic                   busy,
    output logic                   run_valid,
    input  wire logic              run_ready,
    output logic      [39:0]       run_dram,
    output logic      [AW-1:0]     run_local,
    output logic      [AW:0]       run_length,
    output logic                   run_last,
    input  wire logic              done
);
  localparam int WIDTH = 32;
  localparam int FREE = $clog2(PENDING + 1);
  logic start, walked, running, walking, room, ending, pending;
  logic [TOKENS-1:0] gives, waiting;
  logic [LOOPS*COUNT-1:0] turns;
  logic [2*WIDTH-1:0] bases;
  logic [2*LOOPS*WIDTH-1:0] jumps;
  // verilator lint_off UNUSEDSIGNAL
  logic [WIDTH-1:0] run, to, from;
  logic [LOOPS-1:0] firsts, lasts;
  logic [FREE-1:0] free;
  // verilator lint_on UNUSEDSIGNAL

  unit #(
      .LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(1), .EXTRA(WIDTH),
      .TOKENS(TOKENS), .AHEAD(AHEAD)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give(gives), .start,
      .done(walked), .busy(walking), .turns, .bases, .jumps, .extras(run)
  );
  nest #(.LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step(run_valid && run_ready), .turns, .bases, .jumps,
      .addresses({to, from}), .first(firsts), .last(lasts), .ending
  );
  fifo #(.WIDTH(TOKENS), .DEPTH(PENDING)) tokens (
      .clk, .rst, .in_valid(walked), .in_ready(room), .in_data(gives), .out_valid(pending),
      .out_ready(done), .out_data(waiting), .free
  );
  assign run_valid = running && room;
  assign run_last = ending;
  assign run_dram = {8'd0, from};
  assign run_local = to[AW-1:0];
  assign run_length = run[AW:0];
  assign walked = run_valid && run_ready && ending;
  assign give = done && pending ? waiting : '0;
  assign busy = walking || pending;
  always_ff @(posedge clk) begin
    if (rst) running <= 1'b0;
    else if (start) running <= 1'b1;
    else if (walked) running <= 1'b0;
  end
endmodule
`default_nettype wire
