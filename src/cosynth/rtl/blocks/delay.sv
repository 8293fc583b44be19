// Hands on WIDTH bits CYCLES cycles later; a reset clears what is under way.
`default_nettype none
module delay #(
    parameter int WIDTH = 1,
    parameter int CYCLES = 1
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic [WIDTH-1:0] in_data,
    output logic      [WIDTH-1:0] out_data
);
  logic [CYCLES*WIDTH-1:0] held;
  always_ff @(posedge clk) begin
    if (rst) held <= '0;
    else held <= (CYCLES * WIDTH)'({held, in_data});
  end
  assign out_data = held[(CYCLES-1)*WIDTH+:WIDTH];
endmodule
`default_nettype wire
