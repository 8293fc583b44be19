// One lane of post-processing: `rescale`, and `encode` where codes are floats. Latency 4 cycles, with
// floats 6. The residual is a code. Limits count steps of an integer
// code, or quarters of a float's smallest step.
// With TABLE, the bits of an index, a function by its table may follow, one cycle later: the code that it
// takes is an integer of so many bits, or a float as it is stored.
`default_nettype none
module lane #(
    parameter int ACC = 32,
    parameter int E = 8,
    parameter int FLOAT = 0,
    parameter int EXP = 1,
    parameter int MAN = 1,
    parameter int TOP = 126,
    parameter int MINUS_ZERO = 1,
    parameter int LEAKY = 0,
    parameter int TABLE = 0
) (
    input  wire logic                   clk,
    input  wire logic signed [ACC-1:0]  acc,
    // verilator lint_off UNUSEDSIGNAL
    input  wire logic signed [47:0]     bias,
    input  wire logic signed [23:0]     low,
    input  wire logic signed [23:0]     high,
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic signed [15:0]     multiplier,
    input  wire logic signed [15:0]     negative_multiplier,
    input  wire logic        [E-1:0]    residual,
    input  wire logic signed [15:0]     residual_multiplier,
    input  wire logic        [4:0]      residual_shift,
    input  wire logic        [5:0]      shift,
    // verilator lint_off UNUSEDSIGNAL
    input  wire logic                   looks_up,
    input  wire logic                   table_write,
    input  wire logic        [7:0]      table_word,
    input  wire logic        [63:0]     table_entries,
    // verilator lint_on UNUSEDSIGNAL
    output logic             [E-1:0]    code
);
  localparam int WHOLE = FLOAT != 0 ? MAN + (1 << EXP) : E;
  localparam int FRACTION = 2;
  localparam int Y = FLOAT != 0 ? WHOLE + FRACTION : (TABLE > E ? TABLE : E);
  logic signed [WHOLE-1:0] added;
  logic signed [Y-1:0] y;
  logic [E-1:0] plain;

  decode #(.FLOAT(FLOAT), .SIGNED(1), .BITS(E), .EXP(EXP), .MAN(MAN), .W(WHOLE)) value (
      .code(residual), .whole(added)
  );
  rescale #(.ACC(ACC), .M(16), .RESIDUAL(1), .R(WHOLE), .LEAKY(LEAKY), .ODD(FLOAT), .Y(Y),
      .STEADY(1)
  ) rescale (
      .clk, .enable(1'b1), .acc, .bias(bias[ACC-1:0]), .multiplier, .negative_multiplier,
      .residual(added), .residual_multiplier, .residual_shift, .shift, .low(low[Y-1:0]), .high(high[Y-1:0]), .y
  );
  generate
    if (FLOAT != 0) begin : g_float
      localparam int SIZE = EXP + MAN;
      logic [SIZE:0] narrow;
      encode #(
          .W(Y), .F(FRACTION), .SIGNED(1), .EXP(EXP), .MAN(MAN), .TOP(TOP), .MINUS_ZERO(MINUS_ZERO),
          .STEADY(1)
      ) encode (
          .clk, .enable(1'b1), .x(y), .code(narrow)
      );
      // stored with its sign in the top bit
      assign plain = {narrow[SIZE], (E - 1)'(narrow[SIZE-1:0])};
    end else begin : g_whole
      assign plain = y[E-1:0];
    end
    if (TABLE != 0) begin : g_table
      localparam int PLACE = $clog2(64 / E);
      localparam int WORD = TABLE > PLACE + 1 ? TABLE - PLACE : 1;
      logic [TABLE-1:0] index;
      if (FLOAT != 0) begin : g_code
        assign index = TABLE'(plain);
      end else begin : g_number
        assign index = y[TABLE-1:0];
      end
      function_table #(.INDEX(TABLE), .E(E)) function_table (
          .clk, .write(table_write), .write_word(table_word[WORD-1:0]),
          .write_entries(table_entries), .enable(looks_up), .index, .passed(plain), .code
      );
    end else begin : g_plain
      assign code = plain;
    end
  endgenerate
endmodule
`default_nettype wire
