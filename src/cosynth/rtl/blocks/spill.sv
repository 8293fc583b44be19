// Writes whole lines of BITS bits to numbered slots of a buffer of lines of W bits. A slot is a power of
// two of bits inside a line, or as many whole lines as it takes.
`default_nettype none
module spill #(
    parameter int W = 64,
    parameter int G = 8,
    parameter int BITS = 128,
    parameter int WIDTH = 20,
    parameter int LINE = 12,
    localparam int SLOT = BITS < W ? 1 << $clog2(BITS) : W,
    localparam int PARTS = BITS < W ? 1 : (BITS + W - 1) / W,
    localparam int GRAINS = W / G
) (
    input  wire logic              clk,
    input  wire logic              rst,
    input  wire logic              in_valid,
    output logic                   in_ready,
    input  wire logic [BITS-1:0]   in_data,
    input  wire logic [WIDTH-1:0]  in_slot,
    output logic                   write_valid,
    input  wire logic              write_ready,
    output logic      [LINE-1:0]   write_line,
    output logic      [W-1:0]      write_data,
    output logic      [GRAINS-1:0] write_mask
);
  localparam int SLOTS = W / SLOT;
  localparam int P = SLOTS > 1 ? $clog2(SLOTS) : 1;
  localparam logic [7:0] LAST = 8'(PARTS - 1);
  logic [7:0] part;
  logic [PARTS*W-1:0] whole;
  // verilator lint_off UNUSEDSIGNAL
  logic [WIDTH-1:0] line;
  // verilator lint_on UNUSEDSIGNAL
  logic [P-1:0] place;

  assign whole = (PARTS * W)'(in_data);
  assign place = in_slot[P-1:0] & P'(SLOTS - 1);
  assign line = PARTS > 1 ? WIDTH'(in_slot * WIDTH'(PARTS)) + WIDTH'(part) : in_slot >> $clog2(SLOTS);
  assign write_line = line[LINE-1:0];
  assign write_valid = in_valid;
  assign in_ready = write_ready && part == LAST;
  always_comb begin
    write_data = whole[int'(part)*W+:W];
    write_mask = '1;
    if (SLOTS > 1) begin
      for (int s = 0; s < SLOTS; s++) begin
        write_data[s*SLOT+:SLOT] = whole[SLOT-1:0];
        write_mask[s*(SLOT/G)+:SLOT/G] = {(SLOT / G) {place == P'(s)}};
      end
    end
  end
  always_ff @(posedge clk) begin
    if (rst) part <= '0;
    else if (in_valid && write_ready) part <= part == LAST ? '0 : part + 1'b1;
  end
endmodule
`default_nettype wire
