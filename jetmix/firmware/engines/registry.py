"""The engines by name, and what each of them can do."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from jetmix.firmware.project import DA4ML, EngineName

if TYPE_CHECKING:
    from jetmix.firmware.graph import DaGraph, Stages, Traces

Language = Literal["verilog", "vhdl"]
ENGINES: Mapping[EngineName, str] = MappingProxyType(
    {"da4ml": "jetmix.firmware.engines.da4ml", "alkaid": "jetmix.firmware.engines.alkaid"}
)


class Engine(Protocol):
    """What a module of this folder offers."""

    @staticmethod
    def trace_layers(model: Any, delay_constraint: int) -> "Traces":
        """Return the traces of a Keras HGQ model after every layer.

        Raises:
            LoweringError: if the engine cannot trace a layer.
        """

    @staticmethod
    def graph_of(traces: "Traces") -> "DaGraph":
        """Return the graph from the inputs to the outputs of traces."""

    @staticmethod
    def layered(traces: "Traces") -> "tuple[DaGraph, dict[str, list[int]]]":
        """Return one graph of all traced places, and which of its outputs each place is."""

    @staticmethod
    def layer_of_operations(traces: "Traces", graph: "DaGraph") -> list[str]:
        """Return the layer that each operation of ``graph_of(traces)`` belongs to."""

    @staticmethod
    def load(content: Any) -> "DaGraph":
        """Return the graph of a parsed file; damage raises any error."""

    @staticmethod
    def cut_into_stages(graph: "DaGraph", adders_per_stage: int) -> "Stages":
        """Return the stages of a graph, with so many adders between registers."""

    @staticmethod
    def write_hdl(
        graph: "DaGraph", folder: Path, *, top: str, adders_per_stage: int, language: Language
    ) -> int:
        """Write sources into ``folder/src``, and return how many stages the pipeline has."""


def engine(name: str) -> Engine:
    """Return an engine by its name."""
    return cast("Engine", importlib.import_module(ENGINES[cast("EngineName", name)]))


def name_of(traced: "DaGraph | Traces") -> EngineName:
    """Return the name of the engine of a graph or of traces; only da4ml's own types lack it."""
    name: EngineName = getattr(traced, "engine", DA4ML)
    return name


def engine_of(traced: "DaGraph | Traces") -> Engine:
    """Return the engine of a graph or of traces."""
    return engine(name_of(traced))


def engine_of_file(content: Any) -> Engine:
    """Return the engine that wrote the parsed file of a graph; da4ml's own is a plain list."""
    return engine("alkaid" if isinstance(content, dict) else DA4ML)
