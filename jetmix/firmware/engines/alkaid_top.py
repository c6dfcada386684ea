"""The top module of alkaid's Verilog, written like da4ml's.

alkaid calls its stages ``logic0`` and so on, which other designs may do too, and connects them by
wires and slices of its own. With a top of one form, planted faults and partings work for both
engines, and all modules carry the tagger's name.
"""

from collections.abc import Sequence
from pathlib import Path

from jetmix.errors import LoweringError
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.project import INSTALL, substitute

_TOP = """`timescale 1 ns / 1 ps

module {top} (
    input clk,
    input [{high}:0] model_inp,
    output reg [{last}:0] model_out
);

{declared}

{stages}

    always @(posedge clk) begin
{registers}
    end
endmodule
"""


def rewrite(src: Path, top: str, stages: Sequence[DaGraph]) -> None:
    """Rename the stages in ``src`` and write the top module anew.

    Raises:
        LoweringError: if alkaid wrote something else than is known.
    """
    for number in range(len(stages)):
        old, new = f"logic{number}", f"{top}_stage{number}"
        substitute(src / f"{old}.v", f"module {old} (", f"module {new} (")
        (src / f"{old}.v").rename(src / f"{new}.v")
    (src / f"{top}.v").write_text(_top(top, stages), encoding="utf-8")


def _top(top: str, stages: Sequence[DaGraph]) -> str:
    inputs = [int(stage.inp_kifs.sum()) for stage in stages]
    outputs = [int(stage.out_kifs.sum()) for stage in stages]
    if outputs[:-1] != inputs[1:]:
        raise LoweringError("alkaid cut the graph in an unexpected way", mend=INSTALL)
    numbers = range(len(stages))
    declared = [f"    reg [{inputs[n] - 1}:0] stage{n}_inp;" for n in numbers]
    declared += [f"    wire [{outputs[n] - 1}:0] stage{n}_out;" for n in numbers]
    made = [
        f"    {top}_stage{n} stage{n} (.model_inp(stage{n}_inp), .model_out(stage{n}_out));"
        for n in numbers
    ]
    registers = ["        stage0_inp <= model_inp;"]
    registers += [f"        stage{n}_inp <= stage{n - 1}_out;" for n in numbers[1:]]
    registers.append(f"        model_out <= stage{numbers[-1]}_out;")
    return _TOP.format(
        top=top,
        high=inputs[0] - 1,
        last=outputs[-1] - 1,
        declared="\n".join(declared),
        stages="\n".join(made),
        registers="\n".join(registers),
    )
