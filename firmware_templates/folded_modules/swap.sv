// Wires: ROWS x COLUMNS elements, row by row, go out column by column.
module @TOP@_fold_swap #(
    parameter WIDTH = 1,
    parameter ROWS = 2,
    parameter COLUMNS = 2
) (
    input logic [ROWS*COLUMNS*WIDTH-1:0] given,
    output logic [ROWS*COLUMNS*WIDTH-1:0] swapped
);
    for (genvar r = 0; r < ROWS; r++)
        for (genvar c = 0; c < COLUMNS; c++)
            assign swapped[(c*ROWS+r)*WIDTH+:WIDTH] = given[(r*COLUMNS+c)*WIDTH+:WIDTH];
endmodule
