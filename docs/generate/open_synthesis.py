"""LUT and FF from Yosys, for published model files: docs/generate/open_synthesis.json.

    python docs/generate/open_synthesis.py --models FOLDER [--minutes 20] [--cuts]

With --cuts it is the FF of other clock periods, and so of other numbers of adders between
registers, that are counted: docs/generate/open_registers.json.

Minutes are wall time; CPU time is noted beside it, since a busy machine stretches the former.

Each model goes through `jetmix synth --flow rtl --run-yosys` in a process of its own, so a model
that does not finish in time is named as such. Run it before docs/generate/estimates.py, which shows
the result.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jetmix.firmware import da_graph
from jetmix.resources.estimate import adders_per_stage
from jetmix.resources.report import ResourceReport
from jetmix.support.files import write_json
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.emulator.emulator import GRAPH_FILE

RESULT = Path(__file__).with_suffix(".json")
MODELS = (
    "openml/mlp_openml_acc75.86.h5",
    "openml/mlp_openml_acc76.86.h5",
    "mixer/mixer_64x16_acc77.26.h5",
    "gnn/gnn_32x16_acc79.83.keras",
    "mixer/mixer_64x16_acc81.39.h5",
    "gnn/gnn_32x3_acc79.18.keras",
)
TIMEOUT_EXIT = 8
CUTS_RESULT = Path(__file__).with_name("open_registers.json")
# clock period in ns, and so adders between registers: the published cuts are at 2 and 5
CUTS = {MODELS[0]: (2, 3, 8), MODELS[1]: (2, 3, 8), MODELS[2]: (2, 3)}


def synthesise(model: Path, minutes: float) -> dict:
    """Return estimate and Yosys report of a model, None in place of one that did not finish."""
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        out = Path(scratch) / "out"
        start, busy = time.perf_counter(), cpu_of_children()
        run_synth(model, out, minutes=minutes, clock_ns=5)
        seconds = time.perf_counter() - start
        by_origin = {report.origin: report for report in SynthDir(out).resources}
    return {
        "estimate": slim(by_origin["estimate"]),
        "yosys": slim(by_origin["yosys"]) if "yosys" in by_origin else None,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_of_children() - busy, 1),
    }


def run_synth(model: Path, out: Path, *, minutes: float, clock_ns: int) -> None:
    """Run ``jetmix synth`` with Yosys on a model; one that takes too long is no error."""
    words = ["--part", "xcvu13p", "--out", str(out), "--flow", "rtl", "--level", "ir"]
    words += ["--random", "50", "--run-yosys", "--yosys-minutes", str(minutes)]
    command = [sys.executable, "-m", "jetmix", "synth", str(model), *words]
    done = subprocess.run([*command, "--clock-ns", str(clock_ns)], check=False)
    if done.returncode not in (0, TIMEOUT_EXIT):
        raise SystemExit(f"{model}: jetmix synth ended with {done.returncode}")


def cut(model: Path, name: str, clock_ns: int, minutes: float) -> dict:
    """Return register bits and Yosys' FF of a model at a clock period."""
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        out = Path(scratch) / "out"
        run_synth(model, out, minutes=minutes, clock_ns=clock_ns)
        adders = adders_per_stage(clock_ns)
        graph = da_graph.load(out / GRAPH_FILE)
        _, bits = da_graph.pipeline_registers(graph, adders_per_stage=adders)
        (found,) = (r for r in SynthDir(out).resources if r.origin == "yosys")
    return {"model": name, "adders": adders, "bits": bits, "ff": found.ff}


def cpu_of_children() -> float:
    """Return the CPU time in s of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def slim(report: ResourceReport) -> dict:
    """Return the figures of a resource report that the page shows."""
    return {name: getattr(report, name) for name in ("lut", "ff", "tool_version", "note")}


def main() -> None:
    """Synthesise every model, writing the result after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--cuts", action="store_true", help="count FF at other clock periods")
    options = parser.parse_args()
    if options.cuts:
        measured = []
        for name, periods in CUTS.items():
            for clock_ns in periods:
                measured.append(cut(options.models / name, name, clock_ns, options.minutes))
                write_json(CUTS_RESULT, measured)
        return
    results = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in MODELS:
        if name not in results:
            results[name] = synthesise(options.models / name, options.minutes)
            write_json(RESULT, results)


if __name__ == "__main__":
    main()
