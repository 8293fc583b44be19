// The sum of two float32 as IEEE 754 has it: to the nearest, ties to even, with subnormals, infinities
// and one NaN.
//
// Combinational.
`default_nettype none

module add_fp32 (
    input  logic [31:0] a,
    input  logic [31:0] b,
    output logic [31:0] sum
);

  localparam logic [31:0] NAN = 32'h7FC0_0000;
  localparam logic [30:0] INFINITY = 31'h7F80_0000;

  logic [30:0] greater, lesser;  // magnitudes
  logic a_greater;
  logic [7:0] exponent, distance;
  logic [26:0] x, y;  // significands and three bits below: the last says whether any more is set
  logic lost, up, zero;
  logic [27:0] total;
  logic [30:0] size;
  logic sign;

  always_comb begin
    a_greater = a[30:0] >= b[30:0];
    greater = a_greater ? a[30:0] : b[30:0];
    lesser = a_greater ? b[30:0] : a[30:0];
    // a subnormal has the exponent of the lowest binade
    exponent = greater[30:23] == '0 ? 8'd1 : greater[30:23];
    distance = exponent - (lesser[30:23] == '0 ? 8'd1 : lesser[30:23]);
    x = {greater[30:23] != '0, greater[22:0], 3'b0};
    y = {lesser[30:23] != '0, lesser[22:0], 3'b0};
    lost = 1'b0;
    for (int stage = 0; stage < 5; stage++)
      if (distance[stage]) begin
        lost = lost | (|(y & ~({27{1'b1}} << (1 << stage))));
        y = y >> (1 << stage);
      end
    if (distance[7:5] != '0) begin
      lost = lost | (y != '0);
      y = '0;
    end
    y[0] = y[0] | lost;
    if (a[31] == b[31]) total = {1'b0, x} + {1'b0, y};
    else total = {1'b0, x} - {1'b0, y};
    // only two minus zeros make one
    zero = total == '0;
    sign = zero ? a[31] & b[31] : (a_greater ? a[31] : b[31]);

    if (total[27]) begin
      total = {1'b0, total[27:2], total[1] | total[0]};
      exponent = exponent + 8'd1;
    end else begin
      for (int stage = 4; stage >= 0; stage--)
        if ((total[26:0] >> (27 - (1 << stage))) == '0 && exponent > 8'(32'd1 << stage)) begin
          total = total << (1 << stage);
          exponent = exponent - 8'(32'd1 << stage);
        end
    end
    up = total[2] & (total[1] | total[0] | total[3]);
    // the hidden bit and a carry out of the rounding count the exponent up
    size = {exponent - 8'd1, 23'b0} + 31'(total[26:3]) + 31'(up);

    if (greater > INFINITY || (lesser == INFINITY && a[31] != b[31])) sum = NAN;
    else if (greater == INFINITY || exponent == 8'd255) sum = {sign, INFINITY};
    else sum = zero ? {sign, 31'b0} : {sign, size};
  end

endmodule

`default_nettype wire
