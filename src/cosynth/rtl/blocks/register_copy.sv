// One copy of a register that is kept several times. A module of its own, so that synthesis keeps it beside
// the others, which hold the same.
`default_nettype none
module register_copy #(
    parameter int WIDTH = 8
) (
    input  wire logic             clk,
    input  wire logic [WIDTH-1:0] d,
    output logic      [WIDTH-1:0] q
);
  always_ff @(posedge clk) q <= d;
endmodule
`default_nettype wire
