"""``ranges.json``: what is proven for all inputs, and which jets of a data file wrap."""

from pathlib import Path
from typing import Any

from jetmix.firmware import da_graph
from jetmix.firmware.da_graph import Traces
from jetmix.support.console import progress
from jetmix.support.files import JSON, read_json, write_json
from jetmix.verification.proofs import linear, ranges
from jetmix.verification.vectors import Floats

RANGES_FILE = "ranges.json"


def prove(model: Any, traces: Traces, graph: Any, where: object) -> JSON:
    """Prove ranges and matrices of a lowered model, and return the content of ``ranges.json``.

    Raises:
        BitsDifferError: if a sum can overflow, or an adder graph is not its layer's matrix.
    """
    with progress("Proving ranges and matrices"):
        proof = ranges.prove(graph, da_graph.layer_of_operations(traces, graph))
        ranges.require_proof(proof, where)
        matrices = linear.prove(model, traces)
        linear.require_proofs(matrices, where)
    return {
        "proof": proof.as_json(),
        "linear": [matrix.as_json() for matrix in matrices],
        "data": None,
    }


def judge_data(graph: Any, jets: Floats, names: tuple[str, ...] | None, path: Path) -> JSON:
    """Return what a data file's jets do at the input ports, for ``data`` of ``ranges.json``."""
    return {"path": path.name, **ranges.input_overruns(jets, ranges.unwrapped(graph), names)}


def write(folder: Path, content: JSON) -> None:
    """Write ``ranges.json``."""
    write_json(folder / RANGES_FILE, content)


def read(folder: Path) -> JSON | None:
    """Return ``ranges.json``, or None where a synthesis did not write it yet."""
    path = folder / RANGES_FILE
    return dict(read_json(path)) if path.exists() else None


def lines(content: JSON | None) -> list[str]:
    """Return the proofs for people, one line each."""
    if content is None:
        return []
    proof, told = content["proof"], []
    told.append(
        f"Ranges: no sum of {proof['operations']} operations can overflow; "
        f"{proof['can_wrap']} of {proof['quantisers']} quantisers can wrap [{RANGES_FILE}]"
    )
    proven = [entry for entry in content["linear"] if entry["reason"] is None]
    told.append(
        f"Matrices: {len(proven)} of {len(content['linear'])} layers proven for all inputs "
        f"({sum(entry['coefficients'] for entry in proven)} coefficients)"
    )
    if content["data"] is not None:
        told.append(_data_line(content["data"]))
    return told


def _data_line(data: JSON) -> str:
    line = f"Inputs: {data['n_jets_that_wrap']} of {data['n_jets']} jets wrap at the input ports"
    if not data["inputs"]:
        return line
    worst = data["inputs"][0]
    place = f" of particle {worst['particle']}" if worst["particle"] is not None else ""
    low, high = worst["port"]
    return (
        f"{line}, most often feature {worst['feature']}{place}: {worst['jets']} jets outside of "
        f"{low:g} to {high:g} (first: jet {data['first_jets'][0]})"
    )
