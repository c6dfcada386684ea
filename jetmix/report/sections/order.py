"""The sections of the report: text, tables and figures in their order, for page and Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jetmix import words
from jetmix.report.figures import bits as bit_plots
from jetmix.report.figures import plots
from jetmix.report.figures import scores as score_plots
from jetmix.report.figures.style import Picture
from jetmix.report.gate.rules import Outcome
from jetmix.report.published.comparable import Field
from jetmix.report.published.panels import COST_TITLES, panels
from jetmix.report.render.model import Table
from jetmix.report.rivals import rivals
from jetmix.report.sections import field as field_tables
from jetmix.report.sections import glance
from jetmix.report.sections import proofs as proof_tables
from jetmix.report.sections import trust as trust_tables
from jetmix.report.tagger import Tagger


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Named values and a block of text that folds away, for one tagger."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    block_title: str
    block: str | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section; ``warning`` is set apart, ``folded`` tables are shown on demand."""

    name: str
    title: str
    text: str = ""
    warnings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    folded: tuple[Table, ...] = ()
    listings: tuple[Listing, ...] = ()


def sections(
    taggers: Sequence[Tagger], fields: Sequence[Field], checks: Sequence[Outcome] = ()
) -> tuple[Section, ...]:
    """Return all sections that have something to show."""
    built = (
        _first(taggers),
        _checks(checks),
        _field(fields),
        _rivals(taggers),
        _physics(taggers, fields),
        _bits(taggers),
        _trust(taggers),
        _missing(taggers),
        _reproduce(taggers),
    )
    return tuple(section for section in built if section is not None)


def _first(taggers: Sequence[Tagger]) -> Section:
    bad = [
        f"{tagger.name}: {words.rung(result)}. This firmware is not the trained tagger."
        for tagger in taggers
        for result in tagger.verified("failed")
    ]
    return Section(
        name="glance",
        title="At a glance",
        warnings=tuple(bad),
        tables=(glance.glance(taggers),),
    )


def _checks(outcomes: Sequence[Outcome]) -> Section | None:
    if not outcomes:
        return None
    failed = tuple(outcome.line for outcome in outcomes if not outcome.passed)
    table = trust_tables.checks(outcomes)
    return Section(name="checks", title="Checks", warnings=failed, tables=(table,))


def _field(fields: Sequence[Field]) -> Section | None:
    if not fields:
        return None
    tables = [field_tables.against_the_field(f, f"field-{i}") for i, f in enumerate(fields, 1)]
    caveats = dict.fromkeys(f.setting.caveat for f in fields if f.setting.caveat)
    return Section(
        name="field",
        title="Against the field",
        text=(
            "Published taggers stand beside these only under rules that are checked: same data "
            "set, same features, same pT gate, accuracy after quantisation on test jets. Points "
            "share a plot only where the resources have the same origin too. In the plots, stars "
            "are this report's taggers with their errors; squares are invariant under "
            "permutations of the constituents, circles are not, for diamonds it is not known; "
            "filled points were read directly, open ones quoted; numbers count the constituents; "
            "the line joins the points that no other one beats in both."
        ),
        warnings=tuple(caveat for caveat in caveats if caveat),
        tables=tuple(tables),
        pictures=tuple(p for i, f in enumerate(fields, 1) for p in _pareto(f, i)),
        folded=(field_tables.left_out(fields),),
    )


def _pareto(field: Field, number: int) -> list[Picture]:
    pictures = []
    for cost in COST_TITLES:
        group = panels(field, cost)
        limits = plots.shared_limits(group)
        kind = "latency" if cost == "latency_ns" else cost
        pictures += [
            plots.pareto(panel, f"pareto-{kind}-{number}-{index}", *limits[panel.public])
            for index, panel in enumerate(group, 1)
        ]
    return pictures


def _rivals(taggers: Sequence[Tagger]) -> Section | None:
    found = rivals(taggers)
    if not found:
        return None
    text = (
        "Taggers that judged the same test jets, each against the most accurate one. A baseline "
        "is fair where the recipes differ in nothing but the architecture."
    )
    table = field_tables.between_ours(found)
    return Section(name="rivals", title="Against each other", text=text, tables=(table,))


