"""Sweeps among the folders of a report: their front becomes taggers, the rest one section."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import ReportReadError
from jetmix.sweeps.records import RUNS, SweepRecord, is_sweep, read_sweep


@dataclass(frozen=True, kw_only=True)
class SweepFolder:
    """A sweep that is reported on.

    Attributes:
        folder: its folder.
        record: its runs.
    """

    folder: Path
    record: SweepRecord

    def run(self, name: str) -> Path:
        """Return the run directory of a run."""
        return self.folder / RUNS / name


def expanded(folders: Sequence[Path]) -> tuple[list[Path], tuple[SweepFolder, ...]]:
    """Replace each sweep by the runs on its front.

    Returns:
        The folders of runs and syntheses, and the sweeps.

    Raises:
        ReportReadError: if no run of a sweep is done, or its record is damaged.
    """
    plain: list[Path] = []
    sweeps: list[SweepFolder] = []
    for folder in folders:
        if not is_sweep(folder):
            plain.append(folder)
            continue
        record = read_sweep(folder)
        if record is None or not record.front:
            raise ReportReadError(
                "no run of the sweep is done",
                where=folder,
                mend="give its 'jetmix sweep' command again",
            )
        sweeps.append(SweepFolder(folder=folder, record=record))
        plain += [sweeps[-1].run(name) for name in record.front]
    return plain, tuple(sweeps)
