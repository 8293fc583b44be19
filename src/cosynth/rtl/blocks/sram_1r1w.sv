// A memory of DEPTH words with one synchronous read port and one write port with a mask.
// Read data stands from the cycle after `read_enable` until the next read; a read sees the words as
// they were before a write of the same cycle. Synthesis takes this module for a macro.
`default_nettype none
module sram_1r1w #(
    parameter int WIDTH = 64,
    parameter int DEPTH = 256,
    parameter int MASKS = 1,
    localparam int ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire logic                clk,
    input  wire logic                read_enable,
    input  wire logic [ADDRESS-1:0]  read_address,
    output logic      [WIDTH-1:0]    read_data,
    input  wire logic                write_enable,
    input  wire logic [ADDRESS-1:0]  write_address,
    input  wire logic [WIDTH-1:0]    write_data,
    input  wire logic [MASKS-1:0]    write_mask
);
  localparam int PART = WIDTH / MASKS;
  logic [WIDTH-1:0] words[DEPTH];

  always_ff @(posedge clk) begin
    if (read_enable) read_data <= words[read_address];
    for (int m = 0; m < MASKS; m++) begin
      if (write_enable && write_mask[m]) begin
        words[write_address][m*PART+:PART] <= write_data[m*PART+:PART];
      end
    end
  end
endmodule
`default_nettype wire
