"""What the taggers of a sweep are lowered for: an FPGA and a clock."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from jetmix.errors import UsageError
from jetmix.recipes.recipe import Recipe
from jetmix.support.records import POSITIVE, Check, suggestion
from jetmix.synthesis.options import SynthOptions

EXAMPLE = "write it as part=xcvu13p,clock-ns=5"


@dataclass(frozen=True, kw_only=True)
class Target:
    """What every tagger is lowered for, to be verified at level ``ir`` and estimated.

    Attributes:
        part: the FPGA, such as ``xcvu13p``.
        clock_ns: target clock period in ns.

    Raises:
        UsageError: for an unknown part or an impossible clock.
    """

    part: str
    clock_ns: float = SynthOptions.clock_ns

    CHECKS: ClassVar[dict[str, Check]] = {"clock_ns": POSITIVE}

    def __post_init__(self) -> None:
        """Refuse a part or a clock that nothing can be lowered for, before any work starts."""
        _ = self.options

    @property
    def options(self) -> SynthOptions:
        """How it is lowered: to Verilog, with the one level that needs no tool."""
        return SynthOptions(part=self.part, clock_ns=self.clock_ns, flow="rtl", levels=("ir",))

    def options_for(self, recipe: Recipe) -> SynthOptions:
        """Return how the tagger of a recipe is lowered: folded, if it is trained for that."""
        return replace(self.options, ii=recipe.quantiser.fold)


def target_from(text: str) -> Target:
    """Read ``part=NAME,clock-ns=PERIOD``.

    Raises:
        UsageError: naming what is not understood.
    """
    given: dict[str, Any] = {}
    for word in text.split(","):
        key, sign, value = (part.strip() for part in word.partition("="))
        if not sign or key not in ("part", "clock-ns"):
            near = suggestion(key, ("part", "clock-ns"), "key")
            raise UsageError(f"'{word}' is not understood", where="--synth", mend=near)
        given[key] = value
    if "part" not in given:
        raise UsageError("no part is named", where="--synth", mend=EXAMPLE)
    try:
        clock = float(given.get("clock-ns", Target.clock_ns))
    except ValueError:
        raise UsageError(
            f"clock-ns is '{given['clock-ns']}', not a number", where="--synth", mend=EXAMPLE
        ) from None
    return Target(part=given["part"], clock_ns=clock)
