"""The report as a gate for CI: limits, and no figure worse than in an older report."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from jetmix.errors import UsageError
from jetmix.report.tagger import Tagger
from jetmix.resources.origins import ORIGINS
from jetmix.support.files import JSON
from jetmix.verification.levels.registry import LEVELS
from jetmix.words import UNKNOWN, figure, source

# what report.json says it is
FORMAT = "jetmix-report-2"
# rule: (figure, smallest or largest allowed)
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
LISTS: dict[str, Mapping[str, object]] = {"bit_exact": LEVELS, "origin": ORIGINS}
TIMES = ("latency_cycles", "latency_ns", "ii_cycles")
# figures that an older report is held against: better is 1 for larger, -1 for smaller
FIGURES = dict(LIMITS.values())


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Limits that every tagger must meet, and by how much a figure may get worse."""

    require: dict[str, float] = field(default_factory=dict)
    bit_exact: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    tolerance: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One check of one tagger; ``found`` and ``wanted`` are for people."""

    tagger: str
    check: str
    passed: bool
    found: str
    wanted: str

    def as_json(self) -> JSON:
        """Return the outcome as JSON-serialisable data."""
        return asdict(self)

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
    _known(content, ("require", "tolerance"), path, "table")
    require, tolerance = _table(content, "require", path), _table(content, "tolerance", path)
    _known(require, (*LIMITS, *LISTS), path, "rule")
    _known(tolerance, FIGURES, path, "figure")
    if not require and not tolerance:
        raise UsageError("holds no rule", where=path, mend="set a limit under [require]")
    return Rules(
        require={key: _number(require, key, path) for key in require if key in LIMITS},
        bit_exact=_names(require, "bit_exact", path),
        origin=_names(require, "origin", path),
        tolerance={key: _number(tolerance, key, path) for key in tolerance},
    )


def _known(table: JSON, known: Sequence[str] | dict[str, int], path: Path, kind: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, list(known), 1, 0.4)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
            raise UsageError(f"'{key}' is no {kind}", where=path, mend=hint)


def _table(content: JSON, key: str, path: Path) -> JSON:
    table = content.get(key, {})
    if not isinstance(table, dict):
        raise UsageError(f"'{key}' should be a table", where=path, mend=f"write [{key}]")
    return table


def _number(table: JSON, key: str, path: Path) -> float:
    value = table[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise UsageError(
            f"'{key}' should be a number of at least 0 but is {value!r}",
            where=path,
            mend="correct the file of rules",
        )
    return value


def _names(table: JSON, key: str, path: Path) -> tuple[str, ...]:
    names = table.get(key, [])
    if not isinstance(names, list) or not set(map(str, names)) <= set(LISTS[key]):
        raise UsageError(
            f"'{key}' should be a list out of {', '.join(LISTS[key])}",
            where=path,
            mend="correct the file of rules",
        )
    return tuple(names)


def check(taggers: Sequence[Tagger], rules: Rules) -> list[Outcome]:
    """Return the outcome of every rule on every tagger; a figure not known fails its rule."""
    return [outcome for tagger in taggers for outcome in _check(tagger, rules)]


def _check(tagger: Tagger, rules: Rules) -> list[Outcome]:
    known = figures(tagger)
    outcomes = [
        _limit(tagger, rule, known[LIMITS[rule][0]], limit) for rule, limit in rules.require.items()
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
        for level in rules.bit_exact
    ]
    if rules.origin:
        origin = tagger.best_resources.origin if tagger.best_resources else None
        outcomes.append(
            Outcome(
                tagger=tagger.name,
                check="origin",
                passed=origin in rules.origin,
                found=origin or UNKNOWN,
                wanted=" or ".join(rules.origin),
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
