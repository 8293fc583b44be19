// A function by its table, as a lane of post-processing has it: 2^INDEX entries of E bits in a memory whose
// words hold 64 bits of entries, the first in the lowest. A word is written at once; while `enable` is
// low, entries are passed over and `code` is what came in, a cycle later.
// Latency 1 cycle. A word must not be written in the cycle in which one of its entries is read.
`default_nettype none
module function_table #(
    parameter int INDEX = 8,
    parameter int E = 8,
    localparam int EACH = 64 / E,
    localparam int PLACE = $clog2(EACH),
    localparam int WORDS = INDEX > PLACE ? 1 << (INDEX - PLACE) : 1,
    localparam int WORD = WORDS > 1 ? $clog2(WORDS) : 1
) (
    input  wire logic             clk,
    input  wire logic             write,
    input  wire logic [WORD-1:0]  write_word,
    input  wire logic [63:0]      write_entries,
    input  wire logic             enable,
    input  wire logic [INDEX-1:0] index,
    input  wire logic [E-1:0]     passed,
    output logic      [E-1:0]     code
);
  logic [63:0] entries;
  logic [PLACE-1:0] place;
  logic [E-1:0] kept;

  sram_1r1w #(.WIDTH(64), .DEPTH(WORDS), .MASKS(1)) memory (
      .clk, .read_enable(enable), .read_address(WORD'(index >> PLACE)), .read_data(entries),
      .write_enable(write), .write_address(write_word), .write_data(write_entries), .write_mask(1'b1)
  );
  always_ff @(posedge clk) begin
    place <= index[PLACE-1:0];
    kept <= passed;
  end
  assign code = enable ? entries[place*E+:E] : kept;
endmodule
`default_nettype wire
