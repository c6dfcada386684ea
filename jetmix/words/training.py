"""Jets, training and accuracy as people read them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.words.numbers import UNKNOWN, count, figures, percent, with_error

if TYPE_CHECKING:
    from jetmix.data.describing.describe import Description
    from jetmix.data.simulation.simulate import Simulated
    from jetmix.training.evaluate import Evaluation
    from jetmix.training.metrics import Metrics, Rejection
    from jetmix.training.run import Trained
    from jetmix.training.target_metrics import Accuracy, Bin, TargetMetrics

# expected events of a Poisson of which none is seen in 10% of the cases
POISSON_90 = 2.303


def on_other_jets(found: "Evaluation | None") -> str:
    """Return the accuracy on jets of another source with its error and their name."""
    if found is None:
        return UNKNOWN
    share = percent(found.metrics.accuracy, found.metrics.accuracy_error)
    name = Path(found.data.path).name
    return f"{share} on {count(found.metrics.n_test)} jets of {name}"


def metrics(measured: "Metrics") -> list[str]:
    """Return accuracy and EBOPs, a table with one row per class, and what else was measured."""
    size = "full precision" if measured.ebops is None else f"{count(measured.ebops)} EBOPs"
    if measured.ebops_unfolded is not None:
        size += f" folded ({count(measured.ebops_unfolded)} for one jet per clock)"
    accuracy = percent(measured.accuracy, measured.accuracy_error)
    wide = max(6, *map(len, measured.class_names))
    names = " ".join(f"{name:>{wide}}" for name in measured.class_names)
    lines = [
        f"accuracy {accuracy} on {count(measured.n_test)} jets, {size}",
        f"{'class':>{wide - 1}}     AUC   TPR at 10% FPR   TPR at 1% FPR   predicted as: {names}",
    ]
    for index, name in enumerate(measured.class_names):
        counts = " ".join(f"{n:>{wide}}" for n in measured.confusion[index])
        lines.append(
            f"{name:>{wide - 1}} {measured.auc[name]:>7.4f} "
            f"{100 * measured.tpr_at_fpr10[name]:>15.1f}% "
            f"{100 * measured.tpr_at_fpr1[name]:>14.1f}%                {counts}"
        )
    lines += [f"{name}: {value}" for name, value in rejection_rows(measured)]
    for target, (name, value) in zip(measured.targets, target_rows(measured), strict=True):
        lines += [f"{name}: {value}", *_bins(target)]
    return lines


def rejection_rows(measured: "Metrics") -> list[tuple[str, str]]:
    """Return each background rejection with its error, and which class is the signal."""
    if not measured.rejection:
        return []
    background, signal = measured.class_names
    classes = f"(signal: {signal}, background: {background})"
    return [
        (
            f"background rejection 1/FPR at {found.efficiency:.0%} signal efficiency",
            f"{rejection_value(found)} {classes}",
        )
        for found in measured.rejection
    ]


def target_rows(measured: "Metrics") -> list[tuple[str, str]]:
    """Return bias and resolution of each target."""
    rows = []
    for target in measured.targets:
        bias, resolution = response(target.overall, relative=target.relative)
        name = f"{target.name} ({response_of(target)})"
        rows.append((name, f"bias {bias}, resolution {resolution}"))
    return rows


def rejection_value(found: "Rejection") -> str:
    """Return the rejection itself, or its lower limit where no background jet passes."""
    if found.rejection is None or found.error is None:
        return f"above {count(found.n_background / POISSON_90)} at 90% CL"
    return with_error(found.rejection, found.error)


def response(found: "Accuracy", *, relative: bool) -> tuple[str, str]:
    """Return bias and resolution with their errors, in per cent if they are of a ratio."""
    factor, unit = (100, "%") if relative else (1, "")
    rows = ((found.bias, found.bias_error), (found.resolution, found.resolution_error))
    bias, resolution = (
        f"{with_error(factor * value, factor * error)}{unit}" for value, error in rows
    )
    return bias, resolution


def response_of(target: "TargetMetrics") -> str:
    """Return what bias and resolution of a target are of."""
    return "predicted / true" if target.relative else "predicted - true"


def binned_in(target: "TargetMetrics") -> str:
    """Return the quantity whose bins a target is judged in."""
    return "pt of the jet" if target.binned_in == "pt" else f"true {target.binned_in}"


def span(part: "Bin") -> str:
    """Return the range of a bin."""
    return f"{figures(part.low)} to {figures(part.high)}"


def _bins(target: "TargetMetrics") -> list[str]:
    """Return a table with one row per bin, nothing for a single one."""
    if not target.bins[1:]:
        return []
    lines = [f"{binned_in(target):>22} {'jets':>8} {'bias':>18} {'resolution':>18}"]
    for part in target.bins:
        bias, resolution = response(part, relative=target.relative)
        lines.append(f"{span(part):>22} {count(part.n_jets):>8} {bias:>18} {resolution:>18}")
    return lines


def trained(result: "Trained") -> list[str]:
    """Return the performance of a trained tagger, and where its files are."""
    run, figures = result.run, result.figures
    return [
        *metrics(result.metrics),
        f"tagger: {run.model}",
        f"chosen from {figures.n_front} points of the front, of epoch {figures.chosen.epoch}",
        f"table of the front: {run.train_folder / 'pareto.csv'}",
        f"trained at {count(figures.jets_per_second)} jets/s",
    ]


def simulated(done: "Simulated", *, preset: str, seed: int) -> list[str]:
    """Return what a simulation gave."""
    rate = done.n_new / max(done.seconds, 1e-3)
    news = f"{done.seconds:.0f} s, {rate:.0f} jets/s" if done.n_new else "was complete already"
    about = f"{done.n_jets} jets, preset {preset}, seed {seed} ({news})"
    return [f"{done.path}: {about}", f"sha256 {done.sha256}"]


def description(found: "Description") -> list[str]:
    """Return the summary of a file of jets, beside figures of the public set."""
    from jetmix.data.describing.describe import PUBLIC_MULTIPLICITY
    from jetmix.data.describing.separation import PUBLIC_ACCURACY
    from jetmix.data.schema import CLASS_NAMES

    alike = tuple(found.counts) == CLASS_NAMES
    of_set = f", {found.data_set}" if found.data_set else ""
    size = f" of {found.n_constituents} constituents" if found.n_constituents else ""
    multiplicity, accuracy = (PUBLIC_MULTIPLICITY, PUBLIC_ACCURACY) if alike else (None, None)
    lines = {
        f"{found.path}": f"{found.n_jets} jets{size}, {found.origin}{of_set}",
        "jets per class": _named(found.counts, "d"),
        "jets per split": _named(found.splits, "d"),
        "median multiplicity": _known(found.multiplicity_median, "g", multiplicity),
        "mass peak in GeV": _known(found.mass_peak_gev, ".1f"),
        "median jet pT in GeV": _known({"all": found.pt_median_gev}, ".0f"),
        "best accuracy from": _known(found.bayes_accuracy, ".1%", accuracy),
        "padding": f"{found.padding_share:.1%} of the constituents" if size else "",
        "NaN or infinite values": f"{found.n_not_finite}; duplicate jets: {found.n_duplicates}",
    }
    over = "real constituents" if size else "all jets"
    return [
        *(f"{name}: {text}" for name, text in lines.items() if text),
        f"features, lowest / mean / highest over {over}:",
        *(
            f"  {name:<12} {low:10.4g} {mean:10.4g} {high:10.4g}"
            for name, (low, mean, high) in found.feature_ranges.items()
        ),
    ]


def _known(
    values: Mapping[str, float | None], form: str, public: Mapping[str, float] | None = None
) -> str:
    """Return the entries as :func:`_named` does, nothing if none of them is known."""
    return _named(values, form, public) if any(v is not None for v in values.values()) else ""


def _named(
    values: Mapping[str, float | None], form: str, public: Mapping[str, float] | None = None
) -> str:
    """Return 'name value (public value)' of each entry."""
    found = []
    for name, value in values.items():
        known = (public or {}).get(name)
        beside = f" (public {known:{form}})" if known is not None else ""
        found.append(f"{name} {'-' if value is None else format(value, form)}{beside}")
    return "  ".join(found)
