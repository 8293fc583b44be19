// The whole number that the code of an element stands for, in units of the element's smallest step.
//
// Combinational. Integers are two's complement, or unsigned if SIGNED is 0. Codes of NaN and infinity
// are read as the numbers that would stand there.
`default_nettype none

module decode #(
    parameter int FLOAT = 0,
    parameter int SIGNED = 1,
    parameter int BITS = 8,
    parameter int EXP = 1,  // of a float: exponent bits, at least 1
    parameter int MAN = 1,  // of a float: mantissa bits
    // bits of every code's number with its sign
    parameter int W = FLOAT != 0 ? MAN + (1 << EXP) : BITS + (SIGNED == 0 ? 1 : 0)
) (
    input  logic        [BITS-1:0] code,
    output logic signed [W-1:0]    whole
);

  generate
    if (FLOAT != 0) begin : g_float
      logic sign;
      logic [MAN:0] significand;
      logic [EXP-1:0] shift;
      logic signed [W-1:0] size;
      unpack #(
          .SIGNED(SIGNED), .EXP(EXP), .MAN(MAN), .BITS(BITS)
      ) unpacked (
          .code, .sign, .significand, .shift
      );
      always_comb begin
        size = W'(significand) << shift;
        whole = sign ? -size : size;
      end
    end else if (SIGNED != 0) begin : g_signed
      always_comb whole = W'(signed'(code));
    end else begin : g_unsigned
      always_comb whole = W'(code);
    end
  endgenerate

endmodule

`default_nettype wire
