// Copies runs of grains from a memory of lines of W bits to DRAM (AXI4 write port of D bits). Runs lie at any
// grain on both sides but begin and end on whole bytes of DRAM; only their bytes are strobed. Each cycle up
// to a beat is gathered out of the line held and the one read, so that a line is read once for a run. A beat
// in which one run ends and the next begins goes out once. A long run passes one beat a cycle, and so do runs
// one after the other.
// Read data must stand in the cycle after a granted read.
// `done` comes when the last response of a command (`run_last`) is in.
// Events, each a bit a cycle: `passes` a beat went out, `holds_bus` the bus had room but we had no beat yet,
// `waits_bus` a beat waited. `failed` stays from the first response that tells of an error.
`default_nettype none
module run_store #(
    parameter int W = 128,
    parameter int D = 64,
    parameter int G = 8,
    parameter int AW = 16,
    parameter int DRAM = 40,
    parameter int ADDRESS = 32,
    parameter int MAX_BURST = 16,
    parameter int OUTSTANDING = 8,
    parameter int AHEAD = 16,
    localparam int LANES = W / G,
    localparam int LINE = AW - $clog2(LANES)
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               run_valid,
    output logic                    run_ready,
    input  wire logic [DRAM-1:0]    run_dram,
    input  wire logic [AW-1:0]      run_local,
    input  wire logic [AW:0]        run_length,
    input  wire logic               run_last,
    output logic                    done,
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
    input  wire logic [1:0]         b_response,
    output logic                    read_valid,
    input  wire logic               read_ready,
    output logic      [LINE-1:0]    read_line,
    input  wire logic [W-1:0]       read_data,
    output logic                    passes,
    output logic                    holds_bus,
    output logic                    waits_bus,
    output logic                    failed
);
  localparam int PLACES = D / G;
  localparam int P = $clog2(PLACES);
  localparam int L = $clog2(LANES);
  localparam int ISSUED = $clog2(OUTSTANDING) + 2;
  localparam int DEPTH = 4;
  localparam int BEATS = MAX_BURST > 1 ? $clog2(MAX_BURST) : 1;  // bits of a burst's length
  localparam int FREE = $clog2(DEPTH + 1);
  localparam logic [P:0] ALL = (P + 1)'(PLACES);

  logic piece_valid, piece_ready, piece_shares, piece_last, answered;
  logic [AW-1:0] piece_local;
  logic [P-1:0] piece_place;
  logic [AW:0] piece_length;
  logic ends_valid, ends_ready;
  logic [ISSUED-1:0] ends_issued;
  run_bursts #(
      .D(D), .G(G), .AW(AW), .DRAM(DRAM), .ADDRESS(ADDRESS), .MAX_BURST(MAX_BURST),
      .OUTSTANDING(OUTSTANDING), .AHEAD(AHEAD)
  ) bursts (
      .clk, .rst, .run_valid, .run_ready, .run_dram, .run_local, .run_length, .run_last,
      .burst_valid(aw_valid), .burst_ready(aw_ready), .burst_address(aw_address),
      .burst_length(aw_length), .finished(answered), .ends_valid, .ends_ready, .ends_issued,
      .piece_valid, .piece_ready, .piece_local, .piece_place, .piece_length, .piece_shares,
      .piece_last
  );

  // the rest of the run under way: `left` grains, the next of them for `place` of a beat
  logic active, last, held, hits, reads, finishes, known, closes, space, issue;
  logic [AW-1:0] local_;
  logic [AW:0] left;
  logic [P-1:0] place;
  logic [LINE-1:0] held_line, line;
  logic [P:0] wanted, taken, reach;
  logic [L:0] to_end;
  logic [FREE-1:0] free;
  assign line = local_[AW-1:L];
  assign hits = held && held_line == line;
  assign to_end = (L + 1)'(LANES) - {1'b0, local_[L-1:0]};
  always_comb begin
    wanted = ALL - {1'b0, place};
    if (left < (AW + 1)'(wanted)) wanted = (P + 1)'(left);
    taken = wanted;
    reads = !hits;
    if (to_end < (L + 1)'(wanted)) begin
      reads = 1'b1;
      if (!hits) taken = (P + 1)'(to_end);
    end
  end
  assign read_line = hits ? line + 1'b1 : line;
  assign reach = {1'b0, place} + taken;
  assign finishes = left == (AW + 1)'(taken);
  // whether the beat is complete at the end of a run is only known with the next one
  assign known = !finishes || last || piece_valid;
  assign closes = finishes ? last || !piece_shares : reach == ALL;
  assign read_valid = active && reads && space && known;
  assign issue = active && space && known && (!reads || read_ready);
  assign piece_ready = !active || (issue && finishes);

  always_ff @(posedge clk) begin
    if (rst) begin
      active <= 1'b0;
      held   <= 1'b0;
    end else begin
      if (piece_ready) active <= piece_valid;
      // between two commands the memory may change
      if (issue && finishes && last) held <= 1'b0;
      else if (issue && reads) held <= 1'b1;
    end
  end
  always_ff @(posedge clk) begin
    if (piece_valid && piece_ready) begin
      last <= piece_last;
      local_ <= piece_local;
      left <= piece_length;
      place <= piece_place;
    end else if (issue) begin
      local_ <= local_ + AW'(taken);
      left <= left - (AW + 1)'(taken);
      place <= reach[P-1:0];
    end
    if (issue && reads) held_line <= read_line;
  end

  // the cycle after: the line is here
  logic going, was_read, was_hit, was_close, gathered;
  logic [L-1:0] was_lane, turn;
  logic [P:0] from, to;
  logic [W-1:0] held_data, merged;
  // verilator lint_off UNUSEDSIGNAL
  logic [W-1:0] turned;  // a beat of it is looked at
  // verilator lint_on UNUSEDSIGNAL
  logic [D-1:0] data, filled;
  logic [PLACES-1:0] mask, marked;
  logic [D/8-1:0] strobe;
  always_ff @(posedge clk) begin
    if (rst) going <= 1'b0;
    else going <= issue;
  end
  always_ff @(posedge clk) begin
    was_read <= reads;
    was_hit <= hits;
    was_close <= closes;
    was_lane <= local_[L-1:0];
    turn <= L'(place) - local_[L-1:0];
    from <= {1'b0, place};
    to <= reach;
    if (going && was_read) held_data <= read_data;
  end
  always_comb begin
    for (int unsigned e = 0; e < LANES; e++) begin
      merged[e*G+:G] = was_read && !(was_hit && L'(e) >= was_lane) ? read_data[e*G+:G]
                                                                  : held_data[e*G+:G];
    end
  end
  turner #(.E(G), .PLACES(LANES)) ring (.in_data(merged), .turn, .out_data(turned));
  always_comb begin
    for (int unsigned e = 0; e < PLACES; e++) begin
      if ((P + 1)'(e) >= from && (P + 1)'(e) < to) begin
        filled[e*G+:G] = turned[e*G+:G];
        marked[e] = 1'b1;
      end else begin
        filled[e*G+:G] = data[e*G+:G];
        marked[e] = gathered && mask[e];
      end
    end
    for (int b = 0; b < D / 8; b++) strobe[b] = marked[b*8/G];
  end
  always_ff @(posedge clk) begin
    if (rst) gathered <= 1'b0;
    else if (going) gathered <= !was_close;
  end
  always_ff @(posedge clk) begin
    if (going) begin
      data <= filled;
      mask <= marked;
    end
  end

  // beats go out once the address of their burst did
  logic beat_valid, size_valid, unused_beats, unused_sizes;
  logic [BEATS-1:0] size, sent;
  logic [$clog2(OUTSTANDING+1)-1:0] unused_free;
  assign space = free > FREE'(going && was_close);
  fifo #(.WIDTH(D + D / 8), .DEPTH(DEPTH)) beats (
      .clk, .rst, .in_valid(going && was_close), .in_ready(unused_beats),
      .in_data({strobe, filled}), .out_valid(beat_valid), .out_ready(passes),
      .out_data({w_strobe, w_data}), .free
  );
  fifo #(.WIDTH(BEATS), .DEPTH(OUTSTANDING)) sizes (
      .clk, .rst, .in_valid(aw_valid && aw_ready), .in_ready(unused_sizes), .in_data(aw_length[BEATS-1:0]),
      .out_valid(size_valid), .out_ready(passes && w_last), .out_data(size), .free(unused_free)
  );
  assign w_valid = beat_valid && size_valid;
  assign w_last = sent == size;
  assign passes = w_valid && w_ready;
  always_ff @(posedge clk) begin
    if (rst) sent <= '0;
    else if (passes) sent <= w_last ? '0 : sent + 1'b1;
  end

  // a command is over when as many responses came as bursts were named up to its end
  logic goal_valid, unused_goals;
  logic [ISSUED-1:0] goal, answers;
  logic [1:0] goals_free;
  fifo #(.WIDTH(ISSUED), .DEPTH(2)) goals (
      .clk, .rst, .in_valid(ends_valid && ends_ready), .in_ready(unused_goals),
      .in_data(ends_issued), .out_valid(goal_valid), .out_ready(done), .out_data(goal),
      .free(goals_free)
  );
  assign ends_ready = goals_free != '0;
  assign done = goal_valid && goal == answers;
  assign b_ready = 1'b1;
  assign answered = b_valid;
  always_ff @(posedge clk) begin
    if (rst) answers <= '0;
    else if (answered) answers <= answers + 1'b1;
  end

  assign holds_bus = size_valid && w_ready && !beat_valid;
  assign waits_bus = w_valid && !w_ready;
  always_ff @(posedge clk) begin
    if (rst) failed <= 1'b0;
    else if (answered && b_response[1]) failed <= 1'b1;
  end
  logic unused_response;
  assign unused_response = b_response[0];
endmodule
`default_nettype wire
