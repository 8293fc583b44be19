// A function by its table: 2^N entries of M bits, one answer a cycle.
//
// Latency 1 cycle in which `enable` is high; `value` holds while it is low. An entry that is written and
// read in the same cycle answers as it was before. What was never written is unknown, and the memory has
// no reset.
`default_nettype none

module lookup_table #(
    parameter int N = 8,
    parameter int M = 8
) (
    input  logic         clk,
    input  logic         write,
    input  logic [N-1:0] write_index,
    input  logic [M-1:0] write_value,
    input  logic         enable,
    input  logic [N-1:0] index,
    output logic [M-1:0] value
);

  logic [M-1:0] entries[2**N];

  always_ff @(posedge clk) if (write) entries[write_index] <= write_value;

  always_ff @(posedge clk) if (enable) value <= entries[index];

endmodule

`default_nettype wire
