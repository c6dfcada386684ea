"""Numbers and names as people read them; what is not known is shown as such, never as zero."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jetmix.firmware.parts import Part
from jetmix.resources.layers import LAYERS_FILE, largest
from jetmix.resources.origins import title_of
from jetmix.resources.report import ResourceReport
from jetmix.resources.utilisation import utilisation
from jetmix.synthesis.budget import BUDGET_FILE, CLOCKS_NS, BudgetOutcome
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.timing import measured, timing_of
from jetmix.verification.faults.score import FaultScore
from jetmix.verification.levels.registry import LEVELS
from jetmix.verification.proofs.inputs import Wrapped, WrappedInput
from jetmix.verification.proofs.linear import LinearProof
from jetmix.verification.proofs.proofs import RANGES_FILE, Proofs
from jetmix.verification.proofs.ranges import RangeProof
from jetmix.verification.result import VerificationResult

if TYPE_CHECKING:
    from jetmix.data.describing.describe import Description
    from jetmix.data.simulation.simulate import Simulated
    from jetmix.synthesis.flow import Synthesis
    from jetmix.training.evaluate import Evaluation
    from jetmix.training.metrics import Metrics
    from jetmix.training.run import Trained

UNKNOWN = "\u2014"
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
VECTOR_WORDS = {
    "jet": "jets",
    "rare-jet": "rare jets",
    "extreme": "vectors at the ends of internal ranges",
    "corner": "corner cases",
    "random": "random vectors",
    "beyond-range": "vectors beyond the range",
}


def count(value: float | None) -> str:
    """Return a whole number with thousands marked."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a number with a fixed number of decimals."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, error: float | None = None) -> str:
    """Return a share between 0 and 1 in per cent, with its error."""
    if share is None:
        return UNKNOWN
    return f"{100 * share:.2f}%" if error is None else f"{100 * share:.2f} ± {100 * error:.2f}%"


def on_other_jets(found: "Evaluation | None") -> str:
    """Return the accuracy on jets of another source with its error and their name."""
    if found is None:
        return UNKNOWN
    share = percent(found.metrics.accuracy, found.metrics.accuracy_error)
    name = Path(found.data.path).name
    return f"{share} on {count(found.metrics.n_test)} jets of {name}"


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


def origin(name: str) -> str:
    """Return the name of an origin of resources."""
    return "not stated" if name == UNSTATED else title_of(name)


def lut(report: ResourceReport | None) -> str:
    """Return LUT with its 90% interval, where there is one."""
    return _spanned(report.lut, report.lut_low, report.lut_high) if report else UNKNOWN


def ff(report: ResourceReport | None) -> str:
    """Return FF with its 90% interval, where there is one."""
    return _spanned(report.ff, report.ff_low, report.ff_high) if report else UNKNOWN


def _spanned(value: float | None, low: float | None, high: float | None) -> str:
    span = interval(low, high)
    return UNKNOWN if value is None else f"{count(value)} ({span})" if span else count(value)


def interval(low: float | None, high: float | None) -> str:
    """Return a 90% prediction interval, empty where there is none."""
    return "" if low is None or high is None else f"90%: {count(low)} to {count(high)}"


def latency(report: ResourceReport | None) -> str:
    """Return latency in cycles and ns, with the clock that the ns refer to."""
    if report is None or report.latency_cycles is None:
        return UNKNOWN
    low = report.latency_min_cycles
    spread = f"{low} to " if low is not None and low != report.latency_cycles else ""
    cycles = f"{spread}{report.latency_cycles} cycles"
    if report.latency_ns is None:
        return cycles
    return f"{cycles}, {decimal(report.latency_ns)} ns at {clock(report)}"


def clock(report: ResourceReport) -> str:
    """Return the clock period that the latency counts in."""
    target, achieved = report.clock_target_ns, report.clock_achieved_ns
    if achieved is None or report.made_by.at_target_clock:
        return f"{target:g} ns (target clock)"
    low, high = report.clock_achieved_low_ns, report.clock_achieved_high_ns
    span = "" if low is None or high is None else f", 90%: {low:g} to {high:g}"
    aim = "" if target is None else f"; target {target:g} ns"
    return f"{achieved:g} ns ({report.made_by.clock} clock{span}{aim})"


def source(name: str) -> str:
    """Return the title of a level or origin."""
    return LEVELS[name].title if name in LEVELS else title_of(name)


def latency_origin(report: ResourceReport) -> str:
    """Return where a report's cycles come from, which need not be the tool that counted LUT."""
    title, source = report.made_by.title, report.cycles_from
    if source in (None, report.origin) or not report.made_by.by_tool:
        return title
    return f"{title}, cycles: {title_of(source or '')}"


