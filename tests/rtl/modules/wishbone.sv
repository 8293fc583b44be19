// axi_to_wishbone with a slave behind it: reads give a mix of their address, writes come out as `log`, and
// addresses with bits 6 and 9 set give an error. The slave stalls and answers when it likes; NEVER_STALLS keeps
// it from that. It also sees to it that a beat that waits does not change.
`default_nettype none
module wishbone #(
    parameter int D = 64,
    parameter int CLASSIC = 0,
    parameter int NEVER_STALLS = 0
) (
    input  wire logic           clk,
    input  wire logic           rst,
    input  wire logic           ar_valid,
    output logic                ar_ready,
    input  wire logic [31:0]    ar_address,
    input  wire logic [7:0]     ar_length,
    output logic                r_valid,
    input  wire logic           r_ready,
    output logic      [D-1:0]   r_data,
    output logic      [1:0]     r_response,
    output logic                r_last,
    input  wire logic           aw_valid,
    output logic                aw_ready,
    input  wire logic [31:0]    aw_address,
    input  wire logic [7:0]     aw_length,
    input  wire logic           w_valid,
    output logic                w_ready,
    input  wire logic [D-1:0]   w_data,
    input  wire logic [D/8-1:0] w_strobe,
    input  wire logic           w_last,
    output logic                b_valid,
    input  wire logic           b_ready,
    output logic      [1:0]     b_response,
    output logic                log_valid,
    input  wire logic           log_ready,
    output logic      [31:0]    log_address,
    output logic      [D-1:0]   log_data,
    output logic      [D/8-1:0] log_select
);
  logic cyc, stb, we, ack, err, stall, calm, take, pending, log_room, busy;
  logic [31:0] adr, asked, noise;
  logic [D/8-1:0] sel;
  logic [D-1:0] dat_w, dat_r;
  axi_to_wishbone #(.D(D), .CLASSIC(CLASSIC)) bridge (
      .clk, .rst, .ar_valid, .ar_ready, .ar_address, .ar_length, .r_valid, .r_ready, .r_data,
      .r_response, .r_last, .aw_valid, .aw_ready, .aw_address, .aw_length, .w_valid, .w_ready,
      .w_data, .w_strobe, .w_last, .b_valid, .b_ready, .b_response, .wb_cyc(cyc), .wb_stb(stb),
      .wb_we(we), .wb_adr(adr), .wb_sel(sel), .wb_dat_w(dat_w), .wb_dat_r(dat_r), .wb_ack(ack),
      .wb_err(err), .wb_stall(stall)
  );
  always_ff @(posedge clk) begin
    if (rst) noise <= 32'h600d5eed;
    else noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
  end
  assign calm = NEVER_STALLS != 0 || noise[7:6] != '0;
  // a standard slave takes a beat at the end of its answer, a pipelined one before
  assign busy = !log_room || (NEVER_STALLS == 0 && noise[2:1] == '0);
  assign stall = CLASSIC != 0 ? 1'b1 : busy;
  assign take = cyc && stb && (CLASSIC != 0 ? (ack || err) : !stall);
  logic [2:0] free;
  logic unused_ready;
  fifo #(.WIDTH(32), .DEPTH(4)) requests (
      .clk, .rst, .in_valid(take && CLASSIC == 0), .in_ready(unused_ready), .in_data(adr),
      .out_valid(pending), .out_ready(CLASSIC == 0 && calm), .out_data(asked), .free
  );
  logic answers;
  logic [31:0] whose;
  assign answers = CLASSIC != 0 ? cyc && stb && !busy && calm : pending && calm;
  assign whose = CLASSIC != 0 ? adr : asked;
  assign err = answers && whose[6] && whose[9];
  assign ack = answers && !err;
  assign dat_r = answers ? {D / 32{whose ^ 32'h9e3779b9}} : {D / 32{noise}};
  logic logged;
  logic [2:0] places;
  fifo #(.WIDTH(32 + D + D / 8), .DEPTH(4)) writes (
      .clk, .rst, .in_valid(take && we), .in_ready(logged), .in_data({adr, dat_w, sel}),
      .out_valid(log_valid), .out_ready(log_ready), .out_data({log_address, log_data, log_select}),
      .free(places)
  );
  assign log_room = places != '0 && (CLASSIC != 0 || free != '0);

  logic waited;
  logic [31:0] adr_was;
  logic [D+D/8:0] rest_was;
  always_ff @(posedge clk) begin
    waited <= !rst && cyc && stb && !take;
    adr_was <= adr;
    rest_was <= {we, sel, dat_w};
    if (waited && !rst) begin
      assert (cyc && stb && adr == adr_was && (!we || rest_was == {we, sel, dat_w}));
    end
    if (!rst) assert (!stb || cyc);
    if (!rst) assert (logged || !(take && we));
  end
endmodule
`default_nettype wire
