// A queue of DEPTH words in a memory, one word a cycle in and out; a word leaves two cycles after it came
// in at the earliest.
`default_nettype none
module queue #(
    parameter int WIDTH = 42,
    parameter int DEPTH = 64,
    localparam int ADDRESS = $clog2(DEPTH)
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             in_valid,
    output logic                  in_ready,
    input  wire logic [WIDTH-1:0] in_data,
    output logic                  out_valid,
    input  wire logic             out_ready,
    output logic      [WIDTH-1:0] out_data
);
  // inlined, as the C++ that Verilator writes has another `queue`
  /* verilator inline_module */
  logic [ADDRESS:0] written, fetched;  // words so far, modulo twice the depth
  logic push, fetch, fetching, shown;
  logic [WIDTH-1:0] read_data, head;

  assign in_ready = (written ^ fetched) != {1'b1, {ADDRESS{1'b0}}};
  assign push = in_valid && in_ready;
  assign fetch = written != fetched && (!out_valid || out_ready);
  assign out_valid = shown || fetching;
  assign out_data = shown ? head : read_data;
  sram_1r1w #(.WIDTH(WIDTH), .DEPTH(DEPTH), .MASKS(1)) memory (
      .clk, .read_enable(fetch), .read_address(fetched[ADDRESS-1:0]), .read_data,
      .write_enable(push), .write_address(written[ADDRESS-1:0]), .write_data(in_data),
      .write_mask(1'b1)
  );
  always_ff @(posedge clk) begin
    if (rst) begin
      written  <= '0;
      fetched  <= '0;
      fetching <= 1'b0;
      shown    <= 1'b0;
    end else begin
      if (push) written <= written + 1'b1;
      if (fetch) fetched <= fetched + 1'b1;
      fetching <= fetch;
      if (fetching && !out_ready) shown <= 1'b1;
      else if (shown && out_ready) shown <= 1'b0;
    end
  end
  always_ff @(posedge clk) if (fetching) head <= read_data;
endmodule
`default_nettype wire
