"""A package of firmware for another system."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jetmix import words
from jetmix.api import notebook
from jetmix.api.firmware import Firmware
from jetmix.api.paths import PathLike, optional
from jetmix.firmware.engines.registry import Language
from jetmix.packaging import package as packaging
from jetmix.packaging.order import Threshold
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


def package(
    firmware: Firmware | PathLike,
    *,
    target: str,
    out: PathLike,
    name: str | None = None,
    version: int | None = None,
    threshold: tuple[str, float] | None = None,
    language: Language | None = None,
    mapping: PathLike | None = None,
    data: PathLike | None = None,
) -> Package:
    """Package verified firmware for another system.

    Args:
        firmware: firmware, or a directory of ``jetmix synth``.
        target: what to package for, such as ``c-api``.
        out: folder to write.
        name: identifier of the tagger in the package, by default that of the synthesis.
        version: its version, by default that of the synthesis.
        threshold: a score and its least value for which a jet is taken, which adds a decision bit;
            for ``rtl-wrapper`` and ``ugt``.
        language: ``verilog``, the default, or ``vhdl``; for ``rtl-wrapper``.
        mapping: TOML file that says where inputs and outputs lie in words of links; for ``emp``.
        data: jets whose test split makes the patterns; for ``emp`` and ``ugt``.

    Raises:
        UsageError: for an unknown target, a name that is no identifier, an option that the target
            does not have, or a threshold or a mapping that does not fit the tagger.
        DataError: if the jets cannot be read.
        LoweringError: if the synthesis is unfinished or not verified, or has no form in the target.
        BitsDifferError: if it was edited since, or is not exact.
        RunConflictError: if ``out`` holds something.
    """
    folder = firmware.path if isinstance(firmware, Firmware) else Path(firmware)
    limit = None if threshold is None else Threshold(score=threshold[0], value=threshold[1])
    packaging.package(
        folder,
        Path(out),
        target=target,
        name=name,
        version=version,
        threshold=limit,
        language=language,
        mapping=optional(mapping),
        data=optional(data),
    )
    return open_package(out)
