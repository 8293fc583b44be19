// Reads the program: WORDS of 64 bits from `base` on, in bursts of BURST beats of D bits on an AXI4 read
// port into a memory of DEPTH beats, and hands it on word by word. `base` must be a multiple of a burst's bytes.
`default_nettype none
module fetch #(
    parameter int D = 64,
    parameter int BURST = 16,
    parameter int DEPTH = 64,
    parameter int ADDRESS = 32
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               start,
    input  wire logic [ADDRESS-1:0] base,
    input  wire logic [31:0]        words,
    output logic                    busy,
    output logic                    ar_valid,
    input  wire logic               ar_ready,
    output logic      [ADDRESS-1:0] ar_address,
    output logic      [7:0]         ar_length,
    input  wire logic               r_valid,
    output logic                    r_ready,
    input  wire logic [D-1:0]       r_data,
    output logic                    out_valid,
    input  wire logic               out_ready,
    output logic      [63:0]        out_data
);
  localparam int PARTS = D / 64;
  localparam int P = PARTS > 1 ? $clog2(PARTS) : 1;
  localparam int ROOM = $clog2(DEPTH + 1);
  localparam logic [P-1:0] LAST = P'(PARTS - 1);
  logic [31:0] left, unasked;  // words not yet handed on, beats not yet asked for
  logic [ROOM-1:0] room;  // beats that may still be asked for
  logic [P-1:0] part;
  logic [D-1:0] beat;
  logic beat_valid, take_beat, ask;

  queue #(.WIDTH(D), .DEPTH(DEPTH)) beats (
      .clk, .rst, .in_valid(r_valid), .in_ready(r_ready), .in_data(r_data),
      .out_valid(beat_valid), .out_ready(take_beat), .out_data(beat)
  );
  assign ar_valid = unasked != '0 && room >= ROOM'(BURST);
  assign ar_length = 8'(BURST - 1);
  assign ask = ar_valid && ar_ready;
  assign out_valid = beat_valid && left != '0;
  assign out_data = beat[int'(part)*64+:64];
  // what the last burst brought beyond the program is thrown away
  assign take_beat = beat_valid && (left == '0 || (out_ready && part == LAST));
  assign busy = left != '0 || unasked != '0 || room != ROOM'(DEPTH);

  always_ff @(posedge clk) begin
    if (rst) begin
      left <= '0;
      unasked <= '0;
      room <= ROOM'(DEPTH);
      part <= '0;
    end else begin
      room <= room + ROOM'(take_beat) - (ask ? ROOM'(BURST) : '0);
      if (start) begin
        left <= words;
        unasked <= (words + 32'(PARTS - 1)) / 32'(PARTS);
        part <= '0;
      end else begin
        if (ask) unasked <= unasked < 32'(BURST) ? '0 : unasked - 32'(BURST);
        if (out_valid && out_ready) begin
          left <= left - 1'b1;
          part <= part == LAST ? '0 : part + 1'b1;
        end
      end
    end
  end
  always_ff @(posedge clk) begin
    if (start) ar_address <= base;
    else if (ask) ar_address <= ar_address + ADDRESS'(BURST * D / 8);
  end
endmodule
`default_nettype wire
