// Walks the steps of an array, or the lines that leave it: one each cycle in which all that it needs is
// there. Loops are marked by three masks: a step is `first` for its sum while all loops in the first mask
// stand at their first turn; a bank serves all turns of the loops in the second, and a half of the sums
// all turns of those in the third.
// Channels of the nest: 0 entry, 1 line, 2 row. Extras: 0 to 2 the masks; 3: bit 0 sums go on from what was
// loaded, bit 4 they are no sums but the greatest of their terms.
`default_nettype none
module stepper #(
    parameter int LOOPS = 8,
    parameter int COUNT = 16,
    parameter int WIDTH = 16,
    parameter int TOKENS = 16,
    parameter int HALVES = 1
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
    input  wire logic              operands,
    input  wire logic              bank,
    input  wire logic              half_free,
    input  wire logic              half_loaded,
    output logic                   step,
    output logic                   first_of_sum,
    output logic                   bank_ends,
    output logic                   half_begins,
    output logic                   half_ends,
    output logic                   goes_on,
    output logic                   greatest,
    output logic [WIDTH-1:0]       entry,
    output logic [WIDTH-1:0]       line,
    output logic [WIDTH-1:0]       row,
    output logic                   waits_operands,
    output logic                   waits_half
);
  logic start, done, ending, running, half;
  logic [LOOPS*COUNT-1:0] turns;
  logic [3*WIDTH-1:0] bases;
  logic [3*LOOPS*WIDTH-1:0] jumps;
  // verilator lint_off UNUSEDSIGNAL
  logic [4*LOOPS-1:0] extras;
  // verilator lint_on UNUSEDSIGNAL
  logic [LOOPS-1:0] first, last, sum_mask, bank_mask, half_mask;
  logic adds, begun, unfinished;

  unit #(
      .LOOPS(LOOPS), .CHANNELS(3), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(4), .EXTRA(LOOPS),
      .TOKENS(TOKENS)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras
  );
  nest #(.LOOPS(LOOPS), .CHANNELS(3), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step, .turns, .bases, .jumps, .addresses({row, line, entry}),
      .first, .last, .ending
  );
  assign {half_mask, bank_mask, sum_mask} = extras[3*LOOPS-1:0];
  assign {greatest, unfinished, begun, goes_on, adds} = extras[3*LOOPS+:5];

  assign first_of_sum = &(first | ~sum_mask) && !adds;
  assign bank_ends = &(last | ~bank_mask);
  assign half_begins = &(first | ~half_mask) && !begun;
  assign half_ends = &(last | ~half_mask) && !unfinished;
  assign half = HALVES == 0 || !half_begins || (goes_on ? half_loaded : half_free);
  assign step = running && operands && bank && half;
  assign done = step && ending;
  assign waits_operands = running && !(operands && bank);
  assign waits_half = running && operands && bank && !half;

  always_ff @(posedge clk) begin
    if (rst) running <= 1'b0;
    else if (start) running <= 1'b1;
    else if (done) running <= 1'b0;
  end
endmodule
`default_nettype wire
