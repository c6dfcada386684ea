`timescale 1 ns / 1 ps

// The tagger @NAME@, version @VERSION@, between two AXI4-Streams: a jet in, its answer out, in order.
//
// tlast travels with its jet. A jet can be taken at every cycle while answers are fetched; else it
// waits (s_axis_tready) as long as answers do (m_axis_tready). The bits of a jet in s_axis_tdata:
@INPUTS@
// and of its answer in m_axis_tdata, whose other bits are zero:
@OUTPUTS@
module @LABEL@_axis (
    input logic aclk,
    input logic aresetn,
    input logic [(@INPUT_BITS@ + 7) / 8 * 8 - 1:0] s_axis_tdata,
    input logic s_axis_tvalid,
    output logic s_axis_tready,
    input logic s_axis_tlast,
    output logic [(@OUTPUT_BITS@ + 7) / 8 * 8 - 1:0] m_axis_tdata,
    output logic m_axis_tvalid,
    input logic m_axis_tready,
    output logic m_axis_tlast
);
    localparam int LATENCY = @LATENCY@;
    localparam int ADDRESS_BITS = @ADDRESS_BITS@;
    localparam int OUTPUT_BITS = @OUTPUT_BITS@;
    localparam int PADDING = (OUTPUT_BITS + 7) / 8 * 8 - OUTPUT_BITS;

    logic [LATENCY:0] valid, last;
    logic [OUTPUT_BITS-1:0] answer;
    // answers that wait, each with its tlast
    logic [OUTPUT_BITS:0] buffer[1 << ADDRESS_BITS];
    logic [OUTPUT_BITS:0] head;
    // the highest bit tells a full buffer from an empty one
    logic [ADDRESS_BITS:0] written, read;
    // jets in the pipeline and in the buffer together, which the buffer has room for
    logic [ADDRESS_BITS:0] held;

    function automatic logic [ADDRESS_BITS:0] one_if(input logic condition);
        one_if = {{ADDRESS_BITS{1'b0}}, condition};
    endfunction

    logic take, give;
    assign take = s_axis_tvalid && s_axis_tready;
    assign give = m_axis_tvalid && m_axis_tready;
    assign s_axis_tready = aresetn && !held[ADDRESS_BITS];
    assign m_axis_tvalid = written != read;
    assign head = buffer[read[ADDRESS_BITS-1:0]];
    assign m_axis_tdata = {{PADDING{1'b0}}, head[OUTPUT_BITS-1:0]};
    assign m_axis_tlast = head[OUTPUT_BITS];

    always_ff @(posedge aclk) begin
        last <= {last[LATENCY-1:0], s_axis_tlast};
        if (valid[LATENCY]) buffer[written[ADDRESS_BITS-1:0]] <= {last[LATENCY], answer};
        if (!aresetn) begin
            valid <= '0;
            written <= '0;
            read <= '0;
            held <= '0;
        end else begin
            valid <= {valid[LATENCY-1:0], take};
            written <= written + one_if(valid[LATENCY]);
            read <= read + one_if(give);
            held <= held + one_if(take) - one_if(give);
        end
    end

    @NETWORK@ network (
        .clk(aclk),
        .model_inp(s_axis_tdata[@INPUT_BITS@-1:0]),
        .model_out(answer)
    );
endmodule
