"""Whether a worker may take part: its versions, and the files that it sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import ClusterError
from jetmix.support.provenance import package_versions

# what shapes a result: with another version of one of them runs could not be compared
SAME = ("jetmix", "keras", "hgq2", "jax", "tensorflow-cpu")

SHARE = "name a path on a file system that all workers share"


def versions() -> dict[str, str | None]:
    """Return the versions that all workers must have."""
    known = package_versions()
    return {name: known[name] for name in SAME}


@dataclass(frozen=True, kw_only=True)
class WorkerCheck:
    """What every worker must have.

    Attributes:
        versions: version of each package.
        sizes: file or folder to its size in bytes, None for a folder.
        mend: what to do about a worker that does not see one of them.
    """

    versions: Mapping[str, str | None]
    sizes: Mapping[Path, int | None]
    mend: str = SHARE

    @classmethod
    def here(cls, *paths: Path, mend: str = SHARE) -> "WorkerCheck":
        """Return the check of a worker against this process and the ``paths`` that it sees."""
        found = {path.resolve(): path.stat().st_size if path.is_file() else None for path in paths}
        return cls(versions=versions(), sizes=found, mend=mend)

    def require(self, worker: str) -> None:
        """Judge this process, which is ``worker``.

        Raises:
            ClusterError: naming the package or path that differs.
        """
        for name, found in versions().items():
            wanted = self.versions[name]
            if found != wanted:
                raise ClusterError(
                    f"{name} is {found or 'not installed'} here and {wanted} where the command was "
                    "given, so results would not be comparable",
                    where=f"worker {worker}",
                    mend="start the workers from the same environment",
                )
        for path, size in self.sizes.items():
            if _size(path) != size:
                raise ClusterError(
                    f"this worker does not see {path} as the command does",
                    where=f"worker {worker}",
                    mend=self.mend,
                )


def _size(path: Path) -> int | None:
    """Return the size of a file, None for a folder, -1 if there is neither."""
    if path.is_dir():
        return None
    return path.stat().st_size if path.is_file() else -1
