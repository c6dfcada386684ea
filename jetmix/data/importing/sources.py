"""Finds the files of jets in what the user names: files, patterns, folders, archives."""

import contextlib
import glob
import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from jetmix.data.writer import writing
from jetmix.errors import DataError

HDF5_SUFFIXES = (".h5", ".hdf5")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
GZIP_MAGIC = b"\x1f\x8b"
GIVE = "give .h5 files, folders of them, or .tar.gz archives"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import gave.

    Attributes:
        counts: jets of each class of an import by a card.
        dropped: jets that a card left out, by the reason.
    """

    path: Path
    sha256: str
    n_jets: int
    n_files: int
    origin: str
    counts: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file of jets.

    Attributes:
        label: how the user knows it: its path, or archive:member.
        path: where it can be read now.
        given: what the user named.
        name: its own name.
    """

    label: str
    path: Path
    given: Path
    name: str


# says which files of a folder or an archive are taken
Wanted = Callable[[Source], bool]


def is_archive(path: Path) -> bool:
    """Return whether a path is named like an archive."""
    return path.name.endswith(ARCHIVE_SUFFIXES)


def each_file(
    given: Sequence[Path],
    scratch: Path,
    *,
    suffixes: tuple[str, ...] = HDF5_SUFFIXES,
    wanted: Wanted | None = None,
) -> Iterator[Source]:
    """Yield every file of jets; members of archives pass one by one through ``scratch``.

    Args:
        given: files, folders and archives.
        scratch: a folder for one member at a time.
        suffixes: endings of the files that are taken from folders and archives.
        wanted: says which of these are taken.

    Raises:
        DataError: for a path that does not exist, holds no file of jets, or is an unsafe or
            damaged archive.
    """
    for path in given:
        if is_archive(path):
            found = _members(path, scratch, suffixes, wanted)
        elif path.is_dir():
            # hidden ones are unfinished: perhaps the very file that is being made
            inside = sorted(p for p in path.rglob("[!.]*") if p.name.endswith(suffixes))
            sources = (Source(label=str(p), path=p, given=path, name=p.name) for p in inside)
            found = (source for source in sources if wanted is None or wanted(source))
        else:
            found = iter([Source(label=str(path), path=path, given=path, name=path.name)])
        empty = True
        for source in found:
            empty = False
            yield source
        if empty and suffixes == HDF5_SUFFIXES:
            raise DataError("holds no .h5 file", where=path, mend=GIVE)
        if empty:
            raise DataError(
                "holds no file that the card asks for",
                where=path,
                mend=f"give files that end in {' '.join(suffixes)}, or change 'files' in the card",
            )


def expanded(given: Sequence[Path]) -> list[Path]:
    """Return what is there, with patterns such as ``jets_*.root`` replaced by what fits them.

    Raises:
        DataError: if nothing does.
    """
    found: list[Path] = []
    for path in given:
        fitting = [path] if path.exists() else sorted(map(Path, glob.glob(str(path))))  # noqa: PTH207  absolute patterns too
        if not fitting:
            raise DataError("no such file or folder", where=path, mend="give files that exist")
        found += fitting
    return found


def _members(
    archive: Path, scratch: Path, suffixes: tuple[str, ...], wanted: Wanted | None
) -> Iterator[Source]:
    with _reading(archive), _content_of(archive) as content:
        with tarfile.open(fileobj=content, mode="r|") as stream:
            yield from _files_of(archive, stream, scratch, suffixes, wanted)
        _read_to_end(content)


@contextlib.contextmanager
def _content_of(archive: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open what is inside a .tar.gz; tarfile itself would not compare its checksum."""
    with archive.open("rb") as raw:
        packed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        if not packed:
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as content:
            yield content


def _read_to_end(content: IO[bytes] | gzip.GzipFile) -> None:
    """Read what follows the last member, so that the checksum at the very end is compared."""
    while content.read(2**20):
        pass


def _files_of(
    archive: Path,
    stream: tarfile.TarFile,
    scratch: Path,
    suffixes: tuple[str, ...],
    wanted: Wanted | None,
) -> Iterator[Source]:
    for member in stream:
        _check_member(archive, member)
        ending = next((suffix for suffix in suffixes if member.name.endswith(suffix)), "")
        if not member.isfile() or not ending:
            continue
        # a fixed name in a folder of ours: the member's own name is never a path
        path = scratch / f"member{ending}"
        label = f"{archive}:{member.name}"
        source = Source(label=label, path=path, given=archive, name=member.name)
        if wanted is None or wanted(source):
            _copy(_content(stream, member), path, archive)
            yield source
            path.unlink()


@contextlib.contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"not a whole archive ({error})",
            where=archive,
            mend="download it again and compare its size and checksum",
        ) from error


def _copy(content: IO[bytes], path: Path, archive: Path) -> None:
    """Copy in pieces; a failure to read blames the archive, one to write the disk."""
    with writing(path), path.open("wb") as copy:
        while True:
            with _reading(archive):
                piece = content.read(2**20)
            if not piece:
                return
            copy.write(piece)


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
