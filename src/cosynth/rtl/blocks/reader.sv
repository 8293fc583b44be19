// Gathers vectors of LANES elements of E bits from a buffer of lines of W bits.
// A nest of loops names runs: elements that lie side by side. The loops in `grouped` walk over the runs of
// one vector, which fill its lanes one after the other. Lanes that no run fills are zero, and
// so are runs whose coordinate `a` is not in [0, a_limit) and elements whose `b` is not in [0, b_limit),
// where b counts on along the run: that is padding.
// Up to W / E elements arrive a cycle. The line read last is held, so that a run that goes on where the
// one before ended costs one line, wherever it begins.
// With STRIDED a command may take every second element of a run: those of a line come in one cycle,
// or of the held line and the next. Their `b` is that of the place where they lie.
// Channels of the nest: 0 address in elements, 1 a, 2 b. Extras: 0 elements of a run, 1 a_limit,
// 2 b_limit, 3 `grouped`, a bit for each loop, and above them whether every second element is taken, and
// whether what is not there is not zero but LOWEST, for those that have one.
// Read data must stand in the cycle after a granted read.
`default_nettype none
module reader #(
    parameter int W = 64,
    parameter int E = 8,
    parameter int LANES = 8,
    parameter int LOOPS = 8,
    parameter int COUNT = 16,
    parameter int WIDTH = 20,
    parameter int TOKENS = 16,
    parameter int LINE = 12,
    parameter int DEPTH = 4,
    parameter int AHEAD = 1,
    parameter int LOWEST = 0,
    parameter int STRIDED = 0,
    localparam int PLACES = W / E,
    localparam int P = PLACES > 1 ? $clog2(PLACES) : 1
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
    output logic                    out_valid,
    input  wire logic               out_ready,
    output logic      [LANES*E-1:0] out_data
);
  localparam int CHANNELS = 3;
  localparam int FREE = $clog2(DEPTH + 1);
  localparam logic [WIDTH-1:0] ALL = WIDTH'(PLACES);

  logic start, done, step, ending, running, fresh;
  logic [LOOPS*COUNT-1:0] turns;
  logic [CHANNELS*WIDTH-1:0] bases, addresses;
  logic [CHANNELS*LOOPS*WIDTH-1:0] jumps;
  // verilator lint_off UNUSEDSIGNAL
  logic [4*WIDTH-1:0] extras;  // of the last only a bit for each loop
  logic [WIDTH-1:0] line;  // addresses leave room for a sign
  // verilator lint_on UNUSEDSIGNAL
  logic [LOOPS-1:0] first, last, grouped;

  unit #(
      .LOOPS(LOOPS), .CHANNELS(CHANNELS), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(4), .EXTRA(WIDTH),
      .TOKENS(TOKENS), .AHEAD(AHEAD)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras
  );
  nest #(.LOOPS(LOOPS), .CHANNELS(CHANNELS), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step, .turns, .bases, .jumps, .addresses, .first, .last, .ending
  );

  // which elements of this run are there at all
  logic [WIDTH-1:0] address, a, b, lane, run, a_limit, b_limit, low, high, room;
  logic there, second;
  assign {b, a, address} = addresses;
  assign b_limit = extras[2*WIDTH+:WIDTH];
  assign a_limit = extras[WIDTH+:WIDTH];
  assign run = extras[WIDTH-1:0];
  assign grouped = extras[3*WIDTH+:LOOPS];
  assign second = STRIDED != 0 && extras[3*WIDTH+LOOPS];
  assign room = b_limit - b;
  always_comb begin
    low = b[WIDTH-1] ? -b : '0;
    high = room[WIDTH-1] ? '0 : room;
    if (second) begin
      low = (low + 1'b1) >> 1;
      high = (high + 1'b1) >> 1;
    end
    high = high < run ? high : run;
    there = a < a_limit && low < high;
    if (!there) high = low;
  end

  // what one cycle does: elements from `at` on, out of the held line, the next one, or both
  logic [WIDTH-1:0] progress, at, current, left, tail, most, taken;
  logic [P-1:0] place;
  logic [LINE-1:0] held_line, line_low;
  logic held, hits, reads, opens, closes, finishes, issue, space;
  logic [FREE-1:0] free;
  assign at = fresh ? low : progress;
  assign current = address + (second ? at << 1 : at);
  assign left = high - at;
  assign place = current[P-1:0] & P'(PLACES - 1);
  assign line = current >> $clog2(PLACES);
  assign line_low = line[LINE-1:0];
  // what the line has from there on, and what both lines have
  assign tail = second ? (ALL - WIDTH'(place) + 1'b1) >> 1 : ALL - WIDTH'(place);
  assign most = second ? tail + (ALL >> 1) : ALL;
  assign hits = held && held_line == line_low;
  always_comb begin
    if (!there) begin
      reads = 1'b0;
      taken = '0;
    end else if (hits) begin
      reads = left > tail;
      taken = left < most ? left : most;
    end else begin
      reads = 1'b1;
      taken = left < tail ? left : tail;
    end
  end
  assign read_line = hits ? line_low + 1'b1 : line_low;
  assign finishes = taken == left;
  assign opens = fresh && &(first | ~grouped);
  assign closes = finishes && &(last | ~grouped);
  assign read_valid = running && reads && space;
  assign issue = running && space && (!reads || read_ready);
  assign step = issue && finishes;
  assign done = step && ending;

  always_ff @(posedge clk) begin
    if (rst) begin
      running <= 1'b0;
      fresh <= 1'b1;
      held <= 1'b0;
    end else begin
      if (start) begin
        running <= 1'b1;
        fresh <= 1'b1;
        held <= 1'b0;
      end else begin
        if (done) running <= 1'b0;
        if (issue) fresh <= finishes;
        if (issue && reads) held <= 1'b1;
      end
    end
  end
  always_ff @(posedge clk) begin
    if (start || (step && closes)) lane <= '0;
    else if (step) lane <= lane + run;
    if (issue) begin
      progress <= at + taken;
      if (reads) held_line <= read_line;
    end
  end

  // the cycle after: the words are here
  logic going, was_read, was_hit, was_open, was_close;
  // verilator lint_off UNUSEDSIGNAL
  logic was_second;  // with STRIDED
  // verilator lint_on UNUSEDSIGNAL
  logic [P-1:0] was_place, slot, turn;
  logic [WIDTH-1:0] from, to;
  logic [W-1:0] held_word, merged;
  logic [LANES*E-1:0] vector, filled, blank;
  always_ff @(posedge clk) begin
    if (rst) going <= 1'b0;
    else going <= issue;
  end
  always_ff @(posedge clk) begin
    was_read <= reads;
    was_hit <= hits;
    was_open <= opens;
    was_close <= closes;
    was_place <= place;
    was_second <= second;
    turn <= lane[P-1:0] + at[P-1:0] - slot;
    from <= lane + at;
    to <= lane + at + taken;
  end
  assign slot = second ? place >> 1 : place;
  // in a ring from the place of the first on; of every second element those of the first line fill
  // the lower half, those of the next the upper
  generate
    for (genvar e = 0; e < PLACES; e++) begin : g_place
      logic [E-1:0] plain;
      assign plain = was_read && !(was_hit && e >= int'(was_place)) ? read_data[e*E+:E]
                                                                  : held_word[e*E+:E];
      if (STRIDED != 0 && PLACES > 1) begin : g_second
        localparam int PAIR = 2 * (e % (PLACES / 2));
        logic [2*E-1:0] pair;
        if (e < PLACES / 2) begin : g_first
          assign pair = was_read && !was_hit ? read_data[PAIR*E+:2*E] : held_word[PAIR*E+:2*E];
        end else begin : g_next
          assign pair = read_data[PAIR*E+:2*E];
        end
        assign merged[e*E+:E] = !was_second ? plain : was_place[0] ? pair[E+:E] : pair[E-1:0];
      end else begin : g_every
        assign merged[e*E+:E] = plain;
      end
    end
  endgenerate
  logic [W-1:0] turned;
  turner #(.E(E), .PLACES(PLACES)) ring (.in_data(merged), .turn, .out_data(turned));
  always_comb begin
    for (int j = 0; j < LANES; j++) begin
      if (WIDTH'(j) >= from && WIDTH'(j) < to) filled[j*E+:E] = turned[(j%PLACES)*E+:E];
      else filled[j*E+:E] = was_open ? blank[j*E+:E] : vector[j*E+:E];
    end
  end
  always_ff @(posedge clk) begin
    if (going) vector <= filled;
    if (going && was_read) held_word <= read_data;
  end

  generate
    if (LOWEST != 0) begin : g_lowest
      logic was_lowest;
      always_ff @(posedge clk) was_lowest <= extras[3*WIDTH+LOOPS+1];
      assign blank = was_lowest ? {LANES{E'(LOWEST)}} : '0;
    end else begin : g_zero
      assign blank = '0;
    end
  endgenerate

  logic unused_ready;
  assign space = free > FREE'(going && was_close);
  fifo #(.WIDTH(LANES * E), .DEPTH(DEPTH)) vectors (
      .clk, .rst, .in_valid(going && was_close), .in_ready(unused_ready), .in_data(filled),
      .out_valid, .out_ready, .out_data, .free
  );
endmodule
`default_nettype wire
