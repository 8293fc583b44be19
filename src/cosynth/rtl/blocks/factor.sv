// A code as a narrow signed number and a left shift: value = part * 2^shift, in units of the element's
// smallest step. A float's part is its significand with its sign; an integer is its part, unshifted.
//
// Combinational.
`default_nettype none

module factor #(
    parameter int FLOAT = 0,
    parameter int SIGNED = 1,
    parameter int BITS = 8,
    parameter int EXP = 1,  // of a float: exponent bits; of an integer bits of the shift, which is 0
    parameter int MAN = 1,  // of a float: mantissa bits
    parameter int W = FLOAT != 0 ? MAN + 2 : BITS + (SIGNED == 0 ? 1 : 0)
) (
    input  logic        [BITS-1:0] code,
    output logic signed [W-1:0]    part,
    output logic        [EXP-1:0]  shift
);

  generate
    if (FLOAT != 0) begin : g_float
      logic sign;
      logic [MAN:0] significand;
      logic signed [W-1:0] size;
      unpack #(
          .SIGNED(SIGNED), .EXP(EXP), .MAN(MAN), .BITS(BITS)
      ) unpacked (
          .code, .sign, .significand, .shift
      );
      always_comb begin
        size = W'(significand);
        part = sign ? -size : size;
      end
    end else begin : g_integer
      decode #(
          .FLOAT(0), .SIGNED(SIGNED), .BITS(BITS), .W(W)
      ) decoded (
          .code, .whole(part)
      );
      always_comb shift = '0;
    end
  endgenerate

endmodule

`default_nettype wire
