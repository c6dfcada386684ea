"""Where a result comes from: versions, git revision, seed, command, platform."""

import importlib.metadata
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from jetmix import __version__
from jetmix.support.records import read, write

FILE = "provenance.json"
PACKAGES = ("keras", "hgq2", "hls4ml", "da4ml", "alkaid", "jax", "tensorflow-cpu", "numpy", "h5py")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """All that is needed to run the same again; what is absent or does not apply is None.

    Attributes:
        versions: version of each package that shapes results, by name.
        git_revision: revision of the checkout.
        python: version of Python.
        platform: operating system and processor.
        seed: seed of the run.
        backend: Keras backend.
        command: the command line, word by word.
        teacher: the run or model that a training learnt from.
        teacher_sha256: SHA-256 of its model file.
        start: the run or model in full precision whose weights a training started from.
        start_sha256: SHA-256 of its model file.
    """

    versions: dict[str, str | None]
    git_revision: str | None
    python: str
    platform: str
    seed: int | None
    backend: str | None
    command: tuple[str, ...]
    teacher: str | None = None
    teacher_sha256: str | None = None
    start: str | None = None
    start_sha256: str | None = None

    def write(self, folder: Path) -> None:
        """Write ``provenance.json`` into ``folder``."""
        write(folder / FILE, self)


def read_provenance(folder: Path) -> Provenance | None:
    """Return the provenance in ``folder``, None if there is none.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(Provenance, folder / FILE) if (folder / FILE).exists() else None


def package_versions() -> dict[str, str | None]:
    """Return the installed version of each package that shapes results, None where absent."""
    versions: dict[str, str | None] = {"jetmix": __version__}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def git_revision() -> str | None:
    """Return the revision of the checkout that jetmix runs from, None in an installed wheel."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def collect(*, seed: int | None, backend: str | None) -> Provenance:
    """Return the provenance of what runs now."""
    return Provenance(
        versions=package_versions(),
        git_revision=git_revision(),
        python=platform.python_version(),
        platform=platform.platform(),
        seed=seed,
        backend=backend,
        command=("jetmix", *sys.argv[1:]),
    )
