// Dot products of blocks that share a scale, in float32.
//
// In a cycle with `valid`, LANES products of element codes are added exactly to those of the block so
// far. With `block_end` the block's whole sum is multiplied by the product of both scales, which is
// exact, rounded once to float32, and added to the accumulator in float32: with `first` to nothing.
// All roundings are to the nearest, ties to even. `first`, `last` and the scales belong to the beat of
// `block_end`; `last` comes out as `done`, beside the finished `sum`. A short block is filled with
// zeros. A scale is a float without sign bit, or, with POWER, a power of two; that of an operand
// without scales is 1.
//
// Latency 6 cycles in which `enable` is high, one beat a cycle; nothing moves while it is low.
`default_nettype none

module blockdot #(
    parameter int LANES = 8,
    parameter int BLOCK = 32,  // most elements of a block
    parameter int A_FLOAT = 1,
    parameter int A_SIGNED = 1,
    parameter int A_BITS = 4,
    parameter int A_EXP = 2,
    parameter int A_MAN = 1,
    parameter int B_FLOAT = 1,
    parameter int B_SIGNED = 1,
    parameter int B_BITS = 4,
    parameter int B_EXP = 2,
    parameter int B_MAN = 1,
    parameter int A_POWER = 1,
    parameter int A_SCALE_EXP = 8,
    parameter int A_SCALE_MAN = 0,
    parameter int A_SCALE_NAN = 255,  // above all codes: none
    parameter int B_POWER = 1,
    parameter int B_SCALE_EXP = 8,
    parameter int B_SCALE_MAN = 0,
    parameter int B_SCALE_NAN = 255,
    parameter int BELOW = 256,  // the smallest step of products times both scales is 2^-BELOW
    parameter int A_SCALE_BITS = A_SCALE_EXP + A_SCALE_MAN,
    parameter int B_SCALE_BITS = B_SCALE_EXP + B_SCALE_MAN,
    parameter int A_WHOLE = A_FLOAT != 0 ? A_MAN + (1 << A_EXP) : A_BITS + (A_SIGNED == 0 ? 1 : 0),
    parameter int B_WHOLE = B_FLOAT != 0 ? B_MAN + (1 << B_EXP) : B_BITS + (B_SIGNED == 0 ? 1 : 0)
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic                    enable,
    input  logic                    valid,
    input  logic                    block_end,
    input  logic                    first,
    input  logic                    last,
    input  logic [LANES*A_BITS-1:0] a,
    input  logic [LANES*B_BITS-1:0] b,
    input  logic [A_SCALE_BITS-1:0] a_scale,
    input  logic [B_SCALE_BITS-1:0] b_scale,
    output logic                    done,
    output logic [31:0]             sum
);

  localparam int P = A_WHOLE + B_WHOLE;
  localparam int SUM = P + $clog2(BLOCK);
  localparam int FACTOR = A_SCALE_MAN + B_SCALE_MAN + 3;  // bits of the product of scales, and a sign
  localparam int SCALED = SUM + FACTOR;
  localparam int E = 12;
  localparam logic [31:0] NAN = 32'h7FC0_0000;

  // what goes along with a block's sum: whether there is one, and where in a dot product it stands
  logic [5:1] is_end, is_first, is_last, is_nan;

  // 1: products
  logic signed [P-1:0] product[LANES];
  logic signed [P-1:0] product_1[LANES];
  logic valid_1;
  logic [A_SCALE_MAN:0] a_part;
  logic [B_SCALE_MAN:0] b_part;
  logic [A_SCALE_EXP-1:0] a_shift;
  logic [B_SCALE_EXP-1:0] b_shift;
  logic signed [FACTOR-1:0] a_factor, b_factor, factor_1, factor_2;
  logic signed [E-1:0] exponent_1, exponent_2, exponent_3;

  generate
    for (genvar lane = 0; lane < LANES; lane++) begin : g_lane
      product #(
          .A_FLOAT(A_FLOAT), .A_SIGNED(A_SIGNED), .A_BITS(A_BITS), .A_EXP(A_EXP), .A_MAN(A_MAN),
          .B_FLOAT(B_FLOAT), .B_SIGNED(B_SIGNED), .B_BITS(B_BITS), .B_EXP(B_EXP), .B_MAN(B_MAN)
      ) multiplied (
          .a(a[lane*A_BITS+:A_BITS]), .b(b[lane*B_BITS+:B_BITS]), .p(product[lane])
      );
      always_ff @(posedge clk) if (enable) product_1[lane] <= product[lane];
    end
    if (A_POWER != 0) begin : g_power_a
      always_comb begin
        a_part  = 1;
        a_shift = a_scale;
      end
    end else begin : g_float_a
      logic unused_sign;
      unpack #(
          .SIGNED(0), .EXP(A_SCALE_EXP), .MAN(A_SCALE_MAN)
      ) unpack_a (
          .code(a_scale), .sign(unused_sign), .significand(a_part), .shift(a_shift)
      );
    end
    if (B_POWER != 0) begin : g_power_b
      always_comb begin
        b_part  = 1;
        b_shift = b_scale;
      end
    end else begin : g_float_b
      logic unused_sign;
      unpack #(
          .SIGNED(0), .EXP(B_SCALE_EXP), .MAN(B_SCALE_MAN)
      ) unpack_b (
          .code(b_scale), .sign(unused_sign), .significand(b_part), .shift(b_shift)
      );
    end
  endgenerate

  // 2: the block's sum; a new block starts behind the end of the last
  logic signed [SUM-1:0] tree, block_2;
  logic fresh;

  always_comb begin
    tree = '0;
    for (int lane = 0; lane < LANES; lane++) tree = tree + SUM'(product_1[lane]);
    a_factor = FACTOR'(a_part);
    b_factor = FACTOR'(b_part);
  end

  always_ff @(posedge clk)
    if (enable) begin
      factor_1 <= a_factor * b_factor;
      exponent_1 <= E'(a_shift) + E'(b_shift) - E'(BELOW);
      factor_2 <= factor_1;
      exponent_2 <= exponent_1;
      if (valid_1) block_2 <= (fresh ? '0 : block_2) + tree;
    end

  // 3: the scales; 4 and 5: float32
  logic signed [SCALED-1:0] scaled_3;
  logic [31:0] block_5;

  always_ff @(posedge clk)
    if (enable) begin
      scaled_3 <= block_2 * factor_2;
      exponent_3 <= exponent_2;
    end

  round_fp32 #(
      .N(SCALED), .E(E)
  ) round (
      .clk, .enable, .whole(scaled_3), .exponent(exponent_3), .value(block_5)
  );

  // 6: the accumulator
  logic [31:0] taken, added;

  always_comb taken = is_nan[5] ? NAN : block_5;

  add_fp32 add (
      .a(sum), .b(taken), .sum(added)
  );

  always_ff @(posedge clk)
    if (enable) begin
      if (is_end[5]) sum <= is_first[5] ? taken : added;
      is_first <= {is_first[4:1], first};
      is_last <= {is_last[4:1], last};
      is_nan <= {is_nan[4:1], int'(a_scale) == A_SCALE_NAN || int'(b_scale) == B_SCALE_NAN};
    end

  always_ff @(posedge clk)
    if (rst) begin
      valid_1 <= 1'b0;
      fresh <= 1'b1;
      is_end <= '0;
      done <= 1'b0;
    end else if (enable) begin
      valid_1 <= valid;
      if (valid_1) fresh <= is_end[1];
      is_end <= {is_end[4:1], valid & block_end};
      done <= is_end[5] & is_last[5];
    end

endmodule

`default_nettype wire
