// An array whose units hold one operand (weight- or input-stationary): each step multiplies a vector of
// ROWS moving elements, each sent to all units of its row, with the element that a unit holds, and adds
// along each column. Units hold two banks of ENTRIES elements: one works while the other is filled.
// A fill writes ENTRIES' rows one after the other: all `fill_rows` + 1 of an entry, then the next entry.
// Filling waits for an empty bank; the stepper waits for `bank_full` and frees the bank it leaves.
// The sums of a step come LATENCY cycles after it, one later with SHIFT. Products are exact; sums wrap at ACC bits.
`default_nettype none
module array_held #(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
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
    parameter int ACC = 32,
    parameter int TOKENS = 16,
    // bits by which the sums of a step are shifted: of the element before what moves, or, where
    // there is none (HEAD 0), of each column, filled before the rows of an entry
    parameter int SHIFT = 0,
    parameter int HEAD = 0,
    localparam int ENTRY = ENTRIES > 1 ? $clog2(ENTRIES) : 1
) (
    input  wire logic                   clk,
    input  wire logic                   rst,
    // commands of the filling side: turns 0 rows, 1 entries, 2 banks
    input  wire logic                   in_valid,
    output logic                        in_ready,
    input  wire logic [41:0]            in_data,
    input  wire logic [TOKENS-1:0]      available,
    output logic      [TOKENS-1:0]      take,
    output logic      [TOKENS-1:0]      give,
    output logic                        busy,
    input  wire logic                   fill_valid,
    output logic                        fill_ready,
    input  wire logic [COLUMNS*Y-1:0]   fill_data,
    // steps
    output logic                        bank_full,
    input  wire logic                   step,
    input  wire logic                   step_frees,
    input  wire logic [ENTRY-1:0]       step_entry,
    input  wire logic [(HEAD+ROWS)*X-1:0] step_data,
    output logic      [COLUMNS*ACC-1:0] sums
);
  logic start, done, ending, bank_done;
  // verilator lint_off UNUSEDSIGNAL
  logic [2:0] first, last;
  logic [0:0] address;
  logic [0:0] extras;
  // verilator lint_on UNUSEDSIGNAL
  logic [3*20-1:0] turns;
  logic [0:0] bases;
  logic [2:0] jumps;
  unit #(.LOOPS(3), .CHANNELS(1), .COUNT(20), .WIDTH(1), .EXTRAS(1), .EXTRA(1), .TOKENS(TOKENS))
  commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras
  );
  nest #(.LOOPS(3), .CHANNELS(1), .COUNT(20), .WIDTH(1)) walk (
      .clk, .load(start), .step(fill_valid && fill_ready), .turns, .bases, .jumps,
      .addresses(address), .first, .last, .ending
  );

  // which bank is written, which is used, and which are full
  logic running, fill_bank, step_bank, frees;
  logic [1:0] full;
  logic [7:0] row;
  logic [ENTRY-1:0] entry;
  assign fill_ready = running && !full[fill_bank];
  assign bank_done = fill_valid && fill_ready && last[0] && last[1];
  assign done = bank_done && ending;
  assign bank_full = full[step_bank];
  assign frees = step && step_frees;
  always_ff @(posedge clk) begin
    if (rst) begin
      running <= 1'b0;
      fill_bank <= 1'b0;
      step_bank <= 1'b0;
      full <= '0;
      row <= '0;
      entry <= '0;
    end else begin
      if (start) running <= 1'b1;
      else if (done) running <= 1'b0;
      if (fill_valid && fill_ready) begin
        row <= last[0] ? '0 : row + 1'b1;
        if (last[0]) entry <= last[1] ? '0 : entry + 1'b1;
      end
      if (bank_done) begin
        full[fill_bank] <= 1'b1;
        fill_bank <= !fill_bank;
      end
      if (frees) begin
        full[step_bank] <= 1'b0;
        step_bank <= !step_bank;
      end
    end
  end

  // the moving operand and the choice of entry, then the product, then the sums
  localparam int FIRST = SHIFT != 0 && HEAD == 0 ? 1 : 0;  // of the rows that are filled
  logic [(HEAD+ROWS)*X-1:0] moving;
  logic [ENTRY:0] chosen;
  logic [COLUMNS*ROWS*PRODUCT-1:0] products;
  always_ff @(posedge clk) begin
    moving <= step_data;
    chosen <= {step_bank, step_entry};
  end
  generate
    for (genvar r = 0; r < ROWS; r++) begin : g_row
      logic filling;
      assign filling = fill_valid && fill_ready && row == 8'(r + FIRST);
      for (genvar c = 0; c < COLUMNS; c++) begin : g_column
        unit_held #(
            .ENTRIES(ENTRIES), .X(X), .Y(Y), .X_FLOAT(X_FLOAT), .X_EXP(X_EXP), .X_MAN(X_MAN),
            .Y_FLOAT(Y_FLOAT), .Y_EXP(Y_EXP), .Y_MAN(Y_MAN), .DECODED(DECODED), .PRODUCT(PRODUCT)
        ) unit_held (
            .clk, .filling, .fill_place({fill_bank, entry}), .fill_data(fill_data[c*Y+:Y]),
            .place(chosen), .x(moving[(HEAD+r)*X+:X]), .product(products[(c*ROWS+r)*PRODUCT+:PRODUCT])
        );
      end
    end
    if (SHIFT == 0) begin : g_plain
      for (genvar c = 0; c < COLUMNS; c++) begin : g_sum
        tree #(.N(ROWS), .IN(PRODUCT), .OUT(ACC)) tree (
            .clk, .terms(products[c*ROWS*PRODUCT+:ROWS*PRODUCT]), .sum(sums[c*ACC+:ACC])
        );
      end
    end else begin : g_shifted
      // the shift of each column waits for its sum
      localparam int LEVELS = ROWS > 1 ? $clog2(ROWS) : 0;
      localparam int PART = PRODUCT + LEVELS < ACC ? PRODUCT + LEVELS : ACC;
      logic [COLUMNS*SHIFT-1:0] shifts;
      for (genvar c = 0; c < COLUMNS; c++) begin : g_sum
        logic signed [PART-1:0] part;
        tree #(.N(ROWS), .IN(PRODUCT), .OUT(PART)) tree (
            .clk, .terms(products[c*ROWS*PRODUCT+:ROWS*PRODUCT]), .sum(part)
        );
        always_ff @(posedge clk) begin
          sums[c*ACC+:ACC] <= ACC'(part) <<< shifts[c*SHIFT+:SHIFT];
        end
      end
      if (HEAD == 0) begin : g_each
        logic [COLUMNS*SHIFT-1:0] waiting;
        for (genvar c = 0; c < COLUMNS; c++) begin : g_shift
          shift_held #(.ENTRIES(ENTRIES), .SHIFT(SHIFT)) shift_held (
              .clk, .filling(fill_valid && fill_ready && row == '0), .fill_place({fill_bank, entry}),
              .fill_data(fill_data[c*Y+:SHIFT]), .place(chosen),
              .shift(waiting[c*SHIFT+:SHIFT])
          );
        end
        delay #(.WIDTH(COLUMNS * SHIFT), .CYCLES(2 + (LEVELS + 1) / 2)) delay (
            .clk, .rst, .in_data(waiting), .out_data(shifts)
        );
      end else begin : g_all
        logic [SHIFT-1:0] one;
        logic unused_head;
        assign unused_head = &{1'b0, moving[0+:X]};
        delay #(.WIDTH(SHIFT), .CYCLES(2 + (LEVELS + 1) / 2)) delay (
            .clk, .rst, .in_data(moving[0+:SHIFT]), .out_data(one)
        );
        assign shifts = {COLUMNS{one}};
      end
    end
  endgenerate
endmodule
`default_nettype wire
