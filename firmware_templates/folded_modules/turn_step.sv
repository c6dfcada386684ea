// A step of a corner turn: of LANES lanes in LANES beats, a digit of the beat and that digit of the
// lane change places. APART is the place value of the digit, and RADIX how many values it has. The
// first beat goes out (RADIX - 1) * APART clocks after it came in.
module @TOP@_fold_turn_step #(
    parameter WIDTH = 1,
    parameter LANES = 2,
    parameter RADIX = 2,
    parameter APART = 1
) (
    input logic clk,
    input logic next_start,  // high in the clock before the one in which the first beat comes in
    input logic [LANES*WIDTH-1:0] given,
    output logic [LANES*WIDTH-1:0] turned
);
    localparam BITS = $clog2(RADIX);
    logic [BITS-1:0] digit;  // that of the beat that comes in
    logic [(APART > 1 ? $clog2(APART) : 1)-1:0] below;  // its lower digits
    logic [RADIX*BITS-1:0] from;  // by digit of the lane: which lane it takes
    logic [LANES*WIDTH-1:0] late, chosen;

    always_ff @(posedge clk)
        if (next_start) begin
            digit <= 0;
            below <= 0;
        end else if (below != APART - 1) below <= below + 1;
        else begin
            below <= 0;
            digit <= digit == RADIX - 1 ? 0 : digit + 1;
        end

    for (genvar d = 0; d < RADIX; d++) begin : digits
        @TOP@_fold_delay #(.WIDTH(BITS), .CLOCKS(d * APART)) later (
            .clk(clk), .value(digit), .delayed(from[d*BITS+:BITS])
        );
    end

    for (genvar n = 0; n < LANES; n++) begin : lanes
        localparam DIGIT = n / APART % RADIX;
        @TOP@_fold_line #(.WIDTH(WIDTH), .CLOCKS(DIGIT * APART)) ahead (
            .clk(clk), .value(given[n*WIDTH+:WIDTH]), .delayed(late[n*WIDTH+:WIDTH])
        );
        // a multiplexer for each bit, which synthesis tools make of few LUT
        for (genvar b = 0; b < WIDTH; b++) begin : bits
            logic [RADIX-1:0] all;
            for (genvar m = 0; m < RADIX; m++)
                assign all[m] = late[(n+(m-DIGIT)*APART)*WIDTH+b];
            assign chosen[n*WIDTH+b] = all[from[DIGIT*BITS+:BITS]];
        end
        @TOP@_fold_line #(.WIDTH(WIDTH), .CLOCKS((RADIX - 1 - DIGIT) * APART)) behind (
            .clk(clk), .value(chosen[n*WIDTH+:WIDTH]), .delayed(turned[n*WIDTH+:WIDTH])
        );
    end
endmodule
