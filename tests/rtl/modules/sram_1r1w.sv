// Stands for a memory that synthesis leaves alone.
`default_nettype none
module sram_1r1w #(
    parameter int W = 4,
    parameter int D = 4
) (
    input  wire logic                 clk,
    input  wire logic [$clog2(D)-1:0] at,
    input  wire logic [W-1:0]         in,
    output logic [W-1:0]              out
);
    logic [W-1:0] kept[D];
    always_ff @(posedge clk) begin
        kept[at] <= in;
        out <= kept[at];
    end
endmodule
`default_nettype wire
