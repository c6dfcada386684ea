"""The levels of the ladder of bit-exactness: one literal line each, lowest first.

A level is a module with the functions of :class:`Steps`. It is imported only when it is climbed, so
that the names of all levels are known without numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from jetmix.errors import ToolMissingError, UsageError
from jetmix.support.records import suggestion

if TYPE_CHECKING:
    from jetmix.firmware.project import Flow
    from jetmix.support.arrays import Reals
    from jetmix.verification.bench import Bench, Outputs


class Steps(Protocol):
    """What the module of a level offers."""

    def require_tools(self) -> None:
        """Look for all external programs of the level.

        Raises:
            ToolMissingError: if one is not installed.
        """

    def run(self, bench: "Bench") -> "Outputs":
        """Build the level, or take what an earlier run built, and return its outputs.

        Raises:
            BitsDifferError: if the project was edited since it was written.
            ToolMissingError: if a tool is not installed.
            ToolFailedError: if one fails.
        """

    def trace(self, bench: "Bench", x: "Reals") -> str:
        """Return where the level's bits first differ from Keras for one vector, (1, *input shape).

        Raises:
            JetmixError: if that cannot be found out.
        """


@dataclass(frozen=True, kw_only=True)
class Level:
    """A level of the ladder.

    Attributes:
        name: what ``--level`` takes and the files hold.
        title: its name for people.
        module: where its :class:`Steps` are.
        flow: the flow whose project it runs, None for one that needs no project.
        on_request: whether it is climbed only where it is asked for.
    """

    name: str
    title: str
    module: str
    flow: "Flow | None" = None
    on_request: bool = False

    @property
    def steps(self) -> Steps:
        """The functions of the level, imported now."""
        return cast(Steps, import_module(self.module))

    def missing_tool(self) -> ToolMissingError | None:
        """Return what is said of the first tool that is not installed, None if all are."""
        try:
            self.steps.require_tools()
        except ToolMissingError as error:
            return error
        return None


_ROOM = "jetmix.verification.levels"
LEVELS: dict[str, Level] = {
    level.name: level
    for level in (
        Level(name="ir", title="DA intermediate form", module=f"{_ROOM}.ir"),
        Level(name="csim", title="C simulation", module=f"{_ROOM}.csim", flow="hls4ml"),
        Level(name="rtl", title="RTL simulation", module=f"{_ROOM}.rtl", flow="rtl"),
        # takes minutes
        Level(
            name="netlist", title="netlist simulation", module=f"{_ROOM}.netlist", flow="rtl",
            on_request=True,
        ),
    )
}  # fmt: skip


def chosen(names: Sequence[str], flows: Sequence[str]) -> tuple[str, ...]:
    """Return the levels to climb, lowest first.

    Args:
        names: what the user asked for; nothing stands for all levels that need no request.
        flows: the flows of the projects that there are.

    Raises:
        UsageError: if there is no such level, or it needs the project of another flow.
    """
    for name in names:
        if name not in LEVELS:
            mend = suggestion(name, list(LEVELS), "level")
            raise UsageError(f"unknown level '{name}'", mend=mend)
        flow = LEVELS[name].flow
        if flow is not None and flow not in flows:
            raise UsageError(
                f"level {name} needs the flow {flow}", mend=f"run 'jetmix synth' with --flow {flow}"
            )
    return tuple(
        level.name
        for level in LEVELS.values()
        if level.name in names
        or (not (names or level.on_request) and (level.flow is None or level.flow in flows))
    )
