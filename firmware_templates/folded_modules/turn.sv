// A corner turn: takes PARTICLES/FOLD particles a beat, each with all of its CHANNELS, and gives
// CHANNELS/FOLD channels a beat, each of all particles; the other way round with TO_CHANNELS = 0.
// The first beat goes out in the clock of `last`, in which the last one comes in.
module @TOP@_fold_turn #(
    parameter BITS = 1,
    parameter PARTICLES = 2,
    parameter CHANNELS = 2,
    parameter FOLD = 2,
    parameter TO_CHANNELS = 1
) (
    input logic clk,
    input logic rst,
    input logic last,
    input logic [PARTICLES*CHANNELS/FOLD*BITS-1:0] given,
    output logic [PARTICLES*CHANNELS/FOLD*BITS-1:0] turned
);
    localparam WIDTH = PARTICLES * CHANNELS / FOLD * BITS;
    localparam EACH = CHANNELS / FOLD;
    logic [FOLD*WIDTH-1:0] arrived, ordered;

    @TOP@_fold_collect #(.WIDTH(WIDTH), .FOLD(FOLD)) collect (.clk(clk), .beat(given), .all(arrived));

    for (genvar p = 0; p < PARTICLES; p++)
        for (genvar c = 0; c < CHANNELS; c++) begin
            localparam BY_PARTICLE = p * CHANNELS + c;
            localparam BY_CHANNEL = (c / EACH * PARTICLES + p) * EACH + c % EACH;
            assign ordered[(TO_CHANNELS ? BY_CHANNEL : BY_PARTICLE) * BITS+:BITS] =
                arrived[(TO_CHANNELS ? BY_PARTICLE : BY_CHANNEL) * BITS+:BITS];
        end

    @TOP@_fold_send #(.WIDTH(WIDTH), .FOLD(FOLD)) send (.clk(clk), .rst(rst), .load(last), .all(ordered), .beat(turned));
endmodule
