// The command side of a unit: takes its instructions in order and keeps two sets of its registers, so
// that the next command is written while the present one runs.
// An instruction is {code, register, value}: SET writes a register of the next command; GO waits until
// the unit is idle and every token in value[TOKENS-1:0] is there, takes those tokens, and starts; when
// the command is done, the tokens in value[16+:TOKENS] are given. Register numbers: channel * 16 + loop
// for the jumps of a nest, channel * 16 + 15 for its base, 224 + loop for turns - 1, 240 + n for others.
`default_nettype none
module unit #(
    parameter int LOOPS = 4,
    parameter int CHANNELS = 1,
    parameter int COUNT = 16,
    parameter int WIDTH = 20,
    parameter int EXTRAS = 1,
    parameter int EXTRA = 16,
    parameter int TOKENS = 16
) (
    input  wire logic                             clk,
    input  wire logic                             rst,
    input  wire logic                             in_valid,
    output logic                                  in_ready,
    input  wire logic [41:0]                      in_data,
    input  wire logic [TOKENS-1:0]                available,
    output logic      [TOKENS-1:0]                take,
    output logic      [TOKENS-1:0]                give,
    output logic                                  start,
    input  wire logic                             done,
    output logic                                  busy,
    output logic      [LOOPS*COUNT-1:0]           turns,
    output logic      [CHANNELS*WIDTH-1:0]        bases,
    output logic      [CHANNELS*LOOPS*WIDTH-1:0]  jumps,
    output logic      [EXTRAS*EXTRA-1:0]          extras
);
  localparam logic [1:0] SET = 2'd0;
  localparam logic [1:0] GO = 2'd1;
  logic [1:0] code;
  logic [7:0] place;
  logic [31:0] value;
  logic set, go;
  logic [TOKENS-1:0] gives;
  logic [LOOPS*COUNT-1:0] next_turns;
  logic [CHANNELS*WIDTH-1:0] next_bases;
  logic [CHANNELS*LOOPS*WIDTH-1:0] next_jumps;
  logic [EXTRAS*EXTRA-1:0] next_extras;

  assign {code, place, value} = in_data;
  assign set = in_valid && code == SET;
  assign go = in_valid && code == GO && !busy && (value[TOKENS-1:0] & ~available) == '0;
  assign in_ready = code == GO ? go : 1'b1;
  assign take = go ? value[TOKENS-1:0] : '0;
  assign give = done ? gives : '0;

  always_ff @(posedge clk) begin
    if (rst) begin
      busy  <= 1'b0;
      start <= 1'b0;
    end else begin
      start <= go;
      if (go) busy <= 1'b1;
      else if (done) busy <= 1'b0;
    end
  end

  always_ff @(posedge clk) begin
    if (set) begin
      for (int l = 0; l < LOOPS; l++) begin
        if (place == 8'(224 + l)) next_turns[l*COUNT+:COUNT] <= value[COUNT-1:0];
      end
      for (int c = 0; c < CHANNELS; c++) begin
        if (place == 8'(c * 16 + 15)) next_bases[c*WIDTH+:WIDTH] <= value[WIDTH-1:0];
        for (int l = 0; l < LOOPS; l++) begin
          if (place == 8'(c * 16 + l)) next_jumps[(c*LOOPS+l)*WIDTH+:WIDTH] <= value[WIDTH-1:0];
        end
      end
      for (int e = 0; e < EXTRAS; e++) begin
        if (place == 8'(240 + e)) next_extras[e*EXTRA+:EXTRA] <= value[EXTRA-1:0];
      end
    end
    if (go) begin
      turns  <= next_turns;
      bases  <= next_bases;
      jumps  <= next_jumps;
      extras <= next_extras;
      gives  <= value[16+:TOKENS];
    end
  end
endmodule
`default_nettype wire
