// Leads an AXI4 master to a Wishbone B4 bus of the same width, burst by burst, reads and writes in turns.
// The bus is pipelined: a beat a cycle, with up to DEPTH reads before their data are taken. With CLASSIC = 1
// it is the standard one: each beat waits for its `wb_ack`. Addresses are of bytes; strobes become `wb_sel`.
// An `wb_err` in place of `wb_ack` becomes the response SLVERR of its beat, or of its burst of writes.
// Bursts are INCR of whole beats. Three cycles pass between bursts.
`default_nettype none
module axi_to_wishbone #(
    parameter int D = 64,
    parameter int ADDRESS = 32,
    parameter int DEPTH = 8,
    parameter int CLASSIC = 0
) (
    input  wire logic               clk,
    input  wire logic               rst,
    input  wire logic               ar_valid,
    output logic                    ar_ready,
    input  wire logic [ADDRESS-1:0] ar_address,
    input  wire logic [7:0]         ar_length,
    output logic                    r_valid,
    input  wire logic               r_ready,
    output logic      [D-1:0]       r_data,
    output logic      [1:0]         r_response,
    output logic                    r_last,
    input  wire logic               aw_valid,
    output logic                    aw_ready,
    input  wire logic [ADDRESS-1:0] aw_address,
    input  wire logic [7:0]         aw_length,
    input  wire logic               w_valid,
    output logic                    w_ready,
    input  wire logic [D-1:0]       w_data,
    input  wire logic [D/8-1:0]     w_strobe,
    input  wire logic               w_last,
    output logic                    b_valid,
    input  wire logic               b_ready,
    output logic      [1:0]         b_response,
    output logic                    wb_cyc,
    output logic                    wb_stb,
    output logic                    wb_we,
    output logic      [ADDRESS-1:0] wb_adr,
    output logic      [D/8-1:0]     wb_sel,
    output logic      [D-1:0]       wb_dat_w,
    input  wire logic [D-1:0]       wb_dat_r,
    input  wire logic               wb_ack,
    input  wire logic               wb_err,
    input  wire logic               wb_stall
);
  localparam int FREE = $clog2(DEPTH + 1);
  logic reading, writing, answering, reads_next, bad;
  logic [8:0] to_ask, to_answer;  // beats of the burst under way
  logic [FREE-1:0] free, awaited;  // places for data; reads on their way that will need one
  logic idle, asks, answered, room, begin_read, begin_write;

  assign idle = !reading && !writing && !answering;
  assign begin_read = idle && ar_valid && (reads_next || !aw_valid);
  assign begin_write = idle && aw_valid && !begin_read;
  assign ar_ready = begin_read;
  assign aw_ready = begin_write;

  assign room = free > awaited;
  assign wb_cyc = reading || writing;
  assign wb_we = writing;
  assign wb_stb = to_ask != '0 && ((reading && room) || (writing && w_valid));
  assign wb_sel = writing ? w_strobe : '1;
  assign wb_dat_w = w_data;
  assign answered = wb_cyc && (wb_ack || wb_err);
  // a standard slave has taken a beat when it acknowledges it
  assign asks = wb_stb && (CLASSIC != 0 ? answered : !wb_stall);
  assign w_ready = writing && asks;

  always_ff @(posedge clk) begin
    if (rst) begin
      reading <= 1'b0;
      writing <= 1'b0;
      answering <= 1'b0;
      reads_next <= 1'b0;
      to_ask <= '0;
      to_answer <= '0;
      awaited <= '0;
    end else begin
      if (begin_read) reading <= 1'b1;
      else if (answered && to_answer == 9'd1) reading <= 1'b0;
      if (begin_write) writing <= 1'b1;
      else if (answered && to_answer == 9'd1) writing <= 1'b0;
      if (writing && answered && to_answer == 9'd1) answering <= 1'b1;
      else if (b_ready) answering <= 1'b0;
      if (begin_read || begin_write) begin
        reads_next <= begin_write;
        to_ask <= {1'b0, begin_read ? ar_length : aw_length} + 1'b1;
        to_answer <= {1'b0, begin_read ? ar_length : aw_length} + 1'b1;
      end else begin
        to_ask <= to_ask - 9'(asks);
        to_answer <= to_answer - 9'(answered);
      end
      awaited <= awaited + FREE'(reading && asks) - FREE'(reading && answered);
    end
  end
  always_ff @(posedge clk) begin
    if (begin_read) wb_adr <= ar_address;
    else if (begin_write) wb_adr <= aw_address;
    else if (asks) wb_adr <= wb_adr + ADDRESS'(D / 8);
    if (begin_write) bad <= 1'b0;
    else if (answered && wb_err) bad <= 1'b1;
  end

  logic unused_ready, failed, unused_last;
  fifo #(.WIDTH(D + 2), .DEPTH(DEPTH)) data (
      .clk, .rst, .in_valid(reading && answered), .in_ready(unused_ready),
      .in_data({wb_err, to_answer == 9'd1, wb_dat_r}), .out_valid(r_valid), .out_ready(r_ready),
      .out_data({failed, r_last, r_data}), .free
  );
  assign r_response = {failed, 1'b0};
  assign b_valid = answering;
  assign b_response = {bad, 1'b0};
  assign unused_last = w_last;
endmodule
`default_nettype wire
