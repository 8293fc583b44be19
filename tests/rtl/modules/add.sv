// A running sum of N bits, and a wide output that repeats both inputs.
`default_nettype none
module add #(
    parameter int N = 8
) (
    input  wire logic                clk,
    input  wire logic                rst,
    input  wire logic [N-1:0]        a,
    input  wire logic signed [70:0]  big,
    output logic [N-1:0]             sum,
    output logic [70+N:0]            both
);
    always_ff @(posedge clk)
        if (rst) sum <= '0;
        else sum <= sum + a;
    always_comb both = {a, big};
endmodule
`default_nettype wire