def resource_lines(
    report: ResourceReport, part: Part, seen: VerificationResult | None = None
) -> list[str]:
    """Return resources and latency with their origin, one line each.

    ``seen`` is the level that measured the latency, which replaces that of a model. A tool that
    times no pipeline has no line of latency.
    """
    shares, lines = utilisation(report, part), []
    if report.lut is not None:
        share = f"{shares.device['lut']:.2f}% of {part.name}"
        if shares.slr is not None:
            share += f", {shares.slr['lut']:.2f}% of one of its {part.slr_count} SLRs"
        lines.append(f"LUT: {lut(report)}, {share} [{report.origin}]")
    others = [
        f"{name.upper()} {ff(report) if name == 'ff' else count(getattr(report, name))} "
        f"({share:.2f}%)"
        for name, share in shares.device.items()
        if name != "lut"
    ]
    if others:
        lines.append(f"{', '.join(others)} [{report.origin}]")
    if report.ff_unknown is not None:
        lines.append(f"FF: not estimated. {report.ff_unknown} [{report.origin}]")
    timing = timing_of(report, seen)
    if timing.cycles is not None and not (report.made_by.modelled and report.made_by.by_tool):
        counted = replace(report, latency_cycles=timing.cycles)
        clocked = "" if timing.source == report.origin else f", cycles measured: {timing.source}"
        lines.append(
            f"Latency: {latency(counted)}, II {timing.ii_cycles} [{report.origin}{clocked}]"
        )
    return lines


def synthesis_lines(done: "Synthesis") -> list[str]:
    """Return all that a synthesis found."""
    lines = [] if done.fresh else [up_to_date(done.options)]
    lines += [level_line(result) for result in done.verification]
    lines += proof_lines(done.proofs)
    seen = measured(done.verification)
    for report in done.resources:
        lines += resource_lines(report, done.options.device, seen)
    if done.costs:
        lines.append(f"Layers: {largest(done.costs)} of the LUT [{LAYERS_FILE}]")
    if done.judged is not None:
        lines += budget_lines(done.judged)
    return lines + [f"Project: {project.path}" for project in done.projects.values()]


def up_to_date(options: SynthOptions) -> str:
    """Return what happened where the very same synthesis was there already."""
    tools = options.run_vendor or options.run_yosys
    return "Up to date: same model, same options. " + (
        "Only the synthesis tools were run." if tools else "Nothing was done."
    )


def budget_lines(outcome: BudgetOutcome) -> list[str]:
    """Return whether a budget is met, what was tried for it, and what may help."""
    limits = {
        "latency_ns": f"{outcome.max_latency_ns or 0:g} ns",
        "lut": f"{count(outcome.max_lut)} LUT",
    }
    units = {"latency_ns": "ns", "lut": "LUT"}
    lines = [
        f"Budget of {limits[name]}: "
        + (f"exceeded by {miss:,g} {units[name]}" if miss else "met")
        + f" [{judged.origin}]"
        for judged in outcome.judged
        for name, miss in judged.missed_by.items()
    ]
    if len(outcome.tried) > 1:
        graphs = ", ".join(f"{count(g.lut)} LUT at {g.latency_ns:g} ns" for g in outcome.tried)
        lines.append(f"Adder-tree depths tried: {graphs} [{BUDGET_FILE}]")
    return lines if outcome.met else [*lines, _advice(outcome)]


def _advice(outcome: BudgetOutcome) -> str:
    """Name the clock that would meet the latency budget by the estimate, if one does."""
    late = any(judged.missed_by.get("latency_ns") for judged in outcome.judged)
    latency_at, limit = outcome.latency_ns_at_clock_ns, outcome.max_latency_ns
    if not late or not latency_at or limit is None:
        return "Try a smaller tagger."
    best = min(latency_at, key=lambda clock: latency_at[clock])
    if latency_at[best] <= limit:
        return f"--clock-ns {best} would take {latency_at[best]:g} ns [estimate]"
    low, high = min(CLOCKS_NS), max(CLOCKS_NS)
    return (
        f"No clock period from {low} to {high} ns meets the latency budget. Try a smaller tagger."
    )


def compared(result: VerificationResult) -> str:
    """Return how many vectors a level was compared on, jets apart from made-up ones."""
    jets = result.vectors.get("jet", 0)
    others = result.n_vectors - jets
    if not jets:
        return f"{count(others)} vectors other than jets"
    return f"{count(jets)} jets" + (f" and {count(others)} other vectors" if others else "")


def rung(result: VerificationResult) -> str:
    """Return the outcome of one level of the ladder."""
    level = source(result.candidate)
    if result.status == "passed":
        return f"{level}: bit-exact on {compared(result)}"
    if result.status == "failed" and not result.n_mismatch:
        return f"{level} {result.difference}"
    if result.status == "failed":
        return f"{level}: {count(result.n_mismatch)} of {compared(result)} differ"
    return f"{level}: not run"


def exactness(results: Sequence[VerificationResult]) -> str:
    """Return the levels that were run in one line; a level that was not run is not counted.

    Levels that are exact on the same vectors share one entry.
    """
    exact: dict[str, list[str]] = {}
    for result in results:
        if result.status == "passed":
            exact.setdefault(compared(result), []).append(source(result.candidate))
    found = [rung(result) for result in results if result.status == "failed"]
    found += [f"{_listed(names)}: bit-exact on {vectors}" for vectors, names in exact.items()]
    return "; ".join(found) if found else "not verified"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def vectors(result: VerificationResult) -> str:
    """Return how many vectors of each origin a level was compared on."""
    return ", ".join(
        f"{count(n)} {VECTOR_WORDS.get(name, name)}" for name, n in result.vectors.items()
    )


