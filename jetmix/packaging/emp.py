"""Target ``emp``: a component for EMP boards: payload, ``.dep`` files, mapping and patterns.

All of it is VHDL. A jet is one word of each link in one clock, and the flags of the first link that
is used travel beside it with the latency of the network, whatever flags a framework's words have.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jetmix.packaging import vhdl
from jetmix.packaging.jets import jets_with_answers
from jetmix.packaging.links import Mapping, Slot, mapping_of
from jetmix.packaging.network import Network, write_network
from jetmix.packaging.order import Order, write_filled
from jetmix.packaging.patterns import FRAMES, Pattern, words_of, write_pattern

SOURCES, DEPENDENCIES = "firmware/hdl", "firmware/cfg"
PAYLOAD = "payload.vhd"
MAPPING_FILE = "mapping.toml"
PATTERNS = "patterns"
# frames without a jet before the first one
LEAD = 6
# cycles beside the latency of the network: the register that takes the words
TAKING = 1


def write(order: Order, folder: Path) -> None:
    """Write payload, network, ``.dep`` files, mapping, and patterns with the expected answers.

    Raises:
        UsageError: if the mapping does not fit the tagger.
        LoweringError: if the synthesis holds no VHDL.
        BitsDifferError: if it was edited.
        DataError: if the jets for the patterns cannot be read.
    """
    network = write_network(order, folder, "vhdl", SOURCES)
    mapping = mapping_of(network, order.mapping)
    values = _values(network, mapping)
    places = {
        "emp/tagger.vhd": f"{SOURCES}/{order.label}_emp.vhd",
        "emp/payload.vhd": f"{SOURCES}/{PAYLOAD}",
    }
    write_filled(order, folder, places, values)
    _write_dependencies(order, folder)
    (folder / MAPPING_FILE).write_text(mapping.text, encoding="utf-8")
    _write_patterns(order, network, mapping, folder / PATTERNS)


def _values(network: Network, mapping: Mapping) -> dict[str, object]:
    """Return what stands in the templates."""
    links = sorted({slot.link for slot in mapping.outputs})
    inputs, outputs = _bits(mapping.inputs), _bits(mapping.outputs)
    return {
        "NETWORK": network.module,
        "LATENCY": network.latency_cycles,
        "CYCLES": network.latency_cycles + TAKING,
        "FIRST": min(slot.link for slot in mapping.inputs),
        "LAST_IN": max(slot.link for slot in mapping.inputs),
        "LAST_OUT": links[-1],
        "INPUT_BITS": vhdl.bits_of(network.inputs),
        "OUTPUT_BITS": vhdl.bits_of(network.outputs),
        "INPUTS": "\n".join(
            f"    model_inp({bits}) <= d({slot.link}).data({slot.high} downto {slot.low});"
            f" -- {slot.element.identifier}"
            for slot, bits in inputs
        ),
        "WORDS": "\n".join(f"        q({link}) <= word;" for link in links),
        "OUTPUTS": "\n".join(
            f"            q({slot.link}).data({slot.high} downto {slot.low}) <= model_out({bits});"
            f" -- {slot.element.identifier}"
            for slot, bits in outputs
        ),
    }


def _bits(slots: Sequence[Slot]) -> list[tuple[Slot, str]]:
    """Return each place with the bits of the network's port that it belongs to."""
    places = vhdl.ranges([slot.element for slot in slots])
    return [(slot, bits) for slot, (_, bits) in zip(slots, places, strict=True)]


def _write_dependencies(order: Order, folder: Path) -> None:
    """Write a ``.dep`` of the tagger, which a project can take alone, and one of the payload."""
    lines = [
        f"src {'--vhdl2008 ' if path.suffix == '.vhd' else ''}{path.name}"
        for path in sorted((folder / SOURCES).iterdir())
        if path.name != PAYLOAD
    ]
    tagger = f"{order.label}.dep"
    place = folder / DEPENDENCIES
    place.mkdir(parents=True)
    (place / tagger).write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = f"include {tagger}\nsrc --vhdl2008 {PAYLOAD}\n"
    (place / "payload.dep").write_text(text, encoding="utf-8")


def _write_patterns(order: Order, network: Network, mapping: Mapping, folder: Path) -> None:
    """Write the words of jets, and those of their answers at the clocks at which they come."""
    delay = network.latency_cycles + TAKING
    x, y = jets_with_answers(order, FRAMES - LEAD - delay)
    folder.mkdir()
    sides = (
        ("in.txt", mapping.inputs, network.inputs, x, LEAD),
        ("out.txt", mapping.outputs, network.outputs, y, LEAD + delay),
    )
    for name, slots, elements, values, first in sides:
        flat = np.asarray(values, dtype=np.float64)
        words = np.zeros((FRAMES, max(slot.link for slot in slots) + 1), dtype=np.uint64)
        words[first : first + len(flat)] = words_of(flat, elements, slots)
        valid = np.zeros(words.shape, dtype=bool)
        valid[first : first + len(flat), sorted({slot.link for slot in slots})] = True
        write_pattern(folder / name, order.label, Pattern(words=words, valid=valid))
