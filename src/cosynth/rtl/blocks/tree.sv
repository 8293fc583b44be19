// Adds N signed numbers of IN bits each cycle into OUT bits, wrapping there. A register stands behind
// every second level: the sum comes (levels + 1) / 2 cycles after its terms, where levels = clog2(N).
`default_nettype none
module tree #(
    parameter int N = 4,
    parameter int IN = 16,
    parameter int OUT = 32
) (
    // verilator lint_off UNUSEDSIGNAL
    input  wire logic            clk,  // nothing to register where N is 1
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic [N*IN-1:0] terms,
    output logic      [OUT-1:0]  sum
);
  localparam int LEVELS = N > 1 ? $clog2(N) : 0;
  generate
    for (genvar l = 0; l <= LEVELS; l++) begin : g_level
      localparam int NODES = (N + (1 << l) - 1) >> l;
      localparam int BITS = IN + l < OUT ? IN + l : OUT;
      logic [NODES*BITS-1:0] nodes;
      if (l == 0) begin : g_leaves
        for (genvar n = 0; n < N; n++) begin : g_leaf
          assign nodes[n*BITS+:BITS] = terms[n*IN+:BITS];
        end
      end else begin : g_sums
        localparam int BELOW = IN + l - 1 < OUT ? IN + l - 1 : OUT;
        localparam int PAIRS = (N + (1 << (l - 1)) - 1) >> (l - 1);
        logic [NODES*BITS-1:0] added;
        for (genvar n = 0; n < NODES; n++) begin : g_node
          logic signed [BELOW-1:0] left;
          assign left = g_level[l-1].nodes[2*n*BELOW+:BELOW];
          if (2 * n + 1 < PAIRS) begin : g_pair
            logic signed [BELOW-1:0] right;
            assign right = g_level[l-1].nodes[(2*n+1)*BELOW+:BELOW];
            assign added[n*BITS+:BITS] = BITS'(left) + BITS'(right);
          end else begin : g_odd
            assign added[n*BITS+:BITS] = BITS'(left);
          end
        end
        if (l % 2 == 0 || l == LEVELS) begin : g_register
          always_ff @(posedge clk) nodes <= added;
        end else begin : g_wire
          assign nodes = added;
        end
      end
    end
  endgenerate
  localparam int TOP = IN + LEVELS < OUT ? IN + LEVELS : OUT;
  logic signed [TOP-1:0] root;
  assign root = g_level[LEVELS].nodes;
  assign sum = OUT'(root);
endmodule
`default_nettype wire
