// Dot products of whole numbers that take one bit of a factor a cycle, added to an accumulator.
//
// In a cycle with `enable` the accumulator takes the sum of those LANES factors `a` whose bit of `b` is
// set, times 2^plane, or minus that with `negative`: which the highest plane of a signed factor needs.
// It adds to itself or, with `clear`, to nothing, and wraps at ACC bits. The caller holds `a` while the
// planes of `b` pass, in any order.
//
// Latency 1 cycle. `clear` is the reset: registers have no other.
`default_nettype none

module serial_mac #(
    parameter int A_BITS = 8,
    parameter int A_SIGNED = 1,
    parameter int PLANES = 8,  // at least 2
    parameter int LANES = 1,
    parameter int ACC = 32
) (
    input  logic                             clk,
    input  logic                             enable,
    input  logic                             clear,
    input  logic        [$clog2(PLANES)-1:0] plane,
    input  logic                             negative,
    input  logic        [LANES*A_BITS-1:0]   a,
    input  logic        [LANES-1:0]          b,
    output logic signed [ACC-1:0]            acc
);

  // bits of a factor with its sign, and of the sum of all lanes with either sign
  localparam int WHOLE = A_BITS + (A_SIGNED == 0 ? 1 : 0);
  localparam int SUM = WHOLE + 1 + $clog2(LANES);

  logic signed [WHOLE-1:0] whole[LANES];
  logic signed [SUM-1:0] sum, chosen;

  generate
    for (genvar lane = 0; lane < LANES; lane++) begin : g_lane
      decode #(
          .SIGNED(A_SIGNED), .BITS(A_BITS), .W(WHOLE)
      ) decoded (
          .code(a[lane*A_BITS+:A_BITS]), .whole(whole[lane])
      );
    end
  endgenerate

  always_comb begin
    sum = '0;
    for (int lane = 0; lane < LANES; lane++) if (b[lane]) sum = sum + SUM'(whole[lane]);
    chosen = negative ? -sum : sum;
  end

  always_ff @(posedge clk) if (enable) acc <= (clear ? '0 : acc) + (ACC'(chosen) <<< plane);

endmodule

`default_nettype wire
