"""What changed since an older report, and whether it is a step back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from jetmix.errors import ReportReadError
from jetmix.report.checked import Checked, read_sound
from jetmix.report.gate import FIGURES, FORMAT, Outcome, figures, shown
from jetmix.report.tagger import Tagger

RESOURCES = ("lut", "ff", "dsp", "latency_cycles", "latency_ns", "ii_cycles")


@dataclass(frozen=True, kw_only=True)
class Old:
    """What an older report knows about one tagger."""

    name: str
    figures: dict[str, float | None]
    origin: str | None
    data_sha256: str | None
    bit_exact: frozenset[str]


def load_old(path: Path) -> tuple[Old, ...]:
    """Read the taggers of an older ``report.json``.

    Raises:
        ReportReadError: if the file is no report of jetmix.
    """
    content = Checked.of(read_sound(path), path)
    if content.content.get("format") != FORMAT:
        raise ReportReadError(
            "not a report that this version of jetmix can compare with",
            where=path,
            mend="name a report.json that 'jetmix report' wrote",
        )
    return tuple(_old(entry) for entry in content.parts("taggers"))


def _old(entry: Checked) -> Old:
    glance = entry.part("glance")
    accuracy = glance.number_or_none("accuracy", 0, 1)
    known = {name: glance.number_or_none(name) for name in RESOURCES}
    highs = {name: glance.number_or_none(f"{name}_high") for name in ("lut", "ff")}
    known |= {name: high for name, high in highs.items() if high is not None}
    data = entry.part_or_none("dataset")
    return Old(
        name=entry.text("name"),
        figures={
            **known,
            "accuracy_pct": None if accuracy is None else 100 * accuracy,
            "mean_auc": entry.number_or_none("mean_auc", 0, 1),
            "ebops": glance.number_or_none("ebops"),
        },
        origin=glance.text_or_none("origin"),
        data_sha256=data.text("sha256") if data else None,
        bit_exact=frozenset(glance.part("bit_exact").content),
    )


def against_old(
    taggers: Sequence[Tagger], old: Sequence[Old], tolerance: Mapping[str, float]
) -> list[Outcome]:
    """Return a check for each figure that both reports know; a lost tagger is a step back.

    Taggers are matched by name; if both reports hold just one, these two are matched.

    Args:
        taggers: those of the new report.
        old: those of the older one.
        tolerance: by how much a figure may be worse, in its own unit; 0 where it is not named.
    """
    if len(taggers) == len(old) == 1:
        return _compared(taggers[0], old[0], tolerance)
    new = {tagger.name: tagger for tagger in taggers}
    outcomes: list[Outcome] = []
    for earlier in old:
        if earlier.name in new:
            outcomes += _compared(new[earlier.name], earlier, tolerance)
        else:
            outcomes.append(_outcome(earlier.name, "tagger", "absent", "in the report", ok=False))
    return outcomes


def _compared(tagger: Tagger, old: Old, tolerance: Mapping[str, float]) -> list[Outcome]:
    outcomes = []
    origin = tagger.best_resources.origin if tagger.best_resources else None
    sha256 = tagger.data.sha256 if tagger.data else None
    if old.data_sha256 is not None and sha256 != old.data_sha256:
        found = f"SHA-256 {(sha256 or 'not known')[:9]}"
        outcomes.append(_outcome(tagger.name, "data", found, old.data_sha256[:9], ok=False))
    if old.origin is not None and origin != old.origin:
        found = origin or "not known"
        outcomes.append(_outcome(tagger.name, "origin", found, old.origin, ok=False))
    now = figures(tagger)
    for name in FIGURES:
        before = old.figures[name]
        if before is not None:
            slack = tolerance.get(name, 0.0)
            outcomes.append(_figure(tagger.name, name, now[name], before, slack=slack))
    exact = {cast(str, result.candidate) for result in tagger.verified("passed")}
    for level in sorted(old.bit_exact):
        found = "bit-exact" if level in exact else "not proven"
        ok = level in exact
        outcomes.append(_outcome(tagger.name, f"bit_exact at {level}", found, "bit-exact", ok=ok))
    return outcomes


def _figure(tagger: str, name: str, now: float | None, before: float, *, slack: float) -> Outcome:
    better = FIGURES[name]
    allowed = before - better * slack
    ok = now is not None and better * (now - allowed) >= 0
    change = (
        "" if now is None or now == before else f" ({'+' * (now > before)}{shown(now - before)})"
    )
    return _outcome(
        tagger,
        f"{name} since the older report",
        f"{shown(now)}{change}",
        f"at {'least' if better > 0 else 'most'} {shown(allowed)}",
        ok=ok,
    )


def _outcome(tagger: str, check: str, found: str, wanted: str, *, ok: bool) -> Outcome:
    return Outcome(tagger=tagger, check=check, passed=ok, found=found, wanted=wanted)
