// Sends what is there in the clock of `load` in FOLD beats, the lowest bits first and at once.
module @TOP@_fold_send #(
    parameter WIDTH = 1,
    parameter FOLD = 2
) (
    input logic clk,
    input logic rst,
    input logic load,
    input logic [FOLD*WIDTH-1:0] all,
    output logic [WIDTH-1:0] beat
);
    logic [(FOLD-1)*WIDTH-1:0] held;  // all beats but the first
    logic [$clog2(FOLD)-1:0] number;  // that of the beat that is sent, 0 between jets
    logic [FOLD*WIDTH-1:0] beats;

    assign beats = {held, all[WIDTH-1:0]};

    // a multiplexer for each bit, which synthesis tools make of few LUT
    for (genvar b = 0; b < WIDTH; b++) begin : bits
        logic [FOLD-1:0] choice;
        for (genvar n = 0; n < FOLD; n++) assign choice[n] = beats[n*WIDTH+b];
        assign beat[b] = choice[number];
    end

    always_ff @(posedge clk) begin
        if (load) held <= all[FOLD*WIDTH-1:WIDTH];
        if (rst) number <= 0;
        else if (load) number <= 1;
        else if (number == FOLD - 1) number <= 0;
        else if (number != 0) number <= number + 1;
    end
endmodule
