"""VHDL of a package, clock by clock in GHDL, with a row of integers for each clock."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from jetmix.firmware.project import fill
from jetmix.packaging.network import Element
from jetmix.packaging.trials.trial import TEMPLATES, Trial
from jetmix.packaging.vhdl import bits_of
from jetmix.support.arrays import Ints
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import ghdl

# rst and in_valid before the inputs, out_valid and decision before the outputs
FLAGS = 2
HEX = 4


def simulated(
    trial: Trial,
    *,
    top: str,
    sources: str,
    ports: Sequence[tuple[str, str]],
    inputs: Sequence[Element],
    outputs: Sequence[Element],
    given: Ints,
) -> Ints:
    """Return what a top gives at each clock: out_valid, its decision, and the outputs with bits.

    A row of which a bit is neither 0 nor 1 is not valid.

    Args:
        trial: the package.
        top: the entity.
        sources: where in the package its sources are.
        ports: what its ports are connected with in the test bench: ``clk``, ``rst``, ``in_valid``,
            ``out_valid``, ``decision``, and ranges of ``given`` and ``got``.
        inputs: the elements that have bits, in the order of ``given``.
        outputs: those of ``got``.
        given: rst, in_valid and the inputs, (clock, 2 + input).

    Raises:
        ToolMissingError: if there is no GHDL.
        ToolFailedError: if it fails.
    """
    area = trial.area
    for path in (trial.folder / sources).iterdir():  # tables are named without a folder
        (area / path.name).write_bytes(path.read_bytes())
    values = {
        "TOP": top,
        "PORTS": ",\n".join(f"            {port} => {signal}" for port, signal in ports),
        "INPUT_BITS": _whole(bits_of(inputs)),
        "OUTPUT_BITS": _whole(bits_of(outputs)),
    }
    bench = fill(shipped(TEMPLATES) / "bench.vhd", values)
    (area / "bench.vhd").write_text(bench, encoding="utf-8")
    rows = _written(given, inputs)
    (area / "given.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    ghdl.simulate(area, "bench", title="package")
    text = (area / "got.txt").read_text(encoding="utf-8")
    return _read(text.splitlines(), outputs)


def _whole(bits: int) -> int:
    """Return the bits of a number in whole digits."""
    return -(-bits // HEX) * HEX


def _written(given: Ints, inputs: Sequence[Element]) -> Iterator[str]:
    digits = _whole(bits_of(inputs)) // HEX
    widths = [element.bits for element in inputs]
    for rst, valid, *integers in given.tolist():
        yield f"{rst} {valid} {join(integers, widths):0{digits}x}"


def join(integers: Sequence[int], widths: Sequence[int]) -> int:
    """Return integers side by side in one number, the first in the lowest bits."""
    number, low = 0, 0
    for integer, bits in zip(integers, widths, strict=True):
        number |= (integer & (1 << bits) - 1) << low
        low += bits
    return number


def _read(rows: Sequence[str], outputs: Sequence[Element]) -> Ints:
    got = np.zeros((len(rows), FLAGS + len(outputs)), dtype=np.int64)
    for answer, row in zip(got, rows, strict=True):
        valid, decision, number = row.split()
        known = re.fullmatch("[01] [01] [0-9A-F]+", row) is not None
        # an unknown valid bit is one where none belongs
        answer[0] = valid != "0" if known or valid not in "01" else 0
        answer[1] = decision == "1"
        answer[FLAGS:] = _parted(int(number, 16), outputs) if known else 0
    return got


def _parted(number: int, outputs: Sequence[Element]) -> list[int]:
    integers = []
    for element in outputs:
        raw = number & (1 << element.bits) - 1
        integers.append(raw - (element.signed and raw >> element.bits - 1) * (1 << element.bits))
        number >>= element.bits
    return integers
