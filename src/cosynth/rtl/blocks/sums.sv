// The memory of partial sums: two halves of LINES lines of COLUMNS sums of ACC bits. The array adds lines
// to one half while finished lines are read from the other. A line that comes twice in a row is added to
// the sum in flight, so that one line a cycle may come.
// `take_half` reserves a half for the array, `ends` marks its last line, `free_half` hands it back when it
// was read. With MAXIMA, a line that is `add_greatest` is not added: the greater of both is kept. With `load_*` a half is written whole before the array adds to it.
`default_nettype none
module sums #(
    parameter int COLUMNS = 4,
    parameter int ACC = 32,
    parameter int LINES = 64,
    parameter int MAXIMA = 0,
    localparam int ADDRESS = LINES > 1 ? $clog2(LINES) : 1
) (
    input  wire logic                   clk,
    input  wire logic                   rst,
    // the array
    output logic                        half_free,
    output logic                        half_loaded,
    input  wire logic                   take_half,
    input  wire logic                   take_loaded,
    input  wire logic                   add_valid,
    input  wire logic                   add_first,
    input  wire logic                   add_ends,
    input  wire logic                   add_greatest,
    input  wire logic [ADDRESS-1:0]     add_line,
    input  wire logic [COLUMNS*ACC-1:0] add_data,
    // what writes sums to go on from
    output logic                        load_ready,
    input  wire logic                   load_valid,
    input  wire logic                   load_ends,
    input  wire logic [ADDRESS-1:0]     load_line,
    input  wire logic [COLUMNS*ACC-1:0] load_data,
    // what reads finished lines
    output logic                        half_ready,
    input  wire logic                   free_half,
    input  wire logic                   read_valid,
    output logic                        read_ready,
    input  wire logic [ADDRESS-1:0]     read_line,
    output logic      [COLUMNS*ACC-1:0] read_data
);
  logic add_half, load_half, read_half;
  logic [1:0] free, loaded, ready;  // halves in each state
  logic take_free;

  assign half_free = free != '0;
  assign half_loaded = loaded != '0;
  assign half_ready = ready != '0;
  assign take_free = take_half && !take_loaded;

  // a line comes in, and its sum is written in the cycle after
  logic adding, started, follows, ends, fetch;
  logic [ADDRESS:0] line, add_at;
  logic [COLUMNS*ACC-1:0] terms, added, written, stored;
  assign add_at = {add_half, add_line};
  assign fetch = add_valid && !add_first && !(adding && line == add_at);
  generate
    if (MAXIMA != 0) begin : g_maxima
      logic greatest;
      always_ff @(posedge clk) greatest <= add_greatest;
      for (genvar c = 0; c < COLUMNS; c++) begin : g_column
        logic signed [ACC-1:0] term, sum;
        assign term = terms[c*ACC+:ACC];
        assign sum = follows ? written[c*ACC+:ACC] : stored[c*ACC+:ACC];
        always_comb begin
          if (started || (greatest && term > sum)) added[c*ACC+:ACC] = term;
          else added[c*ACC+:ACC] = greatest ? sum : term + sum;
        end
      end
    end else begin : g_sums
      logic unused_greatest;
      assign unused_greatest = add_greatest;
      always_comb begin
        added = terms;
        for (int c = 0; c < COLUMNS; c++) begin
          if (!started) begin
            added[c*ACC+:ACC] = terms[c*ACC+:ACC]
                              + (follows ? written[c*ACC+:ACC] : stored[c*ACC+:ACC]);
          end
        end
      end
    end
  endgenerate
  always_ff @(posedge clk) begin
    terms   <= add_data;
    line    <= add_at;
    started <= add_first;
    follows <= adding && line == add_at;
    written <= added;
  end

  assign load_ready = !adding;
  sram_1r1w #(.WIDTH(COLUMNS * ACC), .DEPTH(2 << ADDRESS), .MASKS(1)) memory (
      .clk,
      .read_enable(fetch || read_valid),
      .read_address(fetch ? add_at : {read_half, read_line}),
      .read_data(stored),
      .write_enable(adding || load_valid),
      .write_address(adding ? line : {load_half, load_line}),
      .write_data(adding ? added : load_data),
      .write_mask(1'b1)
  );
  assign read_ready = !fetch;
  assign read_data = stored;

  always_ff @(posedge clk) begin
    if (rst) begin
      adding <= 1'b0;
      ends <= 1'b0;
      add_half <= 1'b0;
      load_half <= 1'b0;
      read_half <= 1'b0;
      free <= 2'd2;
      loaded <= '0;
      ready <= '0;
    end else begin
      adding <= add_valid;
      ends <= add_valid && add_ends;
      if (add_valid && add_ends) add_half <= !add_half;
      if (load_valid && load_ready && load_ends) load_half <= !load_half;
      else if (take_free) load_half <= !load_half;
      if (free_half) read_half <= !read_half;
      free <= free + 2'(free_half) - 2'(take_free || (load_valid && load_ready && load_ends));
      loaded <= loaded + 2'(load_valid && load_ready && load_ends) - 2'(take_half && take_loaded);
      ready <= ready + 2'(ends) - 2'(free_half);
    end
  end
endmodule
`default_nettype wire
