"""The page of file formats: every file that jetmix writes, its keys from the type that owns it."""

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pages import table

PLAIN = {int: "integer", float: "number", str: "text", bool: "true or false", Path: "path"}
ROLE = re.compile(r":\w+:`~?(?:[\w.]+\.)?(\w+)`")
ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """One file: the type of its content (``module:Name``, "" if it is no record) and its writer.

    ``many`` says that the file holds a list of such records.
    """

    writer: str
    text: str
    kind: str = ""
    many: bool = False


ARTEFACTS: dict[str, dict[str, Artefact]] = {
    "A run": {
        "recipe.toml": Artefact(
            writer="train", text="The recipe with every key resolved: [Recipe keys](recipe.md).",
        ),
        "provenance.json": Artefact(
            kind="jetmix.support.provenance:Provenance", writer="train",
            text="What is needed to repeat the run.",
        ),
        "log.txt": Artefact(writer="train", text="What was printed, with times."),
        "1-data/dataset.json": Artefact(
            kind="jetmix.data.record:DataUsed", writer="train",
            text="The jets that the tagger was trained on, and how they were scaled.",
        ),
        "1-data/teacher.json": Artefact(
            kind="jetmix.training.teacher_answers:TeacherUsed", writer="train",
            text="The teacher that the tagger learnt from, in a run with one. Beside it, "
            "`teacher_logits.npy`: its logits on the training jets, float32 (jet, class).",
        ),
        "2-train/metrics.json": Artefact(
            kind="jetmix.training.metrics:Metrics", writer="train",
            text="Performance of the tagger on the test jets.",
        ),
        "2-train/pareto.json": Artefact(
            kind="jetmix.training.pareto:Front", writer="train",
            text="The Pareto front of validation accuracy and EBOPs. `path` is the model file of a "
            "point, relative to `2-train/`.",
        ),
        "2-train/experts.json": Artefact(
            kind="jetmix.training.experts:Experts", writer="train",
            text="How much each expert does on the test jets, of a tagger with experts.",
        ),
        "2-train/test_scores.npz": Artefact(
            writer="train", text="`y`: labels of the test jets, integers (jet,). `logits`: outputs "
            "of the tagger, float32 (jet, class).",
        ),
        "2-train/tagger.keras": Artefact(
            writer="train", text="The tagger: the chosen point of the front, calibrated.",
        ),
        "2-train/pareto.csv": Artefact(
            writer="train", text="The front as a table, one row per point.",
        ),
        "2-train/history.csv": Artefact(
            writer="train", text="Loss, accuracy and EBOPs, one row per epoch.",
        ),
    },
    "A synthesis": {
        "verification.json": Artefact(
            kind="jetmix.verification.result:VerificationResult", writer="synth, verify",
            many=True, text="What each level of the ladder found.",
        ),
        "resources.json": Artefact(
            kind="jetmix.resources.report:ResourceReport", writer="synth", many=True,
            text="Resources and timing, one record per origin.",
        ),
        "layers.json": Artefact(
            kind="jetmix.resources.layers:LayerCost", writer="synth", many=True,
            text="Cost and LUT of every layer.",
        ),
        "ranges.json": Artefact(
            kind="jetmix.verification.proofs.proofs:Proofs", writer="synth, verify",
            text="What is proven for all inputs, and the jets that exceed an input range.",
        ),
        "faults.json": Artefact(
            kind="jetmix.verification.faults.score:FaultScore", writer="verify --faults",
            text="How many planted faults the vectors caught.", many=True,
        ),
        "tagger.json": Artefact(
            kind="jetmix.synthesis.synth_dir:TaggerRecord",
            writer="synth", text="What was lowered: model file, run, data, input and outputs.",
        ),
        "synth.json": Artefact(
            kind="jetmix.synthesis.synth_dir:Request",
            writer="synth", text="The options of the synthesis, to know whether it is up to date.",
        ),
        "budget.json": Artefact(
            kind="jetmix.synthesis.budget:BudgetSearch",
            writer="synth", text="How the design keeps to `--max-latency-ns` and `--max-lut`.",
        ),
        "rtl/ports.json": Artefact(
            kind="jetmix.firmware.verilog:Ports",
            writer="synth", text="Ports of the Verilog, and its latency in clock cycles.",
        ),
        "folding.json": Artefact(
            kind="jetmix.firmware.folding.machine:Folding",
            writer="synth --ii", text="How a tagger is folded: sections, what lies between them, "
            "and the clocks. The graphs of the sections are in `sections/`.",
        ),
        "ir.json": Artefact(
            writer="synth", text="The graph of shifts and additions, in da4ml's own format.",
        ),
    },
    "A sweep": {
        "request.json": Artefact(
            kind="jetmix.sweeps.records:SweepRequest", writer="sweep",
            text="What decides the results of the sweep, to know whether a folder is its own.",
        ),
        "sweep.json": Artefact(
            kind="jetmix.sweeps.records:SweepRecord", writer="sweep",
            text="Every run with its figures, and the front. The runs themselves are in `runs/`, "
            "what they said in `logs/`.",
        ),
        "sweep.csv": Artefact(writer="sweep", text="The runs as a table, one row per run."),
        "sweep.png": Artefact(
            writer="sweep", text="Accuracy against EBOPs, or against LUT and latency.",
        ),
    },
    "A package": {
        "package.json": Artefact(
            kind="jetmix.packaging.package:Package", writer="package",
            text="What the package is, of which synthesis, and the digest of each file.",
        ),
        "resources.json": Artefact(
            writer="package",
            text="What network and wrapper take, a record for each (`part_of`), as in a synthesis; "
            "for a target with a wrapper.",
        ),
    },
    "Every stage": {
        "stage.json": Artefact(
            kind="jetmix.support.stages:StageRecord", writer="train, synth",
            text="Written last; a folder without it is incomplete and is made anew.",
        ),
    },
    "A report": {
        "report.html": Artefact(writer="report", text="The report, one file, no network."),
        "report.md": Artefact(writer="report", text="The same as Markdown."),
        "report.json": Artefact(
            writer="report", text="All figures of the report for programs and for `--baseline`; "
            "`format` names its version.",
        ),
    },
}  # fmt: skip


