// A fixed-point number rounded to the nearest value of a float element, ties to the even code.
//
// `x` counts 2^-F of the element's smallest step. What rounds above the largest magnitude, whose code is
// TOP, becomes OVER: TOP again to saturate, or the code of infinity. A negative number is zero where the
// element has no sign, and keeps its sign when it rounds to zero where there is a minus zero.
//
// Latency 2 cycles in which `enable` is high, one code a cycle. Registers have no reset.
`default_nettype none

module encode #(
    parameter int W = 21,         // bits of the number
    parameter int F = 2,          // of these below the smallest step; at least 1
    parameter int SIGNED = 1,
    parameter int EXP = 4,
    parameter int MAN = 3,
    parameter int TOP = 126,
    parameter int OVER = TOP,
    parameter int MINUS_ZERO = 1,
    parameter int BITS = SIGNED + EXP + MAN,
    parameter int STEADY = 0  // 1: `enable` is always high
) (
    input  logic                   clk,
    input  logic                   enable,
    input  logic signed [W-1:0]    x,
    output logic        [BITS-1:0] code
);

  // magnitudes below 2^WITHIN lie in the two lowest binades and are not shifted
  localparam int WITHIN = F + MAN + 1;
  localparam int STAGES = W > WITHIN ? $clog2(W - WITHIN + 1) : 1;
  localparam int N = W > WITHIN ? W : WITHIN;
  // bits of the magnitude's code, and of all that may come out before it saturates
  localparam int SIZE = EXP + MAN;
  localparam int WIDE = (STAGES > EXP ? STAGES : EXP) + MAN + 1;

  logic moves;
  assign moves = STEADY != 0 || enable;

  // 1: magnitude, shifted until its leading bit is the hidden one or it is subnormal
  logic [N-1:0] size;
  logic [STAGES-1:0] above;
  logic lost;
  logic negative_1, lost_1;
  logic [WITHIN-1:0] size_1;
  logic [STAGES-1:0] above_1;

  always_comb begin
    if (x[W-1]) size = SIGNED != 0 ? N'(unsigned'(-x)) : '0;
    else size = N'(unsigned'(x));
    above = '0;
    lost  = 1'b0;
    for (int stage = STAGES - 1; stage >= 0; stage--)
      if ((size >> (WITHIN - 1 + (1 << stage))) != '0) begin
        above[stage] = 1'b1;
        lost = lost | (|(size & ~({N{1'b1}} << (1 << stage))));
        size = size >> (1 << stage);
      end
  end

  always_ff @(posedge clk)
    if (moves) begin
      negative_1 <= x[W-1];
      size_1 <= size[WITHIN-1:0];
      above_1 <= above;
      lost_1 <= lost;
    end

  // 2: round; a carry lands in the next binade by itself
  logic [MAN:0] kept;
  logic half, below, up;
  logic [WIDE-1:0] rounded;
  logic [SIZE-1:0] magnitude;
  logic sign;

  always_comb begin
    kept = size_1[WITHIN-1:F];
    half = size_1[F-1];
    below = lost_1 | ((size_1 & ~({WITHIN{1'b1}} << (F - 1))) != '0);
    up = half & (below | kept[0]);
    rounded = (WIDE'(above_1) << MAN) + WIDE'(kept) + WIDE'(up);
    magnitude = rounded > WIDE'(TOP) ? SIZE'(OVER) : rounded[SIZE-1:0];
    sign = negative_1 & (MINUS_ZERO != 0 || magnitude != '0);
  end

  generate
    if (SIGNED != 0) begin : g_signed
      always_ff @(posedge clk) if (moves) code <= {sign, magnitude};
    end else begin : g_unsigned
      logic unused_sign;
      always_comb unused_sign = sign;
      always_ff @(posedge clk) if (moves) code <= magnitude;
    end
  endgenerate

endmodule

`default_nettype wire
