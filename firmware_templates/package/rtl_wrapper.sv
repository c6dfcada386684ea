`timescale 1 ns / 1 ps

// The tagger @NAME@, version @VERSION@, with valid bits and a port for each element.
//
// The edge that takes a jet (in_valid) is followed after exactly @LATENCY@ cycles by the edge that puts
// out its answer (out_valid). A jet can be given at every cycle. rst clears the valid bits of all
// jets on their way; the data need no reset.
module @LABEL@@PARAMETER@ (
    input logic clk,
    input logic rst,
    input logic in_valid,
@INPUTS@,
    output logic out_valid,
@OUTPUTS@
);
    localparam int LATENCY = @LATENCY@;

    logic [LATENCY:0] valid;

    always_ff @(posedge clk) valid <= rst ? '0 : {valid[LATENCY-1:0], in_valid};

    assign out_valid = valid[LATENCY];@DECISION@

    @NETWORK@ network (
        .clk(clk),
        .model_inp({@PACKED_INPUTS@}),
        .model_out({@PACKED_OUTPUTS@})
    );
endmodule
