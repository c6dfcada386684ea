"""VHDL of a package, clock by clock in GHDL, with a row of integers for each clock."""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from jetmix.firmware.project import fill
from jetmix.packaging.network import Element
from jetmix.packaging.numbers import part
from jetmix.packaging.trials.trial import TEMPLATES, Trial
from jetmix.packaging.vhdl import bits_of
from jetmix.support.arrays import Ints
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import ghdl

# rst and in_valid before the inputs, out_valid and decision before the outputs
FLAGS = 2
HEX = 4
# what no output can be
UNKNOWN = -(2**62)


def simulated(
    trial: Trial,
    *,
    top: str,
    sources: str,
    ports: Sequence[tuple[str, str]],
    inputs: Sequence[Element],
    outputs: Sequence[Element],
    given: Iterable[tuple[int, int, int]],
    generics: Mapping[str, str] | None = None,
) -> Ints:
    """Return what a top gives at each clock: out_valid, its decision, and the outputs.

    Outputs of a row of which a bit is neither 0 nor 1 are ``UNKNOWN``.

    Args:
        trial: the package.
        top: the entity.
        sources: where in the package its sources are.
        ports: what its ports are connected with in the test bench: ``clk``, ``rst``, ``in_valid``,
            ``out_valid``, ``decision``, and ranges of ``given`` and ``got``.
        inputs: the elements of ``given``.
        outputs: those of ``got``.
        given: rst, in_valid, and all inputs in one number, for each clock.
        generics: values for generics of the top.

    Raises:
        ToolMissingError: if there is no GHDL.
        ToolFailedError: if it fails.
    """
    area = trial.area
    for path in (trial.folder / sources).iterdir():  # tables are named without a folder
        (area / path.name).write_bytes(path.read_bytes())
    chosen = [f"{name} => {value}" for name, value in (generics or {}).items()]
    values = {
        "TOP": top,
        "GENERICS": f" generic map ({', '.join(chosen)})" if chosen else "",
        "PORTS": ",\n".join(f"            {port} => {signal}" for port, signal in ports),
        "INPUT_BITS": _whole(bits_of(inputs)),
        "OUTPUT_BITS": _whole(bits_of(outputs)),
    }
    bench = fill(shipped(TEMPLATES) / "bench.vhd", values)
    (area / "bench.vhd").write_text(bench, encoding="utf-8")
    digits = _whole(bits_of(inputs)) // HEX
    rows = (f"{rst} {valid} {number:0{digits}x}\n" for rst, valid, number in given)
    (area / "given.txt").write_text("".join(rows), encoding="utf-8")
    ghdl.simulate(area, "bench", title="package")
    text = (area / "got.txt").read_text(encoding="utf-8")
    return _read(text.splitlines(), outputs)


def _whole(bits: int) -> int:
    """Return the bits of a number in whole digits."""
    return -(-bits // HEX) * HEX


def _read(rows: Sequence[str], outputs: Sequence[Element]) -> Ints:
    got = np.zeros((len(rows), FLAGS + len(outputs)), dtype=np.int64)
    for answer, row in zip(got, rows, strict=True):
        valid, decision, number = row.split()
        known = re.fullmatch("[01] [01] [0-9A-F]+", row) is not None
        # an unknown valid bit is one where none belongs
        answer[0] = valid != "0"
        answer[1] = decision == "1"
        answer[FLAGS:] = part(int(number, 16), outputs) if known else UNKNOWN
    return got
