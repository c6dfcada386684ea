// A shift register made of registers, of which a slice has two for each LUT: what comes in goes out
// CLOCKS clocks later, in the same one for 0.
module @TOP@_fold_line #(
    parameter WIDTH = 1,
    parameter CLOCKS = 1
) (
    input logic clk,
    input logic [WIDTH-1:0] value,
    output logic [WIDTH-1:0] delayed
);
    if (CLOCKS == 0) assign delayed = value;
    else begin : registers
        (* keep, shreg_extract = "no" *)  // a shift register of LUT would take more of them
        logic [CLOCKS*WIDTH-1:0] line;

        assign delayed = line[CLOCKS*WIDTH-1-:WIDTH];

        always_ff @(posedge clk) line <= {line, value};
    end
endmodule
