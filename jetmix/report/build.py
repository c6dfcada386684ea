"""Writing the report: page, Markdown, data and figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jetmix.report.bits import with_bits
from jetmix.report.collect import collect
from jetmix.report.figures.style import Picture
from jetmix.report.gate.regression import against_old, load_old
from jetmix.report.gate.rules import Outcome, Rules, check, load_rules
from jetmix.report.kinematics import with_kinematics
from jetmix.report.other_jets import OtherJets, with_other_jets
from jetmix.report.published.baselines import load_baselines
from jetmix.report.published.comparable import fields, refuse_mixed
from jetmix.report.render.data import content
from jetmix.report.render.markdown import markdown
from jetmix.report.render.model import Section, Table
from jetmix.report.render.notebook import notebook
from jetmix.report.render.page import fitting_page
from jetmix.report.sections.headline import card, headline
from jetmix.report.sections.order import sections
from jetmix.report.sections.sweep import sections as of_sweeps
from jetmix.report.swept import expanded
from jetmix.report.tagger import Tagger
from jetmix.support.console import progress
from jetmix.support.files import JSON, atomic_path, empty_folder, write_json, write_text
from jetmix.support.records import dump
from jetmix.support.stages import claim_folder

MARKER = ".jetmix-report"
PAGE = "report.html"
FILES = (PAGE, "report.md", "report.json")
FIGURES = "figures"


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """A written report.

    Attributes:
        folder: where it was written.
        content: what ``report.json`` holds.
        taggers: what it is about.
        checks: the outcome of every limit and baseline; empty where there were none.
        headline: the figures that matter, one row per tagger.
        lead: the main figure, None where there was nothing to draw.
    """

    folder: Path
    content: JSON = field(repr=False)
    taggers: tuple[Tagger, ...] = field(repr=False)
    checks: tuple[Outcome, ...]
    headline: Table = field(repr=False)
    lead: Picture | None = field(repr=False)

    @property
    def path(self) -> Path:
        """The page, ``report.html``."""
        return self.folder / PAGE

    @property
    def passed(self) -> bool:
        """Whether every limit and baseline is met."""
        return all(outcome.passed for outcome in self.checks)

    def _repr_html_(self) -> str:
        """Show the headline figures and the main figure in a notebook."""
        return notebook(self.headline, self.lead)


def write_report(
    folders: Sequence[Path],
    out: Path,
    *,
    allow_mixed: bool = False,
    rules: Path | None = None,
    old: Path | None = None,
    data: Path | None = None,
    other_jets: OtherJets | None = None,
    bits: bool = True,
    trust: Sequence[str] = (),
) -> Report:
    """Read runs and projects and write the report about them into ``out``.

    Everything is read and drawn before the first file is written; ``report.json`` comes last.

    Args:
        folders: directories of ``jetmix train``, ``jetmix synth`` and ``jetmix sweep``; the runs on
            the front of a sweep become taggers.
        out: folder of the report, empty or of an older report.
        allow_mixed: accept taggers tested on different jets; each data set is shown on its own.
        rules: TOML file of limits and tolerances to check.
        old: ``report.json`` of which no figure may be worse by more than the tolerance.
        data: the jet file that the runs were tested on, for efficiencies against pT and mass.
        other_jets: jets of another source, such as real ones, to measure on too.
        bits: show the models' bit widths, for which Keras loads them (some ten seconds).
        trust: modules whose classes the models may use; they are imported.

    Raises:
        UsageError: if no folder is named, the data sets are mixed without leave, a rule is not
            known, or the jets of ``data`` are those of no tagger.
        DataError: if ``data`` is broken.
        ReportReadError: if something in the folders cannot be read or trusted.
        RunConflictError: if ``out`` holds other files.
    """
    folders, sweeps = expanded(folders)
    taggers = collect(folders)
    if not allow_mixed:
        refuse_mixed(taggers)
    if data:
        taggers = with_kinematics(taggers, data)
    if other_jets:
        taggers = with_other_jets(taggers, other_jets)
    limits = load_rules(rules) if rules else Rules()
    checks = check(taggers, limits)
    checks += against_old(taggers, load_old(old), limits.tolerance) if old else []
    with progress("Report") as ticker:
        if bits:
            ticker.tick("reading models")
            taggers = with_bits(taggers, trust)
        ticker.tick("drawing")
        groups = fields(taggers, load_baselines())
        shown = sections(taggers, groups, checks, of_sweeps=tuple(of_sweeps(sweeps, out)))
        title = "jetmix report: " + ", ".join(tagger.name for tagger in taggers)
        html, text = fitting_page(title, shown), markdown(title, shown)
        data_shown = content(taggers, groups, checks)
        if sweeps:
            data_shown["sweeps"] = [dump(sweep.record) for sweep in sweeps]
        ticker.tick("writing")
        _claim(out)
        _write_pictures(out / FIGURES, shown)
        write_text(out / "report.md", text)
        write_text(out / PAGE, html)
        write_json(out / "report.json", data_shown)
    return Report(
        folder=out,
        content=data_shown,
        taggers=taggers,
        checks=tuple(checks),
        headline=headline([card(tagger) for tagger in taggers]),
        lead=shown[0].lead,
    )


def _claim(out: Path) -> None:
    """Make the folder ours and remove an older report from it."""
    claim_folder(out, owned_by=MARKER)
    write_text(out / MARKER, "written by jetmix report\n")
    for name in FILES:
        (out / name).unlink(missing_ok=True)
    empty_folder(out / FIGURES)


def _write_pictures(folder: Path, shown: Sequence[Section]) -> None:
    leads = [section.lead for section in shown if section.lead]
    for picture in [*leads, *(picture for section in shown for picture in section.pictures)]:
        write_text(folder / f"{picture.name}.svg", picture.svg)
        with atomic_path(folder / f"{picture.name}.png") as temporary:
            temporary.write_bytes(picture.png)
