// One unit of an array that holds an operand: two banks of ENTRIES elements and a multiplier. The product
// stands two cycles after the place was chosen.
`default_nettype none
module unit_held #(
    parameter int ENTRIES = 8,
    parameter int X = 8,
    parameter int Y = 8,
    parameter int X_FLOAT = 0,
    parameter int X_EXP = 1,
    parameter int X_MAN = 1,
    parameter int Y_FLOAT = 0,
    parameter int Y_EXP = 1,
    parameter int Y_MAN = 1,
    parameter int DECODED = 0,
    parameter int PRODUCT = 16,
    localparam int ENTRY = ENTRIES > 1 ? $clog2(ENTRIES) : 1
) (
    input  wire logic               clk,
    input  wire logic               filling,
    input  wire logic [ENTRY:0]     fill_place,
    input  wire logic [Y-1:0]       fill_data,
    input  wire logic [ENTRY:0]     place,
    input  wire logic [X-1:0]       x,
    output logic      [PRODUCT-1:0] product
);
  logic [1:0][Y-1:0] held;  // of each bank
  logic [X-1:0] moving;
  logic [Y-1:0] staying;
  logic [PRODUCT-1:0] found;

  generate
    for (genvar b = 0; b < 2; b++) begin : g_bank
      logic [Y-1:0] entries[ENTRIES];
      always_ff @(posedge clk) begin
        if (filling && fill_place[ENTRY] == 1'(b)) entries[fill_place[ENTRY-1:0]] <= fill_data;
      end
      assign held[b] = entries[place[ENTRY-1:0]];
    end
  endgenerate
  always_ff @(posedge clk) begin
    moving  <= x;
    staying <= held[place[ENTRY]];
    product <= found;
  end
  product #(
      .A_FLOAT(X_FLOAT), .A_BITS(X), .A_EXP(X_EXP), .A_MAN(X_MAN),
      .B_FLOAT(Y_FLOAT), .B_BITS(Y), .B_EXP(Y_EXP), .B_MAN(Y_MAN),
      .DECODED(DECODED), .P(PRODUCT)
  ) product_of (
      .a(moving), .b(staying), .p(found)
  );
endmodule
`default_nettype wire
