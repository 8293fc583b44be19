// Turns runs of grains in DRAM into AXI4 bursts (INCR, whole beats of D bits) and tells whoever moves the
// data how each run lies in the beats. A beat in which one run ends and the next begins is asked for once,
// and runs whose beats follow one another share bursts. A burst ends where its address is a multiple of
// MAX_BURST beats, so it never crosses 4 KiB while MAX_BURST * D <= 32768, both powers of two.
// Up to OUTSTANDING bursts are under way; `finished` says that one of them is over. Up to AHEAD runs wait
// for their data: more of them make longer bursts of short runs. One run and one burst a cycle.
// `ends` comes once for each command when all its bursts are named:
// `ends_issued` counts bursts so far, modulo its width.
// `piece_place` is the grain of a beat at which the run begins, `piece_shares` says that this beat is the
// one in which the run before ended.
`default_nettype none
module run_bursts #(
    parameter int D = 64,
    parameter int G = 8,
    parameter int AW = 16,
    parameter int DRAM = 40,
    parameter int ADDRESS = 32,
    parameter int MAX_BURST = 16,
    parameter int OUTSTANDING = 8,
    parameter int AHEAD = 16,
    localparam int P = $clog2(D / G),
    localparam int ISSUED = $clog2(OUTSTANDING) + 2
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               run_valid,
    output logic                    run_ready,
    input  wire logic [DRAM-1:0]    run_dram,
    input  wire logic [AW-1:0]      run_local,
    input  wire logic [AW:0]        run_length,
    input  wire logic               run_last,
    output logic                    burst_valid,
    input  wire logic               burst_ready,
    output logic      [ADDRESS-1:0] burst_address,
    output logic      [7:0]         burst_length,
    input  wire logic               finished,
    output logic                    ends_valid,
    input  wire logic               ends_ready,
    output logic      [ISSUED-1:0]  ends_issued,
    output logic                    piece_valid,
    input  wire logic               piece_ready,
    output logic      [AW-1:0]      piece_local,
    output logic      [P-1:0]       piece_place,
    output logic      [AW:0]        piece_length,
    output logic                    piece_shares,
    output logic                    piece_last
);
  localparam int BEAT = DRAM - P;
  localparam int BYTES = $clog2(D / 8);
  localparam int PLACE = $clog2(MAX_BURST);
  localparam int COUNT = AW + 1 - P > PLACE ? AW + 3 - P : PLACE + 3;

  localparam int UNDERWAY = $clog2(OUTSTANDING + 1);
  localparam int FREE = $clog2(AHEAD + 1);

  // the beats of this run
  logic [BEAT-1:0] first, end_;
  // verilator lint_off UNUSEDSIGNAL
  logic [AW+1:0] reach;  // only whole beats of it are looked at
  // verilator lint_on UNUSEDSIGNAL
  logic [COUNT-1:0] further, added;  // beats after the first; beats not yet asked for
  assign first = run_dram[DRAM-1:P];
  assign reach = {1'b0, run_length} + (AW + 2)'(run_dram[P-1:0]) - 1'b1;
  assign further = COUNT'(reach[AW+1:P]);
  assign end_ = first + BEAT'(further);

  // asked for next: `count` beats from `start` on; `newest` is the last beat of the run before
  logic [BEAT-1:0] start, newest;
  logic [COUNT-1:0] count, size, most;
  logic [FREE-1:0] free;
  logic after, closing, shares, follows, room, grows, clears, take, full, emit, few;
  logic [UNDERWAY-1:0] underway;
  assign shares = after && first == newest;
  assign follows = shares || (after && first == newest + 1'b1);
  assign added = shares ? further : further + 1'b1;
  assign room = free != '0 && !closing;
  assign few = count[COUNT-1:COUNT-2] == '0;
  // A burst that could still grow waits: for the next run, but never for one that does not come at once,
  // and for a place for it while others are under way, which make places when they are over.
  assign grows = run_valid && follows && few && !closing
      && (free != '0 || underway > UNDERWAY'(OUTSTANDING / 2));
  assign most = COUNT'(MAX_BURST) - COUNT'(start[PLACE-1:0]);
  assign size = count < most ? count : most;
  assign full = burst_valid && !burst_ready;
  assign emit = count != '0 && !full && underway != UNDERWAY'(OUTSTANDING)
      && (count >= most || !grows);
  assign clears = count == '0 || (emit && size == count);
  assign run_ready = room && (follows ? few : clears);
  assign take = run_valid && run_ready;
  assign ends_valid = closing && count == '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      count <= '0;
      after <= 1'b0;
      closing <= 1'b0;
      underway <= '0;
      ends_issued <= '0;
      burst_valid <= 1'b0;
    end else begin
      count <= count - (emit ? size : '0) + (take ? added : '0);
      if (take) after <= !run_last;
      if (take && run_last) closing <= 1'b1;
      else if (ends_valid && ends_ready) closing <= 1'b0;
      underway <= underway + UNDERWAY'(emit) - UNDERWAY'(finished);
      if (emit) ends_issued <= ends_issued + 1'b1;
      if (!full) burst_valid <= emit;
    end
  end
  always_ff @(posedge clk) begin
    if (take) newest <= end_;
    if (take && !follows) start <= first;
    else if (emit) start <= start + BEAT'(size);
    if (emit) begin
      burst_address <= ADDRESS'({start, {BYTES{1'b0}}});
      burst_length  <= 8'(size - 1'b1);
    end
  end

  logic unused_ready;
  fifo #(.WIDTH(2 * AW + 3 + P), .DEPTH(AHEAD)) pieces (
      .clk, .rst, .in_valid(take), .in_ready(unused_ready),
      .in_data({run_local, run_dram[P-1:0], run_length, shares, run_last}),
      .out_valid(piece_valid), .out_ready(piece_ready),
      .out_data({piece_local, piece_place, piece_length, piece_shares, piece_last}), .free
  );
endmodule
`default_nettype wire
