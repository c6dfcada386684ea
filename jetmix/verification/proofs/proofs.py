"""``ranges.json``: what is proven for all inputs, and which jets of a data file wrap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetmix.firmware import da_graph
from jetmix.firmware.folding.machine import Machine
from jetmix.firmware.graph import DaGraph, Traces
from jetmix.models.prepare import Prepared, shown
from jetmix.support import records
from jetmix.support.arrays import Floats
from jetmix.support.console import progress
from jetmix.verification.proofs import accumulators, inputs, linear, ranges, tables
from jetmix.verification.proofs.accumulators import Accumulator
from jetmix.verification.proofs.inputs import Wrapped
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.ranges import RangeProof
from jetmix.verification.proofs.tables import TableProof

RANGES_FILE = "ranges.json"


@dataclass(frozen=True, kw_only=True)
class Proofs:
    """Content of ``ranges.json``.

    Attributes:
        proof: ranges of all values, for all inputs.
        linear: every layer's matrix against the adder graph.
        tables: lookup tables against their layers.
        accumulators: what the accumulators of a folded tagger hold, for all inputs.
        data: what the jets do at the input ports, None where no jets were given.
    """

    proof: RangeProof
    linear: tuple[LinearProof, ...]
    data: Wrapped | None = None
    tables: tuple[TableProof, ...] = ()
    accumulators: tuple[Accumulator, ...] = ()


def prove(
    prepared: Prepared, traces: Traces, graph: DaGraph, owners: Sequence[str], where: object
) -> Proofs:
    """Prove ranges, matrices and tables of a lowered model; layers get their original names.

    Args:
        prepared: the model.
        traces: what the graph was made of.
        graph: the graph of the firmware.
        owners: the layer of every operation, from
            :func:`jetmix.firmware.da_graph.layer_of_operations`.
        where: what errors name.

    Raises:
        BitsDifferError: if a sum can overflow, an adder graph is not its layer's matrix, or a
            lookup table is not its layer's function.
    """
    with progress("Proving ranges, matrices and tables"):
        proof = ranges.prove(graph, [shown(layer, prepared.names) for layer in owners])
        ranges.require_proof(proof, where)
        layered = da_graph.layered(traces)
        matrices = tuple(
            replace(found, layer=shown(found.layer, prepared.names))
            for found in linear.prove(prepared.model, traces, layered)
        )
        linear.require_proofs(matrices, where)
        looked_up = tuple(
            replace(found, layer=shown(found.layer, prepared.names))
            for found in tables.prove(prepared.model, traces, graph, layered)
        )
        tables.require_proofs(looked_up, where)
    return Proofs(proof=proof, linear=matrices, tables=looked_up)


def with_accumulators(
    proven: Proofs, machine: Machine, names: Mapping[str, str], where: object
) -> Proofs:
    """Return proofs with the ranges of a folded tagger's accumulators.

    Args:
        proven: the proofs of the tagger.
        machine: the folded tagger.
        names: the original name of every layer that jetmix renamed.
        where: what errors name.

    Raises:
        BitsDifferError: if one can overflow.
    """
    found = accumulators.prove(machine)
    named = tuple(replace(one, layer=shown(one.layer, names)) for one in found)
    accumulators.require_room(named, where)
    return replace(proven, accumulators=named)


def judge_data(graph: DaGraph, jets: Floats, names: tuple[str, ...] | None, path: Path) -> Wrapped:
    """Return what a data file's jets do at the input ports."""
    return inputs.input_overruns(jets, inputs.unwrapped(graph), path=path.name, names=names)


def write(folder: Path, content: Proofs) -> None:
    """Write ``ranges.json``."""
    records.write(folder / RANGES_FILE, content)


def read(folder: Path) -> Proofs | None:
    """Return ``ranges.json``, or None where a synthesis of an older version did not write it.

    Raises:
        ReportReadError: if the file is damaged or edited.
    """
    path = folder / RANGES_FILE
    return records.read(Proofs, path) if path.exists() else None
