"""What a user can choose about a synthesis, with its defaults and what is refused.

Neither numpy nor Keras is imported here: the help of the command line reads these classes.
"""

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

from jetmix.errors import UsageError
from jetmix.firmware.engines.registry import ENGINES
from jetmix.firmware.naming import label_of, require_name
from jetmix.firmware.parts import Part, find_part
from jetmix.firmware.placement import MOST_REGISTERS
from jetmix.firmware.project import DA4ML, TOP, EngineName, Flow, Given
from jetmix.support import provenance
from jetmix.support.files import content_digest, file_digest
from jetmix.support.records import POSITIVE, suggestion
from jetmix.verification.levels import registry
from jetmix.verification.options import VectorOptions

FLOWS: dict[str, tuple[Flow, ...]] = {
    "hls4ml": ("hls4ml",), "rtl": ("rtl",), "both": ("hls4ml", "rtl"),
}  # fmt: skip
# how a jet comes into folded Verilog
INPUTS: tuple[Given, ...] = get_args(Given)
CLOCK_RANGE_NS = (0.5, 100.0)
# the smallest II that meets the LUT budget
AUTO: Literal["auto"] = "auto"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Upper limits of latency in ns and of LUT; None is none."""

    max_latency_ns: float | None = None
    max_lut: int | None = None

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return self.max_latency_ns is not None or self.max_lut is not None


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the tagger lies in a device of several dies (SLRs).

    Attributes:
        slr: the SLR that the constraints keep it in; None leaves that to Vivado.
        slr_registers: registers before and behind the pipeline of the Verilog for crossings.
    """

    slr: int | None = None
    slr_registers: int = 0

    def check(self, part: Part) -> None:
        """Refuse what a part does not have.

        Raises:
            UsageError: if there is no such SLR, or so many registers are not supported.
        """
        if not 0 <= self.slr_registers <= MOST_REGISTERS:
            raise UsageError(
                f"{self.slr_registers} registers", where="--slr-registers",
                mend=f"choose from 0 to {MOST_REGISTERS}",
            )  # fmt: skip
        if self.slr is None:
            return
        if part.slr_count == 1:
            raise UsageError(
                f"{part.name} is one die, which needs no placement", where="--slr",
                mend="leave it out",
            )  # fmt: skip
        if not 0 <= self.slr < part.slr_count:
            raise UsageError(
                f"{part.name} has no SLR {self.slr}", where="--slr",
                mend=f"choose from 0 to {part.slr_count - 1}",
            )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SynthOptions:
    """How a tagger is lowered, verified and synthesised.

    Attributes:
        part: the FPGA, such as ``xcvu13p``.
        clock_ns: target clock period in ns.
        flow: ``hls4ml`` for a Vitis HLS project, ``rtl`` for Verilog, or ``both``.
        engine: what makes the Verilog, ``da4ml`` or ``alkaid``; hls4ml always uses da4ml.
        vhdl: whether VHDL of the same pipeline is written beside the Verilog.
        ii: clocks in which the Verilog takes a jet; above 1 it is folded. ``auto`` takes the fewest
            that meet the LUT budget.
        fold_sum: whether a weighted sum over the particles is folded as well.
        input: how a jet comes into folded Verilog: ``beats``, one a clock, or ``parallel``.
        top: name of the tagger in its firmware; without one it is called as ever.
        version: its version, which stands behind the name.
        levels: levels of verification; nothing stands for all that need no request.
        vectors: what the levels are compared on.
        logits: whether the softmax that the model ends in is left out.
        trust: modules whose classes the model file may use; they are imported.
        calibrated: whether the ranges are taken as they are, without a look for signs of data.
        budget: limits of latency and LUT.
        placement: where it lies in a device of several dies.
        run_vendor: whether Vitis HLS and Vivado are run afterwards.
        vendor_hours: time limit of each of their steps in h.
        run_yosys: whether Yosys is run on the Verilog afterwards.
        yosys_minutes: its time limit in minutes.
        yosys_gb: its memory limit in GB.

    Raises:
        UsageError: if a value is refused.
        DataError: if the file of jets is not there.
    """

    part: Part | str
    clock_ns: float = 5.0
    flow: str = "hls4ml"
    engine: EngineName = DA4ML
    vhdl: bool = False
    ii: int | Literal["auto"] = 1
    fold_sum: bool = False
    input: Given = "beats"
    top: str | None = None
    version: int | None = None
    levels: tuple[str, ...] = ()
    vectors: VectorOptions = field(default_factory=VectorOptions)
    logits: bool = False
    trust: tuple[str, ...] = ()
    calibrated: bool = False
    budget: Budget = field(default_factory=Budget)
    placement: Placement = field(default_factory=Placement)
    run_vendor: bool = False
    vendor_hours: float = 24.0
    run_yosys: bool = False
    yosys_minutes: float = 20.0
    yosys_gb: float = 8.0

    def __post_init__(self) -> None:
        """Refuse values that no synthesis can be made with, before any work starts."""
        low, high = CLOCK_RANGE_NS
        if not low <= self.clock_ns <= high:
            raise UsageError(
                f"a clock period of {self.clock_ns} ns", mend=f"choose one from {low} to {high} ns"
            )
        if self.flow not in FLOWS:
            mend = suggestion(self.flow, list(FLOWS), "flow")
            raise UsageError(f"unknown flow '{self.flow}'", mend=mend)
        if self.engine not in ENGINES:
            mend = suggestion(self.engine, list(ENGINES), "engine")
            raise UsageError(f"unknown engine '{self.engine}'", mend=mend)
        self._require_name()
        self._require_verilog()
        self._require_ii()
        self._require_foldable()
        for name in ("vendor_hours", "yosys_minutes", "yosys_gb"):
            problem = POSITIVE(getattr(self, name))
            if problem:
                raise UsageError(f"{name} {problem}", mend="choose another value")
        self.vectors.require_data()
        self.placement.check(self.device)
        _ = self.wanted_levels

    def _require_name(self) -> None:
        if self.top is not None:
            require_name(self.top, self.version, where="--top")
        elif self.version is not None:
            raise UsageError("a version without a name", where="--version", mend="add --top NAME")

    def _require_verilog(self) -> None:
        needs = {
            "--run-yosys": self.run_yosys,
            "--vhdl": self.vhdl,
            "--slr-registers": self.placement.slr_registers > 0,
            f"--engine {self.engine}": self.engine != DA4ML,
        }
        for option, given in needs.items():
            if given and "rtl" not in self.flows:
                raise UsageError(f"{option} needs the Verilog", mend="add --flow rtl or both")

    def _require_ii(self) -> None:
        if self.ii == AUTO:
            if self.budget.max_lut is None:
                raise UsageError("no LUT budget to choose the II by", where="--ii auto",
                                 mend="add --max-lut")  # fmt: skip
        elif not isinstance(self.ii, int) or self.ii < 1:
            raise UsageError(f"an II of {self.ii}", where="--ii", mend="choose auto, or 1 or more")

    def _require_foldable(self) -> None:
        if self.input not in INPUTS:
            mend = suggestion(self.input, list(INPUTS), "input")
            raise UsageError(f"unknown input '{self.input}'", mend=mend)
        if self.ii == 1:
            for option, given, why in (
                ("--input", self.input != "beats", "all of a jet comes at once anyway"),
                ("--fold-sum", self.fold_sum, "nothing is folded"),
            ):
                if given:
                    raise UsageError(why, where=option, mend="add --ii, or leave it out")
            return
        if self.flows != ("rtl",):
            raise UsageError("hls4ml does not fold", where="--ii", mend="add --flow rtl")
        for option, given in (
            ("--vhdl", self.vhdl), ("--slr-registers", self.placement.slr_registers > 0),
        ):  # fmt: skip
            if given:
                raise UsageError(f"{option} is not for folded Verilog", where="--ii",
                                 mend=f"leave out {option}")  # fmt: skip

    @cached_property
    def device(self) -> Part:
        """The part, looked up by its name."""
        return self.part if isinstance(self.part, Part) else find_part(self.part)

    def at(self, ii: int) -> "SynthOptions":
        """Return the options with the II that was chosen."""
        folds = ii > 1
        return replace(
            self,
            ii=ii,
            input=self.input if folds else "beats",
            fold_sum=self.fold_sum and folds,
        )

    @property
    def label(self) -> str:
        """What the top function, module and entity are called."""
        return TOP if self.top is None else label_of(self.top, self.version)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The flows that are written."""
        return FLOWS[self.flow]

    @cached_property
    def wanted_levels(self) -> tuple[str, ...]:
        """The levels that are climbed, lowest first."""
        return registry.chosen(self.levels, self.flows)

    def digest(self, model_sha256: str) -> str:
        """Digest of the model, the options and the versions that shape the result."""
        vectors = self.vectors
        return content_digest(
            {
                "model": model_sha256,
                "part": self.device.full_name,
                "clock_period_ns": self.clock_ns,
                "flows": self.flows,
                "levels": self.wanted_levels,
                "data": file_digest(vectors.data) if vectors.data else None,
                **({"constants": file_digest(vectors.constants)} if vectors.constants else {}),
                "vectors": [vectors.max_jets, vectors.n_random, vectors.seed],
                "versions": provenance.package_versions(),
                **({"budget": asdict(self.budget)} if self.budget.limited else {}),
                **({"logits": True} if self.logits else {}),
                **({"trust": sorted(self.trust)} if self.trust else {}),
                **({"calibrated": True} if self.calibrated else {}),
                **({"engine": self.engine} if self.engine != DA4ML else {}),
                **({"vhdl": True} if self.vhdl else {}),
                **({"ii": [self.ii, self.input, self.fold_sum]} if self.ii != 1 else {}),
                **({"top": self.label} if self.top is not None else {}),
                **({"placement": asdict(self.placement)} if self.placement != Placement() else {}),
            }
        )
