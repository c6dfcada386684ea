"""What a package is made of: a verified synthesis, and the name and version that it gets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jetmix.errors import BitsDifferError, LoweringError, UsageError
from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import Language
from jetmix.firmware.graph import DaGraph
from jetmix.firmware.naming import label_of, require_name
from jetmix.firmware.project import fill
from jetmix.models.signature import Signature
from jetmix.support.packaged import shipped
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.emulator.emulator import GRAPH_FILE

# the level that shows that the graph is the tagger: a package is the graph in another form
LEVEL = "ir"
TEMPLATES = "firmware_templates/package"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The least value of a score for which a jet is taken.

    Attributes:
        score: name or identifier of the score.
        value: its least value.
    """

    score: str
    value: float

    @classmethod
    def parse(cls, text: str) -> "Threshold":
        """Return what ``SCORE=VALUE`` says.

        Raises:
            UsageError: if it is not of this form.
        """
        score, _, value = text.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not score or not math.isfinite(number):
            raise UsageError(
                f"{text!r} is no threshold", where="--threshold", mend="write SCORE=VALUE"
            )
        return cls(score=score, value=number)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A synthesis to package under a name and a version.

    Attributes:
        synth: the synthesis.
        name: identifier of the tagger in the package.
        version: its version.
        threshold: asks for a decision bit.
        language: language of a wrapper.
        mapping: file that says where inputs and outputs lie in the words of links.
        data: file of jets for the patterns.
    """

    synth: SynthDir
    name: str
    version: int
    threshold: Threshold | None = None
    language: Language = "verilog"
    mapping: Path | None = None
    data: Path | None = None

    @property
    def label(self) -> str:
        """Name and version in one identifier, under which several versions live side by side."""
        return label_of(self.name, self.version)

    @cached_property
    def graph(self) -> DaGraph:
        """The graph of the tagger."""
        return da_graph.load(self.synth.path / GRAPH_FILE)

    @property
    def ports(self) -> Signature:
        """The inputs and outputs of the tagger."""
        return self.synth.tagger.ports

    def check(self) -> None:
        """Refuse names that a language does not take, and a synthesis that was not verified.

        Raises:
            UsageError: if the name or the version cannot be part of an identifier.
            BitsDifferError: if a level of the ladder failed.
            LoweringError: if the graph was never compared with the tagger.
        """
        require_name(self.name, self.version)
        status = {result.candidate: result.status for result in self.synth.verification}
        failed = [level for level, outcome in status.items() if outcome == "failed"]
        if failed:
            raise BitsDifferError(
                f"level {failed[0]} differs from the tagger",
                where=self.synth.path,
                mend="package a synthesis that is exact",
            )
        if status.get(LEVEL) != "passed":
            raise LoweringError(
                f"not verified: level {LEVEL} has not passed",
                where=self.synth.path,
                mend=f"run 'jetmix verify {self.synth.path}'",
            )


def write_filled(
    order: Order, folder: Path, files: Mapping[str, str], values: Mapping[str, object]
) -> None:
    """Write files of a package from templates, which may name the tagger and its version.

    Args:
        order: what is packaged.
        folder: the package.
        files: place in the package of each template of ``firmware_templates/package``.
        values: what stands in them beside.
    """
    known = {
        "NAME": order.name,
        "VERSION": order.version,
        "LABEL": order.label,
        "GUARD": order.label.upper(),
    }
    for template, place in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        text = fill(shipped(f"{TEMPLATES}/{template}"), {**known, **values})
        path.write_text(text, encoding="utf-8")
