// The command side of a unit: takes its instructions in order. Bases of the next command are written while
// the present one runs, as a nest takes them when it starts; so are all registers where AHEAD is set, of
// which there are two sets then. Else other registers wait for the end of the present command.
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
    parameter int TOKENS = 16,
    parameter int AHEAD = 1
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
  logic set, go, base;
  logic [TOKENS-1:0] gives;
  logic [LOOPS*COUNT-1:0] next_turns;
  logic [CHANNELS*LOOPS*WIDTH-1:0] next_jumps;
  logic [EXTRAS*EXTRA-1:0] next_extras;

  assign {code, place, value} = in_data;
  assign base = place[7:5] != 3'b111 && place[3:0] == 4'd15;
  assign set = in_valid && code == SET && (AHEAD != 0 || base || !busy);
  assign go = in_valid && code == GO && !busy && (value[TOKENS-1:0] & ~available) == '0;
  assign in_ready = code == GO ? go : code != SET || set;
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
        if (place == 8'(c * 16 + 15)) bases[c*WIDTH+:WIDTH] <= value[WIDTH-1:0];
        for (int l = 0; l < LOOPS; l++) begin
          if (place == 8'(c * 16 + l)) next_jumps[(c*LOOPS+l)*WIDTH+:WIDTH] <= value[WIDTH-1:0];
        end
      end
      for (int e = 0; e < EXTRAS; e++) begin
        if (place == 8'(240 + e)) next_extras[e*EXTRA+:EXTRA] <= value[EXTRA-1:0];
      end
    end
    if (go) gives <= value[16+:TOKENS];
  end
  generate
    if (AHEAD != 0) begin : g_ahead
      always_ff @(posedge clk) begin
        if (go) begin
          turns  <= next_turns;
          jumps  <= next_jumps;
          extras <= next_extras;
        end
      end
    end else begin : g_single
      assign turns = next_turns;
      assign jumps = next_jumps;
      assign extras = next_extras;
    end
  endgenerate
endmodule
`default_nettype wire
