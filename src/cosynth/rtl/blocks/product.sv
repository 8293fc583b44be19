// The exact product of two element codes, in units of the product of their smallest steps.
//
// Combinational. Each factor is an integer (two's complement, or unsigned if SIGNED is 0) of BITS bits,
// or a float of EXP exponent and MAN mantissa bits. Whole numbers are multiplied as such. Of floats the
// significands are multiplied and the product is shifted by both exponents, unless DECODED is set: then
// each float becomes a whole number first. Codes of NaN and infinity are read as the numbers that would
// stand there. A P below the full width keeps the low bits: the product wraps.
`default_nettype none

module product #(
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
    // bits of each factor as a whole number with its sign, and of their product
    parameter int A_WHOLE = A_FLOAT != 0 ? A_MAN + (1 << A_EXP) : A_BITS + (A_SIGNED == 0 ? 1 : 0),
    parameter int B_WHOLE = B_FLOAT != 0 ? B_MAN + (1 << B_EXP) : B_BITS + (B_SIGNED == 0 ? 1 : 0),
    parameter int P = A_WHOLE + B_WHOLE
) (
    input  logic        [A_BITS-1:0] a,
    input  logic        [B_BITS-1:0] b,
    output logic signed [P-1:0]      p
);

  generate
    if (DECODED != 0 || (A_FLOAT == 0 && B_FLOAT == 0)) begin : g_whole
      logic signed [A_WHOLE-1:0] x;
      logic signed [B_WHOLE-1:0] y;
      logic signed [A_WHOLE+B_WHOLE-1:0] full;
      decode #(
          .FLOAT(A_FLOAT), .SIGNED(A_SIGNED), .BITS(A_BITS), .EXP(A_EXP), .MAN(A_MAN), .W(A_WHOLE)
      ) decode_a (
          .code(a), .whole(x)
      );
      decode #(
          .FLOAT(B_FLOAT), .SIGNED(B_SIGNED), .BITS(B_BITS), .EXP(B_EXP), .MAN(B_MAN), .W(B_WHOLE)
      ) decode_b (
          .code(b), .whole(y)
      );
      always_comb begin
        full = x * y;
        p = P'(full);
      end
    end else if (A_FLOAT != 0 && B_FLOAT != 0) begin : g_floats
      localparam int SHIFT = (A_EXP > B_EXP ? A_EXP : B_EXP) + 1;
      logic sign_a, sign_b;
      logic [A_MAN:0] x;
      logic [B_MAN:0] y;
      logic [A_EXP-1:0] shift_a;
      logic [B_EXP-1:0] shift_b;
      logic [A_MAN+B_MAN+1:0] size;
      logic signed [A_MAN+B_MAN+2:0] full;
      logic [SHIFT-1:0] shift;
      unpack #(
          .SIGNED(A_SIGNED), .EXP(A_EXP), .MAN(A_MAN), .BITS(A_BITS)
      ) unpack_a (
          .code(a), .sign(sign_a), .significand(x), .shift(shift_a)
      );
      unpack #(
          .SIGNED(B_SIGNED), .EXP(B_EXP), .MAN(B_MAN), .BITS(B_BITS)
      ) unpack_b (
          .code(b), .sign(sign_b), .significand(y), .shift(shift_b)
      );
      always_comb begin
        size = x * y;
        // negated before it is shifted, while it is narrow
        full = (sign_a ^ sign_b) ? -signed'({1'b0, size}) : signed'({1'b0, size});
        shift = SHIFT'(shift_a) + SHIFT'(shift_b);
        p = P'(full) <<< shift;
      end
    end else begin : g_mixed
      localparam int A_PART = A_FLOAT != 0 ? A_MAN + 2 : A_WHOLE;
      localparam int B_PART = B_FLOAT != 0 ? B_MAN + 2 : B_WHOLE;
      localparam int SHIFT = (A_EXP > B_EXP ? A_EXP : B_EXP) + 1;
      logic signed [A_PART-1:0] x;
      logic signed [B_PART-1:0] y;
      logic signed [A_PART+B_PART-1:0] full;
      logic [A_EXP-1:0] shift_a;
      logic [B_EXP-1:0] shift_b;
      logic [SHIFT-1:0] shift;
      factor #(
          .FLOAT(A_FLOAT), .SIGNED(A_SIGNED), .BITS(A_BITS), .EXP(A_EXP), .MAN(A_MAN), .W(A_PART)
      ) factor_a (
          .code(a), .part(x), .shift(shift_a)
      );
      factor #(
          .FLOAT(B_FLOAT), .SIGNED(B_SIGNED), .BITS(B_BITS), .EXP(B_EXP), .MAN(B_MAN), .W(B_PART)
      ) factor_b (
          .code(b), .part(y), .shift(shift_b)
      );
      always_comb begin
        full = x * y;
        shift = SHIFT'(shift_a) + SHIFT'(shift_b);
        p = P'(full) <<< shift;
      end
    end
  endgenerate

endmodule

`default_nettype wire
