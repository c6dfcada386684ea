"""A package: written whole or not at all, sealed, and tied to the synthesis that it was made of."""

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeVar

from jetmix.errors import (
    BitsDifferError,
    LoweringError,
    RunConflictError,
    ToolFailedError,
    ToolMissingError,
    UsageError,
)
from jetmix.firmware.engines.registry import Language
from jetmix.firmware.project import fill
from jetmix.firmware.verilog import NAMES, read_ports
from jetmix.packaging import cost
from jetmix.packaging.network import network_of
from jetmix.packaging.order import Order, Threshold
from jetmix.packaging.registry import Target, find
from jetmix.resources.report import write_resources
from jetmix.support.files import file_digest, place_folder, tree_digest
from jetmix.support.packaged import shipped
from jetmix.support.records import NOT_EMPTY, Check, checked, read, write
from jetmix.synthesis.synth_dir import LOWERED, SynthDir

PACKAGE_FILE = "package.json"
FORMAT = "jetmix-package-1"
T = TypeVar("T")
VERILOG: Language = "verilog"
AGAIN = "run 'jetmix package' again into a new folder"


@dataclass(frozen=True, kw_only=True)
class Package:
    """Content of ``package.json``, the last file of a package.

    Attributes:
        target: what it was made for.
        name: name of the tagger in it.
        version: version of the tagger in it.
        synth_sha256: SHA-256 over model, graph and description of the synthesis.
        synth: folder of the synthesis, as seen from the package.
        files: SHA-256 of each file, by its path in the package.
        threshold: when a jet is taken, where the package has a decision.
        language: language of the wrapper, where the target has a choice.
        wrapper_unknown: why ``resources.json`` does not tell what the wrapper takes.
        format: version of the file.
    """

    target: str
    name: str
    version: int
    synth_sha256: str
    synth: str
    files: dict[str, str]
    threshold: Threshold | None = None
    language: Language | None = None
    wrapper_unknown: str | None = None
    format: str = FORMAT

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_EMPTY, "target", "name", "synth_sha256", "synth", "files"),
    }

    @property
    def label(self) -> str:
        """Name and version in one identifier."""
        return f"{self.name}_v{self.version}"

    def order(self, synth: SynthDir) -> Order:
        """Return what the package was made of, as far as its record says it."""
        return Order(
            synth=synth, name=self.name, version=self.version,
            threshold=self.threshold, language=self.language or VERILOG,
        )  # fmt: skip


