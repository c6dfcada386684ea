// A corner turn: takes PARTICLES/FOLD particles a beat, each with all of its CHANNELS, and gives
// CHANNELS/FOLD channels a beat, each of all particles. The first beat goes out in the clock of
// `last`, in which the last one comes in.
module @TOP@_fold_turn_to_channels #(
    parameter BITS = 1,
    parameter PARTICLES = 2,
    parameter CHANNELS = 2,
    parameter FOLD = 2
) (
    input logic clk,
    input logic rst,
    input logic last,
    input logic [PARTICLES*CHANNELS/FOLD*BITS-1:0] particles,
    output logic [PARTICLES*CHANNELS/FOLD*BITS-1:0] channels
);
    localparam WIDTH = PARTICLES * CHANNELS / FOLD * BITS;
    localparam EACH = CHANNELS / FOLD;
    logic [FOLD*WIDTH-1:0] by_particle, by_channel;

    @TOP@_fold_collect #(.WIDTH(WIDTH), .FOLD(FOLD)) collect (.clk(clk), .beat(particles), .all(by_particle));

    for (genvar p = 0; p < PARTICLES; p++)
        for (genvar c = 0; c < CHANNELS; c++)
            assign by_channel[((c / EACH * PARTICLES + p) * EACH + c % EACH) * BITS+:BITS] =
                by_particle[(p * CHANNELS + c) * BITS+:BITS];

    @TOP@_fold_send #(.WIDTH(WIDTH), .FOLD(FOLD)) send (.clk(clk), .rst(rst), .load(last), .all(by_channel), .beat(channels));
endmodule
