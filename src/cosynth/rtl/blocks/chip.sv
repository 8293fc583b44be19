// A chip of the family `engine`: a program in DRAM, units that each follow their part of it, a shared
// buffer, an array of multipliers, sums, and post-processing. One AXI4 master reaches DRAM, one
// AXI4-Lite slave starts it. Parameters follow from the hardware file: `rtl/chip.py`.
`default_nettype none
module chip #(
    parameter int ROWS = 4,
    parameter int COLUMNS = 4,
    parameter int KEPT = 0,
    parameter int STRIDED = 0,
    parameter int ENTRIES = 8,
    parameter int SUM_LINES = 32,
    parameter int W = 64,
    parameter int LINES = 512,
    parameter int D = 64,
    parameter int G = 8,
    parameter int X = 8,
    parameter int Y = 8,
    parameter int O = 8,
    // bits by which sums of products are shifted, and elements of shifts before a moving vector
    parameter int SHIFT = 0,
    parameter int HEAD = 0,
    parameter int X_FLOAT = 0,
    parameter int X_EXP = 1,
    parameter int X_MAN = 1,
    parameter int Y_FLOAT = 0,
    parameter int Y_EXP = 1,
    parameter int Y_MAN = 1,
    parameter int O_FLOAT = 0,
    parameter int O_EXP = 1,
    parameter int O_MAN = 1,
    parameter int O_TOP = 0,
    parameter int O_MINUS_ZERO = 1,
    parameter int DECODED = 0,
    parameter int PRODUCT = 16,
    parameter int ACC = 32,
    parameter int PARAMS = 1,
    parameter int LEAKY = 0,
    parameter int TABLE = 0,
    parameter int X_LOWEST = 0,
    parameter int Y_LOWEST = 0,
    parameter int WIDTH = 20,
    parameter int DESIGN = 0,
    localparam int ADDRESS = 32
) (
    input  wire logic               clk,
    input  wire logic               rst,
    output logic                    irq,
    output logic                    m_axi_arvalid,
    input  wire logic               m_axi_arready,
    output logic      [ADDRESS-1:0] m_axi_araddr,
    output logic      [1:0]         m_axi_arid,
    output logic      [7:0]         m_axi_arlen,
    output logic      [2:0]         m_axi_arsize,
    output logic      [1:0]         m_axi_arburst,
    input  wire logic               m_axi_rvalid,
    output logic                    m_axi_rready,
    input  wire logic [D-1:0]       m_axi_rdata,
    input  wire logic [1:0]         m_axi_rid,
    input  wire logic               m_axi_rlast,
    input  wire logic [1:0]         m_axi_rresp,
    output logic                    m_axi_awvalid,
    input  wire logic               m_axi_awready,
    output logic      [ADDRESS-1:0] m_axi_awaddr,
    output logic      [1:0]         m_axi_awid,
    output logic      [7:0]         m_axi_awlen,
    output logic      [2:0]         m_axi_awsize,
    output logic      [1:0]         m_axi_awburst,
    output logic                    m_axi_wvalid,
    input  wire logic               m_axi_wready,
    output logic      [D-1:0]       m_axi_wdata,
    output logic      [D/8-1:0]     m_axi_wstrb,
    output logic                    m_axi_wlast,
    input  wire logic               m_axi_bvalid,
    output logic                    m_axi_bready,
    input  wire logic [1:0]         m_axi_bid,
    input  wire logic [1:0]         m_axi_bresp,
    input  wire logic               s_axil_awvalid,
    output logic                    s_axil_awready,
    input  wire logic [11:0]        s_axil_awaddr,
    input  wire logic               s_axil_wvalid,
    output logic                    s_axil_wready,
    input  wire logic [31:0]        s_axil_wdata,
    input  wire logic [3:0]         s_axil_wstrb,
    output logic                    s_axil_bvalid,
    input  wire logic               s_axil_bready,
    output logic      [1:0]         s_axil_bresp,
    input  wire logic               s_axil_arvalid,
    output logic                    s_axil_arready,
    input  wire logic [11:0]        s_axil_araddr,
    output logic                    s_axil_rvalid,
    input  wire logic               s_axil_rready,
    output logic      [31:0]        s_axil_rdata,
    output logic      [1:0]         s_axil_rresp
);
  localparam int UNITS = 11;
  localparam int TOKENS = 16;
  localparam int LINE = LINES > 1 ? $clog2(LINES) : 1;
  localparam int SUM = SUM_LINES > 1 ? $clog2(SUM_LINES) : 1;
  localparam int ENTRY = ENTRIES > 1 ? $clog2(ENTRIES) : 1;
  localparam int ROW = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int LOAD = 0, STORE = 1, MOVING = 2, SECOND = 3, FILL = 4, STEP = 5, TAKE = 6;
  localparam int RELOAD = 7, PARAM = 8, RESIDUAL = 9, DRAIN = 10;
  localparam int READERS = 6;
  localparam int READ_SECOND = 2, READ_MOVING = 3;  // at the buffer, where both take turns
  localparam int LEVELS = ROWS > 1 ? $clog2(ROWS) : 0;
  // cycles from a step to its line of sums
  localparam int DELAY = KEPT != 0 ? 2 : 3 + (LEVELS + 1) / 2 + (SHIFT != 0 ? 1 : 0);
  // 1: windows may be reduced to their greatest element
  localparam int MAXIMA = X_LOWEST != 0 || Y_LOWEST != 0 ? 1 : 0;
  localparam int SIZE = $clog2(D / 8);

  logic unused_inputs;
  assign unused_inputs = &{1'b0, m_axi_bid, s_axil_wstrb};

  // program
  logic load_passes, load_holds, load_waits, load_failed;
  logic store_passes, store_holds, store_waits, store_failed;
  logic start, stop, busy, finished, fetching, word_valid, word_ready, stopping, idle;
  logic fetch_valid, fetch_ready, load_asks, load_asked, fetch_arrives, fetch_takes, load_arrives,
        load_takes;
  logic [31:0] base, words;
  logic [63:0] word;
  logic [ADDRESS-1:0] fetch_address, load_address;
  logic [7:0] fetch_length, load_length;
  logic [UNITS-1:0] queued, accepts, valid, ready, working;
  logic [UNITS*42-1:0] orders;
  logic [3:0] target;
  localparam int COUNTERS = 15;
  logic [COUNTERS-1:0] events;

  registers #(.COUNTERS(COUNTERS), .DESIGN(DESIGN)) registers (
      .clk, .rst, .failed(load_failed || store_failed),
      .aw_valid(s_axil_awvalid), .aw_ready(s_axil_awready), .aw_address(s_axil_awaddr),
      .w_valid(s_axil_wvalid), .w_ready(s_axil_wready), .w_data(s_axil_wdata),
      .b_valid(s_axil_bvalid), .b_ready(s_axil_bready),
      .ar_valid(s_axil_arvalid), .ar_ready(s_axil_arready), .ar_address(s_axil_araddr),
      .r_valid(s_axil_rvalid), .r_ready(s_axil_rready), .r_data(s_axil_rdata),
      .start, .base, .words, .busy, .finished, .stop, .events
  );
  assign s_axil_bresp = 2'b00;
  assign s_axil_rresp = 2'b00;
  assign irq = finished;
  fetch #(.D(D), .ADDRESS(ADDRESS)) fetch (
      .clk, .rst, .start, .base, .words, .busy(fetching), .ar_valid(fetch_valid),
      .ar_ready(fetch_ready), .ar_address(fetch_address), .ar_length(fetch_length),
      .r_valid(fetch_arrives), .r_ready(fetch_takes), .r_data(m_axi_rdata), .out_valid(word_valid),
      .out_ready(word_ready), .out_data(word)
  );
  assign target = word[47:44];
  assign stopping = word_valid && word[41:40] == 2'd2;
  assign idle = working == '0 && valid == '0 && queued == '0;
  // over when the program's end was taken, and what the last burst brought behind it thrown away
  logic ended;
  assign stop = ended && !fetching;
  always_ff @(posedge clk) begin
    if (rst || stop) ended <= 1'b0;
    else if (stopping && idle) ended <= 1'b1;
  end
  always_comb begin
    word_ready = stopping && idle;
    queued = '0;
    for (int u = 0; u < UNITS; u++) begin
      if (word_valid && !stopping && target == 4'(u)) begin
        queued[u] = 1'b1;
        word_ready = accepts[u];
      end
    end
  end
  logic unused_word;
  assign unused_word = &{1'b0, word[63:48], word[43:42], busy, orders[FILL*42+:42], orders[TAKE*42+:42], ready[FILL],
                         ready[TAKE]};
  generate
    for (genvar u = 0; u < UNITS; u++) begin : g_queue
      if (u == (KEPT != 0 ? FILL : TAKE)) begin : g_absent
        assign accepts[u] = 1'b1;
        assign valid[u] = 1'b0;
        assign orders[u*42+:42] = '0;
      end else begin : g_present
        queue #(.WIDTH(42), .DEPTH(64)) queue (
            .clk, .rst, .in_valid(queued[u]), .in_ready(accepts[u]), .in_data(word[41:0]),
            .out_valid(valid[u]), .out_ready(ready[u]), .out_data(orders[u*42+:42])
        );
      end
    end
  endgenerate
  logic [TOKENS-1:0] available, take, give;
  logic [UNITS*TOKENS-1:0] takes, gives;
  always_comb begin
    take = '0;
    give = '0;
    for (int u = 0; u < UNITS; u++) begin
      take |= takes[u*TOKENS+:TOKENS];
      give |= gives[u*TOKENS+:TOKENS];
    end
  end
  tokens #(.TOKENS(TOKENS), .COUNT(10)) tokens (.clk, .rst, .give, .take, .available);

  // the program goes first, but an address that was offered stays
  logic offered, offered_fetch, asks_fetch;
  assign asks_fetch = offered ? offered_fetch : fetch_valid;
  always_ff @(posedge clk) begin
    if (rst) begin
      offered <= 1'b0;
      offered_fetch <= 1'b0;
    end else begin
      offered <= m_axi_arvalid && !m_axi_arready;
      offered_fetch <= asks_fetch;
    end
  end
  assign m_axi_arvalid = fetch_valid || load_asks;
  assign m_axi_arid = asks_fetch ? 2'd1 : 2'd0;
  assign m_axi_araddr = asks_fetch ? fetch_address : load_address;
  assign m_axi_arlen = asks_fetch ? fetch_length : load_length;
  assign m_axi_arsize = 3'(SIZE);
  assign m_axi_arburst = 2'b01;
  assign fetch_ready = m_axi_arready && asks_fetch;
  assign load_asked = m_axi_arready && !asks_fetch;
  assign fetch_arrives = m_axi_rvalid && m_axi_rid == 2'd1;
  assign load_arrives = m_axi_rvalid && m_axi_rid != 2'd1;
  assign m_axi_rready = m_axi_rid == 2'd1 ? fetch_takes : load_takes;
  assign m_axi_awid = 2'd0;
  assign m_axi_awsize = 3'(SIZE);
  assign m_axi_awburst = 2'b01;

  // buffer
  logic [READERS-1:0] read_valid, read_ready;
  logic [READERS*LINE-1:0] read_lines;
  logic [W-1:0] read_data;
  logic [1:0] write_valid, write_ready;
  logic [2*LINE-1:0] write_lines;
  logic [2*W-1:0] write_data;
  logic [2*(W/G)-1:0] write_masks;
  buffer #(.W(W), .G(G), .LINES(LINES), .READERS(READERS), .TURNS(READ_SECOND), .WRITERS(2), .LINE(LINE)) buffer (
      .clk, .rst, .read_valid, .read_ready, .read_lines, .read_data, .write_valid, .write_ready,
      .write_lines, .write_data, .write_masks
  );
  load #(.W(W), .D(D), .G(G), .ADDRESS(ADDRESS), .TOKENS(TOKENS), .LINE(LINE)) load (
      .clk, .rst, .in_valid(valid[LOAD]), .in_ready(ready[LOAD]), .in_data(orders[LOAD*42+:42]),
      .available, .take(takes[LOAD*TOKENS+:TOKENS]), .give(gives[LOAD*TOKENS+:TOKENS]),
      .busy(working[LOAD]), .ar_valid(load_asks), .ar_ready(load_asked), .ar_address(load_address),
      .ar_length(load_length), .r_valid(load_arrives), .r_ready(load_takes), .r_data(m_axi_rdata),
      .r_response(m_axi_rresp), .r_last(m_axi_rlast), .write_valid(write_valid[1]), .write_ready(write_ready[1]),
      .write_line(write_lines[LINE+:LINE]), .write_data(write_data[W+:W]),
      .write_mask(write_masks[W/G+:W/G]), .passes(load_passes), .holds_bus(load_holds),
      .waits_bus(load_waits), .failed(load_failed)
  );
  store #(.W(W), .D(D), .G(G), .ADDRESS(ADDRESS), .TOKENS(TOKENS), .LINE(LINE)) store (
      .clk, .rst, .in_valid(valid[STORE]), .in_ready(ready[STORE]), .in_data(orders[STORE*42+:42]),
      .available, .take(takes[STORE*TOKENS+:TOKENS]), .give(gives[STORE*TOKENS+:TOKENS]),
      .busy(working[STORE]), .aw_valid(m_axi_awvalid), .aw_ready(m_axi_awready),
      .aw_address(m_axi_awaddr), .aw_length(m_axi_awlen), .w_valid(m_axi_wvalid),
      .w_ready(m_axi_wready), .w_data(m_axi_wdata), .w_strobe(m_axi_wstrb), .w_last(m_axi_wlast),
      .b_valid(m_axi_bvalid), .b_ready(m_axi_bready), .b_response(m_axi_bresp),
      .passes(store_passes), .holds_bus(store_holds), .waits_bus(store_waits),
      .failed(store_failed), .read_valid(read_valid[4]),
      .read_ready(read_ready[4]), .read_line(read_lines[4*LINE+:LINE]), .read_data
  );

  // operands
  logic moving_valid, moving_ready, second_valid, second_ready;
  logic [(HEAD+ROWS)*X-1:0] moving;
  logic [COLUMNS*Y-1:0] second;
  reader #(
      .W(W), .E(X), .LANES(HEAD + ROWS), .LOOPS(8), .WIDTH(WIDTH), .TOKENS(TOKENS), .LINE(LINE),
      .LOWEST(X_LOWEST)
  ) reader_moving (
      .clk, .rst, .in_valid(valid[MOVING]), .in_ready(ready[MOVING]),
      .in_data(orders[MOVING*42+:42]), .available, .take(takes[MOVING*TOKENS+:TOKENS]),
      .give(gives[MOVING*TOKENS+:TOKENS]), .busy(working[MOVING]), .read_valid(read_valid[READ_MOVING]),
      .read_ready(read_ready[READ_MOVING]), .read_line(read_lines[READ_MOVING*LINE+:LINE]), .read_data,
      .out_valid(moving_valid), .out_ready(moving_ready), .out_data(moving)
  );
  reader #(
      .W(W), .E(Y), .LANES(COLUMNS), .LOOPS(8), .WIDTH(WIDTH), .TOKENS(TOKENS), .LINE(LINE),
      .LOWEST(Y_LOWEST), .STRIDED(STRIDED)
  ) reader_second (
      .clk, .rst, .in_valid(valid[SECOND]), .in_ready(ready[SECOND]),
      .in_data(orders[SECOND*42+:42]), .available, .take(takes[SECOND*TOKENS+:TOKENS]),
      .give(gives[SECOND*TOKENS+:TOKENS]), .busy(working[SECOND]), .read_valid(read_valid[READ_SECOND]),
      .read_ready(read_ready[READ_SECOND]), .read_line(read_lines[READ_SECOND*LINE+:LINE]), .read_data,
      .out_valid(second_valid), .out_ready(second_ready), .out_data(second)
  );

  // array, and what its lines do in the sums
  logic half_free, half_loaded, half_ready, free_half, step, first, bank_ends, half_begins, half_ends,
        loaded, greatest, waits_operands, waits_half;
  logic [15:0] entry, line, row;
  logic add_issue, add_valid, add_first, add_ends, add_greatest;
  logic [SUM-1:0] add_line;
  logic [COLUMNS*ACC-1:0] sums_of_step, read_sums, load_sums;
  logic load_valid, load_ready, load_ends, drain_reads, drain_granted;
  logic [SUM-1:0] load_line, drain_line;
  generate
    if (KEPT != 0) begin : g_kept
      logic bank_empty, bank_full, asks, asks_ends, unused_step;
      logic unused_first, unused_begins, unused_ends, unused_goes, unused_waits, keeps_greatest;
      logic [15:0] ask_entry, ask_line, ask_row, unused_line, unused_row;
      logic waits_lines;
      array_kept #(
          .ROWS(ROWS), .COLUMNS(COLUMNS), .ENTRIES(ENTRIES), .X(X), .Y(Y), .X_FLOAT(X_FLOAT),
          .X_EXP(X_EXP), .X_MAN(X_MAN), .Y_FLOAT(Y_FLOAT), .Y_EXP(Y_EXP), .Y_MAN(Y_MAN),
          .DECODED(DECODED), .PRODUCT(PRODUCT), .ACC(ACC),
          .SHIFT(SHIFT), .HEAD(HEAD), .MAXIMA(MAXIMA)
      ) array (
          .clk, .rst, .bank_empty, .step, .step_first(unused_first), .step_ends(bank_ends),
          .step_greatest(keeps_greatest),
          .step_entry(entry[ENTRY-1:0]), .x(moving), .y(second), .bank_full, .ask(asks),
          .ask_frees(asks_ends), .ask_entry(ask_entry[ENTRY-1:0]), .ask_row(ask_row[ROW-1:0]),
          .line(sums_of_step)
      );
      stepper #(.LOOPS(8), .TOKENS(TOKENS), .HALVES(0)) steps (
          .clk, .rst, .in_valid(valid[STEP]), .in_ready(ready[STEP]), .in_data(orders[STEP*42+:42]),
          .available, .take(takes[STEP*TOKENS+:TOKENS]), .give(gives[STEP*TOKENS+:TOKENS]),
          .busy(working[STEP]), .operands(moving_valid && second_valid), .bank(bank_empty),
          .half_free(1'b1), .half_loaded(1'b1), .step, .first_of_sum(unused_first), .bank_ends,
          .half_begins(unused_begins), .half_ends(unused_ends), .goes_on(unused_goes),
          .greatest(keeps_greatest), .entry,
          .line(unused_line), .row(unused_row), .waits_operands, .waits_half(unused_waits)
      );
      stepper #(.LOOPS(8), .TOKENS(TOKENS)) lines (
          .clk, .rst, .in_valid(valid[TAKE]), .in_ready(ready[TAKE]), .in_data(orders[TAKE*42+:42]),
          .available, .take(takes[TAKE*TOKENS+:TOKENS]), .give(gives[TAKE*TOKENS+:TOKENS]),
          .busy(working[TAKE]), .operands(1'b1), .bank(bank_full), .half_free, .half_loaded,
          .step(asks), .first_of_sum(first), .bank_ends(asks_ends), .half_begins, .half_ends,
          .goes_on(loaded), .greatest, .entry(ask_entry), .line(ask_line), .row(ask_row),
          .waits_operands(waits_lines), .waits_half
      );
      assign moving_ready = step;
      assign second_ready = step;
      assign add_issue = asks;
      assign line = ask_line;
      assign row = ask_row;
      assign unused_step = &{1'b0, unused_begins, unused_ends, unused_goes, unused_waits, entry,
                             unused_line, unused_row, ask_entry, waits_lines, row, line};
      assign ready[FILL] = 1'b1;
      assign takes[FILL*TOKENS+:TOKENS] = '0;
      assign gives[FILL*TOKENS+:TOKENS] = '0;
      assign working[FILL] = 1'b0;
    end else begin : g_held
      logic bank_full, unused_row;
      array_held #(
          .ROWS(ROWS), .COLUMNS(COLUMNS), .ENTRIES(ENTRIES), .X(X), .Y(Y), .X_FLOAT(X_FLOAT),
          .X_EXP(X_EXP), .X_MAN(X_MAN), .Y_FLOAT(Y_FLOAT), .Y_EXP(Y_EXP), .Y_MAN(Y_MAN),
          .DECODED(DECODED), .PRODUCT(PRODUCT), .ACC(ACC), .TOKENS(TOKENS),
          .SHIFT(SHIFT), .HEAD(HEAD)
      ) array (
          .clk, .rst, .in_valid(valid[FILL]), .in_ready(ready[FILL]), .in_data(orders[FILL*42+:42]),
          .available, .take(takes[FILL*TOKENS+:TOKENS]), .give(gives[FILL*TOKENS+:TOKENS]),
          .busy(working[FILL]), .fill_valid(second_valid), .fill_ready(second_ready),
          .fill_data(second), .bank_full, .step, .step_frees(bank_ends),
          .step_entry(entry[ENTRY-1:0]), .step_data(moving), .sums(sums_of_step)
      );
      stepper #(.LOOPS(8), .TOKENS(TOKENS)) steps (
          .clk, .rst, .in_valid(valid[STEP]), .in_ready(ready[STEP]), .in_data(orders[STEP*42+:42]),
          .available, .take(takes[STEP*TOKENS+:TOKENS]), .give(gives[STEP*TOKENS+:TOKENS]),
          .busy(working[STEP]), .operands(moving_valid), .bank(bank_full), .half_free,
          .half_loaded, .step, .first_of_sum(first), .bank_ends, .half_begins, .half_ends,
          .goes_on(loaded), .greatest, .entry, .line, .row, .waits_operands, .waits_half
      );
      assign moving_ready = step;
      assign add_issue = step;
      assign unused_row = &{1'b0, row, entry, line};
      assign ready[TAKE] = 1'b1;
      assign takes[TAKE*TOKENS+:TOKENS] = '0;
      assign gives[TAKE*TOKENS+:TOKENS] = '0;
      assign working[TAKE] = 1'b0;
    end
  endgenerate
  logic [3+SUM+MAXIMA-1:0] arriving;
  delay #(.WIDTH(3 + SUM + MAXIMA), .CYCLES(DELAY)) delay (
      .clk, .rst, .in_data((3 + SUM + MAXIMA)'({greatest, add_issue, first, half_ends, line[SUM-1:0]})),
      .out_data(arriving)
  );
  assign {add_valid, add_first, add_ends, add_line} = arriving[3+SUM-1:0];
  assign add_greatest = MAXIMA != 0 && arriving[3+SUM+MAXIMA-1];
  sums #(.COLUMNS(COLUMNS), .ACC(ACC), .LINES(SUM_LINES), .MAXIMA(MAXIMA)) sums (
      .clk, .rst, .half_free, .half_loaded, .take_half(add_issue && half_begins),
      .take_loaded(loaded), .add_valid, .add_first, .add_ends, .add_greatest, .add_line, .add_data(sums_of_step),
      .load_ready, .load_valid, .load_ends, .load_line, .load_data(load_sums), .half_ready,
      .free_half, .read_valid(drain_reads), .read_ready(drain_granted), .read_line(drain_line),
      .read_data(read_sums)
  );
  reload #(
      .W(W), .BITS(COLUMNS * ACC), .WIDTH(WIDTH), .LINE(LINE), .ADDRESS(SUM), .TOKENS(TOKENS)
  ) reload (
      .clk, .rst, .in_valid(valid[RELOAD]), .in_ready(ready[RELOAD]),
      .in_data(orders[RELOAD*42+:42]), .available, .take(takes[RELOAD*TOKENS+:TOKENS]),
      .give(gives[RELOAD*TOKENS+:TOKENS]), .busy(working[RELOAD]), .read_valid(read_valid[5]),
      .read_ready(read_ready[5]), .read_line(read_lines[5*LINE+:LINE]), .read_data, .half_free,
      .load_valid, .load_ready, .load_ends, .load_line, .load_data(load_sums)
  );

  // post-processing
  logic params_valid, params_ready, residual_valid, residual_ready;
  logic [PARAMS*64-1:0] params;
  logic [COLUMNS*O-1:0] residual;
  reader #(
      .W(W), .E(64), .LANES(PARAMS), .LOOPS(6), .WIDTH(WIDTH), .TOKENS(TOKENS), .LINE(LINE), .DEPTH(2),
      .AHEAD(0)
  ) reader_params (
      .clk, .rst, .in_valid(valid[PARAM]), .in_ready(ready[PARAM]), .in_data(orders[PARAM*42+:42]),
      .available, .take(takes[PARAM*TOKENS+:TOKENS]), .give(gives[PARAM*TOKENS+:TOKENS]),
      .busy(working[PARAM]), .read_valid(read_valid[0]), .read_ready(read_ready[0]),
      .read_line(read_lines[0+:LINE]), .read_data, .out_valid(params_valid),
      .out_ready(params_ready), .out_data(params)
  );
  reader #(
      .W(W), .E(O), .LANES(COLUMNS), .LOOPS(8), .WIDTH(WIDTH), .TOKENS(TOKENS), .LINE(LINE), .DEPTH(3),
      .AHEAD(0)
  ) reader_residual (
      .clk, .rst, .in_valid(valid[RESIDUAL]), .in_ready(ready[RESIDUAL]),
      .in_data(orders[RESIDUAL*42+:42]), .available, .take(takes[RESIDUAL*TOKENS+:TOKENS]),
      .give(gives[RESIDUAL*TOKENS+:TOKENS]), .busy(working[RESIDUAL]), .read_valid(read_valid[1]),
      .read_ready(read_ready[1]), .read_line(read_lines[LINE+:LINE]), .read_data,
      .out_valid(residual_valid), .out_ready(residual_ready), .out_data(residual)
  );
  drain #(
      .W(W), .G(G), .COLUMNS(COLUMNS), .ACC(ACC), .E(O), .FLOAT(O_FLOAT), .EXP(O_EXP), .MAN(O_MAN),
      .TOP(O_TOP), .MINUS_ZERO(O_MINUS_ZERO), .PARAMS(PARAMS), .LEAKY(LEAKY), .TABLE(TABLE),
      .WIDTH(WIDTH), .TOKENS(TOKENS), .LINE(LINE), .ADDRESS(SUM)
  ) drain (
      .clk, .rst, .in_valid(valid[DRAIN]), .in_ready(ready[DRAIN]), .in_data(orders[DRAIN*42+:42]),
      .available, .take(takes[DRAIN*TOKENS+:TOKENS]), .give(gives[DRAIN*TOKENS+:TOKENS]),
      .busy(working[DRAIN]), .half_ready, .free_half, .read_valid(drain_reads),
      .read_ready(drain_granted), .read_line(drain_line), .read_data(read_sums), .params_valid,
      .params_ready, .params_data(params), .residual_valid, .residual_ready,
      .residual_data(residual), .write_valid(write_valid[0]), .write_ready(write_ready[0]),
      .write_line(write_lines[0+:LINE]), .write_data(write_data[0+:W]),
      .write_mask(write_masks[0+:W/G])
  );

  // what the counters count
  assign events = {
    store_waits, store_holds, store_passes, load_waits, load_holds, load_passes,
    working[STORE], working[DRAIN], working[LOAD], waits_half, waits_operands, half_ready, add_valid,
    step, 1'b1
  };
endmodule
`default_nettype wire
