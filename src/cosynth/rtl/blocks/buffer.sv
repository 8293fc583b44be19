// The shared buffer: LINES lines of W bits with one read and one write port, each shared by several
// clients. A lower number goes first, but readers TURNS and TURNS + 1 take turns where both wait.
// Who is granted reads has its data in the next cycle.
`default_nettype none
module buffer #(
    parameter int W = 64,
    parameter int G = 8,
    parameter int LINES = 512,
    parameter int READERS = 4,
    parameter int TURNS = 2,
    parameter int WRITERS = 2,
    parameter int LINE = 12,
    localparam int GRAINS = W / G,
    localparam int ADDRESS = LINES > 1 ? $clog2(LINES) : 1
) (
    input  wire logic                      clk,
    input  wire logic                      rst,
    input  wire logic [READERS-1:0]        read_valid,
    output logic      [READERS-1:0]        read_ready,
    input  wire logic [READERS*LINE-1:0]   read_lines,
    output logic      [W-1:0]              read_data,
    input  wire logic [WRITERS-1:0]        write_valid,
    output logic      [WRITERS-1:0]        write_ready,
    input  wire logic [WRITERS*LINE-1:0]   write_lines,
    input  wire logic [WRITERS*W-1:0]      write_data,
    input  wire logic [WRITERS*GRAINS-1:0] write_masks
);
  logic [ADDRESS-1:0] read_line, write_line;
  logic [W-1:0] data;
  logic [GRAINS-1:0] mask;
  logic [READERS-1:0] waiting;
  logic turn;

  always_comb begin
    waiting = read_valid;
    if (read_valid[TURNS] && read_valid[TURNS+1]) begin
      waiting[TURNS] = !turn;
      waiting[TURNS+1] = turn;
    end
  end
  always_ff @(posedge clk) begin
    if (rst) turn <= 1'b0;
    else if (read_ready[TURNS]) turn <= 1'b1;
    else if (read_ready[TURNS+1]) turn <= 1'b0;
  end
  always_comb begin
    read_ready = '0;
    read_line  = '0;
    for (int r = READERS - 1; r >= 0; r--) begin
      if (waiting[r]) begin
        read_ready = '0;
        read_ready[r] = 1'b1;
        read_line = read_lines[r*LINE+:ADDRESS];
      end
    end
    write_ready = '0;
    write_line = '0;
    data = '0;
    mask = '0;
    for (int w = WRITERS - 1; w >= 0; w--) begin
      if (write_valid[w]) begin
        write_ready = '0;
        write_ready[w] = 1'b1;
        write_line = write_lines[w*LINE+:ADDRESS];
        data = write_data[w*W+:W];
        mask = write_masks[w*GRAINS+:GRAINS];
      end
    end
  end
  sram_1r1w #(.WIDTH(W), .DEPTH(LINES), .MASKS(GRAINS)) memory (
      .clk, .read_enable(|read_valid), .read_address(read_line), .read_data,
      .write_enable(|write_valid), .write_address(write_line), .write_data(data), .write_mask(mask)
  );
endmodule
`default_nettype wire
