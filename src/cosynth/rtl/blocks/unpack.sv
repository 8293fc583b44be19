// The code of a float taken apart: value = (sign ? -1 : 1) * significand * 2^shift, in units of the
// smallest step that the element has, so that a bias plays no part.
//
// Combinational. Codes of NaN and infinity are read as the numbers that would stand there.
`default_nettype none

module unpack #(
    parameter int SIGNED = 1,  // 0: the code has no sign bit
    parameter int EXP = 4,     // exponent bits, at least 1
    parameter int MAN = 3,     // mantissa bits
    parameter int BITS = SIGNED + EXP + MAN
) (
    input  logic [BITS-1:0] code,
    output logic            sign,
    output logic [MAN:0]    significand,  // with its hidden bit, which subnormals lack
    output logic [EXP-1:0]  shift
);

  logic [EXP-1:0] exponent;
  logic normal;

  always_comb begin
    sign = SIGNED != 0 && code[BITS-1];
    exponent = EXP'(code >> MAN);
    normal = exponent != '0;
    significand = ((MAN + 1)'(normal) << MAN) | ((MAN + 1)'(code) & ~((MAN + 1)'(1) << MAN));
    shift = exponent - EXP'(normal);
  end

endmodule

`default_nettype wire
