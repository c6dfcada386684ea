"""The training loop: epochs, schedules, guards, the raw Pareto front, and exact resume.

A run is determined by recipe, data, backend and machine. The order of the jets in an epoch comes
from the seed and the number of the epoch alone, so that a resumed run equals an uninterrupted
one to the last bit.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jetmix.recipes.recipe import Recipe
from jetmix.support import console
from jetmix.support.arrays import AnyArray
from jetmix.taggers.registry import architecture
from jetmix.training import guards
from jetmix.training.averages import Averages
from jetmix.training.beta import BetaControl, make_control
from jetmix.training.checkpoint import LoopState, load_state, save_arrays, save_state
from jetmix.training.engine import Engine, Validation, make_engine, validate
from jetmix.training.event_log import EventLog
from jetmix.training.feed import Feed, make_feed
from jetmix.training.front_plot import FrontPicture
from jetmix.training.jets import Jets
from jetmix.training.lut_cost import lut_of_tagger, weigh_lut
from jetmix.training.pareto import FrontPoint, pruned
from jetmix.training.schedules import learning_rate

FRONT_FOLDER = "front"
# called after every epoch, with its row of the history, and its jets per second
EachEpoch = Callable[[Mapping[str, float], float], None]


class Loop:
    """Trains one model; files go into ``folder``, which the caller owns."""

    def __init__(
        self,
        recipe: Recipe,
        model: Any,
        *,
        train: Jets,
        validation: Jets,
        folder: Path,
        digest: str,
        events: EventLog | None = None,
        each_epoch: EachEpoch | None = None,
    ) -> None:
        import keras

        self.recipe, self.settings, self.model = recipe, recipe.training, model
        self.n_train, self.validation = len(train), validation
        self.folder, self.digest, self.events = folder, digest, events
        self.each_epoch = each_epoch
        self.counted = "lut" if self.settings.counts_lut else "ebops"
        if self.settings.counts_lut:
            weigh_lut(model)
        self.engine: Engine = make_engine(model, keras.optimizers.Adam(), self.settings)
        self.feed: Feed = make_feed(train, self.engine, self.settings)
        self.state = LoopState()
        self.averages: Averages | None = None
        if self.settings.average_epochs is not None:
            self.averages = Averages(
                self.engine,
                model,
                epochs=self.settings.average_epochs,
                quantised=recipe.tagger.quantised,
            )
        self.control: BetaControl = make_control(self.settings, {})
        self.n_model = len(model.variables)
        kind = architecture(recipe.tagger.architecture)
        self.trains_bits = recipe.tagger.quantised and kind.trains_bits
        self.picture = FrontPicture(
            folder / "pareto.png",
            quantised=recipe.tagger.quantised,
            unit="LUT (estimated)" if self.settings.counts_lut else "EBOPs",
        )
        self.limits = _range_limits(model)

    @property
    def steps(self) -> int:
        """Training steps per epoch; jets beyond the last full batch wait for another epoch."""
        return self.settings.epoch_steps or self.n_train // self.batch_size

    @property
    def batch_size(self) -> int:
        """Jets per step: the recipe's batch size, or all jets if there are fewer."""
        return min(self.settings.batch_size, self.n_train)

    @property
    def seen(self) -> list[tuple[float, float]]:
        """Size and validation accuracy in percent of all epochs so far."""
        return [(row[self.counted], 100 * row["val_accuracy"]) for row in self.state.history]

    def resume(self) -> None:
        """Go on from the state that an interrupted run left in the folder, if there is one."""
        found = load_state(self.folder, self.digest)
        if found is not None:
            values, self.state = found
            n_values = len(self.engine.state())
            self.engine.load_state(values[:n_values])
            if self.averages is not None:
                self.averages.values = values[n_values:]
            self.control = make_control(self.settings, self.state.controller)
            console.say(f"resuming after epoch {self.state.epoch}")

    def run(self) -> None:
        """Train all epochs that are left.

        Raises:
            TrainingError: if a guard finds that the training cannot succeed.
        """
        total = self.settings.epochs
        with console.progress("training", total) as ticker:
            while self.state.epoch < total:
                validation = self.train_epoch()
                ticker.update(self.state.epoch, self._note())
                self.picture.update(self.state.front, self.seen)
                if self.events is not None:
                    self.events.add(self.state.history[-1])
                if self.each_epoch is not None:
                    self.each_epoch(self.state.history[-1], self._speed())
                if guards.collapsed(self.state.epoch - 1, validation):
                    console.say(
                        f"stopped after epoch {self.state.epoch}: with this beta all jets get the "
                        "same answer; the front up to here is kept"
                    )
                    return

    def train_epoch(self) -> Validation:
        """Train one epoch, judge it, offer it to the front, and put the state on disk."""
        state, epoch, start = self.state, self.state.epoch, time.monotonic()
        rate = learning_rate(epoch, self.settings)
        trains_bits = epoch < self.settings.bits_until * self.settings.epochs
        beta = self._beta(epoch) if trains_bits else state.history[-1]["beta"]
        before = self._trained() if epoch == 0 else None
        portions = self.feed.portions(epoch)
        loss = self.engine.train_epoch(portions, rate, beta, trains_bits=trains_bits)
        if before is not None:
            names = [variable.path for variable in self.model.trainable_variables]
            guards.check_gradients(names, before, self._trained())
        with self._judged(epoch):
            result, gone = self._judge(epoch, start, loss, beta, rate)
        state.controller = self.control.state()
        save_state(
            self.folder, [*self.engine.state(), *self._averaged_values()], state, self.digest
        )
        # only now: an interrupted epoch still finds every point of the state before it
        for point in gone:
            (self.folder / point.path).unlink(missing_ok=True)
        return result

    def _beta(self, epoch: int) -> float:
        history = self.state.history
        return self.control.next(epoch, int(history[-1][self.counted]) if history else None)

    @contextlib.contextmanager
    def _judged(self, epoch: int) -> Iterator[None]:
        """Give the model the form in which it is judged: settled, with averages if wanted."""
        if self.averages is None:
            self.engine.settle(self.feed.statistics)
            yield
            return
        with self.averages.in_place(epoch, self.feed.statistics):
            yield

    def _averaged_values(self) -> list[AnyArray]:
        return [] if self.averages is None else self.averages.values

    def _judge(
        self, epoch: int, start: float, loss: float, beta: float, rate: float
    ) -> tuple[Validation, set[FrontPoint]]:
        """Validate, note the epoch, and offer the tagger to the front; return what it replaces."""
        state = self.state
        # ranges follow the last batches only: judge the tagger as it will be once calibrated
        result = validate(self.engine, self.validation, wrapping=False, settings=self.settings)
        seconds = time.monotonic() - start
        state.seconds += seconds
        row = {
            "epoch": epoch + 1,
            "loss": loss,
            "val_loss": result.loss,
            "val_accuracy": result.accuracy,
            "ebops": self.engine.ebops(),
            "beta": beta,
            "learning_rate": rate,
            "seconds": seconds,
        }
        if self.settings.counts_lut:
            self.engine.sync()
            row["lut"] = lut_of_tagger(self.model)
        if result.target_loss is not None:
            row["val_target_loss"] = result.target_loss
        state.history.append(row)
        self._guard(epoch, loss, result)
        return result, self._offer(epoch, result.accuracy)

    def _trained(self) -> list[AnyArray]:
        return self.engine.state()[: len(self.model.trainable_variables)]

    def _guard(self, epoch: int, loss: float, result: Validation) -> None:
        guards.check_finite(epoch, loss, result)
        guards.check_answers(epoch, result)
        if self.trains_bits:
            guards.check_ebops_move(self.state.column("ebops"))
            values = self.engine.state()
            guards.check_ranges(
                [(name, limit) for _, name, limit in self.limits],
                [values[place] for place, _, _ in self.limits],
            )
        guards.check_above_chance(
            self.state.column("val_accuracy"), epochs=self.settings.epochs, y=self.validation.y
        )

    def _offer(self, epoch: int, accuracy: float) -> set[FrontPoint]:
        """Put the tagger of this epoch on the front, and return the points that it replaces."""
        if accuracy < self.settings.front_min_accuracy:
            return set()
        point = FrontPoint(
            val_accuracy=accuracy,
            ebops=self.engine.ebops(),
            epoch=epoch + 1,
            path=f"{FRONT_FOLDER}/epoch-{epoch + 1:06d}.npz",
            lut=round(self.state.history[-1]["lut"]) if self.settings.counts_lut else None,
        )
        front = pruned([*self.state.front, point])
        if point not in front:
            return set()
        save_arrays(self.folder / point.path, self.engine.state()[: self.n_model])
        gone = set(self.state.front) - set(front)
        self.state.front = front
        return gone

    def _speed(self) -> float:
        """Return the jets per second of the last epoch."""
        return float(self.steps * self.batch_size / self.state.history[-1]["seconds"])

    def _note(self) -> str:
        row = self.state.history[-1]
        lut = f", about {row['lut']:,.0f} LUT" if self.settings.counts_lut else ""
        return (
            f"{self._speed():,.0f} jets/s, loss {row['loss']:.3f}, val accuracy "
            f"{row['val_accuracy']:.1%}, {row['ebops']:,.0f} EBOPs{lut}, beta {row['beta']:.1e}"
        )


def _range_limits(model: Any) -> list[tuple[int, str, float]]:
    """Return place among the variables, path and upper limit of each untrained bit width."""
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    return [
        (place, variable.path, float(variable.constraint.max_value))
        for place, variable in enumerate(variables)
        if not variable.trainable and hasattr(variable.constraint, "max_value")
    ]
