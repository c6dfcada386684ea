"""Published taggers, read from ``baselines.toml``."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast, get_args

from jetmix.errors import ReportReadError
from jetmix.report.checked import Checked
from jetmix.support.packaged import packaged

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


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One published tagger; a value that was not seen is None.

    ``accuracy_pct`` and the entries of ``auc_pct`` and ``tpr_at_fpr*_pct`` are per cent. ``origin``
    says where LUT, FF, DSP and latency come from. ``pt_gate_gev`` is the threshold below which
    constituents were zeroed, 0 for none, None where it is not stated.
    """

    id: str
    name: str
    paper: str | None
    seen: Seen
    source: str
    dataset: DataSet
    n_particles: int | None
    n_features: int
    feature_set: tuple[str, ...] | None
    pt_gate_gev: float | None
    permutation_invariant: bool | None
    accuracy_pct: float
    accuracy_is: AccuracyKind
    origin: PublishedOrigin
    part: str | None
    lut: int | None
    ff: int | None
    dsp: int | None
    latency_cycles: int | None
    latency_ns: float | None
    ii: int | None
    ebops: int | None
    auc_pct: dict[str, float] | None
    tpr_at_fpr10_pct: dict[str, float] | None
    tpr_at_fpr1_pct: dict[str, float] | None
    remark: str | None

    @property
    def link(self) -> str | None:
        """Address of the paper, None where only a name is known."""
        scheme, _, rest = (self.paper or "").partition(":")
        base = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}.get(scheme)
        return f"{base}{rest}" if base and rest else None


def load_baselines(path: Path | None = None) -> tuple[Baseline, ...]:
    """Return all published taggers in the order of the file.

    Raises:
        ReportReadError: if the file is no TOML, a row has an unknown key or a value of a wrong
            kind, an id stands twice, or a row names a source that the file does not describe.
    """
    path = path or packaged(FILE)
    try:
        content = Checked.of(tomllib.loads(path.read_text(encoding="utf-8")), path)
    except (OSError, ValueError) as error:
        raise ReportReadError(
            f"not a readable TOML file ({error})", where=path, mend="install jetmix again"
        ) from None
    sources = {key: content.part("sources").text(key) for key in content.part("sources").content}
    rows = tuple(_baseline(row, sources) for row in content.parts("tagger"))
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise ReportReadError(
                f"the tagger '{row.id}' stands twice", where=path, mend="remove one of the two"
            )
        seen.add(row.id)
    return rows


def _baseline(row: Checked, sources: dict[str, str]) -> Baseline:
    row.only(field.name for field in fields(Baseline))
    has_shares = {key: row.has(key) for key in ("auc_pct", "tpr_at_fpr10_pct", "tpr_at_fpr1_pct")}
    shares = {key: row.numbers(key, 0, 100) if there else None for key, there in has_shares.items()}
    return Baseline(
        id=row.text("id"),
        name=row.text("name"),
        paper=row.text_or_none("paper"),
        seen=cast(Seen, row.choice("seen", get_args(Seen))),
        source=sources[row.choice("source", sources)],
        dataset=cast(DataSet, row.choice("dataset", get_args(DataSet))),
        n_particles=row.integer_or_none("n_particles", 1),
        n_features=row.integer("n_features", 1),
        feature_set=row.texts("feature_set") if row.has("feature_set") else None,
        pt_gate_gev=row.number_or_none("pt_gate_gev"),
        permutation_invariant=row.flag_or_none("permutation_invariant"),
        accuracy_pct=row.number("accuracy_pct", 0, 100),
        accuracy_is=cast(AccuracyKind, row.choice("accuracy_is", get_args(AccuracyKind))),
        origin=cast(PublishedOrigin, row.choice("origin", get_args(PublishedOrigin))),
        part=row.text_or_none("part"),
        lut=row.integer_or_none("lut"),
        ff=row.integer_or_none("ff"),
        dsp=row.integer_or_none("dsp"),
        latency_cycles=row.integer_or_none("latency_cycles", 1),
        latency_ns=row.number_or_none("latency_ns"),
        ii=row.integer_or_none("ii", 1),
        ebops=row.integer_or_none("ebops"),
        auc_pct=shares["auc_pct"],
        tpr_at_fpr10_pct=shares["tpr_at_fpr10_pct"],
        tpr_at_fpr1_pct=shares["tpr_at_fpr1_pct"],
        remark=row.text_or_none("remark"),
    )
