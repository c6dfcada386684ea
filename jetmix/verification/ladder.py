"""The vectors of a synthesis, and its levels climbed one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.data.for_tagger import features_of, load_for_tagger
from jetmix.data.record import DataUsed
from jetmix.eda import yosys
from jetmix.errors import DataError, JetmixError
from jetmix.firmware import da_graph
from jetmix.firmware.project import FirmwareProject, Flow
from jetmix.support.console import progress, say
from jetmix.verification.divergence import layers as partings
from jetmix.verification.divergence import stages
from jetmix.verification.emulator.emulator import GRAPH_FILE, Emulator
from jetmix.verification.levels import csim, netlist, rtl, verilator
from jetmix.verification.levels import level as levels
from jetmix.verification.levels.rtl import RtlSim
from jetmix.verification.mining import extreme_vectors, rare_jets
from jetmix.verification.proofs import proofs
from jetmix.verification.proofs.ranges import Wrapped
from jetmix.verification.result import Level, VerificationResult
from jetmix.verification.vectors import Floats, InputRange, VectorSet, build_vectors

# vectors searched for at the ends of internal ranges, among jets and again among random inputs
EXTREMES = 500
# where firmware is compiled again to tell what is inside, after bits differed
TRACED = "traced"
# where the levels are compiled, inside a directory of ``jetmix synth``
CSIM, RTL_SIM, NETLIST_SIM = "csim", "rtl-sim", "netlist-sim"

Projects = Mapping[Flow, FirmwareProject]


def vectors_of(
    graph: Any,
    shape: tuple[int, ...],
    trained_on: DataUsed | None,
    *,
    data: Path | None,
    max_jets: int,
    n_random: int,
    seed: int,
) -> tuple[VectorSet, Wrapped | None]:
    """Return all vectors, and what the jets of the file ``data`` do at the input ports.

    Raises:
        DataError: if the file cannot be read or is of another shape than the tagger's.
    """
    jets = judged = None
    mined = {"extreme": extreme_vectors(graph, count=EXTREMES, seed=seed)}
    if data is not None:
        features = features_of(trained_on, shape)
        jets = _jets(data, shape, trained_on, features)
        judged = proofs.judge_data(graph, jets, features, data)
        mined["rare-jet"] = rare_jets(graph, jets, count=EXTREMES)
        jets = jets[:max_jets]
    else:
        say("No --data given: random and corner vectors only, no jets.")
    vectors = build_vectors(
        InputRange.of(graph), shape, jets=jets, n_random=n_random, seed=seed, mined=mined
    )
    return vectors, judged


def _jets(
    path: Path,
    shape: tuple[int, ...],
    trained_on: DataUsed | None,
    features: tuple[str, ...] | None,
) -> NDArray[np.float32]:
    if features is None:
        raise DataError(
            f"it is not known which features a tagger of input shape {shape} takes",
            where=path,
            mend="leave out --data (random and corner vectors are used), or lower a jetmix run",
        )
    jets = load_for_tagger(
        path, trained_on=trained_on, features=features, input_shape=shape, split="test"
    ).x
    if jets.shape[1:] != shape:
        raise DataError(
            f"jets of shape {jets.shape[1:]}, the tagger takes {shape}",
            where=path,
            mend="give the data that the tagger was trained for",
        )
    return jets


def climb(
    out: Path,
    model: Any,
    projects: Sequence[FirmwareProject],
    *,
    vectors: VectorSet,
    reference: NDArray[np.float32],
    wanted: Sequence[Level],
    delay_constraint: int,
) -> list[VerificationResult]:
    """Run the wanted levels; a level that differs names the layer where its bits part.

    ``delay_constraint`` is the one that the adder graph was made with.
    """
    of = {project.flow: project for project in projects}
    checks: dict[Level, levels.Check] = {
        "ir": lambda r, v: levels.check(r, Emulator.load(out), v, level="ir"),
        "csim": lambda r, v: levels.check(r, csim.build(of["hls4ml"], out / CSIM), v, level="csim"),
        "rtl": lambda r, v: levels.check_clocked(
            r, rtl.build(of["rtl"], out / RTL_SIM), v, level="rtl"
        ),
        "netlist": lambda r, v: levels.check_clocked(
            r, _netlist(out, of["rtl"]), v, level="netlist"
        ),
    }
    results = levels.climb(reference, vectors, checks=checks, levels=wanted)
    return [
        _traced(result, out, model, of, vectors=vectors, delay_constraint=delay_constraint)
        for result in results
    ]


def _netlist(out: Path, project: FirmwareProject) -> RtlSim:
    """Return the simulation of the netlist that Yosys makes of the Verilog."""
    verilator.find_verilator()  # before minutes of synthesis
    tool = yosys.find_yosys()
    cells = yosys.find_cells(tool[0])
    area = yosys.synthesised(out, project, tool)
    return netlist.build(project, area / yosys.NETLIST, cells, out / NETLIST_SIM)


def _traced(
    result: VerificationResult,
    out: Path,
    model: Any,
    of: Projects,
    *,
    vectors: VectorSet,
    delay_constraint: int,
) -> VerificationResult:
    """Return a result with the layer at which its first differing vector parts from Keras."""
    first = result.first_mismatch
    if first is None:
        return result
    x = vectors.one(first.origin, first.vector)
    try:
        with progress("Tracing the layers"):
            if result.candidate in ("rtl", "netlist"):
                layer = _first_stage(
                    result.candidate, out, model, of["rtl"], x, delay_constraint=delay_constraint
                )
            else:
                layer = _first_layer(result.candidate, out, model, of, x)
    except JetmixError as error:
        say(f"The layers could not be traced: {error}")
        return result
    return replace(result, first_mismatch=replace(first, layer=layer))


def _first_layer(level: Level, out: Path, model: Any, of: Projects, x: Floats) -> str:
    if level == "ir":
        candidate = partings.of_graph(model, x)
    else:
        candidate = partings.of_csim(model, of["hls4ml"], x, out / TRACED)
    return partings.first_parting(model, partings.of_keras(model, x), candidate)


def _first_stage(
    level: Level,
    out: Path,
    model: Any,
    project: FirmwareProject,
    x: Floats,
    *,
    delay_constraint: int,
) -> str:
    graph = da_graph.load(out / GRAPH_FILE)
    traces = da_graph.trace_layers(model, delay_constraint=delay_constraint)
    made, models = None, []
    if level == "netlist":
        made = out / yosys.FOLDER / yosys.NETLIST
        models = netlist.models(yosys.find_cells(yosys.find_yosys()[0]))
    layers = da_graph.layer_of_operations(traces, graph)
    return stages.first_parting(
        project, graph, layers, x, out / TRACED, netlist=made, models=models
    )
