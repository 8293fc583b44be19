// Walks a nest of LOOPS counted loops (0 innermost) and keeps CHANNELS affine addresses of it.
// `load` starts at the bases; each `step` goes to the next point. A channel's `jump` for a loop is what
// is added when that loop advances and all inside it start anew. Everything is combinational from the
// registers: `first` and `last` say for each loop whether it stands at its first or last turn.
`default_nettype none
module nest #(
    parameter int LOOPS = 4,
    parameter int CHANNELS = 1,
    parameter int COUNT = 16,
    parameter int WIDTH = 20
) (
    input  wire logic                            clk,
    input  wire logic                            load,
    input  wire logic                            step,
    input  wire logic [LOOPS*COUNT-1:0]          turns,
    input  wire logic [CHANNELS*WIDTH-1:0]       bases,
    input  wire logic [CHANNELS*LOOPS*WIDTH-1:0] jumps,
    output logic      [CHANNELS*WIDTH-1:0]       addresses,
    output logic      [LOOPS-1:0]                first,
    output logic      [LOOPS-1:0]                last,
    output logic                                 ending
);
  logic [LOOPS*COUNT-1:0] counters;
  logic [LOOPS-1:0] advances;  // the one loop that moves on
  logic [LOOPS-1:0] restarts;  // those inside it
  logic [CHANNELS*WIDTH-1:0] moved;

  always_comb begin
    for (int l = 0; l < LOOPS; l++) begin
      first[l] = counters[l*COUNT+:COUNT] == '0;
      last[l]  = counters[l*COUNT+:COUNT] == turns[l*COUNT+:COUNT];
    end
    restarts = '0;
    advances[0] = !last[0];
    restarts[0] = last[0];
    for (int l = 1; l < LOOPS; l++) begin
      advances[l] = restarts[l-1] && !last[l];
      restarts[l] = restarts[l-1] && last[l];
    end
    ending = restarts[LOOPS-1];
    moved = '0;
    for (int c = 0; c < CHANNELS; c++) begin
      for (int l = 0; l < LOOPS; l++) begin
        if (advances[l]) begin
          moved[c*WIDTH+:WIDTH] = moved[c*WIDTH+:WIDTH] | jumps[(c*LOOPS+l)*WIDTH+:WIDTH];
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    if (load) begin
      counters  <= '0;
      addresses <= bases;
    end else if (step) begin
      for (int l = 0; l < LOOPS; l++) begin
        if (advances[l]) counters[l*COUNT+:COUNT] <= counters[l*COUNT+:COUNT] + 1'b1;
        if (restarts[l]) counters[l*COUNT+:COUNT] <= '0;
      end
      for (int c = 0; c < CHANNELS; c++) begin
        addresses[c*WIDTH+:WIDTH] <= addresses[c*WIDTH+:WIDTH] + moved[c*WIDTH+:WIDTH];
      end
    end
  end
endmodule
`default_nettype wire
