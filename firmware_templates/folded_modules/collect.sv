// All beats of a jet side by side, the first in the lowest bits, in the clock in which the last one
// comes in.
module @TOP@_fold_collect #(
    parameter WIDTH = 1,
    parameter FOLD = 2
) (
    input logic clk,
    input logic [WIDTH-1:0] beat,
    output logic [FOLD*WIDTH-1:0] all
);
    logic [(FOLD-1)*WIDTH-1:0] past;

    assign all = {beat, past};

    always_ff @(posedge clk) past <= all[FOLD*WIDTH-1:WIDTH];
endmodule
