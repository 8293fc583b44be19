// A first-in first-out block between two streams, with a checker: `bad` is high in a cycle that shows a beat
// lost, doubled, changed, out of order, or withdrawn while it waited. One beat, whichever `choose` picks, is
// followed: of those before it `ahead` are still inside. No more than MOST beats may be inside.
// BLOCK: 0 fifo, 1 queue. MISTAKE: 0 none, 1 loses a beat when only one more fits, 2 doubles the last beat
// inside, 3 lets a waiting beat go when one comes in.
`default_nettype none
module handshake #(
    parameter int BLOCK = 0,
    parameter int DEPTH = 3,
    parameter int MOST = 3,
    parameter int MISTAKE = 0,
    localparam int COUNT = $clog2(MOST + 2)
) (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic       in_valid,
    output logic            in_ready,
    input  wire logic [1:0] in_data,
    output logic            out_valid,
    input  wire logic       out_ready,
    output logic      [1:0] out_data,
    input  wire logic       choose,
    output logic            bad
);
  logic offers, accepts, there;
  logic [COUNT-1:0] inside;
  assign offers = in_valid && !(MISTAKE == 1 && inside == COUNT'(MOST - 1));
  assign accepts = out_ready && !(MISTAKE == 2 && inside == COUNT'(1));
  assign out_valid = there && !(MISTAKE == 3 && in_valid);
  generate
    if (BLOCK == 0) begin : g_fifo
      logic [$clog2(DEPTH+1)-1:0] unused_free;
      fifo #(.WIDTH(2), .DEPTH(DEPTH)) block (
          .clk, .rst, .in_valid(offers), .in_ready, .in_data, .out_valid(there),
          .out_ready(accepts), .out_data, .free(unused_free)
      );
    end else begin : g_queue
      queue #(.WIDTH(2), .DEPTH(DEPTH)) block (
          .clk, .rst, .in_valid(offers), .in_ready, .in_data, .out_valid(there),
          .out_ready(accepts), .out_data
      );
    end
  endgenerate

  logic push, pop, followed, waited;
  logic [1:0] value, data_was;
  logic [COUNT-1:0] ahead;
  assign push = in_valid && in_ready;
  assign pop = out_valid && out_ready;
  always_ff @(posedge clk) begin
    if (rst) begin
      inside   <= '0;
      followed <= 1'b0;
      waited   <= 1'b0;
    end else begin
      inside <= inside + COUNT'(push) - COUNT'(pop);
      waited <= out_valid && !out_ready;
      if (followed && pop && ahead == '0) followed <= 1'b0;
      else if (!followed && push && choose) followed <= 1'b1;
    end
    data_was <= out_data;
    if (!followed && push && choose) begin
      value <= in_data;
      ahead <= inside - COUNT'(pop);
    end else if (pop) begin
      ahead <= ahead - 1'b1;
    end
  end
  assign bad = (out_valid && inside == '0) || (push && inside == COUNT'(MOST) && !pop)
      || (followed && out_valid && ahead == '0 && out_data != value)
      || (waited && !(out_valid && out_data == data_was));
endmodule
`default_nettype wire
