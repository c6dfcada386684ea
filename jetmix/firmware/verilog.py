"""The only place that writes Verilog: the DA graph pipelined by da4ml, as a sealed project."""

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from jetmix.errors import LoweringError
from jetmix.firmware.parts import Part
from jetmix.firmware.project import TOP, FirmwareProject, seal, write_templates
from jetmix.support.files import place_folder

PORTS_FILE = "ports.json"
# folder of the lookup tables, empty for a graph that has none
TABLES = "src/memfiles"


def write_rtl(
    graph: Any,
    destination: Path,
    *,
    part: Part,
    clock_period_ns: float,
    adders_per_stage: int,
) -> FirmwareProject:
    """Write the Verilog project of a DA graph; it appears only when it is complete.

    Args:
        graph: da4ml ``CombLogic``.
        destination: folder that does not exist yet.
        part: the FPGA.
        clock_period_ns: target clock period in ns.
        adders_per_stage: adders between two registers.

    Raises:
        LoweringError: if da4ml cannot write the graph as Verilog.
    """
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch) / "rtl"
        stages = _generate(graph, folder, adders_per_stage)
        _keep_only_sources(folder)
        interface = {
            **ports(graph),
            "adders_per_stage": adders_per_stage,
            # a register before every stage, and one after the last
            "latency_cycles": stages + 1,
        }
        (folder / PORTS_FILE).write_text(json.dumps(interface, indent=1), encoding="utf-8")
        values = {"PART": part.full_name, "CLOCK_PERIOD_NS": clock_period_ns, "TOP": TOP}
        write_templates("rtl", folder, values)
        place_folder(folder, destination)
    return seal(destination, part=part.full_name, flow="rtl", clock_period_ns=clock_period_ns)


def ports(graph: Any) -> dict[str, list[list[int]]]:
    """Return sign, integer and fraction bits (k, i, f) of each input and output, lowest first."""
    return {
        "inputs": [[int(bits) for bits in kif] for kif in graph.inp_kifs.T],
        "outputs": [[int(bits) for bits in kif] for kif in graph.out_kifs.T],
    }


def _generate(graph: Any, folder: Path, adders_per_stage: int) -> int:
    """Let da4ml write its project, and return how many stages its pipeline has."""
    from da4ml.codegen.rtl.rtl_model import RTLModel

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            written = RTLModel(
                graph,
                TOP,
                folder,
                flavor="verilog",
                latency_cutoff=adders_per_stage,
                print_latency=False,
            )
            written.write()
            return len(written._pipe.solutions)
    except OSError:
        raise
    except Exception as error:
        raise LoweringError(
            f"da4ml cannot write the graph as Verilog ({type(error).__name__}: {error})",
            mend="use --flow hls4ml for this tagger",
        ) from error


def _keep_only_sources(folder: Path) -> None:
    """Keep the Verilog; scripts and constraints are jetmix' own."""
    for path in list(folder.iterdir()):
        if path.name != "src":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in [*(folder / "src").glob("*.xdc"), *(folder / "src").glob("*.sdc")]:
        path.unlink()
    (folder / "src" / f"{TOP}_wrapper.v").unlink()
