// Dot products with a factor that only selects or negates, added to an accumulator.
//
// In a cycle with `enable` the accumulator takes the sum of LANES products, on top of itself or, with
// `clear`, of nothing; it wraps at ACC bits. Codes of `b` are binary (B_BITS 1: 0 is 1, 1 is -1) or
// ternary (B_BITS 2: two's complement of -1, 0 and 1; 2'b10 counts as 0). With A_BITS 1 `a` is binary
// too, and the products are an XOR and a count.
//
// Latency 1 cycle. `clear` is the reset: registers have no other.
`default_nettype none

module mux_mac #(
    parameter int A_BITS = 8,
    parameter int A_SIGNED = 1,
    parameter int B_BITS = 2,
    parameter int LANES = 1,
    parameter int ACC = 32
) (
    input  logic                           clk,
    input  logic                           enable,
    input  logic                           clear,
    input  logic        [LANES*A_BITS-1:0] a,
    input  logic        [LANES*B_BITS-1:0] b,
    output logic signed [ACC-1:0]          acc
);

  // bits of a factor with its sign, and of the sum of all lanes
  localparam int WHOLE = A_BITS == 1 ? 2 : A_BITS + (A_SIGNED == 0 ? 1 : 0);
  localparam int SUM = WHOLE + 1 + $clog2(LANES);

  logic signed [SUM-1:0] sum;

  generate
    if (A_BITS == 1 && B_BITS == 1) begin : g_count
      // each lane is 1 less twice where the signs differ
      localparam int COUNT = $clog2(LANES + 1);
      logic [COUNT-1:0] differ;
      always_comb begin
        differ = '0;
        for (int lane = 0; lane < LANES; lane++) differ = differ + COUNT'(a[lane] ^ b[lane]);
        sum = SUM'(LANES) - (SUM'(differ) << 1);
      end
    end else begin : g_select
      logic signed [WHOLE-1:0] whole[LANES];
      for (genvar lane = 0; lane < LANES; lane++) begin : g_lane
        if (A_BITS == 1) begin : g_binary
          always_comb whole[lane] = {a[lane], 1'b1};
        end else begin : g_integer
          decode #(
              .SIGNED(A_SIGNED), .BITS(A_BITS), .W(WHOLE)
          ) decoded (
              .code(a[lane*A_BITS+:A_BITS]), .whole(whole[lane])
          );
        end
      end
      always_comb begin
        sum = '0;
        for (int lane = 0; lane < LANES; lane++)
          if (B_BITS == 1 || b[lane*B_BITS]) begin
            if (b[lane*B_BITS+B_BITS-1]) sum = sum - SUM'(whole[lane]);
            else sum = sum + SUM'(whole[lane]);
          end
      end
    end
  endgenerate

  always_ff @(posedge clk) if (enable) acc <= (clear ? '0 : acc) + ACC'(sum);

endmodule

`default_nettype wire