def package(
    synth_dir: Path,
    out: Path,
    *,
    target: str,
    name: str | None = None,
    version: int | None = None,
    threshold: Threshold | None = None,
    language: Language | None = None,
    mapping: Path | None = None,
    data: Path | None = None,
) -> Package:
    """Write a package of a finished and verified synthesis.

    Args:
        synth_dir: the folder of ``jetmix synth``.
        out: the folder to write, which does not exist yet or is empty.
        target: a name of :data:`jetmix.packaging.registry.TARGETS`.
        name: identifier of the tagger in the package, by default that of the synthesis.
        version: its version, by default that of the synthesis.
        threshold: when a jet is taken, for a target with a decision.
        language: ``verilog`` or ``vhdl``, for a target that has both; ``verilog`` if None.
        mapping: file that says where inputs and outputs lie, for a target with links.
        data: file of jets whose test split makes its patterns or test vectors, instead of random
            vectors, for a target that brings jets.

    Raises:
        UsageError: for an unknown target, a name that is no identifier, an option that the target
            does not have, or a threshold or a mapping that does not fit the tagger.
        DataError: if the jets cannot be read.
        LoweringError: if the synthesis is unfinished or not verified, or has no form in the target.
        BitsDifferError: if it was edited since, or is not exact.
        RunConflictError: if ``out`` holds something.
    """
    chosen = find(target)
    if threshold is not None and not chosen.decides:
        raise UsageError(
            f"target {target!r} has no decision", where="--threshold", mend="leave it out"
        )
    if language is not None and not chosen.in_vhdl:
        raise UsageError(
            f"target {target!r} has one language", where="--language", mend="leave it out"
        )
    if language is not None and language not in NAMES:
        mend = f"choose from {', '.join(NAMES)}"
        raise UsageError(f"no language {language!r}", where="--language", mend=mend)
    if mapping is not None and not chosen.linked:
        raise UsageError(f"target {target!r} has no links", where="--mapping", mend="leave it out")
    if data is not None and not chosen.brings_jets:
        raise UsageError(f"target {target!r} brings no jets", where="--data", mend="leave it out")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunConflictError(
            "is a file, or a folder that is not empty", where=out, mend="name another --out"
        )
    synth = SynthDir.open(synth_dir)
    if synth.machine is not None and chosen.hardware:
        raise LoweringError(
            f"target {target!r} is hardware that takes a jet each clock, and this one takes "
            f"{synth.machine.folding.fold} clocks for it",
            where=synth_dir, mend="run 'jetmix synth' without --ii into a new folder",
        )  # fmt: skip
    order = Order(
        synth=synth,
        name=_given("--name", name, synth.top),
        version=_given("--version", version, synth.version),
        threshold=threshold,
        language=language or VERILOG,
        mapping=mapping,
        data=data,
    )
    order.check()
    with tempfile.TemporaryDirectory(prefix="jetmix-") as scratch:
        folder = Path(scratch) / "package"
        folder.mkdir()
        chosen.write(order, folder)
        unknown = _write_costs(chosen, order, folder)
        made = Package(
            target=target,
            name=order.name,
            version=order.version,
            synth_sha256=tree_digest(synth_dir, list(LOWERED)),
            synth=os.path.relpath(synth_dir.resolve(), out.resolve()),
            threshold=threshold,
            language=order.language if chosen.in_vhdl else None,
            wrapper_unknown=unknown,
            files={path: file_digest(folder / path) for path in _listed(folder)},
        )
        write(folder / PACKAGE_FILE, made)
        out.parent.mkdir(parents=True, exist_ok=True)
        place_folder(folder, out)
    return made


def _given(option: str, given: T | None, known: T | None) -> T:
    """Return what was given, else what is known from the synthesis."""
    value = known if given is None else given
    if value is None:
        raise UsageError(
            "the synthesis has none to take", where=option, mend=f"add {option}, or synthesise "
            "with --top NAME --version N",
        )  # fmt: skip
    return value


def _write_costs(target: Target, order: Order, folder: Path) -> str | None:
    """Write what network and wrapper take, a record each; return why the wrapper is unknown.

    A target without a wrapper in a language of hardware has no such file.
    """
    if target.top is None:
        return None
    project = order.synth.project("rtl")
    reports = cost.of_network(order.synth, read_ports(folder).latency_cycles)
    area = folder.parent / "cost"
    area.mkdir()
    if target.stand_ins is not None:
        text = fill(shipped(target.stand_ins), {"N_REGION": 1})
        (area / "stand_ins.vhd").write_text(text, encoding="utf-8")
    top, unknown = target.top.format(order.label), None
    try:
        wrapper = cost.of_wrapper(
            folder / target.sources.format(order.label),
            area,
            top=top,
            network=network_of(order),
            project=project,
        )
    except (ToolMissingError, ToolFailedError) as error:
        unknown = str(error)
    else:
        reports.append(replace(wrapper, latency_cycles=target.cycles))
    write_resources(folder, reports)
    return unknown


def is_package(folder: Path) -> bool:
    """Return whether a folder looks like a package, whole or not."""
    return (folder / PACKAGE_FILE).is_file()


def open_package(folder: Path) -> Package:
    """Return the record of a package whose files are those that were written.

    Raises:
        ReportReadError: if it has no record, or a damaged one.
        BitsDifferError: naming the file that is missing or was edited.
    """
    there = read(Package, folder / PACKAGE_FILE)
    for name, digest in there.files.items():
        path = folder / name
        if not path.is_file() or file_digest(path) != digest:
            raise BitsDifferError(
                f"{name} is missing or was edited since it was written", where=folder, mend=AGAIN
            )
    return there


def _listed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
