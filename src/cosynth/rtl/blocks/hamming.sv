// A Hamming code of PART bits with CHECK check bits, both ways and combinational: `coded` is `data` in the
// code's order with its check bits; `corrected` is the data of `stored`, right if at most one bit of it is not.
`default_nettype none
module hamming #(
    parameter int PART = 8,
    parameter int CHECK = 4,
    localparam int CODE = PART + CHECK
) (
    input  wire logic [PART-1:0] data,
    output logic      [CODE-1:0] coded,
    input  wire logic [CODE-1:0] stored,
    output logic      [PART-1:0] corrected
);
  // bits that take part in a check
  function automatic logic [CODE-1:0] members(input logic [4:0] check);
    members = '0;
    for (int p = 1; p <= CODE; p++) members[p-1] = p[check];
  endfunction
  logic [CODE-1:0] spread;
  logic [CHECK-1:0] checks, fails;
  logic [CODE-1:0] right;
  generate
    for (genvar p = 1; p <= CODE; p++) begin : g_place
      // data before this place: places so far without the powers of two among them
      localparam int BEFORE = p - 1 - $clog2(p);
      assign right[p-1] = stored[p-1] ^ (fails == CHECK'(p));
      if ((p & (p - 1)) == 0) begin : g_check
        assign spread[p-1] = 1'b0;
        assign coded[p-1] = checks[$clog2(p)];
        logic unused_right;
        assign unused_right = right[p-1];
      end else begin : g_data
        assign spread[p-1] = data[BEFORE];
        assign coded[p-1] = data[BEFORE];
        assign corrected[BEFORE] = right[p-1];
      end
    end
    for (genvar k = 0; k < CHECK; k++) begin : g_parity
      localparam logic [CODE-1:0] MEMBERS = members(5'(k));
      assign checks[k] = ^(spread & MEMBERS);
      assign fails[k] = ^(stored & MEMBERS);
    end
  endgenerate
endmodule
`default_nettype wire
