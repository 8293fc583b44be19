// Walks a box of LOOPS counted loops (0 innermost) and names its runs, one each cycle: where they begin in
// DRAM and in the memory on the chip. Both move by a signed stride for each loop; a loop of count 1 costs
// no cycle, and neither does going from one command to the next. Counts and lengths are at least 1.
// Addresses and strides are in grains. A run leaves in the cycle after its command was taken.
`default_nettype none
module box_runs #(
    parameter int LOOPS = 4,
    parameter int COUNT = 16,
    parameter int DRAM = 40,
    parameter int STRIDE = 32,
    parameter int AW = 16
) (
    input  wire logic                    clk,
    input  wire logic                    rst,
    input  wire logic                    in_valid,
    output logic                         in_ready,
    input  wire logic [AW:0]             in_run,
    input  wire logic [DRAM-1:0]         in_dram,
    input  wire logic [AW-1:0]           in_local,
    input  wire logic [LOOPS*COUNT-1:0]  in_counts,
    input  wire logic [LOOPS*STRIDE-1:0] in_dram_strides,
    input  wire logic [LOOPS*(AW+1)-1:0] in_local_strides,
    output logic                         run_valid,
    input  wire logic                    run_ready,
    output logic      [DRAM-1:0]         run_dram,
    output logic      [AW-1:0]           run_local,
    output logic      [AW:0]             run_length,
    output logic                         run_last
);
  // where the present turn of each loop began: going on costs one addition and no multiplication
  logic [DRAM-1:0] drams[LOOPS];
  logic [AW-1:0] locals[LOOPS];
  logic [COUNT-1:0] left[LOOPS];
  logic [COUNT-1:0] counts[LOOPS];
  logic [STRIDE-1:0] dram_strides[LOOPS];
  logic [AW-1:0] local_strides[LOOPS];  // modulo the memory: a sign bit more would change nothing
  logic [LOOPS-1:0] ends, advances, restarts;
  logic [DRAM-1:0] dram;
  logic [AW-1:0] local_;
  logic begins;

  always_comb begin
    for (int l = 0; l < LOOPS; l++) ends[l] = left[l] == COUNT'(1);
    advances = '0;
    restarts = '0;
    advances[0] = !ends[0];
    restarts[0] = ends[0];
    for (int l = 1; l < LOOPS; l++) begin
      advances[l] = restarts[l-1] && !ends[l];
      restarts[l] = restarts[l-1] && ends[l];
    end
    dram = '0;
    local_ = '0;
    for (int l = 0; l < LOOPS; l++) begin
      if (advances[l]) begin
        dram |= drams[l] + {{(DRAM - STRIDE) {dram_strides[l][STRIDE-1]}}, dram_strides[l]};
        local_ |= locals[l] + local_strides[l];
      end
    end
  end

  assign run_dram = drams[0];
  assign run_local = locals[0];
  assign run_last = restarts[LOOPS-1];
  assign in_ready = !run_valid || (run_ready && run_last);
  assign begins = in_valid && in_ready;

  always_ff @(posedge clk) begin
    if (rst) run_valid <= 1'b0;
    else if (in_ready) run_valid <= in_valid;
  end
  always_ff @(posedge clk) begin
    if (begins) begin
      run_length <= in_run;
      for (int l = 0; l < LOOPS; l++) begin
        drams[l] <= in_dram;
        locals[l] <= in_local;
        left[l] <= in_counts[l*COUNT+:COUNT];
        counts[l] <= in_counts[l*COUNT+:COUNT];
        dram_strides[l] <= in_dram_strides[l*STRIDE+:STRIDE];
        local_strides[l] <= in_local_strides[l*(AW+1)+:AW];
      end
    end else if (run_valid && run_ready) begin
      for (int l = 0; l < LOOPS; l++) begin
        if (advances[l]) left[l] <= left[l] - 1'b1;
        if (restarts[l]) left[l] <= counts[l];
        if (advances[l] || restarts[l]) begin
          drams[l]  <= dram;
          locals[l] <= local_;
        end
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, in_local_strides};
endmodule
`default_nettype wire
