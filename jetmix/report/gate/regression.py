"""What changed since an older report, and whether it is a step back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jetmix.errors import ReportReadError, UsageError
from jetmix.report.gate.rules import FIGURES, FORMAT, Outcome, Tolerance, figures
from jetmix.report.tagger import Tagger
from jetmix.support.files import read_json
from jetmix.support.records import load, sound
from jetmix.words import figure

MEND = "name an older report on the same jets and part, or leave out --baseline"


@dataclass(frozen=True, kw_only=True)
class OldGlance:
    """What an older report states of a tagger's project."""

    PARTIAL: ClassVar[bool] = True

    origin: str | None
    part: str | None
    bit_exact: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class OldData:
    """The jets that a tagger of an older report was tested on."""

    PARTIAL: ClassVar[bool] = True

    sha256: str


@dataclass(frozen=True, kw_only=True)
class Old:
    """What an older report knows about one tagger, of which this is compared."""

    PARTIAL: ClassVar[bool] = True

    name: str
    figures: dict[str, float | None]
    glance: OldGlance
    dataset: OldData | None
    latency_from: str | None = None


@dataclass(frozen=True, kw_only=True)
class OldReport:
    """An older ``report.json``."""

    PARTIAL: ClassVar[bool] = True

    format: str
    taggers: tuple[Old, ...]


def load_old(path: Path) -> tuple[Old, ...]:
    """Read the taggers of an older ``report.json``.

    Raises:
        ReportReadError: if the file is no report of jetmix.
    """
    content = sound(read_json(path), path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ReportReadError(
            "not a report that this version of jetmix can compare with",
            where=path,
            mend="name a report.json that 'jetmix report' wrote",
        )
    return load(OldReport, content, where=path).taggers


def against_old(
    taggers: Sequence[Tagger], old: Sequence[Old], tolerance: Tolerance
) -> list[Outcome]:
    """Return a check for each figure that both reports know; a lost tagger is a step back.

    Taggers are matched by name; if both reports hold just one, these two are matched.

    Args:
        taggers: those of the new report.
        old: those of the older one.
        tolerance: by how much a figure may be worse.

    Raises:
        UsageError: if a pair is of other jets or of another part: nothing can be said of it.
    """
    if len(taggers) == len(old) == 1:
        return _compared(taggers[0], old[0], tolerance)
    new = {tagger.name: tagger for tagger in taggers}
    outcomes: list[Outcome] = []
    for earlier in old:
        if earlier.name in new:
            outcomes += _compared(new[earlier.name], earlier, tolerance)
        else:
            outcomes.append(_outcome(earlier.name, "tagger", "absent", "present", ok=False))
    return outcomes


def _compared(tagger: Tagger, old: Old, tolerance: Tolerance) -> list[Outcome]:
    _refuse_another(tagger, old)
    outcomes = []
    origin = tagger.best_resources.origin if tagger.best_resources else None
    source = tagger.timing.source if tagger.timing else None
    for name, now_from, then_from in (
        ("origin", origin, old.glance.origin),
        ("origin of the latency", source, old.latency_from),
    ):
        if then_from is not None and now_from != then_from:
            found = now_from or "not known"
            outcomes.append(_outcome(tagger.name, name, found, then_from, ok=False))
    now = figures(tagger)
    for name in FIGURES:
        before = old.figures.get(name)
        if before is not None:
            slack = getattr(tolerance, name)
            outcomes.append(_figure(tagger.name, name, now[name], before, slack=slack))
    exact = {result.candidate for result in tagger.verified("passed")}
    for level in sorted(old.glance.bit_exact):
        found = "bit-exact" if level in exact else "not proven"
        ok = level in exact
        outcomes.append(_outcome(tagger.name, f"bit_exact at {level}", found, "bit-exact", ok=ok))
    return outcomes


def _refuse_another(tagger: Tagger, old: Old) -> None:
    """Refuse to compare figures of other jets, or of another part."""
    sha256 = tagger.data.sha256 if tagger.data else "not known"
    part = tagger.best_resources.part if tagger.best_resources else None
    for what, now, then in (
        ("jets of SHA-256", sha256[:9], old.dataset and old.dataset.sha256[:9]),
        # without resources there is no part, and the figures fail by themselves
        ("the part", part or old.glance.part, old.glance.part),
    ):
        if then is not None and now != then:
            raise UsageError(
                f"'{tagger.name}' is on {what} {now}, in the older report on {then}", mend=MEND
            )


def _figure(tagger: str, name: str, now: float | None, before: float, *, slack: float) -> Outcome:
    better = FIGURES[name]
    allowed = before - better * slack
    ok = now is not None and better * (now - allowed) >= 0
    change = "" if now is None or now == before else f" ({now - before:+,.4g})"
    return _outcome(
        tagger,
        f"{name} against the baseline",
        f"{figure(name, now)}{change}",
        f"at {'least' if better > 0 else 'most'} {figure(name, allowed)}",
        ok=ok,
    )


def _outcome(tagger: str, check: str, found: str, wanted: str, *, ok: bool) -> Outcome:
    return Outcome(tagger=tagger, check=check, passed=ok, found=found, wanted=wanted)
