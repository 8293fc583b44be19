// Writes parts of vectors of LANES elements of E bits to runs of a buffer of lines of W bits: lanes
// [lane, lane + run) go to the elements from `address` on, a line each cycle.
`default_nettype none
module writer #(
    parameter int W = 64,
    parameter int G = 8,
    parameter int E = 8,
    parameter int LANES = 8,
    parameter int WIDTH = 20,
    parameter int LINE = 12,
    localparam int PLACES = W / E,
    localparam int GRAINS = W / G
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               in_valid,
    output logic                    in_ready,
    input  wire logic [LANES*E-1:0] in_data,
    input  wire logic [WIDTH-1:0]   in_address,
    input  wire logic [WIDTH-1:0]   in_lane,
    input  wire logic [WIDTH-1:0]   in_run,
    output logic                    write_valid,
    input  wire logic               write_ready,
    output logic      [LINE-1:0]    write_line,
    output logic      [W-1:0]       write_data,
    output logic      [GRAINS-1:0]  write_mask
);
  localparam logic [WIDTH-1:0] ALL = WIDTH'(PLACES);
  localparam int BOTH = (LANES + PLACES) * E;
  logic [WIDTH-1:0] progress, left, current, place, count, skip;
  // verilator lint_off UNUSEDSIGNAL
  logic [WIDTH-1:0] line;  // addresses leave room for a sign
  logic [BOTH-1:0] slid;
  // verilator lint_on UNUSEDSIGNAL

  assign current = in_address + progress;
  assign left = in_run - progress;
  assign place = current & (ALL - 1'b1);
  assign line = current >> $clog2(PLACES);
  assign count = left < ALL - place ? left : ALL - place;
  // so many lanes before the one that stands first in the line, those of the padding included
  assign skip = in_lane + progress + ALL - place;
  assign slid = {in_data, {W{1'b0}}} >> (skip * WIDTH'(E));
  assign write_data = slid[W-1:0];
  assign write_line = line[LINE-1:0];
  assign write_valid = in_valid;
  assign in_ready = write_ready && count == left;
  always_comb begin
    for (int g = 0; g < GRAINS; g++) begin
      write_mask[g] = WIDTH'(g * G / E) >= place && WIDTH'(g * G / E) < place + count;
    end
  end
  always_ff @(posedge clk) begin
    if (rst) progress <= '0;
    else if (in_valid && write_ready) progress <= count == left ? '0 : progress + count;
  end
endmodule
`default_nettype wire
