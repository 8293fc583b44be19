// A first-in first-out queue in flip-flops: DEPTH entries, data out in the cycle after it came in.
// `free` counts entries that may still be pushed, for senders that must know ahead.
`default_nettype none
module fifo #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 4,
    localparam int COUNT = $clog2(DEPTH + 1)
) (
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             in_valid,
    output logic                  in_ready,
    input  wire logic [WIDTH-1:0] in_data,
    output logic                  out_valid,
    input  wire logic             out_ready,
    output logic      [WIDTH-1:0] out_data,
    output logic      [COUNT-1:0] free
);
  localparam int POINTER = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam logic [POINTER-1:0] LAST = POINTER'(DEPTH - 1);
  logic [WIDTH-1:0] entries[DEPTH];
  logic [POINTER-1:0] head, tail;
  logic push, pop;

  assign in_ready = free != '0;
  assign out_valid = free != COUNT'(DEPTH);
  assign out_data = entries[head];
  assign push = in_valid && in_ready;
  assign pop = out_valid && out_ready;

  always_ff @(posedge clk) begin
    if (push) entries[tail] <= in_data;
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      head <= '0;
      tail <= '0;
      free <= COUNT'(DEPTH);
    end else begin
      if (push) tail <= tail == LAST ? '0 : tail + 1'b1;
      if (pop) head <= head == LAST ? '0 : head + 1'b1;
      if (push && !pop) free <= free - 1'b1;
      if (pop && !push) free <= free + 1'b1;
    end
  end
endmodule
`default_nettype wire
