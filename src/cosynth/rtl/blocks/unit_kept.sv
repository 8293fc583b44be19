// One unit of an array that keeps sums: the product of x and y, registered, is added in the next cycle to
// the sum at `place`, or begins it. Two banks of ENTRIES sums of ACC bits, which wrap. With SHIFT the
// product is shifted left `by` bits before. With MAXIMA, the greater of both is kept where `greatest`
// says so.
`default_nettype none
module unit_kept #(
    parameter int ENTRIES = 2,
    parameter int X = 8,
    parameter int Y = 8,
    parameter int X_FLOAT = 0,
    parameter int X_EXP = 1,
    parameter int X_MAN = 1,
    parameter int Y_FLOAT = 0,
    parameter int Y_EXP = 1,
    parameter int Y_MAN = 1,
    parameter int DECODED = 0,
    parameter int PRODUCT = 16,
    parameter int ACC = 32,
    parameter int MAXIMA = 0,
    parameter int SHIFT = 0,
    localparam int ENTRY = ENTRIES > 1 ? $clog2(ENTRIES) : 1,
    localparam int SHIFT_BITS = SHIFT > 0 ? SHIFT : 1,
    localparam int TERM = SHIFT > 0 ? ACC : PRODUCT
) (
    input  wire logic           clk,
    input  wire logic [X-1:0]   x,
    input  wire logic [Y-1:0]   y,
    // verilator lint_off UNUSEDSIGNAL
    input  wire logic [SHIFT_BITS-1:0] by,  // where there is no SHIFT
    // verilator lint_on UNUSEDSIGNAL
    input  wire logic           adds,
    input  wire logic           first,
    input  wire logic           greatest,
    input  wire logic [ENTRY:0] place,
    input  wire logic [ENTRY:0] reading,
    output logic      [ACC-1:0] sum
);
  logic [1:0][ACC-1:0] kept, read;  // of each bank
  logic signed [PRODUCT-1:0] found;
  logic signed [TERM-1:0] product;
  logic [ACC-1:0] grown;

  product #(
      .A_FLOAT(X_FLOAT), .A_BITS(X), .A_EXP(X_EXP), .A_MAN(X_MAN),
      .B_FLOAT(Y_FLOAT), .B_BITS(Y), .B_EXP(Y_EXP), .B_MAN(Y_MAN),
      .DECODED(DECODED), .P(PRODUCT)
  ) product_of (
      .a(x), .b(y), .p(found)
  );
  generate
    if (MAXIMA != 0) begin : g_maxima
      logic [ACC-1:0] chosen;
      logic signed [ACC-1:0] term, before_it;
      assign chosen = kept[place[ENTRY]];
      assign term = ACC'(product);
      assign before_it = chosen;
      always_comb begin
        if (first || (greatest && term > before_it)) grown = term;
        else grown = greatest ? before_it : term + before_it;
      end
    end else begin : g_sum
      logic unused_greatest;
      assign unused_greatest = greatest;
      assign grown = (first ? '0 : kept[place[ENTRY]]) + ACC'(product);
    end
  endgenerate
  assign sum = read[reading[ENTRY]];
  generate
    for (genvar b = 0; b < 2; b++) begin : g_bank
      logic [ACC-1:0] entries[ENTRIES];
      always_ff @(posedge clk) begin
        if (adds && place[ENTRY] == 1'(b)) entries[place[ENTRY-1:0]] <= grown;
      end
      assign kept[b] = entries[place[ENTRY-1:0]];
      assign read[b] = entries[reading[ENTRY-1:0]];
    end
  endgenerate
  generate
    if (SHIFT != 0) begin : g_shifted
      always_ff @(posedge clk) product <= TERM'(found) <<< by;
    end else begin : g_plain
      always_ff @(posedge clk) product <= found;
    end
  endgenerate
endmodule
`default_nettype wire
