// A whole number times a power of two, rounded to the nearest float32, ties to even.
//
//   value = whole * 2^exponent
//
// Subnormals are kept, what is too large becomes infinity, zero has no sign. Latency 2 cycles in which
// `enable` is high, one number a cycle; no reset.
`default_nettype none

module round_fp32 #(
    parameter int N = 32,  // bits of the whole number
    parameter int E = 12   // bits of the exponent; sums with N and 150 must fit
) (
    input  logic                clk,
    input  logic                enable,
    input  logic signed [N-1:0] whole,
    input  logic signed [E-1:0] exponent,
    output logic        [31:0]  value
);

  localparam int KEPT = 26;  // a significand of 24 bits, the bit below it, and whether any more is set
  localparam int W = N > KEPT ? N : KEPT;
  localparam int STAGES = $clog2(W);
  localparam logic signed [E-1:0] LOWEST = -126;  // exponent of the smallest normal number

  // 1: magnitude, shifted until its leading bit is the highest
  logic [W-1:0] size;
  logic signed [E-1:0] highest;  // exponent of the highest bit
  logic [KEPT-1:0] short_1;
  logic signed [E-1:0] highest_1;
  logic negative_1, zero_1;

  always_comb begin
    size = whole[N-1] ? W'(unsigned'(-whole)) : W'(unsigned'(whole));
    highest = exponent + E'(W - 1);
    for (int stage = STAGES - 1; stage >= 0; stage--)
      if ((size >> (W - (1 << stage))) == '0) begin
        size = size << (1 << stage);
        highest = highest - E'(1 << stage);
      end
  end

  always_ff @(posedge clk)
    if (enable) begin
      short_1 <= KEPT'(size >> (W - KEPT)) | KEPT'((size << KEPT) != '0);
      highest_1 <= highest;
      negative_1 <= whole[N-1];
      zero_1 <= !size[W-1];
    end

  // 2: subnormals are shifted back, then rounded; a carry lands in the next binade by itself
  logic signed [E-1:0] below, above;
  logic [KEPT-1:0] short;
  logic lost, up;
  logic [E+22:0] bits;

  always_comb begin
    below = highest_1 < LOWEST ? LOWEST - highest_1 : '0;
    above = highest_1 < LOWEST ? '0 : highest_1 - LOWEST;
    short = short_1;
    lost  = 1'b0;
    for (int stage = 0; stage < 5; stage++)
      if (below[stage]) begin
        lost  = lost | (|(short & ~({KEPT{1'b1}} << (1 << stage))));
        short = short >> (1 << stage);
      end
    if (below[E-1:5] != '0) begin
      lost  = 1'b1;
      short = '0;
    end
    up = short[1] & (short[0] | lost | short[2]);
    bits = ((E + 23)'(unsigned'(above)) << 23) + (E + 23)'(short[KEPT-1:2]) + (E + 23)'(up);
  end

  always_ff @(posedge clk)
    if (enable) begin
      if (zero_1 || bits == '0) value <= '0;
      else if (bits >= (E + 23)'(32'h7F80_0000)) value <= {negative_1, 31'h7F80_0000};
      else value <= {negative_1, bits[30:0]};
    end

endmodule

`default_nettype wire
