"""Sentences about imports of jets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jetmix.data.importing.sources import Imported


def imported(done: "Imported") -> list[str]:
    """Return what an import gave, and what it left out."""
    files = "1 file" if done.n_files == 1 else f"{done.n_files} files"
    lines = [f"{done.path}: {done.n_jets} jets from {files}"]
    if done.counts:
        named = (f"{name} {count}" for name, count in done.counts.items())
        lines.append("jets per class: " + ", ".join(named))
    lines += [f"left out: {count} jets {reason}" for reason, count in done.dropped.items()]
    return [*lines, f"sha256 {done.sha256}"]


def cards(titles: Mapping[str, str]) -> list[str]:
    """Return the shipped data cards, one per line."""
    width = max(map(len, titles), default=0)
    return [f"{name:{width}}  {title}" for name, title in titles.items()]
