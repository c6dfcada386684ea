"""The inputs and outputs of a model in the flat ports of its Verilog, and a module that names them.

The engines make one input port and one output port. Where a model has several, a wrapper gives each
of them a port of its own; where features and classes are known, each feature of each particle and
each class has one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jetmix.firmware.project import TOP
from jetmix.models.signature import Port, Signature, slices
from jetmix.support.arrays import Ints
from jetmix.support.files import write_text
from jetmix.support.records import NOT_EMPTY, NOT_NEGATIVE, Check, checked

# what the name of the wrapper adds to that of the tagger
WRAPPER = "_ports"


@dataclass(frozen=True, kw_only=True)
class PlacedPort:
    """An input or output of the model in a flat port of the Verilog.

    Attributes:
        name: what the model calls it.
        identifier: its port of the wrapper.
        shape: shape of one value of it.
        first_element: its first element among those of the flat port.
        first_bit: its lowest bit in the flat port.
        bits: its width in bits, 0 if no bit of it is used.
    """

    name: str
    identifier: str
    shape: tuple[int, ...]
    first_element: int
    first_bit: int
    bits: int

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_EMPTY, "name", "identifier"),
        **checked(NOT_NEGATIVE, "first_element", "first_bit", "bits"),
    }


def placed(ports: Sequence[Port], kifs: Ints) -> tuple[PlacedPort, ...]:
    """Return where ports lie in a flat one.

    Args:
        ports: the inputs or the outputs of the model, in order.
        kifs: sign, integer and fraction bits of all elements, (3, element).
    """
    widths = kifs.sum(axis=0).clip(min=0)
    return tuple(
        PlacedPort(
            name=port.name,
            identifier=port.identifier,
            shape=port.shape,
            first_element=place.start,
            first_bit=int(widths[: place.start].sum()),
            bits=int(widths[place].sum()),
        )
        for port, place in zip(ports, slices(ports), strict=True)
    )


def write_wrapper(
    folder: Path,
    inputs: Sequence[PlacedPort],
    outputs: Sequence[PlacedPort],
    top: str = TOP,
) -> None:
    """Write the wrapper of a tagger with several inputs or outputs; one with one of each has none.

    A port without a bit is left out.
    """
    if len(inputs) < 2 and len(outputs) < 2:
        return
    write_text(folder / f"{top}{WRAPPER}.v", wrapper(inputs, outputs, top))


def wrapper(inputs: Sequence[PlacedPort], outputs: Sequence[PlacedPort], top: str = TOP) -> str:
    """Return the Verilog of the wrapper of the tagger ``top``."""
    declared = ["    input clk"]
    for kind, ports in (("input", inputs), ("output", outputs)):
        declared += [
            f"    {kind} [{port.bits - 1}:0] {port.identifier}" for port in ports if port.bits
        ]
    lines = [
        f"// {top} with one port per input and output of the model; see ports.json.",
        f"module {top}{WRAPPER} (",
        ",\n".join(declared),
        ");",
        f"    {top} tagger (",
        "        .clk(clk),",
        f"        .model_inp({_joined(inputs)}),",
        f"        .model_out({_joined(outputs)})",
        "    );",
        "endmodule",
        "",
    ]
    return "\n".join(lines)


def _joined(ports: Sequence[PlacedPort]) -> str:
    """Return ports as one, the first in the lowest bits."""
    return f"{{{', '.join(port.identifier for port in reversed(ports) if port.bits)}}}"


def places_of(
    ports: Signature | None, inputs: Ints, outputs: Ints
) -> tuple[tuple[PlacedPort, ...], tuple[PlacedPort, ...]]:
    """Return where inputs and outputs lie, nothing where they are not known."""
    if ports is None:
        return (), ()
    return placed(ports.inputs, inputs), placed(ports.outputs, outputs)
