// Two products and a memory for each of two lanes: a hierarchy with a macro.
`default_nettype none
module chip (
    input  wire logic         clk,
    input  wire logic         rst,
    input  wire logic [3:0]   at,
    input  wire logic [31:0]  a,
    input  wire logic [31:0]  b,
    output logic [47:0]       sums,
    output logic [15:0]       kept
);
    for (genvar lane = 0; lane < 2; lane++) begin : lanes
        multiply #(.N(8)) products (
            .clk, .rst, .enable(1'b1),
            .a(a[16*lane +: 16]), .b(b[16*lane +: 16]), .sum(sums[24*lane +: 24])
        );
        sram_1r1w #(.W(8), .D(16)) memory (
            .clk, .at, .in(a[8*lane +: 8]), .out(kept[8*lane +: 8])
        );
    end
endmodule
`default_nettype wire
