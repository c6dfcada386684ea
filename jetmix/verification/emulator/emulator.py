"""A bit-exact emulator of a synthesised tagger: its DA graph run in integers, many jets at once."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from jetmix.errors import DataError, LoweringError, ToolMissingError
from jetmix.firmware import arithmetic, da_graph
from jetmix.firmware.dais import UnsupportedError, width_of
from jetmix.firmware.graph import DaGraph
from jetmix.models.signature import Signature, joined, split
from jetmix.support import records
from jetmix.support.arrays import Reals
from jetmix.support.files import read_json
from jetmix.verification.emulator.native import NativeEmulator, build, not_finite
from jetmix.verification.emulator.program import assemble
from jetmix.verification.precision import dtype_of
from jetmix.verification.vectors import InputRange, corners, uniform

GRAPH_FILE = "ir.json"
TAGGER_FILE = "tagger.json"
FOLDER = "emulator"
# jets handed to a thread at once
CHUNK = 4096
# vectors on which a freshly loaded emulator must agree with da4ml's interpreter
CHECK_VECTORS = 256
# one array, or one per input: by name or in order
Given = Reals | Mapping[str, Reals] | Sequence[Reals]


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """Runs the DA graph of a tagger; ``lsb`` is the weight of the least significant output bit.

    ``native`` is None where jets are run by the engine's interpreter instead, many times slower and
    with the same results; ``reason`` then says why. ``threads`` run at the same time. ``ports`` are
    the model's inputs and outputs; without them all is flat.
    """

    graph: DaGraph
    input_shape: tuple[int, ...]
    native: NativeEmulator | None = None
    reason: str | None = None
    threads: int = os.cpu_count() or 1
    ports: Signature | None = None

    @classmethod
    def load(cls, synth_dir: Path | str) -> "Emulator":
        """Open the emulator of a directory that ``jetmix synth`` wrote.

        The first time it is compiled with g++, in a second or two, and kept in the directory.

        Raises:
            ReportReadError: if the graph or its description is missing or damaged.
            LoweringError: if the compiled emulator is not exact, which is a fault of jetmix.
        """
        folder = Path(synth_dir)
        shape, ports = _ports(folder / TAGGER_FILE)
        made = cls.of(da_graph.load(folder / GRAPH_FILE), shape, folder / FOLDER)
        return replace(made, ports=ports)

    @classmethod
    def of(cls, graph: DaGraph, input_shape: tuple[int, ...], folder: Path) -> "Emulator":
        """Return the emulator of a graph; the compiled library is kept in ``folder``."""
        try:
            built = build(assemble(graph), folder)
        except ToolMissingError as error:
            return cls(graph=graph, input_shape=input_shape, reason=str(error))
        except UnsupportedError as error:
            return cls(graph=graph, input_shape=input_shape, reason=f"the graph holds {error}")
        _check(graph, built)
        return cls(graph=graph, input_shape=input_shape, native=built)

    @property
    def engine(self) -> Literal["native", "interpreter"]:
        """What runs the jets: the compiled emulator, or da4ml's interpreter."""
        return "native" if self.native else "interpreter"

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit over all outputs."""
        return float(min(interval.step for interval in self.graph.out_qint))

    def predict(self, x: Given) -> Any:
        """Return what the firmware answers, bit for bit.

        Args:
            x: normalised jets (jet, particle, feature); for a model of several inputs a dict of
                arrays by the inputs' names, a list of arrays in order, or flat (jet, element).

        Returns:
            (jet, class), in float32 where that holds every output exactly, else in float64; a dict
            by the outputs' names for a model of several outputs.

        Raises:
            DataError: if the shape is not the tagger's, or a value is not finite.
        """
        inputs = self.ports.inputs if self.ports else ()
        values = self.run(x if isinstance(x, np.ndarray) else joined(x, inputs))
        outputs = self.ports.outputs if self.ports else ()
        if len(outputs) < 2:
            return values
        heads = split(values, outputs)
        return {port.name: head for port, head in zip(outputs, heads, strict=True)}

    @property
    def flat(self) -> "Emulator":
        """The emulator without names: one vector in, one out."""
        return replace(self, ports=None)

    def run(self, x: Reals) -> Reals:
        """Return all outputs flat, (vector, output), for vectors (vector, *input shape).

        Raises:
            DataError: if the shape is not the tagger's, or a value is not finite.
        """
        if x.shape[1:] != self.input_shape:
            raise DataError(
                f"jets of shape {x.shape[1:]}, the tagger takes {self.input_shape}",
                mend="load the data with the tagger's particles and features",
            )
        taken = InputRange.of(self.graph).low.dtype if self.native is None else self.native.dtype
        flat = np.ascontiguousarray(x, dtype=taken).reshape(len(x), self.graph.shape[0])
        if self.native is None:
            if not np.isfinite(flat).all():
                raise not_finite()
            return _interpret(self.graph, flat)
        starts = range(0, len(flat), CHUNK)
        if self.threads == 1 or len(starts) < 2:
            return self.native.run(flat)
        with ThreadPoolExecutor(self.threads) as pool:
            run = self.native.run
            return np.concatenate(list(pool.map(lambda i: run(flat[i : i + CHUNK]), starts)))


def _ports(path: Path) -> tuple[tuple[int, ...], Signature | None]:
    """Return the shape of one vector and the ports, all of ``tagger.json`` that is needed here.

    A folder of an older version holds no ports: its tagger has one input and one output.
    """
    tagger = records.load(dict[str, object], read_json(path), where=path)
    shape = records.load(tuple[int, ...], tagger.get("input_shape"), where=f"{path}: input_shape")
    ports = {key: tagger[key] for key in ("inputs", "outputs") if tagger.get(key)}
    return shape, records.load(Signature, ports, where=path) if ports else None


def _interpret(graph: DaGraph, x: Reals) -> Reals:
    values = np.asarray(graph.predict(np.ascontiguousarray(x, dtype=np.float64)))
    outputs = dtype_of(map(width_of, graph.out_qint))
    return values.reshape(len(x), graph.shape[1]).astype(outputs)


def _check(graph: DaGraph, built: NativeEmulator) -> None:
    """Hold a loaded emulator against the engine's interpreter before anything relies on it.

    Where they differ the definition of the operations decides: interpreters have had faults too.
    """
    ranges = InputRange.of(graph)
    rng = np.random.default_rng(0)
    n = CHECK_VECTORS // 2
    x = np.concatenate(
        [corners(ranges)[:n], *(uniform(ranges, n, rng, stretch=by) for by in (1.0, 2.0))]
    )
    got = built.run(x)
    try:
        agreed = np.array_equal(got, _interpret(graph, x))
    except RuntimeError:  # a value that da4ml's interpreter itself takes out of a table's range
        agreed = False
    if not agreed and not np.array_equal(got, arithmetic.predict(graph, x).astype(got.dtype)):
        raise LoweringError(
            "the compiled emulator differs from the graph",
            mend="report the model: this is a fault of jetmix",
        )
