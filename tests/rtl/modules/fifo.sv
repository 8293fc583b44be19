// A buffer of two beats: takes one while the other waits.
//
// Latency one cycle; every cycle a beat. in_ready does not look at out_ready.
`default_nettype none
module fifo #(
    parameter int N = 8
) (
    input  wire logic         clk,
    input  wire logic         rst,
    input  wire logic         in_valid,
    output logic              in_ready,
    input  wire logic [N-1:0] in_data,
    input  wire logic         in_last,
    output logic              out_valid,
    input  wire logic         out_ready,
    output logic [N-1:0]      out_data,
    output logic              out_last
);
    logic [N:0] first, second;
    logic       one, two;  // which are full

    always_comb begin
        in_ready = !two;
        out_valid = one;
        {out_last, out_data} = first;
    end

    always_ff @(posedge clk) begin
        if (!one || out_ready) first <= two ? second : {in_last, in_data};
        if (in_ready) second <= {in_last, in_data};
        if (rst) begin
            one <= 1'b0;
            two <= 1'b0;
        end else begin
            one <= (one && !out_ready) || two || in_valid;
            two <= one && !out_ready && (two || in_valid);
        end
    end
endmodule
`default_nettype wire
