// Products of two lanes of signed numbers, summed into a register when enabled.
`default_nettype none
module multiply #(
    parameter int N = 8
) (
    input  wire logic                clk,
    input  wire logic                rst,
    input  wire logic                enable,
    input  wire logic [2*N-1:0]      a,
    input  wire logic [2*N-1:0]      b,
    output logic signed [2*N+7:0]    sum
);
    logic signed [N-1:0]   x[2], y[2];
    logic signed [2*N-1:0] product[2];

    always_comb
        for (int lane = 0; lane < 2; lane++) begin
            x[lane] = a[N*lane +: N];
            y[lane] = b[N*lane +: N];
            product[lane] = x[lane] * y[lane];
        end

    always_ff @(posedge clk)
        if (rst) sum <= '0;
        else if (enable) sum <= sum + (2*N+8)'(product[0]) + (2*N+8)'(product[1]);
endmodule
`default_nettype wire
