"""A package of firmware for another system."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jetmix import words
from jetmix.api import notebook
from jetmix.api.paths import PathLike
from jetmix.packaging import package as packaging
from jetmix.resources.report import ResourceReport, read_resources
from jetmix.verification.result import VerificationResult, read_results


@dataclass(frozen=True, eq=False)
class Package:
    """A verified synthesis for another system: a directory of ``jetmix package``.

    Attributes:
        path: the directory.
    """

    path: Path

    @cached_property
    def record(self) -> packaging.Package:
        """Target, name, version and digests."""
        return packaging.open_package(self.path)

    @property
    def resources(self) -> dict[str, ResourceReport]:
        """What its ``network`` and its ``wrapper`` take of an FPGA, as far as that is known."""
        return {str(report.part_of): report for report in read_resources(self.path) or ()}

    @property
    def verification(self) -> dict[str, VerificationResult]:
        """The outcome of ``jm.verify``, by level; nothing before it."""
        return {result.candidate: result for result in read_results(self.path)}

    def _repr_html_(self) -> str:
        rows = [tuple(line.split(": ", 1)) for line in words.package_lines(self.record, self.path)]
        exact = words.exactness(tuple(self.verification.values()))
        table = [(row[0], row[1]) for row in rows[1:]] + [("Bit-exact", exact)]
        return notebook.page(": ".join(rows[0]), table)


def open_package(path: PathLike) -> Package:
    """Open a directory of ``jetmix package``.

    Raises:
        ReportReadError: if it has no record, or a damaged one.
        BitsDifferError: if a file of it is missing or was edited.
    """
    opened = Package(Path(path))
    _ = opened.record
    return opened
