// As `sram_1r1w`, but any one flipped bit in each masked part of a word is put right when it is read: each
// part carries CHECK bits of a Hamming code (R. W. Hamming, Bell System Technical Journal 29, 1950).
// In the code's own order bit p, counted from 1, is a check bit where p is a power of two; check bit k is the
// parity of the positions with bit k set, so the parities that fail spell the position that was flipped.
`default_nettype none
module sram_corrected #(
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
  localparam int LEAST = $clog2(PART + 1);
  localparam int CHECK = (1 << LEAST) >= PART + LEAST + 1 ? LEAST : LEAST + 1;
  localparam int CODE = PART + CHECK;
  logic [MASKS*CODE-1:0] coded, stored;
  generate
    for (genvar m = 0; m < MASKS; m++) begin : g_part
      hamming #(.PART(PART), .CHECK(CHECK)) code (
          .data(write_data[m*PART+:PART]), .coded(coded[m*CODE+:CODE]),
          .stored(stored[m*CODE+:CODE]), .corrected(read_data[m*PART+:PART])
      );
    end
  endgenerate
  sram_1r1w #(.WIDTH(MASKS * CODE), .DEPTH(DEPTH), .MASKS(MASKS)) memory (
      .clk, .read_enable, .read_address, .read_data(stored), .write_enable, .write_address,
      .write_data(coded), .write_mask
  );
endmodule
`default_nettype wire
