"""The same models through both engines: exact or not, cost, LUT, stages, seconds, memory.

    python benchmarks/engines.py OUT.jsonl MODEL... [--limit-s 1800] [--yosys-cost 60000]

One JSON line per model and engine; lines that are there are not made again, so a run that was
stopped goes on where it was. Every pair runs in a process of its own, whose peak memory is stated
as it was when the graph was made, before Verilator and Yosys. Graphs of a higher cost than
``--yosys-cost`` are not synthesised, because Yosys takes too long. Wall seconds depend on what else
the machine does.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from jetmix.eda import yosys
from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import ENGINES
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.parts import find_part
from jetmix.firmware.project import FirmwareProject
from jetmix.firmware.verilog import write_rtl
from jetmix.models.keras_env import load_tagger
from jetmix.models.prepare import prepare
from jetmix.resources.estimate import adders_per_stage
from jetmix.verification.bench import keras_logits
from jetmix.verification.precision import precision_of
from jetmix.verification.simulators import rtl, verilator
from jetmix.verification.vectors import InputRange, uniform

CLOCK_NS = 5.0
PART = "xcvu13p"
N_VECTORS = 1000
CARRIED_BITS = 20
# Verilated code of larger graphs is compiled without optimisation, or g++ takes half an hour
OPTIMISED_BELOW = 3_000
YOSYS_LIMIT_S = 1800.0


def vectors_of(graph: DaGraph) -> np.ndarray:
    """Return vectors within the input ranges and as many beyond them, (vector, input).

    No range is wider than what float32 carries in steps of the port, as the reference does.
    """
    ranges, rng = InputRange.of(graph), np.random.default_rng(0)
    end = ranges.step * 2.0**CARRIED_BITS
    ranges = replace(ranges, low=np.maximum(ranges.low, -end), high=np.minimum(ranges.high, end))
    return np.concatenate([uniform(ranges, N_VECTORS, rng, stretch=by) for by in (1.0, 2.0)])


def simulated(project: FirmwareProject, graph: DaGraph, x: np.ndarray, y: np.ndarray, area: Path):
    """Return how many vectors differ in the Verilog, and its latency in cycles."""
    library = verilator.build(
        area,
        sorted((project.path / "src").resolve().rglob("*.v")),
        level="rtl",
        title="RTL simulation",
        digest=project.digest,
        optimise="-O1" if graph.cost < OPTIMISED_BELOW else "-O0",
    )
    simulation = rtl.simulation(project, library)
    clocks = simulation.run(x)
    latency = rtl.align(clocks, y, expected=simulation.latency_cycles)
    assert latency == simulation.latency_cycles, "the latency is not the stated one"
    return wrong(rtl.results(clocks, latency, len(y)), y), latency


def wrong(found: np.ndarray, y: np.ndarray) -> int:
    """Return how many vectors differ."""
    return int((found.reshape(y.shape) != y).any(axis=1).sum())


def measure(path: Path, by: str, yosys_cost: float) -> dict:
    """Lower, simulate and synthesise one model by one engine."""
    model = prepare(load_tagger(path)).model
    start = time.monotonic()
    graph = da_graph.graph_of(da_graph.trace_layers(model, by=by))
    found = {
        "seconds": round(time.monotonic() - start, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "cost": round(graph.cost, 1),
        "operations": len(graph.ops),
        "tables": sum(op.opcode == 8 for op in graph.ops),
    }
    x = vectors_of(graph)
    y = keras_logits(model, x, precision_of(graph))
    found |= {"vectors": len(x), "ir_wrong": wrong(graph.predict(x.astype(np.float64)), y)}
    adders = adders_per_stage(CLOCK_NS)
    found["stages"], found["register_bits"] = da_graph.pipeline_registers(
        graph, adders_per_stage=adders
    )
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch)
        project = write_rtl(
            graph,
            folder / "rtl",
            part=find_part(PART),
            clock_period_ns=CLOCK_NS,
            adders_per_stage=adders,
        )
        found["rtl_wrong"], found["latency"] = simulated(project, graph, x, y, folder / "sim")
        print(json.dumps(found), flush=True)  # what there is, should Yosys run out of time
        if graph.cost <= yosys_cost:
            yosys.synthesise(folder / "yosys", project, yosys.find_yosys(), limit_s=YOSYS_LIMIT_S)
            report = yosys.read_statistics(folder / "yosys", project)
            found |= {"yosys_lut": report.lut, "yosys_ff": report.ff}
    return found


def line_of(path: Path, by: str, arguments: argparse.Namespace) -> dict:
    """Measure one pair in a process of its own."""
    command = [sys.executable, __file__, str(arguments.out), str(path), "--one", by]
    command += ["--yosys-cost", str(arguments.yosys_cost)]
    named = {"model": path.name, "engine": by}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=arguments.limit_s, check=False
        )
        lines, errors = done.stdout.splitlines(), done.stderr.strip().splitlines()
    except subprocess.TimeoutExpired as error:
        lines = (error.stdout or b"").decode().splitlines()
        errors = [f"no end within {arguments.limit_s:g} s"]
        done = None
    found = [json.loads(line) for line in lines if line.startswith("{")]
    if done is not None and done.returncode == 0 and found:
        return named | found[-1]
    # the last line of a traceback begins with the class of the error
    error = re.sub(r"^jetmix\.errors\.\w+: ", "", errors[-1]) if errors else "no output"
    return named | (found[-1] if found else {}) | {"error": error}


def main() -> None:
    """Measure all pairs that are not in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--limit-s", type=float, default=1800.0)
    parser.add_argument("--yosys-cost", type=float, default=60_000.0)
    parser.add_argument("--one", choices=list(ENGINES), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        found = measure(arguments.models[0], arguments.one, arguments.yosys_cost)
        print(json.dumps(found), flush=True)
        return
    text = arguments.out.read_text(encoding="utf-8") if arguments.out.exists() else ""
    there = {(one["model"], one["engine"]) for one in map(json.loads, text.splitlines())}
    for path in arguments.models:
        for by in ENGINES:
            if (path.name, by) not in there:
                line = json.dumps(line_of(path, by, arguments))
                print(line, flush=True)
                with arguments.out.open("a", encoding="utf-8") as out:
                    out.write(line + "\n")


if __name__ == "__main__":
    main()
