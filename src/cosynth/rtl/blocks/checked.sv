// A register with a bit of odd parity beside it: `fault` says, in the cycle it happens, that one of its bits
// was flipped. Odd, so that the parity of a single bit is not the bit itself, which synthesis would share.
`default_nettype none
module checked #(
    parameter int WIDTH = 8
) (
    input  wire logic             clk,
    input  wire logic [WIDTH-1:0] d,
    output logic      [WIDTH-1:0] q,
    output logic                  fault
);
  logic [WIDTH:0] kept;
  always_ff @(posedge clk) kept <= {~^d, d};
  assign q = kept[WIDTH-1:0];
  assign fault = ~^kept;
endmodule
`default_nettype wire
