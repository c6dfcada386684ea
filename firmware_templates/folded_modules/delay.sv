// A shift register: what comes in goes out CLOCKS clocks later, in the same one for 0.
module @TOP@_fold_delay #(
    parameter WIDTH = 1,
    parameter CLOCKS = 1
) (
    input logic clk,
    input logic [WIDTH-1:0] value,
    output logic [WIDTH-1:0] delayed
);
    if (CLOCKS == 0) assign delayed = value;
    else begin : shifts
        logic [CLOCKS*WIDTH-1:0] line;

        assign delayed = line[CLOCKS*WIDTH-1-:WIDTH];

        always_ff @(posedge clk) line <= {line, value};  // the oldest falls out at the top
    end
endmodule
