// An array whose units keep their sums (output-stationary): each step multiplies ROWS elements with
// COLUMNS others, every pair in its own unit, which adds the product to one of ENTRIES sums. There are two
// banks of sums: one grows while lines of the other are read, a row of units at a time.
// A sum stands in its unit three cycles after its step. A line comes two cycles after it was asked for.
`default_nettype none
module array_kept #(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter int ENTRIES = 2,
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
    parameter int ACC = 32,
    parameter int MAXIMA = 0,
    // bits by which products of each row are shifted: all rows' stand in HEAD elements before x
    parameter int SHIFT = 0,
    parameter int HEAD = 0,
    localparam int ENTRY = ENTRIES > 1 ? $clog2(ENTRIES) : 1,
    localparam int ROW = ROWS > 1 ? $clog2(ROWS) : 1,
    localparam int SHIFT_BITS = SHIFT > 0 ? SHIFT : 1
) (
    input  wire logic                   clk,
    input  wire logic                   rst,
    output logic                        bank_empty,
    input  wire logic                   step,
    input  wire logic                   step_first,
    input  wire logic                   step_ends,
    input  wire logic                   step_greatest,
    input  wire logic [ENTRY-1:0]       step_entry,
    input  wire logic [(HEAD+ROWS)*X-1:0] x,
    input  wire logic [COLUMNS*Y-1:0]   y,
    output logic                        bank_full,
    input  wire logic                   ask,
    input  wire logic                   ask_frees,
    input  wire logic [ENTRY-1:0]       ask_entry,
    input  wire logic [ROW-1:0]         ask_row,
    output logic      [COLUMNS*ACC-1:0] line
);
  logic step_bank, ask_bank;
  logic [1:0] full;  // no room for sums until they were read
  logic [1:0] ripe;  // and all of them stand
  logic [2:0] ends;
  logic [ENTRY:0] reading;
  logic [ROW-1:0] row;
  logic [ROWS*COLUMNS*ACC-1:0] columns_of;
  assign bank_empty = !full[step_bank];
  assign bank_full = ripe[ask_bank];

  logic ripe_bank;
  always_ff @(posedge clk) begin
    if (rst) begin
      step_bank <= 1'b0;
      ask_bank <= 1'b0;
      ripe_bank <= 1'b0;
      full <= '0;
      ripe <= '0;
      ends <= '0;
    end else begin
      ends <= {ends[1:0], step && step_ends};
      if (step && step_ends) begin
        full[step_bank] <= 1'b1;
        step_bank <= !step_bank;
      end
      if (ends[2]) begin
        ripe[ripe_bank] <= 1'b1;
        ripe_bank <= !ripe_bank;
      end
      if (ask && ask_frees) begin
        full[ask_bank] <= 1'b0;
        ripe[ask_bank] <= 1'b0;
        ask_bank <= !ask_bank;
      end
    end
  end

  logic [(HEAD+ROWS)*X-1:0] left;
  logic [COLUMNS*Y-1:0] right;
  logic [1:0] steps, firsts;
  logic [ENTRY:0] places[2];
  always_ff @(posedge clk) begin
    left <= x;
    right <= y;
    places[0] <= {step_bank, step_entry};
    places[1] <= places[0];
    firsts <= {firsts[0], step_first};
    reading <= {ask_bank, ask_entry};
    row <= ask_row;
  end
  always_ff @(posedge clk) begin
    if (rst) steps <= '0;
    else steps <= {steps[0], step};
  end
  logic greatest;
  logic unused_bits;
  assign unused_bits = &{1'b0, left};
  generate
    if (MAXIMA != 0) begin : g_maxima
      logic came;
      always_ff @(posedge clk) {greatest, came} <= {came, step_greatest};
    end else begin : g_sums
      assign greatest = step_greatest;
    end
    for (genvar r = 0; r < ROWS; r++) begin : g_row
      logic [SHIFT_BITS-1:0] by;
      if (SHIFT != 0) begin : g_shifted
        assign by = left[r*SHIFT+:SHIFT_BITS];
      end else begin : g_plain
        assign by = '0;
      end
      for (genvar c = 0; c < COLUMNS; c++) begin : g_column
        unit_kept #(
            .ENTRIES(ENTRIES), .X(X), .Y(Y), .X_FLOAT(X_FLOAT), .X_EXP(X_EXP), .X_MAN(X_MAN),
            .Y_FLOAT(Y_FLOAT), .Y_EXP(Y_EXP), .Y_MAN(Y_MAN), .DECODED(DECODED), .PRODUCT(PRODUCT),
            .ACC(ACC), .SHIFT(SHIFT), .MAXIMA(MAXIMA)
        ) unit_kept (
            .clk, .x(left[(HEAD+r)*X+:X]), .y(right[c*Y+:Y]), .by(by), .adds(steps[1]), .first(firsts[1]),
            .greatest,
            .place(places[1]), .reading, .sum(columns_of[(r*COLUMNS+c)*ACC+:ACC])
        );
      end
    end
  endgenerate
  always_ff @(posedge clk) line <= columns_of[int'(row)*COLUMNS*ACC+:COLUMNS*ACC];
endmodule
`default_nettype wire
