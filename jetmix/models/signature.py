"""The inputs and outputs of a Keras model: ports by name, and their places in one flat vector.

Below the Keras model everything takes one vector and gives one: all inputs in the model's order,
each flattened, and all outputs in the same way.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any, ClassVar

import numpy as np

from jetmix.errors import DataError
from jetmix.models.calls import keras_graph
from jetmix.support.arrays import AnyArray
from jetmix.support.records import NOT_EMPTY, Check, checked


@dataclass(frozen=True, kw_only=True)
class Port:
    """One input or output of a model.

    Attributes:
        name: what the model calls it: the key of a dict, else the layer's name.
        identifier: its name in C++, Verilog and VHDL.
        shape: shape of one value of it, without the axis of vectors.
    """

    name: str
    identifier: str
    shape: tuple[int, ...]

    CHECKS: ClassVar[dict[str, Check]] = checked(NOT_EMPTY, "name", "identifier")

    @property
    def size(self) -> int:
        """Number of its elements."""
        return prod(self.shape)

    @property
    def shown_shape(self) -> str:
        """Its shape for people, such as ``4 x 3``."""
        return " x ".join(map(str, self.shape)) or "1"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The ports of a model, in its own order, which is that of the flat vectors."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    CHECKS: ClassVar[dict[str, Check]] = checked(NOT_EMPTY, "inputs", "outputs")

    @classmethod
    def of(cls, model: Any, names: Mapping[str, str] | None = None) -> "Signature":
        """Read the ports of a Keras model, functional or sequential.

        Args:
            model: the model, with all shapes known but that of the batch.
            names: the user's own name of each layer that was renamed.
        """
        model = keras_graph(model)
        return cls(
            inputs=_ports(model._inputs_struct, model.inputs, "in", names or {}),
            outputs=_ports(model._outputs_struct, model.outputs, "out", names or {}),
        )

    @classmethod
    def single(cls, input_shape: tuple[int, ...], n_outputs: int) -> "Signature":
        """Return the ports of a model with one input and one output, whose names are not known."""
        return cls(
            inputs=(Port(name="input", identifier="in_input", shape=input_shape),),
            outputs=(Port(name="output", identifier="out_output", shape=(n_outputs,)),),
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one vector: that of the only input, flat for several."""
        return self.inputs[0].shape if len(self.inputs) == 1 else (self.n_inputs,)

    @property
    def n_inputs(self) -> int:
        """Elements of all inputs."""
        return sum(port.size for port in self.inputs)

    @property
    def n_outputs(self) -> int:
        """Elements of all outputs."""
        return sum(port.size for port in self.outputs)


def elements(names: Sequence[str], prefix: str) -> tuple[Port, ...]:
    """Return a port of one value for each name, such as ``pt[3]``.

    Args:
        names: names of all elements of a flat vector, in order.
        prefix: what their identifiers begin with.
    """
    taken: dict[str, int] = {}
    return tuple(
        Port(
            name=name,
            identifier=_unique(f"{prefix}_{_legal(name.rstrip(']')) or index}", taken),
            shape=(),
        )
        for index, name in enumerate(names)
    )


def slices(ports: Sequence[Port]) -> list[slice]:
    """Return where each port lies in the flat vector."""
    ends = list(accumulate(port.size for port in ports))
    return [slice(end - port.size, end) for port, end in zip(ports, ends, strict=True)]


def split(flat: AnyArray, ports: Sequence[Port]) -> list[AnyArray]:
    """Return the values of each port, (vector, *port shape), from flat vectors (vector, ...)."""
    flat = flat.reshape(len(flat), -1)
    return [
        flat[:, place].reshape(len(flat), *port.shape)
        for port, place in zip(ports, slices(ports), strict=True)
    ]


def join(arrays: Iterable[AnyArray]) -> AnyArray:
    """Return flat vectors (vector, element) from the values of all ports, in their order."""
    return np.concatenate([values.reshape(len(values), -1) for values in arrays], axis=1)


def joined(given: Mapping[str, AnyArray] | Sequence[AnyArray], ports: Sequence[Port]) -> AnyArray:
    """Return flat vectors from one array per port, by name or in order.

    Raises:
        DataError: naming the port whose array is missing, not known, or of another shape.
    """
    names = [port.name for port in ports]
    if not isinstance(given, Mapping):
        if len(given) != len(ports):
            raise DataError(
                f"{len(given)} arrays for {len(ports)} inputs", mend=f"give {', '.join(names)}"
            )
        given = dict(zip(names, given, strict=True))
    for name in [*(set(given) - set(names)), *(set(names) - set(given))]:
        fault = "no input" if name in given else "an input without an array"
        raise DataError(f"'{name}' is {fault}", mend=f"give the inputs {', '.join(names)}")
    arrays = [np.asarray(given[name]) for name in names]
    for port, array in zip(ports, arrays, strict=True):
        if array.shape != (len(arrays[0]), *port.shape):
            raise DataError(
                f"input '{port.name}' has the shape {array.shape}",
                mend=f"give it as {(len(arrays[0]), *port.shape)}",
            )
    return join(arrays)


def _ports(
    struct: Any, tensors: Sequence[Any], prefix: str, names: Mapping[str, str]
) -> tuple[Port, ...]:
    taken: dict[str, int] = {}
    ports = []
    for index, key in enumerate(_keys(struct, len(tensors))):
        tensor = tensors[index]
        layer = tensor._keras_history.operation.name
        name = key or names.get(layer, layer)
        identifier = _unique(f"{prefix}_{_legal(name) or index}", taken)
        ports.append((name, identifier, tuple(int(n) for n in tensor.shape[1:])))
    return tuple(
        Port(name=_told_apart(ports, index), identifier=identifier, shape=shape)
        for index, (_, identifier, shape) in enumerate(ports)
    )


def _keys(struct: Any, n: int) -> list[str]:
    """Return the keys of a dict in Keras' order, and nothing for other structures."""
    if isinstance(struct, Mapping) and len(struct) == n:
        return [str(key) for key in sorted(struct)]
    return [""] * n


def _legal(name: str) -> str:
    """Return a name in the letters of C++, Verilog and VHDL; prefixed it is no keyword of theirs.

    VHDL has no two underscores in a row.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")


def _unique(name: str, taken: dict[str, int]) -> str:
    """Number a name that was used before; VHDL takes capitals for small letters."""
    n = taken[name.lower()] = taken.get(name.lower(), 0) + 1
    return name if n == 1 else _unique(f"{name}_{n}", taken)


def _told_apart(ports: Sequence[tuple[str, str, Any]], index: int) -> str:
    """Return a port's name, numbered if another one has it too: a layer may be shared."""
    names = [name for name, _, _ in ports]
    name = names[index]
    return name if names.count(name) == 1 else f"{name} ({names[: index + 1].count(name)})"
