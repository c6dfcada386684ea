"""What is known of a published record's files, and the check of files against it."""

import fnmatch
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from jetmix.errors import DataError
from jetmix.support.arrays import Ints
from jetmix.support.packaged import shipped

ZENODO_MANIFEST = "datasets/zenodo_3602260.toml"
_AGAIN = "download it again from the record"


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """One file of a record; None where a figure is not known.

    Attributes:
        labels_sha256: of the class of every jet as one byte, members sorted by name.
        class_counts: jets of each class in each member, sorted by name.
    """

    name: str
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None
    jets: int | None = None
    n_members: int | None = None
    labels_sha256: str | None = None
    class_counts: tuple[tuple[int, ...], ...] = ()

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

    def check_labels(self, path: Path, labels: Mapping[str, Ints]) -> bool:
        """Compare the classes of all jets with those of the record.

        Args:
            path: the archive, for errors.
            labels: the class of every jet of each member, by the member's name.

        Returns:
            whether the record's classes are known, and therefore these are right.

        Raises:
            DataError: naming the first member whose classes differ.
        """
        names = sorted(labels)
        for name, known in zip(names, self.class_counts, strict=False):
            found = np.bincount(labels[name], minlength=len(known)).tolist()
            if found != list(known):
                raise DataError(
                    f"its member {name} has {found} jets of the classes g q W Z t, "
                    f"the record's has {list(known)}",
                    where=path,
                    mend=_AGAIN,
                )
        digest = hashlib.sha256(b"".join(labels[n].astype(np.int8).tobytes() for n in names))
        if self.labels_sha256 is not None and digest.hexdigest() != self.labels_sha256:
            raise DataError("its labels are not those of the record", where=path, mend=_AGAIN)
        return self.labels_sha256 is not None


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
    files = tuple(_published(entry) for entry in content["file"])
    return Manifest(doi=content["doi"], members=content["members"], files=files)


def _published(entry: dict[str, Any]) -> PublishedFile:
    counts = tuple(tuple(row) for row in entry.pop("class_counts", ()))
    return PublishedFile(**entry, class_counts=counts)


def _checksum(path: Path, kind: str) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, kind).hexdigest()
