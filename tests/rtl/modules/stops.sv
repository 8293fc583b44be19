// Stops by itself when told to.
`default_nettype none
module stops (
    input wire logic clk,
    input wire logic stop,
    input wire logic fail,
    input wire logic bad
);
`ifndef SYNTHESIS
    always_ff @(posedge clk) begin
        if (stop) $finish;
        if (fail) $fatal(1, "told to fail");
        assert (!bad) else $error("bad was high");
    end
`endif
endmodule
`default_nettype wire
