// Copies boxes from the buffer to DRAM: runs of grains of G bits, whole bytes each, where the nest says on
// either side. Channels: 0 place in DRAM, 1 place in the buffer, in grains. Extra: 0 grains of a run.
// A beat is gathered from the lines it spans, one a cycle. The command is done with its last response.
`default_nettype none
module store #(
    parameter int W = 64,
    parameter int D = 64,
    parameter int G = 8,
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int ADDRESS = 32,
    parameter int TOKENS = 16,
    parameter int LINE = 12
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
    output logic                    aw_valid,
    input  wire logic               aw_ready,
    output logic      [ADDRESS-1:0] aw_address,
    output logic      [7:0]         aw_length,
    output logic                    w_valid,
    input  wire logic               w_ready,
    output logic      [D-1:0]       w_data,
    output logic      [D/8-1:0]     w_strobe,
    output logic                    w_last,
    input  wire logic               b_valid,
    output logic                    b_ready,
    output logic                    read_valid,
    input  wire logic               read_ready,
    output logic      [LINE-1:0]    read_line,
    input  wire logic [W-1:0]       read_data
);
  localparam int PLACES = D / G;
  localparam int GRAINS = W / G;
  localparam int P = GRAINS > 1 ? $clog2(GRAINS) : 1;
  localparam int BYTES = D / 8;
  localparam int PER = 8 / G;  // grains of a byte
  localparam int WIDTH = 32;
  localparam int DEPTH = 4;
  localparam int FREE = $clog2(DEPTH + 1);
  logic start, done, ending, running, asking;
  logic [LOOPS*COUNT-1:0] turns;
  logic [2*WIDTH-1:0] bases;
  logic [2*LOOPS*WIDTH-1:0] jumps;
  // verilator lint_off UNUSEDSIGNAL
  logic [WIDTH-1:0] run, from, to, progress, left, place, near, count, source, line;
  logic [LOOPS-1:0] firsts, lasts;
  // verilator lint_on UNUSEDSIGNAL

  unit #(
      .LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(1), .EXTRA(WIDTH),
      .TOKENS(TOKENS)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras(run)
  );
  // addresses run ahead; the lengths of their bursts wait for the beats
  logic burst_valid, burst_ready, lengths_ready, length_valid, length_pop;
  logic [7:0] length;
  // verilator lint_off UNUSEDSIGNAL
  logic [2:0] lengths_free;
  // verilator lint_on UNUSEDSIGNAL
  bursts #(.D(D), .G(G), .LOOPS(LOOPS), .COUNT(COUNT), .WIDTH(WIDTH), .ADDRESS(ADDRESS)) asks (
      .clk, .rst, .start, .turns, .base(bases[WIDTH-1:0]), .jumps(jumps[LOOPS*WIDTH-1:0]), .run,
      .busy(asking), .valid(burst_valid), .ready(burst_ready), .address(aw_address),
      .length(aw_length)
  );
  assign aw_valid = burst_valid && lengths_ready;
  assign burst_ready = aw_ready && lengths_ready;
  fifo #(.WIDTH(8), .DEPTH(4)) lengths (
      .clk, .rst, .in_valid(burst_valid && aw_ready), .in_ready(lengths_ready),
      .in_data(aw_length), .out_valid(length_valid), .out_ready(length_pop), .out_data(length),
      .free(lengths_free)
  );

  // which part of which line goes into which places of the beat
  logic issue, run_ends, beat_ends, space;
  logic [FREE-1:0] free;
  nest #(.LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step(issue && run_ends), .turns, .bases, .jumps, .addresses({to, from}),
      .first(firsts), .last(lasts), .ending
  );
  assign source = to + progress;
  assign line = source >> $clog2(GRAINS);
  assign near = source & WIDTH'(GRAINS - 1);
  assign place = (from + progress) & WIDTH'(PLACES - 1);
  assign left = run - progress;
  always_comb begin
    count = left;
    if (WIDTH'(PLACES) - place < count) count = WIDTH'(PLACES) - place;
    if (WIDTH'(GRAINS) - near < count) count = WIDTH'(GRAINS) - near;
  end
  assign run_ends = count == left;
  assign beat_ends = run_ends || place + count == WIDTH'(PLACES);
  assign read_valid = running && space;
  assign read_line = line[LINE-1:0];
  assign issue = read_valid && read_ready;

  logic going, was_ends, fresh;
  logic [P-1:0] turn;
  logic [WIDTH-1:0] lane, to_lane;
  logic [W-1:0] turned;
  logic [D-1:0] beat, filled;
  logic [PLACES-1:0] there, mask;
  logic [BYTES-1:0] strobe;
  turner #(.E(G), .PLACES(GRAINS)) ring (.in_data(read_data), .turn, .out_data(turned));
  always_comb begin
    for (int g = 0; g < PLACES; g++) begin
      if (WIDTH'(g) >= lane && WIDTH'(g) < to_lane) begin
        filled[g*G+:G] = turned[g*G+:G];
        mask[g] = 1'b1;
      end else begin
        filled[g*G+:G] = beat[g*G+:G];
        mask[g] = there[g] && !fresh;
      end
    end
    for (int b = 0; b < BYTES; b++) strobe[b] = mask[b*PER];
  end
  always_ff @(posedge clk) begin
    turn <= place[P-1:0] - near[P-1:0];
    lane <= place;
    to_lane <= place + count;
    was_ends <= beat_ends;
    if (going) begin
      beat  <= filled;
      there <= mask;
    end
  end

  logic [15:0] unanswered;
  logic beat_valid, unused_ready, all_asked;
  logic [7:0] sent;
  assign space = free > FREE'(going && was_ends);
  fifo #(.WIDTH(D + BYTES), .DEPTH(DEPTH)) beats (
      .clk, .rst, .in_valid(going && was_ends), .in_ready(unused_ready), .in_data({strobe, filled}),
      .out_valid(beat_valid), .out_ready(w_valid && w_ready), .out_data({w_strobe, w_data}), .free
  );
  assign w_valid = beat_valid && length_valid;
  assign w_last = sent == length;
  assign length_pop = w_valid && w_ready && w_last;
  assign b_ready = 1'b1;
  assign all_asked = !running && !asking && !start && busy;
  assign done = all_asked && unanswered == '0 && !going && !beat_valid;
  always_ff @(posedge clk) begin
    if (rst) begin
      running <= 1'b0;
      going <= 1'b0;
      fresh <= 1'b1;
      progress <= '0;
      sent <= '0;
      unanswered <= '0;
    end else begin
      going <= issue;
      if (going) fresh <= was_ends;
      if (start) running <= 1'b1;
      else if (issue && run_ends && ending) running <= 1'b0;
      if (issue) progress <= run_ends ? '0 : progress + count;
      if (w_valid && w_ready) sent <= w_last ? '0 : sent + 1'b1;
      unanswered <= unanswered + 16'(aw_valid && aw_ready) - 16'(b_valid);
    end
  end
endmodule
`default_nettype wire
