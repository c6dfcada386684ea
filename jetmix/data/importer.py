"""Imports files of the public schema, loose, in folders or in archives, into one compact file."""

import contextlib
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from jetmix import console
from jetmix.data import checks
from jetmix.data.dataset import block_rows, read_classes
from jetmix.data.schema import CONSTITUENTS, PARTICLE_FEATURES, JetFile, open_jet_file
from jetmix.data.writer import JetWriter, jet_writer, writing
from jetmix.errors import DataError, RunConflictError
from jetmix.runs import atomic_path, file_digest

HDF5_SUFFIXES = (".h5", ".hdf5")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
_GIVE = "give .h5 files, folders of them, or .tar.gz archives"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import gave."""

    path: Path
    sha256: str
    n_jets: int
    n_files: int
    origin: str


def import_jets(
    sources: list[Path], out: Path, *, n_constituents: int = 150, half: bool = False
) -> Imported:
    """Stream all jets of ``sources`` into the new file ``out``.

    Archives are read member by member; nothing is written but ``out`` and one temporary file
    beside it.

    Raises:
        RunConflictError: if ``out`` exists.
        DataError: naming file, dataset and row of whatever is wrong with a source.
    """
    if out.exists():
        raise RunConflictError("exists", where=out, mend="name another file, or remove this one")
    missing = [source for source in sources if not source.exists()]
    if missing:
        raise DataError("no such file or folder", where=missing[0], mend=_GIVE)
    out.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch,
        atomic_path(out) as temporary,
    ):
        merge = _Merge(Path(scratch), temporary, n_constituents, half)
        n_jets, n_files = merge.run(sources)
    return Imported(
        path=out, sha256=file_digest(out), n_jets=n_jets, n_files=n_files, origin="unknown"
    )


@dataclass
class _Merge:
    """One pass over all sources into one file."""

    scratch: Path
    out: Path
    n_constituents: int
    half: bool

    def run(self, sources: list[Path]) -> tuple[int, int]:
        """Return the numbers of jets and of files read."""
        n_files, columns = 0, None
        counts = np.zeros(5, np.int64)
        writer: JetWriter | None = None
        with contextlib.ExitStack() as stack:
            ticker = stack.enter_context(console.progress("importing jets"))
            for label, path in each_file(sources, self.scratch):
                with open_jet_file(path) as jets:
                    if writer is None:
                        columns = jets.jet_names
                        writer = stack.enter_context(self._writer(jets))
                    _same_columns(jets, columns, label)
                    for count in self._copy(jets, writer):
                        counts += count
                        ticker.update(int(counts.sum()), f"jets, {label}")
                n_files += 1
            if writer is None:
                raise DataError("holds no .h5 file", where=sources[0], mend=_GIVE)
            checks.check_all_classes(counts, path=sources[0])
        return int(counts.sum()), n_files

    def _writer(self, first: JetFile) -> contextlib.AbstractContextManager[JetWriter]:
        return jet_writer(
            self.out,
            n_constituents=min(self.n_constituents, first.n_constituents),
            jet_columns=first.jet_names,
            half=self.half,
            attributes={"origin": first.origin},
        )

    def _copy(self, jets: JetFile, writer: JetWriter) -> Iterator[np.ndarray]:
        columns = jets.feature_columns(PARTICLE_FEATURES)
        kept = writer.handle[CONSTITUENTS].shape[1]
        rows = block_rows(jets, jets.n_constituents)
        for start in range(0, jets.n_jets, rows):
            stop = min(start + rows, jets.n_jets)
            x = jets.read(start, stop, kept, columns)
            checks.check_finite(
                x, path=jets.path, dataset=CONSTITUENTS, start=start, columns=PARTICLE_FEATURES
            )
            pt = x[..., PARTICLE_FEATURES.index("pt")]
            checks.check_sorted(pt, path=jets.path, start=start)
            writer.append(x, jets.read_jets(start, stop))
            yield np.bincount(read_classes(jets, start, stop), minlength=5)


def _same_columns(jets: JetFile, columns: tuple[str, ...] | None, label: str) -> None:
    if jets.jet_names != columns:
        raise DataError(
            "names other jet columns than the first file",
            where=label,
            mend="import files of one kind at a time",
        )


def each_file(sources: list[Path], scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield (label, path) of every HDF5 file; members of archives pass through ``scratch``.

    Raises:
        DataError: for a source of another kind or an unsafe or damaged archive.
    """
    for source in sources:
        if source.is_dir():
            found = sorted(p for p in source.rglob("*") if p.suffix in HDF5_SUFFIXES)
            if not found:
                raise DataError("holds no .h5 file", where=source, mend=_GIVE)
            yield from ((str(path), path) for path in found)
        elif source.name.endswith(ARCHIVE_SUFFIXES):
            yield from _members(source, scratch)
        else:
            yield str(source), source


def _members(archive: Path, scratch: Path) -> Iterator[tuple[str, Path]]:
    damaged = "download it again and compare its checksum"
    try:
        with tarfile.open(archive, "r|*") as stream:
            for member in stream:
                _check_member(archive, member)
                if not member.isfile() or not member.name.endswith(HDF5_SUFFIXES):
                    continue
                # a fixed name in a folder of ours: the member's own name is never a path
                path = scratch / "member.h5"
                with writing(path), path.open("wb") as copy:
                    shutil.copyfileobj(_content(stream, member), copy, 2**20)
                yield f"{archive}:{member.name}", path
                path.unlink()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(f"not a whole archive ({error})", where=archive, mend=damaged) from error


def _content(stream: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = stream.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{member.name} has no content")
    return content


def _check_member(archive: Path, member: tarfile.TarInfo) -> None:
    name = PurePosixPath(member.name)
    bad = None
    if name.is_absolute() or ".." in name.parts:
        bad = "leaves the archive's folder"
    elif not (member.isfile() or member.isdir()):
        bad = "is a link or a device"
    if bad:
        raise DataError(
            f"the member {member.name!r} {bad}",
            where=archive,
            mend="this is not the published archive: download it again",
        )
