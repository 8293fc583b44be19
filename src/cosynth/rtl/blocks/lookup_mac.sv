// Dot products of whole numbers, one bit of a factor a cycle, from a table of all sums.
//
// As `serial_mac` with four lanes, but the sixteen sums of the four factors `a` are formed once and
// COLUMNS dot products select theirs, by four bits of `b` each. Accumulators wrap at ACC bits.
//
// Latency 1 cycle. `clear` is the reset: registers have no other.
`default_nettype none

module lookup_mac #(
    parameter int A_BITS = 8,
    parameter int A_SIGNED = 1,
    parameter int PLANES = 8,   // at least 2
    parameter int COLUMNS = 1,
    parameter int ACC = 32
) (
    input  logic                      clk,
    input  logic                      enable,
    input  logic                      clear,
    input  logic [$clog2(PLANES)-1:0] plane,
    input  logic                      negative,
    input  logic [4*A_BITS-1:0]       a,
    input  logic [COLUMNS*4-1:0]      b,
    output logic [COLUMNS*ACC-1:0]    acc
);

  // bits of a factor with its sign, and of a sum of four with either sign
  localparam int WHOLE = A_BITS + (A_SIGNED == 0 ? 1 : 0);
  localparam int SUM = WHOLE + 3;

  logic signed [WHOLE-1:0] whole[4];
  logic signed [SUM-1:0] sums[16];

  generate
    for (genvar lane = 0; lane < 4; lane++) begin : g_lane
      decode #(
          .SIGNED(A_SIGNED), .BITS(A_BITS), .W(WHOLE)
      ) decoded (
          .code(a[lane*A_BITS+:A_BITS]), .whole(whole[lane])
      );
    end
  endgenerate

  always_comb begin
    sums[0] = '0;
    // each sum is one without its highest factor, and that factor
    for (int lane = 0; lane < 4; lane++)
      for (int rest = 0; rest < (1 << lane); rest++)
        sums[(1<<lane)+rest] = sums[rest] + SUM'(whole[lane]);
  end

  generate
    for (genvar column = 0; column < COLUMNS; column++) begin : g_column
      logic signed [SUM-1:0] sum, chosen;
      logic signed [ACC-1:0] kept;
      always_comb begin
        sum = sums[b[column*4+:4]];
        chosen = negative ? -sum : sum;
        acc[column*ACC+:ACC] = kept;
      end
      always_ff @(posedge clk) if (enable) kept <= (clear ? '0 : kept) + (ACC'(chosen) <<< plane);
    end
  endgenerate

endmodule

`default_nettype wire
