"""A search: Optuna chooses the next run from what is known of the others.

Only this process speaks to the storage; workers get runs and give records, as in any sweep. A
trial of Optuna with number k is the run k + 1.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jetmix.cluster.extra import needed
from jetmix.errors import DataError, JetmixError, UsageError
from jetmix.support.records import dump
from jetmix.sweeps import job as jobs
from jetmix.sweeps.plan import PlannedRun, recipe_of, seeded
from jetmix.sweeps.records import RunRecord
from jetmix.sweeps.state import State, SweepOptions
from jetmix.sweeps.sweep_file import Objective, Range, SweepFile, Values
from jetmix.sweeps.target import Target

STORE = "search.sqlite"
STUDY = "jetmix"
# after so many combinations in all that no recipe can have, the space is refused
MAX_IMPOSSIBLE = 100
OF_FIRMWARE = ("lut", "latency_ns")


@contextlib.contextmanager
def storage_failures(folder: Path) -> Iterator[None]:
    """Let a storage that fails while the block runs, such as on a full disk, end in one line.

    Raises:
        DataError: with what the storage says.
    """
    try:
        yield
    except Exception as error:  # SQLAlchemy, which only the extra has, and its drivers
        if type(error).__module__.partition(".")[0] not in ("sqlalchemy", "optuna"):
            raise
        raise DataError(
            f"the storage of the search fails ({str(error).splitlines()[0]})",
            where=folder,
            mend="see its disk or server, then give the same command again",
        ) from None


class Search:
    """The runs of a search, as a source of runs; see :class:`jetmix.sweeps.state.Source`.

    Args:
        file: a sweep file with a search.
        options: the sweep.

    Raises:
        ToolMissingError: without Optuna.
        UsageError: if a key or a value of the space is refused.
    """

    def __init__(self, file: SweepFile, options: SweepOptions) -> None:
        assert file.search is not None  # noqa: S101 (the caller has looked)
        self.optuna = needed("optuna")
        self.file, self.options, self.section = file, options, file.search
        first = {key: _first(allowed) for key, allowed in self.section.space.items()}
        base = recipe_of(file.recipe, {}, options.file)
        recipe_of(file.recipe, first, options.file)
        if options.retry_failed:
            raise UsageError(
                "a search does not try a failed run again",
                where="--retry-failed",
                mend="leave it out; raise [limits] runs for more runs",
            )
        self.storage = self._storage()
        self.content: object = [base.digest(), dump(self.section), list(file.seeds)]
        self.n_runs: int | None = None
        self.trials: dict[str, Any] = {}
        self.pruned: dict[str, int] = {}

    def begin(self, target: Target | None) -> Sequence[PlannedRun]:
        """Open the study and return the runs that it knows."""
        asked = [name for name in self.section.objectives if name in OF_FIRMWARE]
        if asked and target is None:
            raise UsageError(
                f"the objective {asked[0]} needs taggers that are lowered",
                where=self.options.file,
                mend="add --synth part=PART,clock-ns=T",
            )
        self.optuna.logging.set_verbosity(self.optuna.logging.ERROR)
        self.study = self.optuna.create_study(
            study_name=STUDY,
            storage=self.storage,
            load_if_exists=True,
            directions=[_direction(name) for name in self.section.objectives],
            sampler=self._sampler(),
            pruner=self._pruner(),
        )
        runs = []
        for trial in self.study.get_trials(deepcopy=False):
            run = self._planned(trial.number, _values(trial.params, self.section.space))
            if isinstance(run, PlannedRun):
                runs.append(run)
        return runs

    def left(self, state: State) -> bool:
        """Return whether a run was interrupted or another one may be chosen."""
        return bool(state.todo) or self._room()

    def at_once(self, n_workers: int) -> int:
        """Return the number of workers: every choice should know all results so far."""
        return n_workers

    def next(self, state: State) -> Iterator[PlannedRun]:
        """Yield the runs that were interrupted, then new ones up to the limit."""
        for name in state.todo:
            self.trials[name] = int(name) - 1
            yield state.runs[name]
        impossible = 0
        while self._room():
            trial = self.study.ask()
            values = {key: _ask(trial, key, r) for key, r in self.section.space.items()}
            run = self._planned(trial.number, values)
            if isinstance(run, JetmixError):
                # a combination that no recipe can have: the sampler learns it, no worker does
                self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
                impossible += 1
                if impossible > MAX_IMPOSSIBLE:
                    raise run
                continue
            self.trials[run.name] = trial
            state.runs[run.name] = run
            state.records[run.name] = jobs.waiting(run)
            yield run

    def hopeless(self, event: Mapping[str, Any]) -> bool:
        """Let the pruner judge a run after a part of its training."""
        name, step = event["run"], event["step"]
        trial = self.trials.get(name)
        if self.section.pruner == "none" or step is None or isinstance(trial, int | None):
            return False
        trial.report(event["val_accuracy"], step)
        if step == jobs.STEPS or name in self.pruned or not trial.should_prune():
            return False
        self.pruned[name] = step
        return True

    def finished(self, record: RunRecord) -> RunRecord:
        """Tell the study what became of a run."""
        states = self.optuna.trial.TrialState
        if record.status == "waiting" and record.name in self.pruned:
            self._tell(record, state=states.PRUNED)
            reason = f"hopeless after {self.pruned[record.name]}/{jobs.STEPS} of its epochs"
            return replace(record, status="pruned", reason=reason)
        if record.status == "failed":
            self._tell(record, state=states.FAIL)
        elif record.status == "done":
            self._tell(record, values=[_value(record, name) for name in self.section.objectives])
        return record

    def _tell(self, record: RunRecord, **outcome: Any) -> None:
        # a run whose folder was removed is done again, and the study knows it already
        self.study.tell(self.trials.pop(record.name), **outcome, skip_if_finished=True)

    def _room(self) -> bool:
        limit = self.file.limits.runs
        return limit is None or len(self.study.get_trials(deepcopy=False)) < limit

    def _planned(self, number: int, values: Values) -> PlannedRun | JetmixError:
        """Return the run of a trial, or why no recipe can have these values."""
        try:
            recipe = recipe_of(self.file.recipe, values, self.options.file)
        except UsageError as error:
            return error
        if self.file.seeds:
            recipe = seeded(recipe, self.file.seeds[0])
        return PlannedRun(name=f"{number + 1:04d}", values=values, recipe=recipe)

    def _storage(self) -> Any:
        """Open the storage that the file names, before the folder of the sweep is made."""
        if self.section.storage is None:
            return f"sqlite:///{self.options.folder.resolve() / STORE}"
        try:
            return self.optuna.storages.get_storage(self.section.storage)
        except Exception as error:  # of Optuna, SQLAlchemy or a driver
            raise UsageError(
                f"Optuna cannot open the storage ({str(error).splitlines()[0]})",
                where=f"{self.options.file}: [search]",
                mend="give the URL of a database that answers and whose driver is installed, such "
                "as sqlite:///study.db",
            ) from None

    def _sampler(self) -> Any:
        samplers, seed = self.optuna.samplers, self.section.sampler_seed
        # runs that are under way count as bad ones, so that workers do not all try the same
        kinds = {
            "tpe": lambda: samplers.TPESampler(seed=seed, constant_liar=True),
            "nsga2": lambda: samplers.NSGAIISampler(seed=seed),
            "random": lambda: samplers.RandomSampler(seed=seed),
        }
        return kinds[self.section.sampler]()

    def _pruner(self) -> Any:
        pruners = self.optuna.pruners
        kinds = {
            "none": pruners.NopPruner,
            "median": lambda: pruners.MedianPruner(n_warmup_steps=jobs.STEPS // 4),
            "hyperband": lambda: pruners.HyperbandPruner(max_resource=jobs.STEPS),
        }
        return kinds[self.section.pruner]()


def _direction(name: Objective) -> str:
    return "maximize" if name == "accuracy" else "minimize"


def _value(record: RunRecord, name: Objective) -> float:
    """Return an objective of a run that is done."""
    holder = record.firmware if name in OF_FIRMWARE else record
    value = getattr(holder, name)
    if value is None:
        raise UsageError(
            f"the run {record.name} has no {name}",
            where="[search] objectives",
            mend="search for what all its taggers have: a tagger in full precision has no EBOPs",
        )
    return float(value)


def _first(allowed: Range) -> Any:
    return allowed.choices[0] if allowed.choices else allowed.low


def _ask(trial: Any, key: str, allowed: Range) -> Any:
    """Let the sampler choose a value."""
    if allowed.choices:
        # Optuna stores plain values alone, and a choice may be a list
        return json.loads(trial.suggest_categorical(key, [json.dumps(c) for c in allowed.choices]))
    if allowed.whole:
        step = int(allowed.step or 1)
        return trial.suggest_int(key, allowed.low, allowed.high, log=allowed.log, step=step)
    return trial.suggest_float(key, allowed.low, allowed.high, log=allowed.log, step=allowed.step)


def _values(params: Mapping[str, Any], space: Mapping[str, Range]) -> Values:
    return {
        key: json.loads(value) if space[key].choices else value for key, value in params.items()
    }
