"""What a sweep leaves in its folder: ``request.json``, ``sweep.json`` and ``sweep.csv``."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from jetmix.support.files import write_text
from jetmix.support.records import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Check,
    checked,
    read,
    write,
)
from jetmix.sweeps.target import Target

REQUEST, RESULT, TABLE, PICTURE = "request.json", "sweep.json", "sweep.csv", "sweep.png"
RUNS, LOGS = "runs", "logs"
Status = Literal["done", "failed", "pruned", "waiting"]


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """Content of ``request.json``, the first file of a sweep: what decides its results.

    Attributes:
        digest: digest of all recipes, the jets and the backend.
        data: the file of jets.
        data_sha256: its digest.
        backend: Keras backend.
        target: what the taggers are lowered for, None if they are not.
        n_runs: number of runs, None of a search.
    """

    digest: str
    data: str
    data_sha256: str
    backend: str
    target: Target | None
    n_runs: int | None


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """A tagger as firmware, from the estimate; what is not known is None.

    Attributes:
        lut: look-up tables.
        lut_low: lower end of the 90% prediction interval.
        lut_high: its upper end.
        ff: flip-flops.
        latency_cycles: latency in clock cycles.
        latency_ns: latency in ns.
        ii: clocks in which it takes a jet.
        n_vectors: vectors on which the firmware gave the bits of Keras.
    """

    lut: float | None
    lut_low: float | None
    lut_high: float | None
    ff: float | None
    latency_cycles: int | None
    latency_ns: float | None
    n_vectors: int
    ii: int = 1

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(NOT_NEGATIVE, "lut", "lut_low", "lut_high", "ff", "latency_cycles", "latency_ns"),
        **checked(POSITIVE, "ii"),
    }


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run of a sweep; nothing of it depends on when or where it ran.

    Attributes:
        name: its folder in ``runs/``.
        values: what the axes set, by key.
        seed: seed of the training.
        status: ``done``, ``failed``, ``pruned`` by a search, or ``waiting``.
        reason: why it failed or was pruned.
        architecture: of the tagger.
        accuracy: on the test jets, 0 ... 1.
        accuracy_error: its binomial standard error.
        val_accuracy: of the chosen tagger on the validation jets.
        ebops: effective bit operations, None in full precision.
        epochs: epochs that were trained.
        firmware: the tagger as firmware, None where it was not lowered.
    """

    name: str
    values: Mapping[str, Any]
    seed: int
    status: Status
    reason: str | None = None
    architecture: str | None = None
    accuracy: float | None = None
    accuracy_error: float | None = None
    val_accuracy: float | None = None
    ebops: int | None = None
    epochs: int | None = None
    firmware: Lowered | None = None

    CHECKS: ClassVar[dict[str, Check]] = {
        **checked(FRACTION, "accuracy", "val_accuracy"),
        **checked(NOT_NEGATIVE, "accuracy_error", "ebops", "epochs"),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        if self.status == "done" and self.accuracy is None:
            yield "accuracy", "a number for a run that is done"
        if self.status in ("failed", "pruned") and not self.reason:
            yield "reason", "a text for a run that has no tagger"

    @property
    def costs(self) -> tuple[float, ...] | None:
        """What its tagger costs: LUT and ns, without firmware EBOPs; None if nothing is known."""
        made = self.firmware
        if made is None:
            return None if self.ebops is None else (self.ebops,)
        if made.lut is None or made.latency_ns is None:
            return None
        return made.lut, made.latency_ns


@dataclass(frozen=True, kw_only=True)
class SweepRecord:
    """Content of ``sweep.json``.

    Attributes:
        recipe: the base of all runs.
        axes: the keys that change from run to run.
        target: what the taggers were lowered for, None if they were not.
        runs: the runs, in the order of the sweep file.
        front: names of the runs that no other one beats: in accuracy, LUT and latency, or without
            firmware in accuracy and EBOPs. A run that equals another in all of them stays.
    """

    recipe: str
    axes: tuple[str, ...]
    target: Target | None
    runs: tuple[RunRecord, ...]
    front: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """Write ``sweep.json`` and ``sweep.csv``."""
        write(folder / RESULT, self)
        write_text(folder / TABLE, table(self))

    def of(self, status: Status) -> tuple[RunRecord, ...]:
        """Return the runs of one status."""
        return tuple(run for run in self.runs if run.status == status)


def read_sweep(folder: Path) -> SweepRecord | None:
    """Return the record of a sweep, None if the folder holds no ``sweep.json``.

    Raises:
        ReportReadError: if the file is damaged.
    """
    return read(SweepRecord, folder / RESULT) if (folder / RESULT).exists() else None


def is_sweep(folder: Path) -> bool:
    """Tell whether a folder is that of a sweep."""
    return (folder / REQUEST).exists() or (folder / RESULT).exists()


def table(sweep: SweepRecord) -> str:
    """Return a sweep as CSV, one row per run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["run", *sweep.axes, "seed", "status", "accuracy", "accuracy_error", "ebops", "lut", "ii",
         "latency_cycles", "latency_ns", "epochs", "front", "reason"]
    )  # fmt: skip
    for run in sweep.runs:
        made = run.firmware
        firmware = (made.lut, made.ii, made.latency_cycles, made.latency_ns) if made else ("",) * 4
        values = [run.values.get(key, "") for key in sweep.axes]
        figures = (run.accuracy, run.accuracy_error, run.ebops)
        writer.writerow(
            [run.name, *values, run.seed, run.status, *figures, *firmware, run.epochs,
             run.name in sweep.front, run.reason]
        )  # fmt: skip
    return text.getvalue()


def front_of(runs: Sequence[RunRecord]) -> tuple[str, ...]:
    """Return the names of the runs that no other one beats, in the order of ``runs``.

    A run is beaten by one that is at least as good in accuracy and in every cost, and better in
    one of them. Runs with and without firmware are not compared: where some have it, only these
    stand on the front.
    """
    lowered = any(run.firmware is not None for run in runs)
    known = [
        (run.name, (-run.accuracy, *run.costs))
        for run in runs
        if run.status == "done"
        and run.accuracy is not None
        and run.costs is not None
        and (run.firmware is not None) == lowered
    ]
    return tuple(name for name, own in known if not any(_beats(other, own) for _, other in known))


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
