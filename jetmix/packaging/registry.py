"""The targets that a synthesis can be packaged for. A new one is a module and a line here."""

import difflib
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jetmix.errors import UsageError
from jetmix.packaging.network import SOURCES
from jetmix.packaging.order import Order

if TYPE_CHECKING:
    from jetmix.packaging.trials.trial import Trial
    from jetmix.verification.bench import Outputs


@dataclass(frozen=True, kw_only=True)
class Target:
    """A form of a package.

    Attributes:
        title: what it is.
        module: where its function ``write(order, folder)`` is.
        decides: whether it can put out a decision.
        in_vhdl: whether it can be had in VHDL instead of Verilog.
        linked: whether its jets come in words of links, which a mapping says.
        brings_jets: whether it brings jets with their answers.
        trial: where its function ``run(trial)`` is, which builds and runs a package; None for one
            of which nothing can be run.
        top: its wrapper round the network, with ``{}`` for name and version.
        sources: folder of that wrapper in the package, which may hold ``{}`` too.
        stand_ins: template of VHDL packages that the wrapper uses and the package does not hold.
        cycles: cycles that the wrapper adds to the latency of the network while nothing waits.
        hardware: whether it takes a jet in each clock, and not only gives the answer to one.
    """

    title: str
    module: str
    decides: bool = False
    in_vhdl: bool = False
    linked: bool = False
    brings_jets: bool = False
    trial: str | None = None
    top: str | None = None
    sources: str = SOURCES
    stand_ins: str | None = None
    cycles: int = 0
    hardware: bool = True

    def write(self, order: Order, folder: Path) -> None:
        """Write the files of the package into an empty folder."""
        importlib.import_module(self.module).write(order, folder)

    def run(self, trial: "Trial") -> "Outputs":
        """Build and run a package of this target, and return its answers."""
        if self.trial is None:
            raise ValueError(f"nothing of a package can be run: {self.title}")
        return cast("Outputs", importlib.import_module(self.trial).run(trial))


TARGETS: dict[str, Target] = {
    "emulator": Target(
        title="emulator package of CMSSW",
        module="jetmix.packaging.emulator",
        trial="jetmix.packaging.trials.emulator",
        hardware=False,
    ),
    "rtl-wrapper": Target(
        title="SystemVerilog or VHDL with valid bits and a port for each element",
        module="jetmix.packaging.rtl_wrapper",
        decides=True,
        in_vhdl=True,
        trial="jetmix.packaging.trials.rtl_wrapper",
        top="{}",
    ),
    "hls-wrapper": Target(
        title="top function of Vitis HLS with a struct for each particle",
        module="jetmix.packaging.hls_wrapper",
        trial="jetmix.packaging.trials.hls_wrapper",
    ),
    "emp": Target(
        title="payload of EMP boards in VHDL, with pattern files",
        module="jetmix.packaging.emp",
        trial="jetmix.packaging.trials.emp",
        top="{}_emp",
        sources="firmware/hdl",
        stand_ins="firmware_templates/package/trial/emp/framework.vhd",
        linked=True,
        brings_jets=True,
    ),
    "axi-stream": Target(
        title="the network between two AXI4-Streams",
        module="jetmix.packaging.axi_stream",
        trial="jetmix.packaging.trials.axi_stream",
        top="{}_axis",
        cycles=2,
    ),
    "ugt": Target(
        title="module of the CMS global trigger in VHDL, with test vectors",
        module="jetmix.packaging.ugt",
        decides=True,
        brings_jets=True,
        trial="jetmix.packaging.trials.ugt",
        top="{}_wrapper",
        sources="firmware/hdl/payload/{}",
    ),
    "c-api": Target(
        title="shared library and header with a plain C interface",
        module="jetmix.packaging.c_api",
        trial="jetmix.packaging.trials.c_api",
        hardware=False,
    ),
}


def find(name: str) -> Target:
    """Return the target of a name.

    Raises:
        UsageError: if there is none, naming the nearest.
    """
    if name in TARGETS:
        return TARGETS[name]
    near = difflib.get_close_matches(name, TARGETS, n=1)
    what = f"there is no target {name!r}"
    mend = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(TARGETS)}"
    raise UsageError(what, mend=mend)
