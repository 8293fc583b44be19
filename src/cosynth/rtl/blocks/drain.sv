// Takes finished lines of sums out of the chip's sums, sends them through post-processing, a lane for
// each column, and writes the codes to runs of the buffer; or spills them whole, to be gone on with.
// A nest of loops names runs; those in the line mask walk over the runs of one line, those in the half
// mask over all lines of one half of the sums, those in the param mask over lines that share biases and
// multipliers. The next of those, and the residual, come as streams.
// Channels of the nest: 0 line, 1 address in elements (or slot). Extras: 0 elements of a run,
// 1 to 3 the masks, 4 flags (1 a residual is added, 2 spill, 4 the half was begun before, 8 the half is
// not finished, 16 a function by its table follows, 32 records of parameters are words of that table, and
// channel 1 names them), 5 shift, 6 and 7 limits, 8 multiplier of the residual, 9 its shift to the left; 10
// is free.
// A record of a parameter has 64 bits: bias [63:16], multiplier [15:0]; with LEAKY bias [63:32], multiplier
// of negative sums [31:16], multiplier [15:0].
`default_nettype none
module drain #(
    parameter int W = 64,
    parameter int G = 8,
    parameter int COLUMNS = 4,
    parameter int ACC = 32,
    parameter int E = 8,
    parameter int FLOAT = 0,
    parameter int EXP = 1,
    parameter int MAN = 1,
    parameter int TOP = 126,
    parameter int MINUS_ZERO = 1,
    parameter int PARAMS = 1,
    parameter int LEAKY = 0,
    parameter int TABLE = 0,
    parameter int LOOPS = 8,
    parameter int COUNT = 16,
    parameter int WIDTH = 20,
    parameter int TOKENS = 16,
    parameter int LINE = 12,
    parameter int ADDRESS = 6,
    localparam int GRAINS = W / G
) (
    input  wire logic                   clk,
    input  wire logic                   rst,
    input  wire logic                   in_valid,
    output logic                        in_ready,
    input  wire logic [41:0]            in_data,
    input  wire logic [TOKENS-1:0]      available,
    output logic      [TOKENS-1:0]      take,
    output logic      [TOKENS-1:0]      give,
    output logic                        busy,
    // sums
    input  wire logic                   half_ready,
    output logic                        free_half,
    output logic                        read_valid,
    input  wire logic                   read_ready,
    output logic      [ADDRESS-1:0]     read_line,
    input  wire logic [COLUMNS*ACC-1:0] read_data,
    // parameters and residuals
    input  wire logic                   params_valid,
    output logic                        params_ready,
    input  wire logic [PARAMS*64-1:0]   params_data,
    input  wire logic                   residual_valid,
    output logic                        residual_ready,
    input  wire logic [COLUMNS*E-1:0]   residual_data,
    // buffer
    output logic                        write_valid,
    input  wire logic                   write_ready,
    output logic      [LINE-1:0]        write_line,
    output logic      [W-1:0]           write_data,
    output logic      [GRAINS-1:0]      write_mask
);
  localparam int EXTRA = WIDTH > 24 ? WIDTH : 24;
  localparam int LATENCY = (FLOAT != 0 ? 6 : 4) + (TABLE != 0 ? 1 : 0);
  localparam int DEPTH = LATENCY + 4;
  localparam int CREDIT = $clog2(DEPTH + 1);
  logic start, done, ending, running, issue;
  logic [LOOPS*COUNT-1:0] turns;
  logic [2*WIDTH-1:0] bases;
  logic [2*LOOPS*WIDTH-1:0] jumps;
  // verilator lint_off UNUSEDSIGNAL
  logic [11*EXTRA-1:0] extras;
  logic [WIDTH-1:0] line, address, lane;
  logic [EXTRA-1:0] run;
  // verilator lint_on UNUSEDSIGNAL
  logic [LOOPS-1:0] first, last, line_mask, half_mask, param_mask;
  logic adds, spills, begun, unfinished, looks_up, fills_table, enters;

  unit #(
      .LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(11), .EXTRA(EXTRA),
      .TOKENS(TOKENS), .AHEAD(0)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras
  );
  nest #(.LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step(issue), .turns, .bases, .jumps, .addresses({address, line}),
      .first, .last, .ending
  );
  assign run = extras[EXTRA-1:0];
  assign line_mask = extras[EXTRA+:LOOPS];
  assign half_mask = extras[2*EXTRA+:LOOPS];
  assign param_mask = extras[3*EXTRA+:LOOPS];
  assign {unfinished, begun, spills, adds} = extras[4*EXTRA+:4];
  assign looks_up = TABLE != 0 && extras[4*EXTRA+4];
  assign fills_table = TABLE != 0 && extras[4*EXTRA+5];

  // asking for a line
  logic half_begins, half_ends, line_ends, params_end, half_there, room, popping, blocked;
  logic [CREDIT-1:0] credits;
  logic out_pop, spill_busy;
  assign half_begins = &(first | ~half_mask) && !begun;
  assign half_ends = &(last | ~half_mask) && !unfinished;
  assign line_ends = &(last | ~line_mask);
  assign params_end = &(last | ~param_mask);
  assign half_there = half_ready || !half_begins;
  assign room = spills ? !spill_busy : credits != '0;
  // the parameters at hand are used in the cycle after, when they may be the last's
  assign blocked = !spills && (!params_valid || popping || (adds && !residual_valid));
  assign read_valid = running && half_there && room && !blocked;
  assign read_line = line[ADDRESS-1:0];
  assign issue = read_valid && read_ready;
  assign enters = issue && !spills && !fills_table;
  assign free_half = issue && half_ends;
  assign residual_ready = issue && !spills && adds && line_ends;

  // the line is here
  logic [LATENCY:0] going;
  logic [(LATENCY+1)*2*WIDTH-1:0] places;
  logic [COLUMNS*E-1:0] residuals, codes;
  logic spilling, spill_valid, spill_ready, last_out, filling;
  logic [COLUMNS*ACC-1:0] spilled;
  logic [WIDTH-1:0] spill_slot;
  assign params_ready = popping;
  always_ff @(posedge clk) begin
    if (rst) begin
      going <= '0;
      popping <= 1'b0;
      spilling <= 1'b0;
      spill_valid <= 1'b0;
      credits <= CREDIT'(DEPTH);
      running <= 1'b0;
      last_out <= 1'b0;
    end else begin
      going <= {going[LATENCY-1:0], enters};
      popping <= issue && !spills && params_end;
      spilling <= issue && spills;
      if (spilling) spill_valid <= 1'b1;
      else if (spill_ready) spill_valid <= 1'b0;
      if (enters && !out_pop) credits <= credits - 1'b1;
      else if (out_pop && !enters) credits <= credits + 1'b1;
      if (start) running <= 1'b1;
      else if (issue && ending) running <= 1'b0;
      if (issue && ending) last_out <= 1'b1;
      else if (done) last_out <= 1'b0;
    end
  end
  always_ff @(posedge clk) begin
    // runs of a line take its lanes one after the other
    if (start || (issue && line_ends)) lane <= '0;
    else if (issue) lane <= lane + run[WIDTH-1:0];
    if (issue) residuals <= residual_data;
    places <= {places[LATENCY*2*WIDTH-1:0], lane, address};
    if (spilling) spilled <= read_data;
    if (issue) spill_slot <= address;
    filling <= issue && fills_table;
  end
  assign spill_busy = spilling || spill_valid;
  assign done = last_out && credits == CREDIT'(DEPTH) && !spill_busy;

  generate
    for (genvar c = 0; c < COLUMNS; c++) begin : g_lane
      localparam int AT = PARAMS > 1 ? c : 0;
      logic signed [47:0] bias;
      logic signed [15:0] negative;
      if (LEAKY != 0) begin : g_leaky
        logic signed [31:0] narrow;
        assign narrow = params_data[AT*64+32+:32];
        assign bias = 48'(narrow);
        assign negative = params_data[AT*64+16+:16];
      end else begin : g_linear
        assign bias = params_data[AT*64+16+:48];
        assign negative = '0;
      end
      lane #(
          .ACC(ACC), .E(E), .FLOAT(FLOAT), .EXP(EXP), .MAN(MAN), .TOP(TOP),
          .MINUS_ZERO(MINUS_ZERO), .LEAKY(LEAKY), .TABLE(TABLE)
      ) lane (
          .clk, .acc(read_data[c*ACC+:ACC]), .bias, .multiplier(params_data[AT*64+:16]),
          .negative_multiplier(negative),
          .residual(residuals[c*E+:E]),
          .residual_multiplier(adds ? extras[8*EXTRA+:16] : 16'd0),
          .residual_shift(extras[9*EXTRA+:5]), .shift(extras[5*EXTRA+:6]),
          .low(extras[6*EXTRA+:24]), .high(extras[7*EXTRA+:24]), .looks_up,
          .table_write(filling), .table_word(spill_slot[7:0]), .table_entries(params_data[63:0]),
          .code(codes[c*E+:E])
      );
    end
  endgenerate

  // out to the buffer
  logic out_valid, coded_valid, spills_valid, unused_ready;
  logic [COLUMNS*E-1:0] out_codes;
  logic [WIDTH-1:0] out_lane, out_address;
  // verilator lint_off UNUSEDSIGNAL
  logic [CREDIT-1:0] unused_free;
  // verilator lint_on UNUSEDSIGNAL
  logic [LINE-1:0] coded_line, spills_line;
  logic [W-1:0] coded_data, spills_data;
  logic [GRAINS-1:0] coded_mask, spills_mask;
  fifo #(.WIDTH(COLUMNS * E + 2 * WIDTH), .DEPTH(DEPTH)) coded (
      .clk, .rst, .in_valid(going[LATENCY]), .in_ready(unused_ready),
      .in_data({codes, places[LATENCY*2*WIDTH+:2*WIDTH]}), .out_valid, .out_ready(out_pop),
      .out_data({out_codes, out_lane, out_address}), .free(unused_free)
  );
  logic taken;
  assign out_pop = taken && out_valid;
  writer #(.W(W), .G(G), .E(E), .LANES(COLUMNS), .WIDTH(WIDTH), .LINE(LINE)) writer (
      .clk, .rst, .in_valid(out_valid), .in_ready(taken), .in_data(out_codes),
      .in_address(out_address), .in_lane(out_lane), .in_run(run[WIDTH-1:0]),
      .write_valid(coded_valid), .write_ready, .write_line(coded_line), .write_data(coded_data),
      .write_mask(coded_mask)
  );
  spill #(.W(W), .G(G), .BITS(COLUMNS * ACC), .WIDTH(WIDTH), .LINE(LINE)) spill (
      .clk, .rst, .in_valid(spill_valid), .in_ready(spill_ready), .in_data(spilled),
      .in_slot(spill_slot), .write_valid(spills_valid), .write_ready, .write_line(spills_line),
      .write_data(spills_data), .write_mask(spills_mask)
  );
  // a command does one or the other
  assign write_valid = coded_valid || spills_valid;
  assign write_line = spills_valid ? spills_line : coded_line;
  assign write_data = spills_valid ? spills_data : coded_data;
  assign write_mask = spills_valid ? spills_mask : coded_mask;
endmodule
`default_nettype wire
