// A register: a value that is there in the clock of `load` stays until the next one.
module @TOP@_fold_hold #(
    parameter WIDTH = 1
) (
    input logic clk,
    input logic load,
    input logic [WIDTH-1:0] value,
    output logic [WIDTH-1:0] held
);
    always_ff @(posedge clk) if (load) held <= value;
endmodule
