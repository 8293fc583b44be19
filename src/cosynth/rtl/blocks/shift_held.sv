// The shifts of one column of an array that holds weights: two banks of ENTRIES, written with the first row
// of each entry, read where the units choose theirs. Combinational.
`default_nettype none
module shift_held #(
    parameter int ENTRIES = 8,
    parameter int SHIFT = 4,
    localparam int ENTRY = ENTRIES > 1 ? $clog2(ENTRIES) : 1
) (
    input  wire logic             clk,
    input  wire logic             filling,
    input  wire logic [ENTRY:0]   fill_place,
    input  wire logic [SHIFT-1:0] fill_data,
    input  wire logic [ENTRY:0]   place,
    output logic      [SHIFT-1:0] shift
);
  logic [1:0][SHIFT-1:0] held;  // of each bank
  generate
    for (genvar b = 0; b < 2; b++) begin : g_bank
      logic [SHIFT-1:0] entries[ENTRIES];
      always_ff @(posedge clk) begin
        if (filling && fill_place[ENTRY] == 1'(b)) entries[fill_place[ENTRY-1:0]] <= fill_data;
      end
      assign held[b] = entries[place[ENTRY-1:0]];
    end
  endgenerate
  assign shift = held[place[ENTRY]];
endmodule
`default_nettype wire