def level_line(result: VerificationResult) -> str:
    """Return one line on a level of the ladder, with the latency it measured."""
    if result.status == "not-run":
        return f"{result.candidate}: not run ({result.reason})"
    line = (
        f"{result.candidate}: {result.status}, {count(result.n_mismatch)} of "
        f"{count(result.n_vectors)} vectors differ ({vectors(result)})"
    )
    if result.latency_cycles is None:
        return line
    line += f"; measured latency {result.latency_cycles} cycles, II {result.ii_cycles}"
    expected = result.latency_expected_cycles
    return f"{line} (the project states {expected} cycles)" if result.latency_differs else line


def proof_lines(proofs: Proofs | None) -> list[str]:
    """Return what was proven of a tagger, one line per proof; nothing where nothing was."""
    if proofs is None:
        return []
    lines = [_range_line(proofs.proof), _weights_line(proofs.linear)]
    return lines if proofs.data is None else [*lines, _overflow_line(proofs.data)]


def _range_line(proof: RangeProof) -> str:
    narrow = count(len(proof.overflows)) if proof.overflows else "none"
    return (
        f"Value ranges: {narrow} of {count(proof.operations)} operations can overflow; "
        f"{count(proof.can_wrap)} of {count(proof.quantisers)} quantisers can wrap [{RANGES_FILE}]"
    )


def _weights_line(layers: Sequence[LinearProof]) -> str:
    equal = [layer for layer in layers if layer.reason is None and not layer.wrong]
    coefficients = count(sum(layer.coefficients for layer in layers))
    return (
        f"Weights: in {len(equal)} of {len(layers)} layers the adder graph equals the weight "
        f"matrix exactly ({coefficients} coefficients compared)"
    )


def _overflow_line(data: Wrapped) -> str:
    line = (
        f"Input overflow: {count(data.n_jets_that_wrap)} of {count(data.n_jets)} jets exceed an "
        "input range"
    )
    if not data.inputs:
        return line
    worst = data.inputs[0]
    return f"{line}. Worst: {exceeded(worst)}; first: jet {data.first_jets[0]}"


def exceeded(port: WrappedInput) -> str:
    """Return how many jets exceed the range of an input port."""
    place = f" of particle {port.particle}" if port.particle is not None else ""
    low, high = port.port
    ends = f"[{low:g}, {high:g}]" if port.step is None else f"[{low:g}, {high + port.step:g})"
    return f"{port.feature}{place}, {count(port.jets)} jets outside {ends}"


def fault_line(score: FaultScore) -> str:
    """Return how many planted faults the vectors of a verification caught."""
    late = score.planted - score.judged
    return (
        f"Planted faults ({score.flow}): {count(score.caught)} of {count(score.judged)} caught by "
        f"{count(score.n_vectors)} vectors, {count(score.missed)} missed, {count(score.silent)} "
        f"without effect even on {count(score.n_fresh)} other vectors"
        + (f"; {count(late)} not tried within the time limit" if late else "")
    )


def metrics(measured: "Metrics") -> list[str]:
    """Return accuracy and EBOPs, and a table with one row per class."""
    size = "full precision" if measured.ebops is None else f"{count(measured.ebops)} EBOPs"
    accuracy = percent(measured.accuracy, measured.accuracy_error)
    names = " ".join(f"{name:>6}" for name in measured.class_names)
    lines = [
        f"accuracy {accuracy} on {count(measured.n_test)} jets, {size}",
        f"class     AUC   TPR at 10% FPR   TPR at 1% FPR   predicted as: {names}",
    ]
    for index, name in enumerate(measured.class_names):
        counts = " ".join(f"{n:>6}" for n in measured.confusion[index])
        lines.append(
            f"{name:>5} {measured.auc[name]:>7.4f} {100 * measured.tpr_at_fpr10[name]:>15.1f}% "
            f"{100 * measured.tpr_at_fpr1[name]:>14.1f}%                {counts}"
        )
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

    return [
        f"{found.path}: {found.n_jets} jets of {found.n_constituents} constituents, {found.origin}",
        "jets per class: " + _named(found.counts, "d"),
        "jets per split: " + _named(found.splits, "d"),
        "median multiplicity: " + _named(found.multiplicity_median, "g", PUBLIC_MULTIPLICITY),
        "mass peak in GeV: " + _named(found.mass_peak_gev, ".1f"),
        "median jet pT in GeV: " + _named({"all": found.pt_median_gev}, ".0f"),
        "best accuracy from " + _named(found.bayes_accuracy, ".1%", PUBLIC_ACCURACY),
        f"padding: {found.padding_share:.1%} of the constituents",
        f"NaN or infinite values: {found.n_not_finite}; duplicate jets: {found.n_duplicates}",
        "features, lowest / mean / highest over real constituents:",
        *(
            f"  {name:<12} {low:10.4g} {mean:10.4g} {high:10.4g}"
            for name, (low, mean, high) in found.feature_ranges.items()
        ),
    ]


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
