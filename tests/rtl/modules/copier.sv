// A chip that only copies: two dma_load that share a port, a memory, dma_store; by registers of 32 bits:
//   0x00 go: writing bit 0 starts a load, bit 1 a store, bit 2 a load by the second; waits until it is taken
//   0x04 commands done: loads [15:0], stores [31:16]     0x08 failed: load bit 0, store bit 1
//   0x10 run  0x14 local  0x18 DRAM [31:0]  0x1c DRAM [39:32]
//   0x20 how often the memory refuses, of 256 cycles: writes [7:0], reads [15:8]
//   0x40 counts  0x50 strides in DRAM  0x60 strides in the memory, a word for each loop
//   0x80 events counted: load passes, holds_bus, waits_bus, store passes, holds_bus, waits_bus
//   0x24 breaks a rule of AXI4 on purpose: 1 kind of burst, 2 size, 3 address, 4 length, 5 an address
// withdrawn, 6 the last beat, 7 data that change, 8 a request withdrawn, 9 an answer of a register changes.
// `irq` is high while nothing is under way.
`default_nettype none
module copier #(
    parameter int W = 64,
    parameter int D = 32,
    parameter int G = 8,
    parameter int AW = 12,
    parameter int MAX_BURST = 16,
    parameter int OUTSTANDING = 8,
    parameter int AHEAD = 16,
    localparam int LOOPS = 4,
    localparam int LANES = W / G,
    localparam int LINE = AW - $clog2(LANES),
    localparam int BYTES = $clog2(D / 8)
) (
    input  wire logic           clk,
    input  wire logic           rst,
    output logic                irq,
    output logic                m_axi_arvalid,
    input  wire logic           m_axi_arready,
    output logic      [31:0]    m_axi_araddr,
    output logic      [7:0]     m_axi_arlen,
    output logic      [2:0]     m_axi_arsize,
    output logic      [1:0]     m_axi_arburst,
    input  wire logic           m_axi_rvalid,
    output logic                m_axi_rready,
    input  wire logic [D-1:0]   m_axi_rdata,
    input  wire logic [1:0]     m_axi_rresp,
    input  wire logic           m_axi_rlast,
    output logic                m_axi_awvalid,
    input  wire logic           m_axi_awready,
    output logic      [31:0]    m_axi_awaddr,
    output logic      [7:0]     m_axi_awlen,
    output logic      [2:0]     m_axi_awsize,
    output logic      [1:0]     m_axi_awburst,
    output logic                m_axi_wvalid,
    input  wire logic           m_axi_wready,
    output logic      [D-1:0]   m_axi_wdata,
    output logic      [D/8-1:0] m_axi_wstrb,
    output logic                m_axi_wlast,
    input  wire logic           m_axi_bvalid,
    output logic                m_axi_bready,
    input  wire logic [1:0]     m_axi_bresp,
    input  wire logic           s_axil_awvalid,
    output logic                s_axil_awready,
    input  wire logic [11:0]    s_axil_awaddr,
    input  wire logic           s_axil_wvalid,
    output logic                s_axil_wready,
    input  wire logic [31:0]    s_axil_wdata,
    input  wire logic [3:0]     s_axil_wstrb,
    output logic                s_axil_bvalid,
    input  wire logic           s_axil_bready,
    output logic      [1:0]     s_axil_bresp,
    input  wire logic           s_axil_arvalid,
    output logic                s_axil_arready,
    input  wire logic [11:0]    s_axil_araddr,
    output logic                s_axil_rvalid,
    input  wire logic           s_axil_rready,
    output logic      [31:0]    s_axil_rdata,
    output logic      [1:0]     s_axil_rresp
);
  logic [31:0] words[32];  // of which 0 to 3 are not kept
  logic [31:0] events[6];
  logic [15:0] loads, stores, underway;
  logic [1:0] load_ready, load_valid, load_done;
  logic store_ready, store_valid, store_done;
  logic [2:0] failed;
  logic [5:0] event_;

  // registers
  logic [3:0] mistake;
  assign mistake = words[9][3:0];
  logic write, goes;
  logic [9:0] to;
  assign to = s_axil_awaddr[11:2];
  assign goes = s_axil_awvalid && s_axil_wvalid && !s_axil_bvalid;
  assign load_valid = goes && to == '0 ? {s_axil_wdata[2:0] == 3'd4, s_axil_wdata[0]} : '0;
  assign store_valid = goes && to == '0 && !s_axil_wdata[0] && s_axil_wdata[1];
  assign write = goes && (load_valid & ~load_ready) == '0 && !(store_valid && !store_ready);
  assign s_axil_awready = write;
  assign s_axil_wready = write;
  assign s_axil_bresp = mistake == 4'd9 ? {1'b0, noise[0]} : {to >= 32, 1'b0};
  assign s_axil_arready = !s_axil_rvalid;
  assign irq = underway == '0;
  always_ff @(posedge clk) begin
    if (rst) begin
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
      loads <= '0;
      stores <= '0;
      underway <= '0;
      words[8] <= '0;
      words[9] <= '0;
      for (int e = 0; e < 6; e++) events[e] <= '0;
    end else begin
      s_axil_bvalid <= write || (s_axil_bvalid && !s_axil_bready);
      s_axil_rvalid <= s_axil_arvalid && s_axil_arready || (s_axil_rvalid && !s_axil_rready);
      if (write) words[to[4:0]] <= s_axil_wdata;
      loads <= loads + 16'(load_done[0]) + 16'(load_done[1]);
      stores <= stores + 16'(store_done);
      underway <= underway + 16'((load_valid != '0 || store_valid) && write)
          - 16'(load_done[0]) - 16'(load_done[1]) - 16'(store_done);
      for (int e = 0; e < 6; e++) events[e] <= events[e] + 32'(event_[e]);
    end
  end
  always_ff @(posedge clk) begin
    if (s_axil_arvalid && s_axil_arready) begin
      s_axil_rresp <= '0;
      case (s_axil_araddr[11:2])
        1: s_axil_rdata <= {stores, loads};
        2: s_axil_rdata <= {29'b0, failed};
        32, 33, 34, 35, 36, 37: s_axil_rdata <= events[s_axil_araddr[4:2]];
        default: begin
          s_axil_rdata <= words[s_axil_araddr[6:2]];
          s_axil_rresp <= {s_axil_araddr >= 128, 1'b0};
        end
      endcase
    end
  end

  logic [LOOPS*16-1:0] counts;
  logic [LOOPS*32-1:0] dram_strides;
  logic [LOOPS*(AW+1)-1:0] local_strides;
  always_comb begin
    for (int l = 0; l < LOOPS; l++) begin
      counts[l*16+:16] = words[16+l][15:0];
      dram_strides[l*32+:32] = words[20+l];
      local_strides[l*(AW+1)+:AW+1] = words[24+l][AW:0];
    end
  end

  // the memory refuses at random, whatever is asked
  logic [31:0] noise;
  logic write_open, read_valid, read_ready;
  logic [1:0] write_valid, write_ready, write_grant;
  logic [2*LINE-1:0] write_line;
  logic [LINE-1:0] read_line;
  logic [2*W-1:0] write_data;
  logic [W-1:0] read_data, lent;
  logic [2*LANES-1:0] write_mask;
  always_ff @(posedge clk) begin
    if (rst) noise <= 32'h1234567;
    else noise <= {noise[30:0], noise[31] ^ noise[21] ^ noise[1] ^ noise[0]};
  end
  assign write_open = {noise[3], noise[17], noise[9], noise[28], noise[5], noise[23], noise[13],
                        noise[30]} >= words[8][7:0];
  assign read_ready = {noise[12], noise[2], noise[25], noise[19], noise[7], noise[31], noise[16],
                       noise[10]} >= words[8][15:8];
  assign write_grant = write_valid[0] ? 2'b01 : write_valid[1] ? 2'b10 : 2'b00;
  assign write_ready = write_open ? write_grant : '0;
  sram_1r1w #(.WIDTH(W), .DEPTH(1 << LINE), .MASKS(LANES)) memory (
      .clk, .read_enable(read_valid && read_ready), .read_address(read_line), .read_data,
      .write_enable(write_ready != '0), .write_address(write_line[write_ready[1]*LINE+:LINE]),
      .write_data(write_data[write_ready[1]*W+:W]), .write_mask(write_mask[write_ready[1]*LANES+:LANES])
  );
  // data stand for one cycle only
  logic granted;
  always_ff @(posedge clk) granted <= read_valid && read_ready;
  assign lent = granted ? read_data : {W / 32{noise}};

  // a refused access must stay as it was
  logic [1:0] write_waited;
  logic read_waited;
  logic [2*(LINE+W+LANES)-1:0] write_was;
  logic [LINE-1:0] read_line_was;
  always_ff @(posedge clk) begin
    write_waited <= rst ? '0 : write_valid & ~write_ready;
    read_waited <= !rst && read_valid && !read_ready;
    write_was <= {write_line, write_data, write_mask};
    read_line_was <= read_line;
    for (int l = 0; l < 2; l++) begin
      if (write_waited[l] && !rst) begin
        assert (write_valid[l] && write_line[l*LINE+:LINE] == write_was[2*(W+LANES)+l*LINE+:LINE]
                && write_data[l*W+:W] == write_was[2*LANES+l*W+:W]
                && write_mask[l*LANES+:LANES] == write_was[l*LANES+:LANES]);
      end
    end
    if (read_waited && !rst) assert (read_valid && read_line == read_line_was);
  end

  logic [1:0] ar_valids, ar_readies, r_valids, r_readies;
  logic [63:0] ar_addresses;
  logic [15:0] ar_lengths;
  logic [5:0] load_events;
  generate
    for (genvar l = 0; l < 2; l++) begin : g_load
      dma_load #(
          .W(W), .D(D), .G(G), .AW(AW), .MAX_BURST(MAX_BURST), .OUTSTANDING(OUTSTANDING),
          .AHEAD(AHEAD)
      ) load (
          .clk, .rst, .command_valid(load_valid[l]), .command_ready(load_ready[l]),
          .command_run(words[4][AW:0]), .command_dram({words[7][7:0], words[6]}),
          .command_local(words[5][AW-1:0]), .command_counts(counts),
          .command_dram_strides(dram_strides), .command_local_strides(local_strides),
          .done(load_done[l]), .ar_valid(ar_valids[l]), .ar_ready(ar_readies[l]),
          .ar_address(ar_addresses[l*32+:32]), .ar_length(ar_lengths[l*8+:8]),
          .r_valid(r_valids[l]), .r_ready(r_readies[l]), .r_data(m_axi_rdata),
          .r_response(m_axi_rresp), .r_last(m_axi_rlast), .write_valid(write_valid[l]),
          .write_ready(write_ready[l]), .write_line(write_line[l*LINE+:LINE]),
          .write_data(write_data[l*W+:W]), .write_mask(write_mask[l*LANES+:LANES]),
          .passes(load_events[3*l]), .holds_bus(load_events[3*l+1]),
          .waits_bus(load_events[3*l+2]), .failed(failed[2*l])
      );
    end
  endgenerate
  assign event_[2:0] = load_events[2:0] | load_events[5:3];
  axi_read_mux #(.OUTSTANDING(2 * OUTSTANDING)) share (
      .clk, .rst, .ar_valid(ar_valids), .ar_ready(ar_readies), .ar_addresses, .ar_lengths,
      .r_valid(r_valids), .r_ready(r_readies), .out_ar_valid(ar_valid),
      .out_ar_ready(m_axi_arready), .out_ar_address(ar_address), .out_ar_length(ar_length),
      .out_r_valid(m_axi_rvalid), .out_r_ready(m_axi_rready), .out_r_last(m_axi_rlast)
  );
  dma_store #(
      .W(W), .D(D), .G(G), .AW(AW), .MAX_BURST(MAX_BURST), .OUTSTANDING(OUTSTANDING),
          .AHEAD(AHEAD)
  ) store (
      .clk, .rst, .command_valid(store_valid), .command_ready(store_ready),
      .command_run(words[4][AW:0]), .command_dram({words[7][7:0], words[6]}),
      .command_local(words[5][AW-1:0]), .command_counts(counts),
      .command_dram_strides(dram_strides), .command_local_strides(local_strides), .done(store_done),
      .aw_valid, .aw_ready(m_axi_awready), .aw_address(m_axi_awaddr),
      .aw_length(m_axi_awlen), .w_valid(m_axi_wvalid), .w_ready(m_axi_wready), .w_data,
      .w_strobe(m_axi_wstrb), .w_last, .b_valid(m_axi_bvalid), .b_ready(m_axi_bready),
      .b_response(m_axi_bresp), .read_valid, .read_ready, .read_line, .read_data(lent),
      .passes(event_[3]), .holds_bus(event_[4]), .waits_bus(event_[5]), .failed(failed[1])
  );
  logic ar_valid, aw_valid, w_last;
  logic [31:0] ar_address;
  logic [7:0] ar_length;
  logic [D-1:0] w_data;
  assign m_axi_arvalid = ar_valid && (mistake != 4'd5 || noise[0]);
  assign m_axi_araddr = mistake == 4'd3 ? ar_address + 1'b1 : ar_address;
  assign m_axi_arlen = mistake == 4'd4 ? 8'd255 : ar_length;
  assign m_axi_awvalid = aw_valid && (mistake != 4'd8 || noise[0]);
  assign m_axi_wlast = w_last ^ (mistake == 4'd6);
  assign m_axi_wdata = mistake == 4'd7 ? w_data ^ D'(noise) : w_data;
  assign m_axi_arsize = mistake == 4'd2 ? '0 : 3'(BYTES);
  assign m_axi_awsize = 3'(BYTES);
  assign m_axi_arburst = mistake == 4'd1 ? 2'b10 : 2'b01;
  assign m_axi_awburst = 2'b01;
  logic unused;
  assign unused = &{1'b0, s_axil_wstrb, s_axil_awaddr[1:0], s_axil_araddr[1:0]};
endmodule
`default_nettype wire
