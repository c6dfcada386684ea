"""Where a result comes from: versions, git revision, seed, command, platform."""

import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path

from jetmix import __version__
from jetmix.support.files import JSON

PACKAGES = ("keras", "hgq2", "hls4ml", "da4ml", "jax", "tensorflow-cpu", "numpy", "h5py")


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


def collect(*, seed: int | None, backend: str | None) -> JSON:
    """Return all that is needed to run the same again, as JSON-serialisable data."""
    return {
        "versions": package_versions(),
        "git_revision": git_revision(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "seed": seed,
        "backend": backend,
        "command": ["jetmix", *sys.argv[1:]],
    }
