// A register kept three times: each bit is what two of its copies say. `d` is its whole next state, made of
// the bits agreed on, so that a copy that was flipped is right again one cycle later.
`default_nettype none
module tripled #(
    parameter int WIDTH = 8
) (
    input  wire logic             clk,
    input  wire logic [WIDTH-1:0] d,
    output logic      [WIDTH-1:0] q
);
  logic [3*WIDTH-1:0] copies;
  logic [WIDTH-1:0] a, b, c;
  assign {c, b, a} = copies;
  generate
    for (genvar i = 0; i < 3; i++) begin : g_copy
      register_copy #(.WIDTH(WIDTH)) copy (.clk, .d, .q(copies[i*WIDTH+:WIDTH]));
    end
  endgenerate
  assign q = (a & b) | (c & (a | b));
endmodule
`default_nettype wire
