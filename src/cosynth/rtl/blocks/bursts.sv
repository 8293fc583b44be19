// Splits runs in DRAM into AXI bursts: walks the runs of a command and asks for each in bursts of at most
// MOST beats of D bits, none across 4 KiB. Addresses of runs are in grains of G bits.
`default_nettype none
module bursts #(
    parameter int D = 64,
    parameter int G = 8,
    parameter int MOST = 16,
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int WIDTH = 32,
    parameter int ADDRESS = 32
) (
    input  wire logic                   clk,
    input  wire logic                   rst,
    input  wire logic                   start,
    input  wire logic [LOOPS*COUNT-1:0] turns,
    input  wire logic [WIDTH-1:0]       base,
    input  wire logic [LOOPS*WIDTH-1:0] jumps,
    input  wire logic [WIDTH-1:0]       run,
    output logic                        busy,
    output logic                        valid,
    input  wire logic                   ready,
    output logic      [ADDRESS-1:0]     address,
    output logic      [7:0]             length
);
  localparam int GRAINS = D / G;
  localparam int SHIFT = $clog2(GRAINS);
  localparam int BYTES = $clog2(D / 8);
  localparam int PAGE = 12 - BYTES;  // beats of 4 KiB, as bits
  logic [WIDTH-1:0] from, first, final_beat, progress, beat, left, page, count;
  logic ending, finishes;
  // verilator lint_off UNUSEDSIGNAL
  logic [LOOPS-1:0] firsts, lasts;
  logic [WIDTH+BYTES-1:0] bytes;
  // verilator lint_on UNUSEDSIGNAL

  nest #(.LOOPS(LOOPS), .CHANNELS(1), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step(valid && ready && finishes), .turns, .bases(base), .jumps,
      .addresses(from), .first(firsts), .last(lasts), .ending
  );
  assign first = from >> SHIFT;
  assign final_beat = (from + run - 1'b1) >> SHIFT;
  assign beat = first + progress;
  assign left = final_beat - beat + 1'b1;
  assign page = WIDTH'(1 << PAGE) - (beat & WIDTH'((1 << PAGE) - 1));
  always_comb begin
    count = left < WIDTH'(MOST) ? left : WIDTH'(MOST);
    if (page < count) count = page;
  end
  assign finishes = count == left;
  assign valid = busy;
  assign bytes = {beat, {BYTES{1'b0}}};
  assign address = bytes[ADDRESS-1:0];
  assign length = 8'(count - 1'b1);
  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      progress <= '0;
    end else if (start) begin
      busy <= 1'b1;
      progress <= '0;
    end else if (valid && ready) begin
      progress <= finishes ? '0 : progress + count;
      if (finishes && ending) busy <= 1'b0;
    end
  end
endmodule
`default_nettype wire
