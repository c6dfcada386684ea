"""Target ``ugt``: a module of the CMS global trigger, which runs in one or two clocks of the LHC.

The trigger takes sources in VHDL, a wrapper with a threshold as generic, and a ``.dep`` of ipbb.
The objects come from registers of the trigger, so that the network has none before its first stage.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import LoweringError, UsageError
from jetmix.firmware.verilog import read_ports
from jetmix.models.signature import Port, slices
from jetmix.packaging import vhdl
from jetmix.packaging.jets import jets_with_answers
from jetmix.packaging.network import Element, Network, score_of, write_network
from jetmix.packaging.numbers import numbers_of
from jetmix.packaging.order import Order, Threshold, write_filled

CLOCK_NS, CLOCK_TOLERANCE_NS = 25.0, 0.1
MAX_CLOCKS = 2
DEPENDENCIES = "firmware/cfg"
HDL = "firmware/hdl"
VECTORS = "test_vectors"
# bunch crossings of an orbit
EVENTS = 3564
# vectors where no jets are given
N_RANDOM = 500
AGAIN = f"--flow rtl --vhdl --clock-ns {CLOCK_NS:g}"
_TAKEN = re.compile(r"^ *\w+(?:\([^()]*\))? <= model_inp(?:\([^()]*\))?;\n", re.MULTILINE)
_PROCESS = re.compile(r"^ *process ?\(clk\)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object, such as a particle, or an element of an input without particles.

    Attributes:
        identifier: its port.
        elements: what it holds, the first in the lowest bits.
        low: its lowest bit in ``model_inp``.
    """

    identifier: str
    elements: tuple[Element, ...]
    low: int

    @property
    def bits(self) -> int:
        """Its width in bits."""
        return vhdl.bits_of(self.elements)

    @property
    def digits(self) -> int:
        """Its hexadecimal digits in a test vector."""
        return -(-self.bits // 4)

    @property
    def place(self) -> str:
        """Its range in ``model_inp``."""
        return f"{self.low + self.bits - 1} downto {self.low}"

    def of(self, number: int) -> int:
        """Return its bits in a number in ``model_inp``."""
        return number >> self.low & (1 << self.bits) - 1


def sources_of(order: Order) -> str:
    """Return where in the package the sources are."""
    return f"{HDL}/payload/{order.label}"


def write(order: Order, folder: Path) -> None:
    """Write wrapper, network, ``.dep`` and test vectors.

    Raises:
        UsageError: if no threshold is given, there is no such score, or it never or always reaches
            the threshold.
        LoweringError: if the network was made for another clock, takes more than two, or the
            synthesis holds no VHDL.
        BitsDifferError: if it was edited.
        DataError: if the jets for the test vectors cannot be read.
    """
    threshold = order.threshold
    if threshold is None:
        names = ", ".join(port.name for port in order.ports.outputs)
        raise UsageError(
            "a module of the global trigger decides, and no threshold is given",
            mend=f"add --threshold SCORE=VALUE with a score of {names}",
        )
    _require_clocks(order)
    network = write_network(order, folder, "vhdl", sources_of(order))
    _drop_input_register(folder / sources_of(order) / f"{network.module}.vhd")
    objects = objects_of(order.ports.inputs, network)
    place = f"{sources_of(order)}/{order.label}_wrapper.vhd"
    write_filled(order, folder, {"ugt.vhd": place}, _values(threshold, network, objects))
    _write_dependencies(order, folder)
    (folder / VECTORS).mkdir()
    lines = "".join(_vectors(order, threshold, network, objects))
    (folder / VECTORS / f"{order.label}.txt").write_text(lines, encoding="utf-8")


def _require_clocks(order: Order) -> None:
    """Refuse a network of another clock, or of too many."""
    project = order.synth.project("rtl")
    period = project.clock_period_ns
    if abs(period - CLOCK_NS) > CLOCK_TOLERANCE_NS:
        raise LoweringError(
            f"the network was made for a clock of {period:g} ns, and the global trigger has "
            f"one of {CLOCK_NS:g} ns",
            where=order.synth.path,
            mend=f"run 'jetmix synth' with {AGAIN} into a new folder",
        )
    ports = read_ports(project.path)
    if ports.latency_cycles > MAX_CLOCKS:
        flatter = f"--max-latency-ns {MAX_CLOCKS * CLOCK_NS:g}, which tries flatter adder trees"
        raise LoweringError(
            f"the network takes {ports.latency_cycles} clocks of {CLOCK_NS:g} ns, and a module of "
            f"the global trigger at most {MAX_CLOCKS}",
            where=order.synth.path,
            mend="run 'jetmix synth' without --slr-registers"
            if ports.slr_registers
            else f"run 'jetmix synth' with {AGAIN} {flatter}, or lower a smaller tagger",
        )


def _drop_input_register(path: Path) -> None:
    """Take the input of a network without a register, which is one clock less."""
    text = path.read_text(encoding="utf-8")
    taken, process = _TAKEN.findall(text), _PROCESS.search(text)
    rest = "" if process is None else _TAKEN.sub("", text[process.start() :])
    if not taken or process is None or re.search(r"\bmodel_inp\b", rest):
        raise LoweringError(
            "the pipeline of the engine has no input register that can be left out",
            where=path.name,
            mend="report the model: this is a fault of jetmix",
        )
    path.write_text(text[: process.start()] + "".join(taken) + rest, encoding="utf-8")


def objects_of(inputs: Sequence[Port], network: Network) -> list[Object]:
    """Return the objects of which a bit is used, in the order of ``model_inp``."""
    objects, low = [], 0
    for port, place in zip(inputs, slices(inputs), strict=True):
        elements = network.inputs[place]
        # the last axis of a particle is its features
        n = port.shape[-1] if len(port.shape) == 2 else 1
        for i in range(0, len(elements), n):
            one = Object(
                identifier=f"{port.identifier}_{i // n}",
                elements=elements[i : i + n],
                low=low,
            )
            low += one.bits
            if one.bits:
                objects.append(one)
    return objects


def _values(threshold: Threshold, network: Network, objects: Sequence[Object]) -> dict[str, object]:
    """Return what stands in the template."""
    score, kind, least = vhdl.limit_of(network.outputs, threshold)
    outputs = vhdl.ranges(network.outputs)
    names = [element.identifier for element, _ in outputs]
    clocks = network.latency_cycles
    return {
        "NETWORK": network.module,
        "LATENCY": clocks,
        "CLOCKS": "one clock" if clocks == 1 else f"{clocks} clocks",
        "PLURAL": "" if clocks == 1 else "s",
        "SCORE": score.identifier,
        "KIND": kind,
        "LEAST": least,
        "INPUTS": "\n".join(_port(one) for one in objects),
        "OUTPUTS": ";\n".join(vhdl.port("out", element) for element, _ in outputs),
        "INPUT_BITS": vhdl.bits_of(network.inputs),
        "OUTPUT_BITS": vhdl.bits_of(network.outputs),
        "GIVEN": vhdl.connected([(f"model_inp({o.place})", o.identifier) for o in objects]),
        "REACHED": vhdl.reached(score, network.outputs, "threshold"),
        "ANSWERS": vhdl.connected([(e.identifier, f"model_out({bits})") for e, bits in outputs]),
        "NOTHING": vhdl.connected([(name, "(others => '0')") for name in names]),
    }


def _port(one: Object) -> str:
    """Return the declaration of an object, with what lies in it."""
    notes = [
        f"        -- {bits}: {e.name}, {'signed' if e.signed else 'unsigned'}, in units of "
        f"2^{-e.fraction}\n"
        for e, bits in vhdl.ranges(one.elements)
    ]
    return f"{''.join(notes)}        {one.identifier} : in {vhdl.vector(one.bits)};"


def _write_dependencies(order: Order, folder: Path) -> None:
    # ipbb takes the places from firmware/hdl on
    files = sorted((folder / sources_of(order)).iterdir())
    lines = [
        f"src {'--vhdl2008 ' if path.suffix == '.vhd' else ''}{path.relative_to(folder / HDL)}"
        for path in files
    ]
    (folder / DEPENDENCIES).mkdir(parents=True)
    place = folder / DEPENDENCIES / f"{order.label}.dep"
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _vectors(
    order: Order, threshold: Threshold, network: Network, objects: Sequence[Object]
) -> Iterator[str]:
    """Return a line for each event: its number, its objects and the decision."""
    x, y = jets_with_answers(order, N_RANDOM if order.data is None else EVENTS)
    scores = y[:, network.outputs.index(score_of(network.outputs, threshold))]
    numbers = numbers_of(x, network.inputs)
    for event, (number, score) in enumerate(zip(numbers, scores, strict=True)):
        words = [f"{one.of(number):0{one.digits}x}" for one in objects]
        yield f"{event:04} {' '.join(words)} {score >= threshold.value:d}\n"


def read_vectors(path: Path, objects: Sequence[Object]) -> list[tuple[int, int]]:
    """Return the number in ``model_inp`` and the decision of each event."""
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        _, *words, decision = line.split()
        number = sum(int(w, 16) << one.low for w, one in zip(words, objects, strict=True))
        events.append((number, int(decision)))
    return events
