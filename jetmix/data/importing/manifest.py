"""What is known of a published record's files, and the check of files against it."""

import fnmatch
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jetmix.errors import DataError
from jetmix.support.packaged import shipped

ZENODO_MANIFEST = "datasets/zenodo_3602260.toml"
_AGAIN = "download it again from the record"


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """One file of a record; None where a figure is not known."""

    name: str
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None
    jets: int | None = None
    n_members: int | None = None

    def check_download(self, path: Path) -> None:
        """Compare size and checksums with those of the record.

        Raises:
            DataError: if one differs.
        """
        size = path.stat().st_size
        if self.size is not None and size != self.size:
            raise DataError(
                f"has {size:,} bytes, the record's file has {self.size:,}", where=path, mend=_AGAIN
            )
        for kind, known in (("md5", self.md5), ("sha256", self.sha256)):
            if known is not None and _checksum(path, kind) != known:
                raise DataError(f"its {kind} is not that of the record", where=path, mend=_AGAIN)

    def check_content(self, path: Path, n_jets: int, n_members: int) -> None:
        """Compare the number of jets and of members with those of the record.

        Raises:
            DataError: if one differs.
        """
        for what, known, found in (
            ("jets", self.jets, n_jets), ("members", self.n_members, n_members),
        ):  # fmt: skip
            if known is not None and found != known:
                raise DataError(
                    f"holds {found:,} {what}, the record's file {known:,}", where=path, mend=_AGAIN
                )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The files of a record and the pattern of its members' names."""

    doi: str
    members: str
    files: tuple[PublishedFile, ...]

    def find(self, path: Path) -> PublishedFile | None:
        """Return the record's file of the same name, if there is one."""
        return next((file for file in self.files if file.name == path.name), None)

    def is_member(self, name: str) -> bool:
        """Return whether a file is named like a member of the record's archives."""
        return fnmatch.fnmatch(PurePosixPath(name).name, self.members)


def read_manifest(path: Path | None = None) -> Manifest:
    """Return the manifest of Zenodo 3602260, or the one in ``path``."""
    content = tomllib.loads((path or shipped(ZENODO_MANIFEST)).read_text(encoding="utf-8"))
    files = tuple(PublishedFile(**entry) for entry in content["file"])
    return Manifest(doi=content["doi"], members=content["members"], files=files)


def _checksum(path: Path, kind: str) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, kind).hexdigest()
