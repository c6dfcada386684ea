// Registers one behind the other, each free to lie in another SLR. The attributes keep a tool from
// making one shift register of them, or none.
module @TOP@_crossing #(
    parameter WIDTH = 1,
    parameter STAGES = 1
) (
    input clk,
    input [WIDTH-1:0] d,
    output [WIDTH-1:0] q
);

    (* keep = "true", shreg_extract = "no" *) reg [WIDTH*STAGES-1:0] held;

    assign q = held[WIDTH*STAGES-1:WIDTH*(STAGES-1)];

    generate
        if (STAGES == 1) begin : one
            always @(posedge clk) held <= d;
        end else begin : several
            always @(posedge clk) held <= {held[WIDTH*(STAGES-1)-1:0], d};
        end
    endgenerate
endmodule
