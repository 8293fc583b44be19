// The chip's registers on AXI4-Lite: 0x00 write 1 to start; read: bit 0 busy, bit 1 done, bit 2 the bus
// told of an error. 0x04 address of
// the program, 0x08 its words. 0x0c a number that names the design. From 0x40 on COUNTERS counters of
// cycles in which each of `events` was high since the start.
`default_nettype none
module registers #(
    parameter int COUNTERS = 8,
    parameter int DESIGN = 0
) (
    input  wire logic                clk,
    input  wire logic                rst,
    input  wire logic                aw_valid,
    output logic                     aw_ready,
    input  wire logic [11:0]         aw_address,
    input  wire logic                w_valid,
    output logic                     w_ready,
    input  wire logic [31:0]         w_data,
    output logic                     b_valid,
    input  wire logic                b_ready,
    input  wire logic                ar_valid,
    output logic                     ar_ready,
    input  wire logic [11:0]         ar_address,
    output logic                     r_valid,
    input  wire logic                r_ready,
    output logic      [31:0]         r_data,
    output logic                     start,
    output logic      [31:0]         base,
    output logic      [31:0]         words,
    output logic                     busy,
    output logic                     finished,
    input  wire logic                failed,
    input  wire logic                stop,
    input  wire logic [COUNTERS-1:0] events
);
  logic [COUNTERS*32-1:0] counts;
  logic [31:0] value;
  logic write;
  assign write = aw_valid && w_valid && !b_valid;
  assign aw_ready = write;
  assign w_ready = write;
  assign ar_ready = !r_valid;
  always_comb begin
    value = '0;
    case (ar_address)
      12'h000: value = {29'd0, failed, finished, busy};
      12'h004: value = base;
      12'h008: value = words;
      12'h00c: value = DESIGN;
      default: begin
        for (int c = 0; c < COUNTERS; c++) begin
          if (ar_address == 12'(64 + 4 * c)) value = counts[c*32+:32];
        end
      end
    endcase
  end
  always_ff @(posedge clk) begin
    if (rst) begin
      b_valid <= 1'b0;
      r_valid <= 1'b0;
      start <= 1'b0;
      busy <= 1'b0;
      finished <= 1'b0;
      base <= '0;
      words <= '0;
      counts <= '0;
      r_data <= '0;
    end else begin
      start <= 1'b0;
      if (write) begin
        b_valid <= 1'b1;
        case (aw_address)
          12'h000: if (w_data[0] && !busy) begin
            start <= 1'b1;
            busy <= 1'b1;
            finished <= 1'b0;
            counts <= '0;
          end
          12'h004: base <= w_data;
          12'h008: words <= w_data;
          default: ;
        endcase
      end else if (b_ready) b_valid <= 1'b0;
      if (ar_valid && ar_ready) begin
        r_valid <= 1'b1;
        r_data <= value;
      end else if (r_ready) r_valid <= 1'b0;
      if (busy) begin
        for (int c = 0; c < COUNTERS; c++) begin
          if (events[c]) counts[c*32+:32] <= counts[c*32+:32] + 1'b1;
        end
      end
      if (stop && busy && !start) begin
        busy <= 1'b0;
        finished <= 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
