// A jet in @FOLD@ clocks. @SUMMARY@
module @TOP@ (
    input logic clk,
    input logic rst,
    input logic model_start,
    output logic model_ready,
    input logic [@INPUT_BITS@-1:0] model_inp,
    output logic model_valid,
    output logic [@OUTPUT_BITS@-1:0] model_out
);
    logic [@CLOCKS@:0] at;

    @TOP@_fold_control #(.FOLD(@FOLD@), .CLOCKS(@CLOCKS@)) control (
        .clk(clk), .rst(rst), .start(model_start), .ready(model_ready), .at(at)
    );
@BODY@
    assign model_valid = at[@CLOCKS@];
    assign model_out = @LAST@_out;
endmodule
