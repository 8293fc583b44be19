// Lets N masters read on one AXI4 port, in turns, without IDs: data come back in the order of the addresses
// that went out, so a queue of at most OUTSTANDING names tells whose they are. `r_data`, `r_response` and
// `r_last` go to all masters; `r_valid` tells the one that is meant. Who asks must take what it asked for,
// or all others wait. An address goes out in the cycle after it was taken; data pass in the same cycle.
`default_nettype none
module axi_read_mux #(
    parameter int N = 2,
    parameter int ADDRESS = 32,
    parameter int OUTSTANDING = 16,
    localparam int NAME = N > 1 ? $clog2(N) : 1
) (
    input  wire logic                 clk,
    input  wire logic                 rst,
    input  wire logic [N-1:0]         ar_valid,
    output logic      [N-1:0]         ar_ready,
    input  wire logic [N*ADDRESS-1:0] ar_addresses,
    input  wire logic [N*8-1:0]       ar_lengths,
    output logic      [N-1:0]         r_valid,
    input  wire logic [N-1:0]         r_ready,
    output logic                      out_ar_valid,
    input  wire logic                 out_ar_ready,
    output logic      [ADDRESS-1:0]   out_ar_address,
    output logic      [7:0]           out_ar_length,
    input  wire logic                 out_r_valid,
    output logic                      out_r_ready,
    input  wire logic                 out_r_last
);
  // the next in turn after `latest` who asks
  logic [N-1:0] after, late, chosen, latest;  // one bit each, but `after`: all beyond `latest`
  logic [NAME-1:0] name, owner;
  logic [ADDRESS-1:0] address;
  logic [7:0] length;
  logic room, owned, take, unused_names;
  logic [$clog2(OUTSTANDING+1)-1:0] free;
  assign after = ~(latest | (latest - 1'b1));
  assign late = ar_valid & after;
  always_comb begin
    chosen = '0;
    name = '0;
    address = '0;
    length = '0;
    for (int m = N - 1; m >= 0; m--) begin
      if (late == '0 ? ar_valid[m] : late[m]) begin
        chosen = '0;
        chosen[m] = 1'b1;
        name = NAME'(m);
        address = ar_addresses[m*ADDRESS+:ADDRESS];
        length = ar_lengths[m*8+:8];
      end
    end
  end
  assign room = free != '0 && (!out_ar_valid || out_ar_ready);
  assign ar_ready = room ? chosen : '0;
  assign take = room && ar_valid != '0;
  always_ff @(posedge clk) begin
    if (rst) begin
      out_ar_valid <= 1'b0;
      latest <= N'(1);
    end else begin
      if (take) latest <= chosen;
      if (!out_ar_valid || out_ar_ready) out_ar_valid <= take;
    end
  end
  always_ff @(posedge clk) begin
    if (take) begin
      out_ar_address <= address;
      out_ar_length  <= length;
    end
  end

  fifo #(.WIDTH(NAME), .DEPTH(OUTSTANDING)) names (
      .clk, .rst, .in_valid(take), .in_ready(unused_names), .in_data(name), .out_valid(owned),
      .out_ready(out_r_valid && out_r_ready && out_r_last), .out_data(owner), .free
  );
  always_comb begin
    r_valid = '0;
    out_r_ready = 1'b0;
    for (int m = 0; m < N; m++) begin
      if (owned && owner == NAME'(m)) begin
        r_valid[m]  = out_r_valid;
        out_r_ready = r_ready[m];
      end
    end
  end
endmodule
`default_nettype wire
