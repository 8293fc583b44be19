// Copies boxes from DRAM to the buffer: runs of grains of G bits, each where the nest says on either side.
// Channels of the nest: 0 place in DRAM, 1 place in the buffer, both in grains. Extra: 0 grains of a run.
// Bursts are asked for ahead of the data, which go to the buffer as they come, a line each cycle.
`default_nettype none
module load #(
    parameter int W = 64,
    parameter int D = 64,
    parameter int G = 8,
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int ADDRESS = 32,
    parameter int TOKENS = 16,
    parameter int LINE = 12,
    localparam int GRAINS = W / G
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
    output logic                    ar_valid,
    input  wire logic               ar_ready,
    output logic      [ADDRESS-1:0] ar_address,
    output logic      [7:0]         ar_length,
    input  wire logic               r_valid,
    output logic                    r_ready,
    input  wire logic [D-1:0]       r_data,
    output logic                    write_valid,
    input  wire logic               write_ready,
    output logic      [LINE-1:0]    write_line,
    output logic      [W-1:0]       write_data,
    output logic      [GRAINS-1:0]  write_mask
);
  localparam int PLACES = D / G;
  localparam int WIDTH = 32;
  logic start, done, ending, running, asking, finishes;
  logic [LOOPS*COUNT-1:0] turns;
  logic [2*WIDTH-1:0] bases;
  logic [2*LOOPS*WIDTH-1:0] jumps;
  logic [WIDTH-1:0] run, from, to, progress, left, place, count;
  // verilator lint_off UNUSEDSIGNAL
  logic [LOOPS-1:0] firsts, lasts;
  // verilator lint_on UNUSEDSIGNAL

  unit #(
      .LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH), .EXTRAS(1), .EXTRA(WIDTH),
      .TOKENS(TOKENS)
  ) commands (
      .clk, .rst, .in_valid, .in_ready, .in_data, .available, .take, .give, .start, .done, .busy,
      .turns, .bases, .jumps, .extras(run)
  );
  bursts #(.D(D), .G(G), .LOOPS(LOOPS), .COUNT(COUNT), .WIDTH(WIDTH), .ADDRESS(ADDRESS)) asks (
      .clk, .rst, .start, .turns, .base(bases[WIDTH-1:0]), .jumps(jumps[LOOPS*WIDTH-1:0]), .run,
      .busy(asking), .valid(ar_valid), .ready(ar_ready), .address(ar_address), .length(ar_length)
  );
  nest #(.LOOPS(LOOPS), .CHANNELS(2), .COUNT(COUNT), .WIDTH(WIDTH)) walk (
      .clk, .load(start), .step(r_valid && r_ready && finishes), .turns, .bases, .jumps,
      .addresses({to, from}), .first(firsts), .last(lasts), .ending
  );
  // what of this beat belongs to the run
  assign place = (from + progress) & WIDTH'(PLACES - 1);
  assign left = run - progress;
  assign count = left < WIDTH'(PLACES) - place ? left : WIDTH'(PLACES) - place;
  assign finishes = count == left;
  assign done = running && r_valid && r_ready && finishes && ending && !asking;
  writer #(.W(W), .G(G), .E(G), .LANES(PLACES), .WIDTH(WIDTH), .LINE(LINE)) writer (
      .clk, .rst, .in_valid(r_valid && running), .in_ready(r_ready), .in_data(r_data),
      .in_address(to + progress), .in_lane(place), .in_run(count), .write_valid, .write_ready,
      .write_line, .write_data, .write_mask
  );
  always_ff @(posedge clk) begin
    if (rst) begin
      running <= 1'b0;
      progress <= '0;
    end else begin
      if (start) running <= 1'b1;
      else if (done) running <= 1'b0;
      if (r_valid && r_ready) progress <= finishes ? '0 : progress + count;
    end
  end
endmodule
`default_nettype wire
