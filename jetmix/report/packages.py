"""Reading packages, which join the synthesis that they were made of."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from jetmix.errors import ReportReadError
from jetmix.packaging.package import open_package
from jetmix.report.tagger import Packaged, Tagger
from jetmix.resources.report import read_resources
from jetmix.support.files import tree_digest
from jetmix.synthesis.synth_dir import LOWERED, SynthDir
from jetmix.verification.result import VERIFICATION_FILE, read_results


def with_packages(
    synths: Sequence[Tagger], folders: Sequence[Path], *, opened: Callable[[Path], Tagger]
) -> list[Tagger]:
    """Return syntheses with their packages, and those that only a package leads to.

    Args:
        synths: the syntheses that were named.
        folders: packages.
        opened: reads a synthesis.

    Raises:
        ReportReadError: if the synthesis of a package is not there, or a file is damaged.
        BitsDifferError: if a package was edited.
    """
    found = list(synths)
    digests = [_digest(synth.folders[0]) for synth in found] if folders else []
    for folder in folders:
        packaged = _read(folder)
        record = packaged.record
        if record.synth_sha256 not in digests:
            path = _synthesis(folder, record.synth, record.synth_sha256)
            found.append(opened(path))
            digests.append(record.synth_sha256)
        place = digests.index(record.synth_sha256)
        found[place] = replace(found[place], packages=(*found[place].packages, packaged))
    return found


def _read(folder: Path) -> Packaged:
    record = open_package(folder)
    return Packaged(
        record=record,
        resources=read_resources(folder) or (),
        verification=read_results(folder) if (folder / VERIFICATION_FILE).exists() else (),
    )


def _digest(folder: Path) -> str:
    there = all((folder / name).is_file() for name in LOWERED)
    return tree_digest(folder, list(LOWERED)) if there else ""


def _synthesis(folder: Path, named: str, digest: str) -> Path:
    """Return the synthesis of a package, where its record says that it is."""
    path = folder / named
    if not SynthDir.is_synth(path) or _digest(path) != digest:
        raise ReportReadError(
            "the synthesis that the package was made of is not there",
            where=path,
            mend="name its folder, which 'jetmix synth' wrote, as well",
        )
    return path
