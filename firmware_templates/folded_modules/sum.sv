// Adds up the beats of a jet: the total is there in the clock in which the last one comes in. OUT
// has the bits of the whole sum.
module @TOP@_fold_sum #(
    parameter IN = 1,
    parameter OUT = 2,
    parameter SIGNED = 0
) (
    input logic clk,
    input logic first,
    input logic [IN-1:0] part,
    output logic [OUT-1:0] total
);
    logic [OUT-1:0] past;
    logic sign;

    assign sign = SIGNED != 0 && part[IN-1];
    assign total = (first ? 0 : past) + {{(OUT - IN) {sign}}, part};

    always_ff @(posedge clk) past <= total;
endmodule
