"""Lowers a tagger, folded as is wanted, or by the smallest II that a LUT budget allows."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from jetmix.errors import LimitMissedError, UsageError
from jetmix.firmware.folding.lower import Folded, fold
from jetmix.firmware.folding.plan import FoldPlan, plan
from jetmix.firmware.graph import DaGraph
from jetmix.models.prepare import speaking
from jetmix.resources.estimate import adders_per_stage, estimate
from jetmix.resources.folded import estimate_folded
from jetmix.resources.report import ResourceReport
from jetmix.support.console import progress
from jetmix.synthesis import budget
from jetmix.synthesis.budget import Lowered
from jetmix.synthesis.loading import Loaded
from jetmix.synthesis.options import AUTO, Budget, SynthOptions


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A lowered tagger.

    Attributes:
        ii: clocks in which it takes a jet.
        lowered: its whole graph, with the estimate of what is written.
        tried: all graphs that were tried for a budget.
        folded: the folded machine, None for an II of 1.
        folds: estimated LUT by the II, in order, where it was chosen.
    """

    ii: int
    lowered: Lowered
    tried: list[Lowered]
    folded: Folded | None = None
    folds: dict[str, float] = field(default_factory=dict)


def lower(loaded: Loaded, options: SynthOptions) -> Choice:
    """Lower a tagger as the options want it.

    Raises:
        UsageError: for an II that does not divide its particles or channels.
        LoweringError: if it cannot be lowered, or does not fold.
        LimitMissedError: if no II meets the LUT budget.
    """
    if options.ii == 1:
        return _unfolded(loaded, options, options.budget)
    if options.ii == AUTO:
        return _smallest(loaded, options)
    model, ii = loaded.prepared.model, options.ii
    with speaking(loaded.prepared.names):
        planned = plan(model, ii, fold_sum=options.fold_sum)
    folded, report = _fold(planned, loaded, options)
    whole = _unfolded(loaded, options, Budget())
    return replace(whole, ii=ii, folded=folded, lowered=replace(whole.lowered, report=report))


def _smallest(loaded: Loaded, options: SynthOptions) -> Choice:
    """Return the smallest II that meets the LUT budget by the estimate."""
    limit, folds = options.budget.max_lut or 0, dict[str, float]()
    whole = _unfolded(loaded, options, options.budget)
    folds["1"] = whole.lowered.report.lut or 0.0
    if folds["1"] <= limit:
        return replace(whole, folds=folds)
    # folded graphs are of the usual depth
    usual = whole.tried[0]
    with speaking(loaded.prepared.names):
        plans = list(_plans(loaded, options))
    for planned in plans:
        folded, report = _fold(planned, loaded, options)
        folds[str(planned.fold)] = report.lut or 0.0
        if folds[str(planned.fold)] <= limit:
            lowered = replace(usual, report=report)
            return Choice(ii=planned.fold, lowered=lowered, tried=[], folded=folded, folds=folds)
    found = ", ".join(f"{ii} takes {lut:,.0f}" for ii, lut in folds.items())
    raise LimitMissedError(f"no II meets {limit:,} LUT: {found} [estimate]", where="--ii auto",
                           mend="raise --max-lut, or train a smaller tagger")  # fmt: skip


def _plans(loaded: Loaded, options: SynthOptions) -> Iterator[FoldPlan]:
    """Yield how the tagger folds by each number that divides its particles and channels."""
    model = loaded.prepared.model
    particles = int(model.inputs[0].shape[1])
    for ii in range(2, particles + 1):
        if particles % ii == 0:
            try:
                yield plan(model, ii, fold_sum=options.fold_sum)
            except UsageError:
                # it does not divide some channels
                continue


def _fold(
    planned: FoldPlan, loaded: Loaded, options: SynthOptions
) -> tuple[Folded, ResourceReport]:
    """Return the folded machine of a tagger, and its estimate."""
    with progress(f"Folding by {planned.fold}"), speaking(loaded.prepared.names):
        folded = fold(
            planned, adders_per_stage=adders_per_stage(options.clock_ns), by=options.engine
        )
    report = estimate_folded(
        folded.machine,
        part=options.device,
        clock_period_ns=options.clock_ns,
        given=options.input,
    )
    return folded, report


def _unfolded(loaded: Loaded, options: SynthOptions, limits: Budget) -> Choice:
    """Return the whole graph of a tagger, the one nearest to the limits."""
    with progress("Lowering to a DA graph"), speaking(loaded.prepared.names):
        lowered, tried = budget.lower(
            loaded.prepared.model, partial(estimated, options), limits, by=options.engine
        )
    return Choice(ii=1, lowered=lowered, tried=tried)


def estimated(
    options: SynthOptions, graph: DaGraph, clock_ns: float | None = None
) -> ResourceReport:
    """Return what a graph is estimated to take, at another clock period if one is named."""
    period = options.clock_ns if clock_ns is None else clock_ns
    return estimate(
        graph,
        part=options.device,
        clock_period_ns=period,
        flows=options.flows,
        slr_registers=options.placement.slr_registers,
    )
