"""Lines of generated Verilog that make one adder, one choice or one lookup, and faults in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from jetmix.firmware.project import TOP
from jetmix.verification.faults.cpp import Kind

_CELL = re.compile(
    r"^    wire \[(\d+):0\] (v\d+); (\w+)(?: #\((.+)\))? (op_\d+) \((.+?), ?v\d+\[\d+:0\]\);$"
)
_LITERAL = re.compile(r"^(\d+)'b([01]+)$")
_KEY = re.compile(r"^v\d+(?:\[(\d+):0\])?$")
# what a table's module is called: da4ml has one for all, alkaid one for each
_TABLE = ("lookup_table", "table_", "lookup_")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The parts of a line that makes one cell; ``@`` in a wrong one stands for a suffix.

    ``kind`` is the name of the module in a tagger without a name of its own.
    """

    high: int
    name: str
    module: str
    kind: str
    parameters: tuple[str, ...]
    label: str
    inputs: tuple[str, ...]

    @classmethod
    def read(cls, line: str, top: str = TOP) -> "Cell | None":
        """Return the cell of a line of ``top``, None for one in which no faults are planted."""
        match = _CELL.match(line)
        if not match:
            return None
        cell = cls(
            high=int(match[1]),
            name=match[2],
            module=match[3],
            kind=match[3].removeprefix(f"{top}_"),
            parameters=tuple(re.split(r", ?", match[4])) if match[4] else (),
            label=match[5],
            inputs=tuple(re.split(r", ?", match[6])),
        )
        return cell if cell.kind in ("shift_adder", "mux") or cell.is_table else None

    @property
    def is_table(self) -> bool:
        """Whether it looks up in a table."""
        return self.kind.startswith(_TABLE)

    def text(self, suffix: str) -> str:
        """Return the line's statements, with ``suffix`` at the names of cell and result."""
        parameters = f" #({', '.join(self.parameters)})" if self.parameters else ""
        out = f"{self.name}{suffix}[{self.high}:0]"
        inputs = ", ".join(self.inputs)
        return (
            f"wire [{self.high}:0] {self.name}{suffix}; {self.module}{parameters} "
            f"{self.label}{suffix} ({inputs}, {out});"
        )

    def wrong(self) -> Iterable[tuple[Kind, str]]:
        """Return faulty cells, or values made from the right one's, which is called ``_right``."""
        if self.kind == "shift_adder":
            yield from self._wrong_sums()
        elif self.kind == "mux":
            yield "choice", self._with(inputs=(f"~{self.inputs[0]}", *self.inputs[1:]))
            yield "choice", self._with(inputs=(self.inputs[0], *reversed(self.inputs[1:])))
        else:
            yield from self._wrong_entries()

    def _wrong_sums(self) -> Iterable[tuple[Kind, str]]:
        # widths, signs, width of the sum, and at the end shift and whether it subtracts
        *others, shift, subtract = self.parameters
        bits1, sign0 = int(others[1]), int(others[2])
        yield "shift", self._with((*others, str(int(shift) + 1), subtract))
        yield "sign", self._with((*others, shift, str(1 - int(subtract))))
        others[2] = str(1 - sign0)
        yield "bit-width", self._with((*others, shift, subtract))
        literal = _LITERAL.match(self.inputs[1])
        if literal:
            flipped = literal[2][:-1] + ("0" if literal[2][-1] == "1" else "1")
            yield "constant", self._with(inputs=(self.inputs[0], f"{literal[1]}'b{flipped}"))
        else:
            # the term stands for one bit of a weight, in the signed-digit form of the solver
            yield "weight-bit", self._with(inputs=(self.inputs[0], f"{bits1}'b{'0' * bits1}"))
        yield "bit-width", f"{{1'b0, {self.name}_right[{self.high - 1}:0]}}"

    def _wrong_entries(self) -> Iterable[tuple[Kind, str]]:
        """Yield one flipped bit of one entry: that of zero, and that of a key with mixed bits."""
        bits = self._key_bits()
        for key in {0, 0x9E3779B9 % 2**bits} if bits else {0}:
            bit = (key + self.high // 2) % (self.high + 1)
            flip = f"{self.high + 1}'d{2**bit}"
            same = f"{self.inputs[0]} == {max(bits, 1)}'d{key}"
            yield "table", f"({same} ? {self.name}_right ^ {flip} : {self.name}_right)"

    def _key_bits(self) -> int:
        key = _KEY.match(self.inputs[0])
        if key and key[1]:
            return int(key[1]) + 1
        return int(self.parameters[0]) if self.parameters else 0

    def _with(
        self, parameters: tuple[str, ...] | None = None, inputs: tuple[str, ...] | None = None
    ) -> str:
        wrong = replace(
            self, parameters=parameters or self.parameters, inputs=inputs or self.inputs
        )
        return wrong.text("@")