def _physics(taggers: Sequence[Tagger], fields: Sequence[Field]) -> Section | None:
    tables = [field_tables.literature(f, f"literature-{i}") for i, f in enumerate(fields, 1)]
    pictures = [picture for i, tagger in _models(taggers) for picture in _physics_of(tagger, i)]
    shown = tuple(table for table in tables if table is not None)
    if not shown and not pictures:
        return None
    return Section(
        name="physics",
        title="Physics",
        text=_shared(taggers),
        tables=shown,
        pictures=tuple(pictures),
    )


def _models(taggers: Sequence[Tagger]) -> list[tuple[int, Tagger]]:
    """Return the first tagger of each model with its number: projects of one share its figures."""
    first: dict[str, tuple[int, Tagger]] = {}
    for index, tagger in enumerate(taggers, 1):
        first.setdefault(tagger.model_sha256 or tagger.name, (index, tagger))
    return list(first.values())


def _shared(taggers: Sequence[Tagger]) -> str:
    """Say whose figures stand for other projects of the same model as well."""
    alike: dict[str, list[str]] = {}
    for tagger in taggers:
        alike.setdefault(tagger.model_sha256 or tagger.name, []).append(tagger.name)
    return " ".join(
        f"{', '.join(others)}: the same model as {first}, and so the same figures."
        for first, *others in alike.values()
        if others
    )


def _physics_of(tagger: Tagger, index: int) -> Iterator[Picture]:
    metrics, scores, jets = tagger.metrics, tagger.scores, tagger.kinematics
    if metrics and scores:
        yield plots.roc(tagger, scores, metrics, f"roc-{index}")
    if metrics:
        yield plots.confusion(tagger, metrics, f"confusion-{index}")
    if metrics and scores:
        yield score_plots.distributions(tagger, scores, metrics, f"scores-{index}")
    if metrics and scores and jets:
        for quantity, values in (("pT", jets.pt_gev), ("mass", jets.mass_gev)):
            name = f"efficiency-{quantity.lower()}-{index}"
            yield score_plots.efficiency(
                tagger, scores, metrics, values, quantity=quantity, name=name
            )
    if tagger.front:
        yield plots.front(tagger, f"front-{index}")


def _bits(taggers: Sequence[Tagger]) -> Section | None:
    tables = [trust_tables.layers(taggers), proof_tables.costs(taggers)]
    shown = tuple(table for table in tables if table.groups)
    if not shown:
        return None
    return Section(
        name="bits",
        title="Where the bits go",
        text=(
            "HGQ gives every value its own bit width, so the widths show what the tagger looks "
            "at: how it ranks the constituents and the features. Dark is 0 bits: not looked at."
            if shown[0].name == "layers"
            else ""
        ),
        tables=shown,
        pictures=tuple(_bit_pictures(taggers)),
    )


def _bit_pictures(taggers: Sequence[Tagger]) -> Iterator[Picture]:
    widths = (
        draw(tagger, f"{name}-{index}")
        for index, tagger in _models(taggers)
        for name, draw in (
            ("bits-input", bit_plots.input_bits),
            ("bits-inside", bit_plots.activation_bits),
        )
    )
    costs = (bit_plots.lut_by_layer(t, f"lut-by-layer-{i}") for i, t in enumerate(taggers, 1))
    yield from (picture for picture in (*widths, *costs) if picture is not None)


def _trust(taggers: Sequence[Tagger]) -> Section | None:
    tables = [
        trust_tables.ladder(taggers),
        proof_tables.proofs(taggers),
        proof_tables.faults(taggers),
        trust_tables.resources(taggers),
        proof_tables.beside(taggers),
    ]
    shown = tuple(table for table in tables if table.groups)
    if not shown:
        return None
    matrices = proof_tables.matrices(taggers)
    return Section(
        name="trust",
        title="Can it be trusted",
        tables=shown,
        folded=(matrices,) if matrices.groups else (),
    )


def _missing(taggers: Sequence[Tagger]) -> Section | None:
    table = trust_tables.missing(taggers)
    if not table.groups:
        return None
    return Section(name="missing", title="What is missing", tables=(table,))


def _reproduce(taggers: Sequence[Tagger]) -> Section:
    listings = tuple(
        Listing(
            heading=tagger.name,
            facts=tuple(trust_tables.reproduce(tagger)),
            block_title="Recipe",
            block=trust_tables.recipe_lines(tagger.recipe) if tagger.recipe else None,
        )
        for tagger in taggers
    )
    return Section(name="reproduce", title="Reproduce it", listings=listings)
