"""Rounding modes that an engine lacks, as additions before a cut.

With a step of the result of 2^-f and a step of the value of 2^-F, cutting off rounds down. Adding
half a step first rounds to the nearest, ties up; half a step less one step of the value rounds ties
down. Which way a tie goes then hangs on one bit: on the last kept one for convergent rounding
(RND_CONV), on the sign for the others.
"""

from collections.abc import Callable
from typing import Any

from jetmix.errors import LoweringError

MODES = ("TRN", "RND", "RND_CONV", "RND_MIN_INF", "RND_INF", "RND_ZERO", "TRN_ZERO")
BY_SIGN = ("RND_INF", "RND_ZERO", "TRN_ZERO")
OVERFLOWS = ("WRAP", "SAT", "SAT_SYM")
# modes that need no bit of an input beyond those that its port has
OVERFLOW_AT_INPUTS, ROUNDING_AT_INPUTS = "WRAP", ("TRN", "RND")


def base(mode: str) -> str:
    """Return the mode by which a model predicts; stochastic rounding is for training alone."""
    return mode.upper().removeprefix("S_")


def require_at_input(overflow: str, mode: str) -> None:
    """Refuse what no port of finite width can do exactly: it wraps, and has no bits below its step.

    Raises:
        LoweringError: without the layer, which the caller knows.
    """
    if overflow.upper() != OVERFLOW_AT_INPUTS or base(mode) not in ROUNDING_AT_INPUTS:
        raise LoweringError(
            f"{overflow} with {mode} at an input of the model cannot be exact: it depends on bits "
            "that no port has",
            mend="give the first quantiser overflow_mode='WRAP' and round_mode='RND' or 'TRN' "
            "(further inside, SAT, SAT_SYM and RND_CONV are lowered), and calibrate again",
        )


def nudged(x: Any, f: int, mode: str, cut: Callable[[Any, int, int, int], Any]) -> Any:
    """Return what rounds as ``mode`` says when bits below 2^-f are cut off.

    Args:
        x: a traced value, with more fraction bits than ``f``.
        f: fraction bits that stay.
        mode: one of MODES.
        cut: returns a value in sign, integer and fraction bits, wrapped and cut off.
    """
    half, ulp, step = 2.0 ** (-f - 1), 2.0 ** -int(x.kif[2]), 2.0**-f
    # 1 where the value is below zero
    sign = x.is_negative() if x.low < 0 and mode in BY_SIGN else 0.0
    nudges: dict[str, Callable[[], Any]] = {
        "TRN": lambda: 0.0,
        "RND": lambda: half,
        "RND_MIN_INF": lambda: half - ulp,
        "RND_CONV": lambda: cut(x, 0, 1 - f, f) * (ulp / step) + (half - ulp),
        "RND_ZERO": lambda: sign * ulp + (half - ulp),
        "RND_INF": lambda: sign * -ulp + half,
        "TRN_ZERO": lambda: sign * (step - ulp),
    }
    if mode not in nudges:
        raise LoweringError(
            f"the rounding mode {mode} cannot be lowered", mend=f"use one of {', '.join(nudges)}"
        )
    return x if mode == "TRN" else x + nudges[mode]()
