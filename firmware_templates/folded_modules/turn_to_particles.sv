// A corner turn: takes CHANNELS/FOLD channels a beat, each of all PARTICLES, and gives
// PARTICLES/FOLD particles a beat, each with all of its channels. The first beat goes out in the
// clock of `last`, in which the last one comes in.
module @TOP@_fold_turn_to_particles #(
    parameter BITS = 1,
    parameter PARTICLES = 2,
    parameter CHANNELS = 2,
    parameter FOLD = 2
) (
    input logic clk,
    input logic rst,
    input logic last,
    input logic [PARTICLES*CHANNELS/FOLD*BITS-1:0] channels,
    output logic [PARTICLES*CHANNELS/FOLD*BITS-1:0] particles
);
    localparam WIDTH = PARTICLES * CHANNELS / FOLD * BITS;
    localparam EACH = CHANNELS / FOLD;
    logic [FOLD*WIDTH-1:0] by_particle, by_channel;

    @TOP@_fold_collect #(.WIDTH(WIDTH), .FOLD(FOLD)) collect (.clk(clk), .beat(channels), .all(by_channel));

    for (genvar p = 0; p < PARTICLES; p++)
        for (genvar c = 0; c < CHANNELS; c++)
            assign by_particle[(p * CHANNELS + c) * BITS+:BITS] =
                by_channel[((c / EACH * PARTICLES + p) * EACH + c % EACH) * BITS+:BITS];

    @TOP@_fold_send #(.WIDTH(WIDTH), .FOLD(FOLD)) send (.clk(clk), .rst(rst), .load(last), .all(by_particle), .beat(particles));
endmodule
