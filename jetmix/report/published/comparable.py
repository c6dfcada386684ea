"""The rules under which a published tagger may stand beside one of ours.

Two accuracies are comparable only on the same data set, with the same classes, features and pT
gate, both after quantisation and on test jets. Two resource counts are comparable only from the
same origin. What breaks a rule of the first kind is left out, with the reason; what breaks the
second is shown with its origin and never ranked. Simulated jets are not the public data set: a
tagger on them keeps its own, marked place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jetmix.data.schema import CLASS_NAMES
from jetmix.errors import UsageError
from jetmix.report.published.baselines import DATA_SET_NAMES, Baseline, DataSet
from jetmix.report.tagger import Tagger

# the data set of constituents, the only one that jetmix trains on
REFERENCE: DataSet = "jsc_plf"
# columns 5, 8 and 11 of the public files, which all published 3-feature taggers use but a few
PUBLISHED_THREE = ("pt", "etarel", "phirel")
THREE = len(PUBLISHED_THREE)
SAME_PLACE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What must be the same for two accuracies to be comparable.

    ``data`` is the title of the data set, None where it is not known; ``public`` states whether it
    is the public one, ``jet_level`` whether the features are those of whole jets, not those of
    their constituents.
    """

    data: str | None
    public: bool
    n_features: int
    feature_names: tuple[str, ...] | None
    pt_gate_gev: float | None
    jet_level: bool = False
    class_names: tuple[str, ...] = CLASS_NAMES

    @property
    def features(self) -> str:
        """How many features of what, for people."""
        if self.jet_level:
            return f"{self.n_features} jet-level features"
        return f"{self.n_features} features per constituent"

    @property
    def caveat(self) -> str | None:
        """Why published accuracies are no measure for these ones; None where they are."""
        if self.public:
            return None
        subject = f"measured on {self.data}" if self.data else "of taggers whose jets are not known"
        return (
            f"Accuracies {subject} are not comparable with published ones, which are measured on "
            f"the public set {DATA_SET_NAMES[REFERENCE]}. The published rows are shown for "
            "orientation only."
        )


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A published row that is not shown beside our taggers, and why."""

    row: Baseline
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Field:
    """Taggers of one setting and the published rows that may stand beside them."""

    setting: Setting
    taggers: tuple[Tagger, ...]
    rows: tuple[Baseline, ...]
    left_out: tuple[LeftOut, ...]


def setting_of(tagger: Tagger) -> Setting | None:
    """Return the setting of a tagger, None if not even its number of features is known."""
    if tagger.n_features is None or not tagger.scores_classes:
        return None
    data = tagger.data
    return Setting(
        data=data.title if data else None,
        public=data is not None and data.is_reference,
        n_features=tagger.n_features,
        feature_names=data.feature_names if data else None,
        pt_gate_gev=(data.pt_gate_gev or 0.0) if data else None,
        jet_level=tagger.n_particles is None,
        class_names=data.class_names if data else CLASS_NAMES,
    )


def reason_left_out(row: Baseline, setting: Setting) -> str | None:
    """Return why ``row`` may not stand beside taggers of ``setting``, None if it may."""
    if row.dataset != REFERENCE:
        return f"measured on another data set, {DATA_SET_NAMES[row.dataset]}"
    if setting.class_names != CLASS_NAMES:
        return f"separates {' '.join(CLASS_NAMES)}, not {' '.join(setting.class_names)}"
    if setting.jet_level:
        return "takes constituents, not jet-level features"
    if row.n_features != setting.n_features:
        return f"uses {row.n_features} features, not {setting.n_features}"
    return _other_features(row, setting) or _other_gate(row, setting) or _other_kind(row)


def _other_features(row: Baseline, setting: Setting) -> str | None:
    if row.n_features != THREE or setting.feature_names is None:
        return None
    used = row.feature_set or PUBLISHED_THREE
    if set(used) == set(setting.feature_names):
        return None
    return f"uses the features {', '.join(used)}, not {', '.join(setting.feature_names)}"


def _other_gate(row: Baseline, setting: Setting) -> str | None:
    ours, theirs = setting.pt_gate_gev, row.pt_gate_gev
    if theirs is None:
        # the gate is known to be used with three features only; with sixteen, none is stated
        if row.n_features != THREE and not ours:
            return None
        return "its pT gate is not stated"
    if ours is None:
        return f"its pT gate is {theirs:g} GeV and that of this tagger is not known"
    if abs(theirs - ours) > SAME_PLACE:
        return f"its pT gate is {theirs:g} GeV, not {ours:g} GeV"
    return None


def _other_kind(row: Baseline) -> str | None:
    if row.accuracy_is == "validation":
        return "its accuracy is of validation jets"
    return "its accuracy is before quantisation" if row.accuracy_is == "full-precision" else None


def fields(taggers: Sequence[Tagger], baselines: Iterable[Baseline]) -> tuple[Field, ...]:
    """Group taggers by setting and choose the published rows of each, best accuracy first."""
    rows = tuple(baselines)
    groups: dict[Setting, list[Tagger]] = {}
    for tagger in taggers:
        setting = setting_of(tagger)
        if setting is not None:
            groups.setdefault(setting, []).append(tagger)
    return tuple(_field(setting, tuple(members), rows) for setting, members in groups.items())


def _field(setting: Setting, taggers: tuple[Tagger, ...], rows: tuple[Baseline, ...]) -> Field:
    reasons = [(row, reason_left_out(row, setting)) for row in rows]
    shown = [row for row, reason in reasons if reason is None]
    return Field(
        setting=setting,
        taggers=taggers,
        rows=tuple(sorted(shown, key=lambda row: -row.accuracy_pct)),
        left_out=tuple(LeftOut(row=row, reason=why) for row, why in reasons if why is not None),
    )


def refuse_mixed(taggers: Sequence[Tagger]) -> None:
    """Refuse taggers that were tested on different jets.

    Raises:
        UsageError: if two taggers state data sets that differ.
    """
    titles = {tagger.data.title: tagger.name for tagger in taggers if tagger.data}
    if len(titles) > 1:
        listed = " and ".join(f"'{name}' on {title}" for title, name in titles.items())
        raise UsageError(
            f"the runs were tested on different data sets: {listed}",
            mend="write one report per data set, or pass --allow-mixed to show them side by side",
        )


def nondominated(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Mark the points (cost, accuracy) that no other point beats in both.

    A point is beaten by one that is no worse in both and better in one; twins both stay.
    """
    return [
        not any(
            cost <= own_cost and accuracy >= own and (cost < own_cost or accuracy > own)
            for cost, accuracy in points
        )
        for own_cost, own in points
    ]
