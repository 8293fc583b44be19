// One lane behind an accumulator: bias, scale, residual, one rounding, and limits.
//
//   y = limit(round(((acc + bias) * multiplier + (residual * residual_multiplier << residual_shift)) * 2^-shift))
//
// The sum in the brackets is exact; it is rounded once, to the nearest whole number and ties to even, or
// to odd (down to a whole number, and to the odd one above if anything was lost), so that `encode` can
// round again without harm. With LEAKY, a negative acc + bias is multiplied by `negative_multiplier`
// instead. Limits at 0 make a ReLU; at the ends of the output's range they saturate.
//
// Latency 4 cycles in which `enable` is high, one result a cycle; it stands still while `enable` is low.
// Inputs belong to the same result, but `low` and `high`, which hold still while results are under way.
// With STEADY so do `shift`, `residual_multiplier` and `residual_shift`, and `enable` is always high: a
// twelfth of the area.
// Registers hold data alone and have no reset.
`default_nettype none

module rescale #(
    parameter int ACC = 32,      // bits of the sum and of the bias
    parameter int M = 16,        // bits of multipliers
    parameter int RESIDUAL = 0,  // 1: there is a residual
    parameter int R = 8,         // its bits
    parameter int LEAKY = 0,     // 1: negative sums have a multiplier of their own
    parameter int ODD = 0,       // 1: rounds to odd
    parameter int Y = 8,         // bits of the result
    parameter int STEADY = 0     // 1: never stands still, and what belongs to a layer does
) (
    input  logic                  clk,
    input  logic                  enable,
    input  logic signed [ACC-1:0] acc,
    input  logic signed [ACC-1:0] bias,
    input  logic signed [M-1:0]   multiplier,
    input  logic signed [M-1:0]   negative_multiplier,
    input  logic signed [R-1:0]   residual,
    input  logic signed [M-1:0]   residual_multiplier,
    input  logic        [4:0]     residual_shift,
    input  logic        [5:0]     shift,
    input  logic signed [Y-1:0]   low,
    input  logic signed [Y-1:0]   high,
    output logic signed [Y-1:0]   y
);

  localparam int PRODUCT = ACC + 1 + M;
  localparam int OTHER = R + M + 31;
  localparam int EXACT = RESIDUAL == 0 ? PRODUCT : (PRODUCT > OTHER ? PRODUCT : OTHER) + 1;
  localparam int T = EXACT > Y + 1 ? EXACT : Y + 1;

  logic moves;
  assign moves = STEADY != 0 || enable;

  // 1: the bias
  logic signed [ACC:0] sum_1;
  logic signed [M-1:0] multiplier_1;

  always_ff @(posedge clk)
    if (moves) begin
      sum_1 <= (ACC + 1)'(acc) + (ACC + 1)'(bias);
      multiplier_1 <= multiplier;
    end

  // 2: the products
  logic signed [M-1:0] factor;
  logic signed [PRODUCT-1:0] product_2;
  logic [5:0] shift_2;

  always_ff @(posedge clk) if (moves) product_2 <= sum_1 * factor;

  generate
    if (STEADY != 0) begin : g_shift
      always_comb shift_2 = shift;
    end else begin : g_shifts
      logic [5:0] shift_1;
      always_ff @(posedge clk)
        if (moves) begin
          shift_1 <= shift;
          shift_2 <= shift_1;
        end
    end
  endgenerate

  generate
    if (LEAKY != 0) begin : g_leaky
      logic signed [M-1:0] negative_multiplier_1;
      always_ff @(posedge clk) if (moves) negative_multiplier_1 <= negative_multiplier;
      always_comb factor = sum_1[ACC] ? negative_multiplier_1 : multiplier_1;
    end else begin : g_linear
      logic unused_negative;
      always_comb begin
        factor = multiplier_1;
        unused_negative = ^negative_multiplier;
      end
    end
  endgenerate

  // 3: the residual, and the shift; what it loses decides the rounding
  logic signed [T-1:0] total;
  logic signed [T:0] moved;  // its lowest bit is the one shifted out last
  logic lost;                // whether any bit below that one was set
  logic signed [T:0] moved_3;
  logic lost_3;

  generate
    if (RESIDUAL != 0) begin : g_residual
      logic signed [R-1:0] residual_1;
      logic signed [M-1:0] residual_multiplier_1;
      logic signed [R+M-1:0] product_other_2;
      logic [4:0] residual_shift_2;
      always_ff @(posedge clk)
        if (moves) begin
          residual_1 <= residual;
          product_other_2 <= residual_1 * residual_multiplier_1;
        end
      if (STEADY != 0) begin : g_steady
        always_comb begin
          residual_multiplier_1 = residual_multiplier;
          residual_shift_2 = residual_shift;
        end
      end else begin : g_each
        logic [4:0] residual_shift_1;
        always_ff @(posedge clk)
          if (moves) begin
            residual_multiplier_1 <= residual_multiplier;
            residual_shift_1 <= residual_shift;
            residual_shift_2 <= residual_shift_1;
          end
      end
      always_comb total = T'(product_2) + (T'(product_other_2) <<< residual_shift_2);
    end else begin : g_alone
      logic unused_residual;
      always_comb begin
        total = T'(product_2);
        unused_residual = ^{residual, residual_multiplier, residual_shift};
      end
    end
  endgenerate

  always_comb begin
    moved = {total, 1'b0};
    lost  = 1'b0;
    for (int stage = 0; stage < 6; stage++)
      if (shift_2[stage]) begin
        lost  = lost | (|(moved & ~({(T + 1) {1'b1}} << (1 << stage))));
        moved = moved >>> (1 << stage);
      end
  end

  always_ff @(posedge clk)
    if (moves) begin
      moved_3 <= moved;
      lost_3  <= lost;
    end

  // 4: the rounding, and the limits
  logic fits, up;
  logic signed [Y:0] rounded;

  always_comb begin
    fits = moved_3[T:Y] == {(T - Y + 1) {moved_3[T]}};
    if (ODD != 0) begin
      up = moved_3[0] | lost_3;
      rounded = moved_3[Y+1:1] | (Y + 1)'(up);
    end else begin
      up = moved_3[0] & (lost_3 | moved_3[1]);
      rounded = moved_3[Y+1:1] + (Y + 1)'(up);
    end
  end

  always_ff @(posedge clk)
    if (moves) begin
      if (!fits) y <= moved_3[T] ? low : high;
      else if (rounded < (Y + 1)'(low)) y <= low;
      else if (rounded > (Y + 1)'(high)) y <= high;
      else y <= rounded[Y-1:0];
    end

endmodule

`default_nettype wire
