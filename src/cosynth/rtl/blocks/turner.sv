// Turns PLACES elements of E bits in a ring: out[i] = in[i - turn], combinational.
`default_nettype none
module turner #(
    parameter int E = 8,
    parameter int PLACES = 8,
    localparam int P = PLACES > 1 ? $clog2(PLACES) : 1
) (
    input  wire logic [PLACES*E-1:0] in_data,
    input  wire logic [P-1:0]        turn,
    output logic      [PLACES*E-1:0] out_data
);
  localparam int WIDTH = PLACES * E;
  generate
    if (PLACES > 1) begin : g_ring
      logic [WIDTH-1:0] stages[P+1];
      assign stages[0] = in_data;
      for (genvar s = 0; s < P; s++) begin : g_stage
        localparam int BY = E << s;
        assign stages[s+1] = turn[s] ? {stages[s][WIDTH-BY-1:0], stages[s][WIDTH-1:WIDTH-BY]}
                                     : stages[s];
      end
      assign out_data = stages[P];
    end else begin : g_one
      logic unused;
      assign unused = &{1'b0, turn};
      assign out_data = in_data;
    end
  endgenerate
endmodule
`default_nettype wire
