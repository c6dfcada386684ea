"""How long a sweep takes, from a few epochs of each of its networks on this machine."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jetmix.cluster.check import WorkerCheck
from jetmix.cluster.connect import opened
from jetmix.cluster.engine import Lost
from jetmix.cluster.options import ClusterOptions
from jetmix.models import keras_env
from jetmix.support.files import content_digest
from jetmix.support.records import dump
from jetmix.support.stages import StopWatch
from jetmix.sweeps.plan import PlannedRun
from jetmix.sweeps.state import data_digest

EPOCHS = 3


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A short training for a worker."""

    run: PlannedRun
    data: Path
    folder: Path
    backend: str


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What a short training measured; ``reason`` says why it did not.

    Attributes:
        jets_per_second: speed of training.
        n_jets: jets of an epoch.
        other_seconds: what a run takes beside its epochs: reading, compiling, calibrating.
        reason: why there are no figures.
    """

    jets_per_second: float = 0.0
    n_jets: int = 0
    other_seconds: float = 0.0
    reason: str = ""

    def seconds(self, epochs: int) -> float | None:
        """Return what a run of so many epochs takes."""
        if self.reason:
            return None
        return self.other_seconds + epochs * self.n_jets / self.jets_per_second


def speeds(
    runs: Sequence[PlannedRun], data: Path, backend: str | None, workers: int | None
) -> dict[str, Speed]:
    """Measure each network of a sweep once; return the speed by the name of the run.

    Args:
        runs: the runs.
        data: HDF5 file of jets.
        backend: Keras backend; None takes the default.
        workers: worker processes, which measure side by side as they would train.

    Raises:
        DataError: if the file cannot be read.
    """
    data_digest(data)  # before workers start
    kinds = {run.name: _network(run) for run in runs}
    first = {kind: run for run in reversed(runs) for kind in (kinds[run.name],)}
    chosen = keras_env.chosen_backend(backend)
    found: dict[str, Speed] = {}
    with tempfile.TemporaryDirectory(prefix="jetmix-sweep-") as place:
        folder = Path(place)
        options = ClusterOptions(workers=workers)
        with opened(options, WorkerCheck.here(data), folder) as engine:
            probes = (
                (kind, Probe(run=run, data=data.resolve(), folder=folder / kind, backend=chosen))
                for kind, run in first.items()
            )
            for kind, result in engine.results(measure, probes):
                lost = Speed(reason="its worker died")
                found[kind] = lost if isinstance(result, Lost) else result
    return {name: found[kind] for name, kind in kinds.items()}


def _network(run: PlannedRun) -> str:
    """Return a digest of what decides the speed of a training."""
    recipe = run.recipe
    content = [dump(recipe.data), dump(recipe.tagger), dump(recipe.quantiser)]
    return content_digest([*content, recipe.training.batch_size])[:16]


def measure(probe: Probe) -> Speed:
    """Train a few epochs and return how fast that was; runs on a worker."""
    from jetmix.errors import JetmixError
    from jetmix.support import console
    from jetmix.training.run import TrainingRun, train

    recipe = probe.run.recipe
    short = replace(recipe, training=replace(recipe.training, epochs=EPOCHS))
    watch = StopWatch()
    with console.written_to(probe.folder.with_suffix(".log")):
        try:
            done = train(
                TrainingRun(
                    recipe=short, data=probe.data, folder=probe.folder, backend=probe.backend
                )
            )
        except JetmixError as error:
            return Speed(reason=str(error))
    n_jets = done.run.data.n_train if done.run.data else 0
    speed = done.figures.jets_per_second
    other = watch.seconds - EPOCHS * n_jets / speed
    return Speed(jets_per_second=speed, n_jets=n_jets, other_seconds=max(other, 0.0))
