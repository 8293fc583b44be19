// Counters of dependency tokens: a unit takes what another gave. Each token has one giver and one taker.
`default_nettype none
module tokens #(
    parameter int TOKENS = 16,
    parameter int COUNT = 6
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic [TOKENS-1:0] give,
    input  wire logic [TOKENS-1:0] take,
    output logic      [TOKENS-1:0] available
);
  logic [TOKENS*COUNT-1:0] counts;

  always_comb begin
    for (int t = 0; t < TOKENS; t++) available[t] = counts[t*COUNT+:COUNT] != '0;
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      counts <= '0;
    end else begin
      for (int t = 0; t < TOKENS; t++) begin
        if (give[t] && !take[t]) counts[t*COUNT+:COUNT] <= counts[t*COUNT+:COUNT] + 1'b1;
        if (take[t] && !give[t]) counts[t*COUNT+:COUNT] <= counts[t*COUNT+:COUNT] - 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
