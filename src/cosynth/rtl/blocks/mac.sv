// Dot products of element codes, added to an accumulator.
//
// In a cycle with `enable` the accumulator takes the sum of LANES exact products, in units of the product
// of both smallest steps, on top of itself or, with `clear`, of nothing; it wraps at ACC bits. Elements
// as in `product`.
//
// Latency 1 cycle. `clear` is the reset: registers have no other.
`default_nettype none

module mac #(
    parameter int A_FLOAT = 0,
    parameter int A_SIGNED = 1,
    parameter int A_BITS = 8,
    parameter int A_EXP = 1,
    parameter int A_MAN = 1,
    parameter int B_FLOAT = 0,
    parameter int B_SIGNED = 1,
    parameter int B_BITS = 8,
    parameter int B_EXP = 1,
    parameter int B_MAN = 1,
    parameter int DECODED = 0,
    parameter int LANES = 1,
    parameter int ACC = 32,
    parameter int A_WHOLE = A_FLOAT != 0 ? A_MAN + (1 << A_EXP) : A_BITS + (A_SIGNED == 0 ? 1 : 0),
    parameter int B_WHOLE = B_FLOAT != 0 ? B_MAN + (1 << B_EXP) : B_BITS + (B_SIGNED == 0 ? 1 : 0)
) (
    input  logic                           clk,
    input  logic                           enable,
    input  logic                           clear,
    input  logic        [LANES*A_BITS-1:0] a,
    input  logic        [LANES*B_BITS-1:0] b,
    output logic signed [ACC-1:0]          acc
);

  // bits of a product, and of the sum of all lanes: no more than are kept
  localparam int P = A_WHOLE + B_WHOLE < ACC ? A_WHOLE + B_WHOLE : ACC;
  localparam int SUM = P + $clog2(LANES) < ACC ? P + $clog2(LANES) : ACC;

  logic signed [P-1:0] product_of[LANES];
  logic signed [SUM-1:0] sum;

  generate
    for (genvar lane = 0; lane < LANES; lane++) begin : g_lane
      product #(
          .A_FLOAT(A_FLOAT), .A_SIGNED(A_SIGNED), .A_BITS(A_BITS), .A_EXP(A_EXP), .A_MAN(A_MAN),
          .B_FLOAT(B_FLOAT), .B_SIGNED(B_SIGNED), .B_BITS(B_BITS), .B_EXP(B_EXP), .B_MAN(B_MAN),
          .DECODED(DECODED), .P(P)
      ) multiplied (
          .a(a[lane*A_BITS+:A_BITS]), .b(b[lane*B_BITS+:B_BITS]), .p(product_of[lane])
      );
    end
  endgenerate

  always_comb begin
    sum = '0;
    for (int lane = 0; lane < LANES; lane++) sum = sum + SUM'(product_of[lane]);
  end

  always_ff @(posedge clk) if (enable) acc <= (clear ? '0 : acc) + ACC'(sum);

endmodule

`default_nettype wire
