// Lets jets start FOLD clocks apart, and says when each step of a jet happens: at[t] is high in the
// t-th clock after the one in which its first beat is taken.
module @TOP@_fold_control #(
    parameter FOLD = 2,
    parameter CLOCKS = 1
) (
    input logic clk,
    input logic rst,
    input logic start,
    output logic ready,
    output logic [CLOCKS:0] at
);
    logic [$clog2(FOLD)-1:0] left;  // clocks until the next jet may start
    logic [CLOCKS-1:0] past;

    assign ready = left == 0 && !rst;
    assign at = {past, start && ready};

    always_ff @(posedge clk)
        if (rst) begin
            left <= 0;
            past <= 0;
        end else begin
            if (at[0]) left <= FOLD - 1;
            else if (left != 0) left <= left - 1;
            past <= at[CLOCKS-1:0];
        end
endmodule
