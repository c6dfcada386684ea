"""Published taggers, read from ``baselines.toml``."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from jetmix.errors import ReportReadError
from jetmix.support.packaged import packaged
from jetmix.support.records import (
    NOT_EMPTY,
    NOT_NEGATIVE,
    POSITIVE,
    Check,
    Dialect,
    between,
    checked,
    load,
    rule,
)

DataSet = Literal["jsc_plf", "openml", "cernbox"]
Seen = Literal["direct", "quoted"]
AccuracyKind = Literal["test", "validation", "full-precision"]
PublishedOrigin = Literal["post-route", "estimate", "unstated"]

DATA_SET_NAMES: dict[DataSet, str] = {
    "jsc_plf": "hls4ml LHC jets, 150 particles (Zenodo 3602260)",
    "openml": "hls4ml LHC jets, jet features (OpenML 42468)",
    "cernbox": "hls4ml LHC jets, jet features (CERNBox)",
}
FILE = "report/published/baselines.toml"
# ships with jetmix; a key that is absent is not known
PUBLISHED = Dialect(error=ReportReadError, mend="install jetmix again")
SHARES = ("auc_pct", "tpr_at_fpr10_pct", "tpr_at_fpr1_pct")
_PERCENTAGES = rule(
    lambda shares: all(0 <= share <= 100 for share in shares.values()),
    "must hold percentages from 0 to 100",
)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One published tagger; a value that was not seen is None.

    ``accuracy_pct`` and the entries of ``auc_pct`` and ``tpr_at_fpr*_pct`` are per cent. ``origin``
    states where LUT, FF, DSP and latency come from. ``pt_gate_gev`` is the threshold below which
    constituents were zeroed, 0 for none, None where it is not stated.
    """

    id: str
    name: str
    paper: str | None = None
    seen: Seen
    source: str
    dataset: DataSet
    n_particles: int | None = None
    n_features: int
    feature_set: tuple[str, ...] | None = None
    pt_gate_gev: float | None = None
    permutation_invariant: bool | None = None
    accuracy_pct: float
    accuracy_is: AccuracyKind
    origin: PublishedOrigin
    part: str | None = None
    lut: int | None = None
    ff: int | None = None
    dsp: int | None = None
    latency_cycles: int | None = None
    latency_ns: float | None = None
    ii: int | None = None
    ebops: int | None = None
    auc_pct: dict[str, float] | None = None
    tpr_at_fpr10_pct: dict[str, float] | None = None
    tpr_at_fpr1_pct: dict[str, float] | None = None
    remark: str | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_EMPTY, "id", "name", "source"),
        **checked(POSITIVE, "n_particles", "n_features", "latency_cycles", "ii"),
        **checked(NOT_NEGATIVE, "pt_gate_gev", "lut", "ff", "dsp", "latency_ns", "ebops"),
        "accuracy_pct": between(0, 100),
        **checked(_PERCENTAGES, *SHARES),
    }

    @property
    def link(self) -> str | None:
        """Address of the paper, None where only a name is known."""
        scheme, _, rest = (self.paper or "").partition(":")
        base = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}.get(scheme)
        return f"{base}{rest}" if base and rest else None


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """Content of ``baselines.toml``: taggers, and the sources that they name, in words."""

    sources: dict[str, str]
    tagger: tuple[Baseline, ...]

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        for row in self.tagger:
            if row.source not in self.sources:
                yield "sources", f"a table with the source '{row.source}' of '{row.id}'"
        for name, count in Counter(row.id for row in self.tagger).items():
            if count > 1:
                yield "tagger", f"a list without the id '{name}' twice"


def load_baselines(path: Path | None = None) -> tuple[Baseline, ...]:
    """Return all published taggers in the order of the file, their sources in words.

    Raises:
        ReportReadError: if the file is no TOML, a row has an unknown key or a value of a wrong
            kind, an id stands twice, or a row names a source that the file does not describe.
    """
    path = path or packaged(FILE)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportReadError(
            f"not a readable TOML file ({error})", where=path, mend="install jetmix again"
        ) from None
    found = load(Baselines, content, where=path, dialect=PUBLISHED)
    return tuple(replace(row, source=found.sources[row.source]) for row in found.tagger)
