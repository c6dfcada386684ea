"""Numbers and names, and what is not known, as people read them."""

import math
from typing import TYPE_CHECKING

from jetmix.resources.origins import title_of
from jetmix.verification.levels.registry import LEVELS

if TYPE_CHECKING:
    pass

UNKNOWN = "\u2014"
THREE_FIGURES = 100

# published rows that do not say where their resources come from
UNSTATED = "unstated"

FIGURE_WORDS = {
    "accuracy_pct": "{}%",
    "mean_auc": "mean AUC {}",
    "ebops": "{} EBOPs",
    "lut": "{} LUT",
    "ff": "{} FF",
    "dsp": "{} DSP",
    "latency_cycles": "{} cycles",
    "latency_ns": "{} ns",
    "ii_cycles": "II {}",
}


def count(value: float | None) -> str:
    """Return a whole number with thousands marked."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def cycles(value: float | None) -> str:
    """Return a number of clock cycles."""
    return f"{count(value)} cycle" if value == 1 else f"{count(value)} cycles"


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a number with a fixed number of decimals."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def figures(value: float) -> str:
    """Return a number with three significant figures, without an exponent where it is short."""
    return f"{value:,.0f}" if abs(value) >= THREE_FIGURES else f"{value:.3g}"


def with_error(value: float, error: float) -> str:
    """Return a number with its error, both to the second figure of the error."""
    digits = max(1 - math.floor(math.log10(error)), 0) if error > 0 else 3
    return f"{value:,.{digits}f} ± {error:,.{digits}f}"


def percent(share: float | None, error: float | None = None) -> str:
    """Return a share between 0 and 1 in per cent, with its error."""
    if share is None:
        return UNKNOWN
    return f"{100 * share:.2f}%" if error is None else f"{100 * share:.2f} ± {100 * error:.2f}%"


def yes_no(value: bool | None) -> str:
    """Return yes, no or the sign for not known."""
    return UNKNOWN if value is None else "yes" if value else "no"


def figure(name: str, value: float | None) -> str:
    """Return a figure that a report is checked for, with its unit and at most four decimals."""
    if value is None:
        return "not known"
    shown = f"{value:,.4f}".rstrip("0").rstrip(".")
    return FIGURE_WORDS.get(name, "{}").format(shown)


def gate(value: float | None) -> str:
    """Return a pT gate."""
    return UNKNOWN if value is None else "none" if value == 0 else f"{value:g} GeV"


def device(part: str | None) -> str:
    """Return the device of a part number, without package and speed grade."""
    return part.split("-", 1)[0] if part else UNKNOWN


def interval(low: float | None, high: float | None) -> str:
    """Return a 90% prediction interval, empty where there is none."""
    return "" if low is None or high is None else f"90%: {count(low)} to {count(high)}"


def spanned(value: float | None, low: float | None, high: float | None) -> str:
    """Return a whole number with its 90% interval, where there is one."""
    span = interval(low, high)
    return UNKNOWN if value is None else f"{count(value)} ({span})" if span else count(value)


def origin(name: str) -> str:
    """Return the name of an origin of resources."""
    return "not stated" if name == UNSTATED else title_of(name)


def source(name: str) -> str:
    """Return the title of a level or origin."""
    return LEVELS[name].title if name in LEVELS else title_of(name)
