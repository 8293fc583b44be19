// Copies runs of grains from DRAM (AXI4 read port of D bits) into a memory of lines of W bits, of which a
// write changes any grains of a line. Runs lie at any grain on both sides: each cycle a window of one beat
// is turned to its place, out of the beat held and the one that arrives, and written up to the end of its
// line. A long run passes one beat a cycle and so do runs one after the other; where a run has its first
// line end sooner than its first beat's end, it costs one cycle more unless the beat could be had before.
// `done` comes in the cycle after the last write of a command (`run_last`) was granted.
// Events, each a bit a cycle: `passes` a beat came in, `holds_bus` a beat had to wait for us, `waits_bus`
// we waited for one. `failed` stays from the first response that tells of an error.
`default_nettype none
module run_load #(
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
    output logic                    ar_valid,
    input  wire logic               ar_ready,
    output logic      [ADDRESS-1:0] ar_address,
    output logic      [7:0]         ar_length,
    input  wire logic               r_valid,
    output logic                    r_ready,
    input  wire logic [D-1:0]       r_data,
    input  wire logic [1:0]         r_response,
    input  wire logic               r_last,
    output logic                    write_valid,
    input  wire logic               write_ready,
    output logic      [LINE-1:0]    write_line,
    output logic      [W-1:0]       write_data,
    output logic      [LANES-1:0]   write_mask,
    output logic                    passes,
    output logic                    holds_bus,
    output logic                    waits_bus,
    output logic                    failed
);
  localparam int PLACES = D / G;
  localparam int P = $clog2(PLACES);
  localparam int L = $clog2(LANES);
  localparam logic [P:0] ALL = (P + 1)'(PLACES);

  logic piece_valid, piece_ready, piece_shares, piece_last;
  logic [AW-1:0] piece_local;
  logic [P-1:0] piece_place;
  logic [AW:0] piece_length;
  logic unused_ends;
  logic [$clog2(OUTSTANDING)+1:0] unused_issued;
  run_bursts #(
      .D(D), .G(G), .AW(AW), .DRAM(DRAM), .ADDRESS(ADDRESS), .MAX_BURST(MAX_BURST),
      .OUTSTANDING(OUTSTANDING), .AHEAD(AHEAD)
  ) bursts (
      .clk, .rst, .run_valid, .run_ready, .run_dram, .run_local, .run_length, .run_last,
      .burst_valid(ar_valid), .burst_ready(ar_ready), .burst_address(ar_address),
      .burst_length(ar_length), .finished(passes && r_last), .ends_valid(unused_ends),
      .ends_ready(1'b1), .ends_issued(unused_issued), .piece_valid, .piece_ready, .piece_local,
      .piece_place, .piece_length, .piece_shares, .piece_last
  );

  logic beat_valid, pop;
  logic [D-1:0] beat;
  logic [1:0] unused_free;
  fifo #(.WIDTH(D), .DEPTH(2)) beats (
      .clk, .rst, .in_valid(r_valid), .in_ready(r_ready), .in_data(r_data),
      .out_valid(beat_valid), .out_ready(pop), .out_data(beat), .free(unused_free)
  );

  // the rest of the run under way: `left` grains, the next at `place` of a beat, which is held or to come
  logic active, has, last;
  logic [AW-1:0] local_;
  logic [AW:0] left;
  logic [P-1:0] place;
  logic [D-1:0] held;

  // up to `taken` grains go now: no further than the run, the line, and what is here
  logic [P:0] window, taken, reach;
  logic [L:0] to_end, low, high;
  logic needs, space, go, finishes, accept, early;
  assign low = {1'b0, local_[L-1:0]};
  assign to_end = (L + 1)'(LANES) - low;
  assign window = has ? ALL : ALL - {1'b0, place};
  always_comb begin
    taken = window;
    if (to_end < (L + 1)'(taken)) taken = (P + 1)'(to_end);
    if (left < (AW + 1)'(taken)) taken = (P + 1)'(left);
  end
  assign reach = {1'b0, place} + taken;  // modulo two beats: never as much
  assign high = low + (L + 1)'(taken);
  assign needs = !has || reach > ALL;
  assign space = !write_valid || write_ready;
  assign go = active && space && (!needs || beat_valid);
  assign finishes = left == (AW + 1)'(taken);
  assign piece_ready = !active || (go && finishes);
  assign accept = piece_valid && piece_ready;
  // the first beat of the next run, in a cycle that needs none
  assign early = accept && !piece_shares && !(go && needs) && beat_valid;
  assign pop = (go && needs) || early;

  always_ff @(posedge clk) begin
    if (rst) active <= 1'b0;
    else if (piece_ready) active <= piece_valid;
  end
  always_ff @(posedge clk) begin
    if (accept) begin
      has <= piece_shares || early;
      last <= piece_last;
      local_ <= piece_local;
      left <= piece_length;
      place <= piece_place;
    end else if (go) begin
      has <= reach != ALL;
      local_ <= local_ + AW'(taken);
      left <= left - (AW + 1)'(taken);
      place <= reach[P-1:0];
    end
    if (pop) held <= beat;
  end

  logic [D-1:0] merged, turned, written;
  logic writes_last;
  always_comb begin
    for (int unsigned e = 0; e < PLACES; e++) begin
      merged[e*G+:G] = has && P'(e) >= place ? held[e*G+:G] : beat[e*G+:G];
    end
  end
  turner #(.E(G), .PLACES(PLACES)) ring (
      .in_data(merged), .turn(local_[P-1:0] - place), .out_data(turned)
  );
  always_ff @(posedge clk) begin
    if (rst) write_valid <= 1'b0;
    else if (space) write_valid <= go;
  end
  always_ff @(posedge clk) begin
    if (go) begin
      written <= turned;
      write_line <= local_[AW-1:L];
      writes_last <= last && finishes;
      for (int unsigned e = 0; e < LANES; e++) write_mask[e] <= (L + 1)'(e) >= low && (L + 1)'(e) < high;
    end
  end
  assign write_data = {W / D{written}};

  always_ff @(posedge clk) begin
    if (rst) done <= 1'b0;
    else done <= write_valid && write_ready && writes_last;
  end
  assign passes = r_valid && r_ready;
  assign holds_bus = r_valid && !r_ready;
  assign waits_bus = active && needs && !beat_valid;
  always_ff @(posedge clk) begin
    if (rst) failed <= 1'b0;
    else if (passes && r_response[1]) failed <= 1'b1;
  end
  logic unused_response;
  assign unused_response = r_response[0];
endmodule
`default_nettype wire
