"""What docs/results.md needs of the sweeps in examples/sweeps/.

    jetmix sweep examples/sweeps/front-16.toml --data JETS --out FOLDER --synth part=xcvu13p
    python docs/generate/sweeps.py FOLDER front-16

keeps it in docs/generate/front-16.json, and the others likewise. Taggers on three features are
tried on the real jets in the folder that JETMIX_REFERENCE names.
"""

import argparse
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from jetmix.data.schema import THREE_FEATURES
from jetmix.support.records import read, write
from jetmix.support.stages import read_stage
from jetmix.sweeps.job import SYNTH
from jetmix.sweeps.records import (
    REQUEST,
    RUNS,
    RunRecord,
    SweepRecord,
    SweepRequest,
    read_sweep,
)
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.taggers.registry import resolved
from jetmix.training.evaluate import evaluate
from jetmix.training.run_dir import RunDir

HERE = Path(__file__).parent
NAMES = (
    "front-16", "front-16-lut", "front-16-small", "front-16x3", "front-sizes", "front-32-seeds",
    "front-64", "fold-gnn-32", "fold-64", "fold-16-sizes", "fold-16-larger", "grid-8", "search-8",
)  # fmt: skip
# 1,500 jets of Zenodo 3602260, above 2 GeV
REAL_JETS = "data/real/plf_1500_jets_32x3.npz"
TITLES = {
    "mixer": "Mixer",
    "sparse-mixer": "sparse Mixer",
    "gnn": "GNN",
    "deepsets": "Deep Sets",
    "mlp": "MLP",
    "gnn-lut": "GNN of LUT layers",
    "mixer-lut": "Mixer of LUT layers",
}


@dataclass(frozen=True, kw_only=True)
class More:
    """What a sweep does not record of a run.

    Attributes:
        hours: of training and lowering.
        recipe: digest of the recipe.
        cost: of the graph, in da4ml's measure; None if it was not lowered.
        n_test: test jets.
        real: accuracy on real jets and its error, if it was tried on them.
    """

    hours: float
    recipe: str | None = None
    cost: float | None = None
    n_test: int | None = None
    real: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the page needs of a sweep.

    Attributes:
        data_sha256: digest of the file of jets.
        sweep: its ``sweep.json``.
        more: of each run that is done, by its name.
    """

    data_sha256: str
    sweep: SweepRecord
    more: dict[str, More] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        """Hours of one core."""
        return sum(one.hours for one in self.more.values())


def title(run: RunRecord) -> str:
    """Return the name of a tagger for people."""
    mixing = run.values.get("tagger.options.mixing")
    name = TITLES[str(run.architecture)]
    return f"{name}, {mixing}s" if mixing else name


def n_particles(run: RunRecord) -> int:
    """Return the constituents that a tagger takes: 16 where the sweep does not say otherwise."""
    return int(str(run.values.get("tagger.n_particles", 16)))


def keep(folder: Path, name: str) -> None:
    """Keep what the page needs of the sweep in a folder, of the runs that were tried."""
    record = read_sweep(folder)
    assert record is not None, folder
    record = replace(record, runs=tuple(run for run in record.runs if run.status != "waiting"))
    more = {run.name: _more(folder / RUNS / run.name) for run in record.of("done")}
    request = read(SweepRequest, folder / REQUEST)
    write(HERE / f"{name}.json", Kept(data_sha256=request.data_sha256, sweep=record, more=more))


def _more(folder: Path) -> More:
    run, made = RunDir(folder), SynthDir(folder / SYNTH)
    stages = [read_stage(folder / part) for part in ("2-train", SYNTH)]
    assert run.metrics is not None
    return More(
        hours=sum(stage.seconds for stage in stages if stage is not None) / 3600,
        recipe=resolved(run.recipe).digest(),
        cost=sum(layer.da4ml_cost for layer in made.costs) if made.costs else None,
        n_test=run.metrics.n_test,
        real=_on_real_jets(run),
    )


def _on_real_jets(run: RunDir) -> tuple[float, float] | None:
    reference = os.environ.get("JETMIX_REFERENCE")
    if run.data is None or set(run.data.feature_names) != set(THREE_FEATURES) or not reference:
        return None
    metrics = evaluate(run.model, Path(reference) / REAL_JETS, trained_on=run.data).metrics
    assert metrics.accuracy is not None
    return metrics.accuracy, metrics.accuracy_error


def kept(name: str) -> Kept:
    """Return what was kept of a sweep."""
    return read(Kept, HERE / f"{name}.json")


def main() -> None:
    """Keep what the page needs of a sweep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the sweep")
    parser.add_argument("name", choices=NAMES)
    options = parser.parse_args()
    keep(options.folder, options.name)


if __name__ == "__main__":
    main()
