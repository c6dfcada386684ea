"""Lowering a tagger, and the firmware that comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from jetmix import words
from jetmix.api import notebook
from jetmix.api.paths import PathLike, optional
from jetmix.api.run import Run, source_of
from jetmix.errors import UsageError
from jetmix.firmware.project import EngineName
from jetmix.firmware.verilog import read_ports
from jetmix.resources.report import ResourceReport
from jetmix.support.arrays import Bools, Reals
from jetmix.synthesis import flow as synthesis
from jetmix.synthesis.options import Budget, Placement, SynthOptions
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.synthesis.timing import Timing, best_resources, measured, timing_of
from jetmix.verification.emulator.clocked import ClockedEmulator
from jetmix.verification.emulator.emulator import Emulator, Given
from jetmix.verification.options import VectorOptions
from jetmix.verification.proofs.proofs import Proofs
from jetmix.verification.result import VerificationResult
from jetmix.verification.simulators.waveform import Waveform


@dataclass(frozen=True, eq=False)
class Firmware:
    """A tagger lowered to firmware: a directory of ``jetmix synth``.

    Attributes:
        folder: the directory, whose files are read when they are asked for.
    """

    folder: SynthDir

    @property
    def path(self) -> Path:
        """The directory."""
        return self.folder.path

    @property
    def resources(self) -> dict[str, ResourceReport]:
        """Resources and latency by origin, such as ``estimate`` or ``post-route``."""
        return {report.origin: report for report in self.folder.resources}

    @property
    def verification(self) -> dict[str, VerificationResult]:
        """The outcome of each level that was climbed, such as ``csim``."""
        return {result.candidate: result for result in self.folder.verification}

    @property
    def proofs(self) -> Proofs | None:
        """What is proven for all inputs, None in a directory of an early version."""
        return self.folder.proofs

    @property
    def timing(self) -> Timing | None:
        """Latency and II: measured where the Verilog was simulated, else of the best report."""
        best = best_resources(self.folder.resources)
        return timing_of(best, measured(self.folder.verification)) if best else None

    @property
    def latency_ns(self) -> float | None:
        """Latency in ns from input register to output register."""
        return self.timing.ns if self.timing else None

    @property
    def latency_cycles(self) -> int | None:
        """Latency in clock cycles from input register to output register."""
        return self.timing.cycles if self.timing else None

    @cached_property
    def _emulator(self) -> Emulator:
        return Emulator.load(self.path)

    def predict(self, x: Given) -> Any:
        """Return what the firmware answers, bit for bit, (jet, output).

        Args:
            x: normalised jets, (jet, particle, feature) or (jet, feature), as the tagger takes
                them: see :meth:`Run.load_jets`. For a model of several inputs a dict of arrays by
                the inputs' names, or a list of arrays in order.

        Returns:
            float32, float64 where an output takes more than 24 bits; for a model of several
            outputs a dict of arrays by the outputs' names.

        Raises:
            DataError: if an array is missing or has another shape.
        """
        return self._emulator.predict(x)

    def clocks(self, inputs: Reals, start: Bools, rst: Bools) -> Waveform:
        """Return what the ports of a folded tagger carry, clock by clock and bit for bit.

        Args:
            inputs: ``model_inp``: the particles of a beat, (clock, element), or with ``--input
                parallel`` all of a jet, in the bits of the port.
            start: ``model_start``, (clock,).
            rst: ``rst``, (clock,). Nothing starts before the first one.

        Raises:
            UsageError: if the tagger is not folded.
            DataError: if the arrays are not of the clocks and elements of the ports.
        """
        machine = self.folder.machine
        if machine is None:
            raise UsageError("the tagger is not folded", where=self.path, mend="use predict")
        ports = read_ports(self.folder.project("rtl").path)
        return ClockedEmulator(machine, ports.input or "beats").run(inputs, start, rst)

    def _repr_html_(self) -> str:
        best = best_resources(self.folder.resources)
        rows = [("Bit-exact", words.exactness(self.folder.verification))]
        if best is not None:
            origin = words.origin(best.origin)
            rows += [
                ("LUT", f"{words.lut(best)} [{origin}]"),
                ("FF", words.ff(best)),
                ("DSP", words.count(best.dsp)),
                ("Part", best.part or words.UNKNOWN),
            ]
        if self.timing is not None:
            timed = f"{self.timing.cycles} cycles, {words.decimal(self.timing.ns)} ns"
            rows.append(("Latency", f"{timed} [{words.source(self.timing.source)}]"))
        costs = sorted(self.folder.costs or (), key=lambda cost: -cost.share)
        shares = [(cost.layer, cost.share) for cost in costs if cost.share >= 0.01]
        return notebook.page(f"Firmware {self.path}", rows, notebook.bars("LUT by layer", shares))


def synthesise(
    tagger: Run | PathLike,
    *,
    part: str,
    out: PathLike,
    clock_ns: float = SynthOptions.clock_ns,
    flow: str = SynthOptions.flow,
    engine: EngineName = SynthOptions.engine,
    vhdl: bool = SynthOptions.vhdl,
    ii: int | Literal["auto"] = SynthOptions.ii,
    fold_sum: bool = SynthOptions.fold_sum,
    input: Literal["beats", "parallel"] = SynthOptions.input,  # noqa: A002 - the name of the option
    top: str | None = SynthOptions.top,
    version: int | None = SynthOptions.version,
    levels: Sequence[str] = SynthOptions.levels,
    data: PathLike | None = VectorOptions.data,
    constants: PathLike | None = VectorOptions.constants,
    max_jets: int = VectorOptions.max_jets,
    n_random: int = VectorOptions.n_random,
    seed: int = VectorOptions.seed,
    logits: bool = SynthOptions.logits,
    trust: Sequence[str] = SynthOptions.trust,
    calibrated: bool = SynthOptions.calibrated,
    max_latency_ns: float | None = Budget.max_latency_ns,
    max_lut: int | None = Budget.max_lut,
    slr: int | None = Placement.slr,
    slr_registers: int = Placement.slr_registers,
    run_yosys: bool = SynthOptions.run_yosys,
    run_vendor: bool = SynthOptions.run_vendor,
) -> Firmware:
    """Lower a tagger to firmware, prove it bit-exact and estimate its resources.

    Args:
        tagger: a run, a run directory, or any HGQ2 ``.keras`` or ``.h5`` file.
        part: the FPGA, such as ``xcvu13p``.
        out: folder to write; the same synthesis in it is not repeated.
        clock_ns: target clock period in ns.
        flow: ``hls4ml`` (a Vitis HLS project), ``rtl`` (Verilog) or ``both``.
        engine: what makes the Verilog, ``da4ml`` or ``alkaid``; hls4ml always uses da4ml.
        vhdl: write VHDL of the same pipeline beside the Verilog.
        ii: clocks in which the Verilog takes a jet; above 1 it is folded. ``auto`` takes the fewest
            that meet ``max_lut`` by the estimate.
        fold_sum: fold the weighted sum over the particles of a Mixer as well.
        input: how a jet comes into folded Verilog: ``beats`` or ``parallel``.
        top: name of the tagger in all files, instead of ``jetmix_tagger``.
        version: its version, which stands behind the name.
        levels: levels of bit-exactness; by default all of the flow that take no minutes.
        data: HDF5 file whose test jets are run through all levels.
        constants: JSON file of normalisation constants, for a model that no run recorded.
        max_jets: at most this many of them.
        n_random: random vectors within the input ranges, and again beyond them.
        seed: seed of the random vectors.
        logits: leave out the softmax that the model ends in.
        trust: modules whose classes the model file may use; they are imported.
        calibrated: take the quantisers' ranges as they are, also if no data seem to have set them.
        max_latency_ns: latency budget in ns.
        max_lut: LUT budget.
        slr: keep the tagger in this SLR of a part of several.
        slr_registers: registers before and behind the pipeline of the Verilog, for crossings.
        run_yosys: run Yosys on the Verilog.
        run_vendor: run Vitis HLS and Vivado.

    Raises:
        LoweringError: if the tagger cannot be lowered.
        BitsDifferError: if a level differs from Keras.
        ToolMissingError, ToolFailedError: if a tool is not there or fails.
        LimitMissedError: if no II meets ``max_lut``, with ``ii="auto"``.
        UsageError, DataError, RunConflictError: if an option, the jets or ``out`` are refused.
    """
    vectors = VectorOptions(
        data=optional(data),
        constants=optional(constants),
        max_jets=max_jets,
        n_random=n_random,
        seed=seed,
    )
    options = SynthOptions(
        part=part,
        clock_ns=clock_ns,
        flow=flow,
        engine=engine,
        vhdl=vhdl,
        ii=ii,
        fold_sum=fold_sum,
        input=input,
        top=top,
        version=version,
        levels=tuple(levels),
        vectors=vectors,
        logits=logits,
        trust=tuple(trust),
        calibrated=calibrated,
        budget=Budget(max_latency_ns=max_latency_ns, max_lut=max_lut),
        placement=Placement(slr=slr, slr_registers=slr_registers),
        run_yosys=run_yosys,
        run_vendor=run_vendor,
    )
    return Firmware(synthesis.synthesise(source_of(tagger), Path(out), options))


def open_firmware(path: PathLike) -> Firmware:
    """Open a directory of ``jetmix synth``.

    Raises:
        LoweringError: if it is none, or is half-written.
        BitsDifferError: if it was edited.
    """
    return Firmware(SynthDir.open(Path(path)))
