"""The report as a gate for CI: limits, and no figure worse than in an older report."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from jetmix.errors import UsageError
from jetmix.report.tagger import Tagger
from jetmix.resources.origins import ORIGINS
from jetmix.support.records import NOT_NEGATIVE, Check, checked, section_from
from jetmix.verification.levels.registry import LEVELS
from jetmix.words import UNKNOWN, figure, source

# what report.json says it is
FORMAT = "jetmix-report-2"
# rule: (figure, 1 for the smallest or -1 for the largest value allowed)
LIMITS = {
    "min_accuracy_pct": ("accuracy_pct", 1),
    "min_mean_auc": ("mean_auc", 1),
    "max_ebops": ("ebops", -1),
    "max_lut": ("lut", -1),
    "max_ff": ("ff", -1),
    "max_dsp": ("dsp", -1),
    "max_latency_cycles": ("latency_cycles", -1),
    "max_latency_ns": ("latency_ns", -1),
    "max_ii_cycles": ("ii_cycles", -1),
}
TIMES = ("latency_cycles", "latency_ns", "ii_cycles")
# figures that an older report is held against: better is 1 for larger, -1 for smaller
FIGURES = dict(LIMITS.values())


def _levels(names: Sequence[str]) -> str:
    return "" if set(names) <= set(LEVELS) else f"must hold names out of {', '.join(LEVELS)}"


def _origins(names: Sequence[str]) -> str:
    return "" if set(names) <= set(ORIGINS) else f"must hold names out of {', '.join(ORIGINS)}"


@dataclass(frozen=True, kw_only=True)
class Require:
    """Limits that every tagger must meet; None is no limit."""

    min_accuracy_pct: float | None = None
    min_mean_auc: float | None = None
    max_ebops: float | None = None
    max_lut: float | None = None
    max_ff: float | None = None
    max_dsp: float | None = None
    max_latency_cycles: float | None = None
    max_latency_ns: float | None = None
    max_ii_cycles: float | None = None
    bit_exact: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, *LIMITS),
        "bit_exact": _levels,
        "origin": _origins,
    }


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """By how much a figure may be worse than in an older report, in its own unit."""

    accuracy_pct: float = 0.0
    mean_auc: float = 0.0
    ebops: float = 0.0
    lut: float = 0.0
    ff: float = 0.0
    dsp: float = 0.0
    latency_cycles: float = 0.0
    latency_ns: float = 0.0
    ii_cycles: float = 0.0

    CHECKS: ClassVar[dict[str, Check]] = checked(NOT_NEGATIVE, *FIGURES)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Content of a file of rules, its tables ``[require]`` and ``[tolerance]``."""

    require: Require = field(default_factory=Require)
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One check of one tagger; ``found`` and ``wanted`` are for people."""

    tagger: str
    check: str
    passed: bool
    found: str
    wanted: str

    @property
    def line(self) -> str:
        """The outcome as one line."""
        word = "passed" if self.passed else "FAILED"
        return f"{word}: {self.tagger}: {self.check}: {self.found}, required: {self.wanted}"


def figures(tagger: Tagger) -> dict[str, float | None]:
    """Return the figures of a tagger that can be checked; those not known are None.

    LUT and FF are the upper ends of their 90% intervals where there are any, so that an estimate
    passes only if the design very likely does. Latency and II are those measured clock by clock,
    where only a model says something else.
    """
    report, metrics, timing = tagger.best_resources, tagger.metrics, tagger.timing
    return {
        "accuracy_pct": 100 * metrics.accuracy if metrics else None,
        "mean_auc": metrics.mean_auc if metrics else None,
        "ebops": tagger.ebops,
        "lut": _upper(report.lut, report.lut_high) if report else None,
        "ff": _upper(report.ff, report.ff_high) if report else None,
        "dsp": report.dsp if report else None,
        "latency_cycles": timing.cycles if timing else None,
        "latency_ns": timing.ns if timing else None,
        "ii_cycles": timing.ii_cycles if timing else None,
    }


def _upper(value: float | None, high: float | None) -> float | None:
    return value if high is None else high


def load_rules(path: Path) -> Rules:
    """Read rules from TOML: a table ``[require]`` and a table ``[tolerance]``.

    Raises:
        UsageError: if the file is no TOML, or holds a key or value that is no rule.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"not a readable TOML file ({error})", where=path, mend="correct the file of rules"
        ) from None
    rules = section_from(Rules, content, where=str(path))
    if rules == Rules():
        raise UsageError("holds no rule", where=path, mend="set a limit under [require]")
    return rules


def check(taggers: Sequence[Tagger], rules: Rules) -> list[Outcome]:
    """Return the outcome of every rule on every tagger; a figure not known fails its rule."""
    return [outcome for tagger in taggers for outcome in _check(tagger, rules)]


def _check(tagger: Tagger, rules: Rules) -> list[Outcome]:
    known, require = figures(tagger), rules.require
    limits = {rule: getattr(require, rule) for rule in LIMITS}
    outcomes = [
        _limit(tagger, rule, known[LIMITS[rule][0]], limit)
        for rule, limit in limits.items()
        if limit is not None
    ]
    exact = {result.candidate: result.n_vectors for result in tagger.verified("passed")}
    outcomes += [
        Outcome(
            tagger=tagger.name,
            check=f"bit_exact at {level}",
            passed=level in exact,
            found=f"bit-exact on {exact[level]:,} vectors" if level in exact else "not proven",
            wanted="bit-exact",
        )
        for level in require.bit_exact
    ]
    if require.origin:
        origin = tagger.best_resources.origin if tagger.best_resources else None
        outcomes.append(
            Outcome(
                tagger=tagger.name,
                check="origin",
                passed=origin in require.origin,
                found=origin or UNKNOWN,
                wanted=" or ".join(require.origin),
            )
        )
    return outcomes


def _limit(tagger: Tagger, rule: str, value: float | None, limit: float) -> Outcome:
    name, better = LIMITS[rule]
    timed = name in TIMES and value is not None and tagger.timing is not None
    origin = f" [{source(tagger.timing.source)}]" if timed and tagger.timing else ""
    return Outcome(
        tagger=tagger.name,
        check=rule,
        passed=value is not None and better * (value - limit) >= 0,
        found=f"{figure(name, value)}{origin}",
        wanted=f"at {'least' if better > 0 else 'most'} {figure(name, limit)}",
    )
