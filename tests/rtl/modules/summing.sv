// A chip that is small enough to be known by heart: adds `base` to a sum `words` times, a word of a memory of
// two each time, and writes the sum to address 0. `mark` is set at the start and never used after.
`default_nettype none
module summing (
    input  wire logic        clk,
    input  wire logic        rst,
    output logic             irq,
    output logic             m_axi_arvalid,
    input  wire logic        m_axi_arready,
    output logic      [31:0] m_axi_araddr,
    output logic      [7:0]  m_axi_arlen,
    output logic      [2:0]  m_axi_arsize,
    output logic      [1:0]  m_axi_arburst,
    input  wire logic        m_axi_rvalid,
    output logic             m_axi_rready,
    input  wire logic [31:0] m_axi_rdata,
    input  wire logic        m_axi_rlast,
    input  wire logic [1:0]  m_axi_rresp,
    output logic             m_axi_awvalid,
    input  wire logic        m_axi_awready,
    output logic      [31:0] m_axi_awaddr,
    output logic      [7:0]  m_axi_awlen,
    output logic      [2:0]  m_axi_awsize,
    output logic      [1:0]  m_axi_awburst,
    output logic             m_axi_wvalid,
    input  wire logic        m_axi_wready,
    output logic      [31:0] m_axi_wdata,
    output logic      [3:0]  m_axi_wstrb,
    output logic             m_axi_wlast,
    input  wire logic        m_axi_bvalid,
    output logic             m_axi_bready,
    input  wire logic [1:0]  m_axi_bresp,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [11:0] s_axil_awaddr,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    output logic             s_axil_bvalid,
    input  wire logic        s_axil_bready,
    output logic      [1:0]  s_axil_bresp,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,
    input  wire logic [11:0] s_axil_araddr,
    output logic             s_axil_rvalid,
    input  wire logic        s_axil_rready,
    output logic      [31:0] s_axil_rdata,
    output logic      [1:0]  s_axil_rresp
);
  logic start, stop, busy;
  logic [31:0] base, words;
  registers #(.COUNTERS(1)) registers (
      .clk, .rst, .failed(1'b0), .aw_valid(s_axil_awvalid), .aw_ready(s_axil_awready),
      .aw_address(s_axil_awaddr), .w_valid(s_axil_wvalid), .w_ready(s_axil_wready),
      .w_data(s_axil_wdata), .b_valid(s_axil_bvalid), .b_ready(s_axil_bready),
      .ar_valid(s_axil_arvalid), .ar_ready(s_axil_arready), .ar_address(s_axil_araddr),
      .r_valid(s_axil_rvalid), .r_ready(s_axil_rready), .r_data(s_axil_rdata), .start, .base,
      .words, .busy, .finished(irq), .stop, .events(1'b0)
  );
  assign {s_axil_bresp, s_axil_rresp, m_axi_arvalid, m_axi_rready, m_axi_awlen} = '0;
  assign {m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst, m_axi_awaddr} = '0;
  assign {m_axi_awsize, m_axi_awburst, m_axi_wstrb} = {3'd2, 2'd1, 4'hf};
  assign {m_axi_bready, m_axi_wlast} = 2'b11;

  logic [7:0] left;
  logic [31:0] sum, read_data;
  logic adding, filling, asking, giving, at;
  sram_1r1w #(.WIDTH(32), .DEPTH(2), .MASKS(1)) memory (
      .clk, .read_enable(adding || filling), .read_address(at), .read_data, .write_enable(start || filling),
      .write_address(filling), .write_data(base), .write_mask(1'b1)
  );
  assign m_axi_awvalid = asking;
  assign m_axi_wvalid = giving;
  assign m_axi_wdata = sum;
  assign stop = m_axi_bvalid;
  always_ff @(posedge clk) begin
    if (rst) begin
      adding <= 1'b0;
      filling <= 1'b0;
      asking <= 1'b0;
      giving <= 1'b0;
    end else begin
      filling <= start;
      if (filling) adding <= 1'b1;
      if (adding && left == 8'd1) begin
        adding <= 1'b0;
        asking <= 1'b1;
        giving <= 1'b1;
      end
      if (asking && m_axi_awready) asking <= 1'b0;
      if (giving && m_axi_wready) giving <= 1'b0;
    end
  end
  always_ff @(posedge clk) begin
    if (start) begin
      left <= words[7:0];
      sum <= '0;
      at <= 1'b0;
    end else if (adding) begin
      left <= left - 1'b1;
      sum <= sum + read_data;
      at <= !at;
    end else if (filling) at <= 1'b1;
  end
  logic unused;
  assign unused = &{1'b0, m_axi_arready, m_axi_rvalid, m_axi_rdata, m_axi_rlast, m_axi_rresp, s_axil_wstrb,
                    m_axi_bresp, busy};
endmodule
`default_nettype wire