def file_formats() -> str:
    """Return the page: every file with its writer, and the keys of those that are records."""
    page = Page()
    for group, files in ARTEFACTS.items():
        page.parts.append(f"## {group}\n")
        for name, artefact in files.items():
            page.add(name, artefact)
    return (
        "# File formats\n\nEvery JSON file is the image of one type in the code, named below it; "
        "its keys, types and rules are generated from that type. A value that is not known is "
        "`null`, never -1 or 0. Units are part of the key's name.\n\n" + "\n".join(page.parts)
    )


class Page:
    """The parts of the page, each type described once."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.seen: set[type] = set()

    def add(self, name: str, artefact: Artefact) -> None:
        """Append one file."""
        writers = " and ".join(f"`jetmix {name}`" for name in artefact.writer.split(", "))
        self.parts.append(f"### {name}\n\n{artefact.text} Written by {writers}.\n")
        if not artefact.kind:
            return
        module, _, type_name = artefact.kind.partition(":")
        kind = getattr(importlib.import_module(module), type_name)
        self.parts.append(
            f"Holds {'a list of' if artefact.many else 'one'} `{module}.{type_name}`.\n"
        )
        self.describe(kind)

    def describe(self, kind: type[Any]) -> None:
        """Append the keys of a record, then those of the records in it that are new."""
        if kind in self.seen:
            self.parts.append(f"`{kind.__name__}`: [see above](#{kind.__name__.lower()}).\n")
            return
        self.seen.add(kind)
        text, about = documented(kind)
        self.parts.append(f'<a id="{kind.__name__.lower()}"></a>**{kind.__name__}.** {text}\n')
        self.parts.append(table(("Key", "Type", "Meaning"), list(rows(kind, about))))
        hints = get_type_hints(kind)
        for inner in [found for hint in hints.values() for found in records_in(hint)]:
            if inner not in self.seen:
                self.describe(inner)


def rows(kind: type[Any], about: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield name, type and meaning of every key, those derived from others last.

    Raises:
        KeyError: for a key that the docstring's "Attributes" leave out.
    """
    hints = get_type_hints(kind)
    for entry in fields(kind):
        yield f"`{entry.name}`", words(hints[entry.name]), about[entry.name]
    for name in getattr(kind, "DERIVED", ()):
        returned = get_type_hints(getattr(kind, name).fget)["return"]
        summary = (inspect.getdoc(getattr(kind, name)) or "").split("\n\n")[0]
        yield f"`{name}`", f"{words(returned)}, derived", _line(summary)


def documented(kind: type[Any]) -> tuple[str, dict[str, str]]:
    """Return the docstring without its section of attributes, and the text of each attribute."""
    text, _, attributes = (inspect.getdoc(kind) or "").partition("\nAttributes:\n")
    about = {name: _line(words) for name, words in ATTRIBUTE.findall(attributes)}
    return _markdown(text), about


def _line(text: str) -> str:
    return " ".join(_markdown(text).replace("|", "\\|").split())


def _markdown(text: str) -> str:
    """Return a docstring as Markdown, cross-references as plain code."""
    return ROLE.sub(r"`\1`", text).replace("``", "`").strip()


def records_in(hint: Any) -> Iterator[type[Any]]:
    """Yield the records that a type hint holds."""
    if is_dataclass(hint):
        yield hint
    for part in get_args(hint):
        yield from records_in(part)


def words(hint: Any) -> str:
    """Return a type hint in words; a record as a link to its keys."""
    kinds, origin = get_args(hint), get_origin(hint)
    if isinstance(hint, UnionType):
        named = [words(kind) for kind in kinds if kind is not NoneType]
        return " or ".join([*named, *(["null"] if NoneType in kinds else [])])
    if origin is Literal:
        return "one of " + ", ".join(f"`{kind}`" for kind in kinds)
    if is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if origin in (tuple, list):
        every = origin is list or kinds[-1] is Ellipsis
        return f"list of {words(kinds[0])}" if every else f"[{', '.join(map(words, kinds))}]"
    if origin is not None and len(kinds) == 2:
        return f"{words(kinds[1])} per name"
    return PLAIN.get(hint, "object")
