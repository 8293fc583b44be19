// Brings sums back that were spilled: reads slots of the buffer (as `spill` writes them) and writes them to
// a half of the sums, a line at a time; or writes zeros, where sums begin.
// Channels of the nest: 0 slot, 1 line. Extras: 0 the loops of one half, a bit for each; 1 zeros.
`default_nettype none
module reload #(
    parameter int W = 64,
    parameter int BITS = 128,
    parameter int LOOPS = 6,
    parameter int COUNT = 16,
    parameter int WIDTH = 20,
    parameter int LINE = 12,
    parameter int ADDRESS = 6,
    parameter int TOKENS = 16,
    localparam int SLOT = BITS < W ? 1 << $clog2(BITS) : W,
    localparam int PARTS = BITS < W ? 1 : (BITS + W - 1) / W
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               in_valid,
    output logic                    in_ready,
    input  wire logic [41:0]        in_data,
    input  wire logic [TOKENS-1:0]  available,
    output logic      [TOKENS-1:0]  take,
    output logic      [TOKENS-1:0]  give,
    output logic                    busy,
    output logic                    read_valid,
    input  wire logic               read_ready,
    output logic      [LINE-1:0]    read_line,
    input  wire logic [W-1:0]       read_data,
    input  wire logic               half_free,
    output logic                    load_valid,
    input  wire logic               load_ready,
    output logic                    load_ends,
    output logic      [ADDRESS-1:0] load_line,
    output logic      [BITS-1:0]    load_data
);
  localparam int SLOTS = W / SLOT;
  localparam int P = SLOTS > 1 ? $clog2(SLOTS) : 1;
  localparam logic [7:0] LAST = 8'(PARTS - 1);
  logic start, done, ending, running, pending, arrives, issue, wanted, zero;
  logic [LOOPS*COUNT-1:0] turns;
  logic [2*WIDTH-1:0] bases;
  logic [2*LOOPS*WIDTH-1:0] jumps;
  // verilator lint_off UNUSEDSIGNAL
  logic [2*LOOPS-1:0] extras;  // of the second only a bit
  // verilator lint_on UNUSEDSIGNAL
  logic [LOOPS-1:0] mask, first, last;
  // verilator lint_off UNUSEDSIGNAL
  logic [WIDTH-1:0] slot, line, source;
  logic [PARTS*W-1:0] whole;
  // verilator lint_on UNUSEDSIGNAL
  logic [7:0] part, came;
  logic [P-1:0] place;
  logic full, ends;

  unit #(
      .LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(2), .EXTRA(LOOPS),
      .TOKENS(TOKENS), .AHEAD(0)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras
  );
  nest #(.LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step(load_valid && load_ready), .turns, .bases, .jumps,
      .addresses({line, slot}), .first, .last, .ending
  );
  // a line at a time: all its parts are asked for, arrive, and are handed on
  assign source = PARTS > 1 ? WIDTH'(slot * WIDTH'(PARTS)) + WIDTH'(part) : slot >> $clog2(SLOTS);
  assign read_line = source[LINE-1:0];
  assign mask = extras[LOOPS-1:0];
  assign zero = extras[LOOPS];
  assign wanted = running && pending && (half_free || !(&(first | ~mask)));
  assign read_valid = wanted && !zero;
  assign issue = read_valid && read_ready;
  assign load_valid = full;
  assign load_line = line[ADDRESS-1:0];
  assign ends = &(last | ~mask);
  assign load_ends = ends;
  assign load_data = zero ? '0 : whole[BITS-1:0];
  assign done = load_valid && load_ready && ending;
  always_ff @(posedge clk) begin
    if (rst) begin
      running <= 1'b0;
      pending <= 1'b0;
      arrives <= 1'b0;
      full <= 1'b0;
      part <= '0;
      came <= '0;
    end else begin
      arrives <= issue;
      came <= part;
      if (start) begin
        running <= 1'b1;
        pending <= 1'b1;
      end else if (done) running <= 1'b0;
      if (issue) begin
        part <= part == LAST ? '0 : part + 1'b1;
        if (part == LAST) pending <= 1'b0;
      end
      if (wanted && zero) pending <= 1'b0;
      if ((wanted && zero) || (arrives && came == LAST)) full <= 1'b1;
      if (load_valid && load_ready) begin
        full <= 1'b0;
        pending <= !ending;
      end
    end
  end
  always_ff @(posedge clk) begin
    if (issue) place <= slot[P-1:0] & P'(SLOTS - 1);
    if (arrives) begin
      if (SLOTS > 1) whole <= (PARTS * W)'(read_data[int'(place)*SLOT+:SLOT]);
      else whole[int'(came)*W+:W] <= read_data;
    end
  end
endmodule
`default_nettype wire
