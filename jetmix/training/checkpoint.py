"""What a killed training needs to go on as if nothing had happened."""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.errors import TrainingError
from jetmix.support.arrays import AnyArray
from jetmix.support.files import JSON, atomic_path
from jetmix.support.records import dump
from jetmix.training.pareto import FrontPoint

STATE_FILE = "state.npz"


@dataclass
class LoopState:
    """Where a training stands after ``len(history)`` epochs.

    ``controller`` is what drives beta remembers; ``front`` holds the raw, not yet calibrated
    points; ``seconds`` is the time trained so far, over all resumes.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    front: list[FrontPoint] = field(default_factory=list)
    controller: JSON = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def epoch(self) -> int:
        """The next epoch, counted from 0."""
        return len(self.history)

    def column(self, name: str) -> list[float]:
        """Return one quantity of all epochs."""
        return [row[name] for row in self.history]


def save_arrays(path: Path, values: list[AnyArray], content: object = None) -> None:
    """Write arrays, and JSON-serialisable ``content`` beside them, into one file atomically."""
    arrays = {f"v{number}": value for number, value in enumerate(values)}
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.savez(handle, content=np.array(json.dumps(content)), **arrays)  # type: ignore[arg-type]


def load_arrays(path: Path) -> tuple[list[AnyArray], Any]:
    """Read what :func:`save_arrays` wrote, without unpickling anything."""
    # opened here: numpy leaves a damaged file open
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
        values = [stored[f"v{number}"] for number in range(len(stored.files) - 1)]
        return values, json.loads(str(stored["content"]))


def save_state(folder: Path, values: list[AnyArray], state: LoopState, digest: str) -> None:
    """Write the engine's values and the loop's state; ``digest`` ties them to the run."""
    content = {
        "digest": digest,
        "history": state.history,
        "front": dump(state.front),
        "controller": state.controller,
        "seconds": state.seconds,
    }
    save_arrays(folder / STATE_FILE, values, content)


def load_state(folder: Path, digest: str) -> tuple[list[AnyArray], LoopState] | None:
    """Return the values and state of an interrupted run, None if there is nothing to go on with.

    A state of another recipe, data set or backend is not used.

    Raises:
        TrainingError: if the file is damaged.
    """
    path = folder / STATE_FILE
    if not path.exists():
        return None
    try:
        values, content = load_arrays(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"the state of the interrupted training cannot be read ({error})",
            where=path,
            mend="train again without --resume",
        ) from None
    if content.pop("digest") != digest:
        return None
    front = [FrontPoint(**entry) for entry in content.pop("front")]
    return values, LoopState(front=front, **content)
