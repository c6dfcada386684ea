"""How often the nets of a tagger's Verilog switch, as a proxy of dynamic power.

    python benchmarks/switching.py jets.h5 switching.json SYNTH [SYNTH ...] [--jets 2000]

Each SYNTH is a folder of ``jetmix synth --flow rtl``, not folded. Its Verilog is run in Verilator
on the same test jets, one per clock, and every change of a bit is counted in its SAIF file: of the
pipeline's registers, and of the nets that logic drives (bits that are only named anew are left
out). The simulation has no delays, so glitches are not counted: a real circuit switches more.
"""

import argparse
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import jetmix
from jetmix.api.firmware import Firmware
from jetmix.data.for_tagger import load_for_tagger
from jetmix.firmware.project import FirmwareProject
from jetmix.firmware.verilog import read_ports
from jetmix.support.arrays import Reals
from jetmix.verification.simulators.rtl import pack, tables_of
from jetmix.verification.simulators.verilator import find_verilator

RUNTIME = ("verilated.cpp", "verilated_threads.cpp", "verilated_saif_c.cpp")
DRIVER = """
#include "Vtop.h"
#include "{ports}"
#include "verilated_saif_c.h"
#include <cstdio>
int main() {{
    VerilatedContext context;
    context.traceEverOn(true);
    Vtop tagger(&context);
    VerilatedSaifC saif;
    tagger.trace(&saif, 99);
    uint32_t words[{words}];
    FILE *vectors = fopen("vectors.bin", "rb");
    for (size_t clock = 0; fread(words, 4, {words}, vectors) == {words}; clock++) {{
        put(tagger.model_inp, words);
        tagger.clk = 0;
        tagger.eval();
        tagger.clk = 1;
        tagger.eval();
        // what happens until the pipeline holds jets alone is left out
        if (clock == {first}) saif.open("toggles.saif");
        if (clock >= {first}) saif.dump(clock - {first});
    }}
    saif.close();
}}
"""
NET = re.compile(r"^\((\S+) \(T0 \d+\).*\(TC (\d+)\)\)$")
SCOPE = re.compile(r"^\(INSTANCE (\S+)$")
# a net of a stage that is other bits, or a constant, under a new name
RENAMED = re.compile(r"wire \[\S+\] (v\d+); assign \1\[\S+\] = (?:\w+\[\S+\]|\d+'\w+);")
REGISTER = re.compile(r"(stage\d+_inp|model_out)\\?\[")
PORTS = "jetmix_ports.h"


def count(project: FirmwareProject, x: Reals) -> dict[str, int]:
    """Return the toggles of registers and of logic, the bits of each, and over how many jets."""
    ports = read_ports(project.path)
    packed = pack(x.reshape(len(x), -1), np.array(ports.inputs, dtype=np.int64))
    with tempfile.TemporaryDirectory(prefix="switching-") as scratch:
        folder = Path(scratch)
        np.ascontiguousarray(packed).tofile(folder / "vectors.bin")
        first = ports.latency_cycles + 1
        text = DRIVER.format(ports=PORTS, words=packed.shape[1], first=first)
        (folder / "main.cpp").write_text(text)
        template = Path(jetmix.__file__).parent.parent / "firmware_templates" / "verilator" / PORTS
        (folder / PORTS).write_text(template.read_text())
        _simulate(project, folder)
        # as many changes as clocks behind the first one that is looked at
        return {"jets": len(x) - first - 1, **_toggles(folder / "toggles.saif", project)}


def _simulate(project: FirmwareProject, folder: Path) -> None:
    binary, root = find_verilator()
    include = root / "include"
    sources = sorted((project.path / "src").resolve().rglob("*.v"))
    subprocess.run(
        [binary, "--cc", "-O3", "-Wno-fatal", "-Wno-lint", "--trace-saif", "--output-split",
         "20000", "--prefix", "Vtop", "--top-module", project.top, "--Mdir", folder, *sources],
        check=True, env={"VERILATOR_ROOT": str(root)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    code = [*folder.glob("*.cpp"), *(include / name for name in RUNTIME)]
    subprocess.run(
        ["g++", "-O0", "-std=c++17", "-w", "-pthread", f"-I{folder}", f"-I{include}",
         f"-I{include}/vltstd", "-o", folder / "run", *code],
        check=True,
    )  # fmt: skip
    for table in tables_of(project).glob("*"):
        if table.is_file():
            (folder / table.name).write_bytes(table.read_bytes())
    subprocess.run([folder / "run"], check=True, cwd=folder)


def _toggles(saif: Path, project: FirmwareProject) -> dict[str, int]:
    renamed = {
        (path.stem.removeprefix(f"{project.top}_"), match[1])
        for path in (project.path / "src").glob(f"{project.top}_stage*.v")
        for match in RENAMED.finditer(path.read_text())
    }
    found = dict.fromkeys(("register_bits", "register_toggles", "logic_bits", "logic_toggles"), 0)
    for scope, net, toggles in _nets(saif):
        if REGISTER.match(net) and "stage" not in scope:
            kind = "register"
        elif re.match(r"v\d+\\?(\[|$)", net) and scope.startswith("stage"):
            if (scope, re.match(r"v\d+", net)[0]) in renamed:
                continue
            kind = "logic"
        else:
            continue
        found[f"{kind}_bits"] += 1
        found[f"{kind}_toggles"] += toggles
    return found


def _nets(saif: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the scope, the name and the toggles of every bit of every net."""
    scopes: list[str] = []
    depth: list[int] = []
    level = 0
    for raw in saif.read_text().splitlines():
        line = raw.strip()
        if match := SCOPE.match(line):
            scopes.append(match[1])
            depth.append(level)
        if match := NET.match(line):
            yield scopes[-1], match[1], int(match[2])
        level += line.count("(") - line.count(")")
        while depth and level <= depth[-1]:
            depth.pop()
            scopes.pop()


def jets_of(firmware: Firmware, data: Path) -> Reals:
    """Return the test jets as the tagger takes them, (jet, ...)."""
    tagger = firmware.folder.tagger
    if tagger.dataset is None:
        raise SystemExit(f"{firmware.path}: not made from a run, so its jets are not known")
    features = tagger.dataset.feature_names
    jets = load_for_tagger(
        data,
        trained_on=tagger.dataset,
        features=features,
        input_shape=tagger.input_shape,
        split="test",
    )
    return jets.x


def measured(firmware: Firmware, x: Reals) -> dict[str, object]:
    """Return the switching of one synthesis beside its LUT."""
    project = firmware.folder.project("rtl")
    found = count(project, x)
    jets = found["jets"]
    return {
        "name": firmware.path.name,
        "lut": firmware.resources["estimate"].lut,
        **found,
        "toggles_per_jet": round((found["register_toggles"] + found["logic_toggles"]) / jets, 1),
        "logic_toggles_per_bit_and_jet": round(
            found["logic_toggles"] / jets / max(found["logic_bits"], 1), 4
        ),
    }


def main() -> None:
    """Write the switching of all syntheses as JSON and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("synths", type=Path, nargs="+")
    parser.add_argument("--jets", type=int, default=2000)
    options = parser.parse_args()
    rows = []
    for folder in options.synths:
        firmware = jetmix.open_firmware(folder)
        x = jets_of(firmware, options.data)[: options.jets]
        rows.append(measured(firmware, x))
        print(json.dumps(rows[-1]), flush=True)
    options.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
