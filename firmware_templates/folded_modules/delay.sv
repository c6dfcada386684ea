// A shift register: what comes in goes out CLOCKS clocks later.
module @TOP@_fold_delay #(
    parameter WIDTH = 1,
    parameter CLOCKS = 1
) (
    input logic clk,
    input logic [WIDTH-1:0] value,
    output logic [WIDTH-1:0] delayed
);
    logic [CLOCKS*WIDTH-1:0] line;

    assign delayed = line[CLOCKS*WIDTH-1-:WIDTH];

    always_ff @(posedge clk) line <= {line, value};  // the oldest falls out at the top
endmodule
