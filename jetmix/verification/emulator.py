"""A bit-exact emulator of a synthesised tagger: its DA graph run in 64-bit integers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetmix.errors import DataError
from jetmix.firmware import da_graph
from jetmix.runs import read_json

GRAPH_FILE = "ir.json"
TAGGER_FILE = "tagger.json"


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """Runs the DA graph of a tagger; ``lsb`` is the weight of the least significant output bit."""

    graph: Any
    input_shape: tuple[int, ...]

    @classmethod
    def load(cls, synth_dir: Path | str) -> "Emulator":
        """Open the emulator of a directory that ``jetmix synth`` wrote.

        Raises:
            ReportReadError: if the directory lacks the graph or its description.
        """
        folder = Path(synth_dir)
        tagger = read_json(folder / TAGGER_FILE)
        graph = da_graph.load(folder / GRAPH_FILE)
        return cls(graph=graph, input_shape=tuple(tagger["input_shape"]))

    @property
    def lsb(self) -> float:
        """Weight of the least significant bit over all outputs."""
        return float(min(interval.step for interval in self.graph.out_qint))

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the firmware's logits, bit for bit.

        Args:
            x: normalised jets, float32 (jet, particle, feature).

        Returns:
            float32 (jet, class).

        Raises:
            DataError: if the shape is not the tagger's, or a value is not finite.
        """
        if x.shape[1:] != self.input_shape:
            raise DataError(
                f"jets of shape {x.shape[1:]}, the tagger takes {self.input_shape}",
                mend="load the data with the tagger's particles and features",
            )
        if not np.isfinite(x).all():
            raise DataError("not all values are finite", mend="remove jets with NaN or infinity")
        flat = np.ascontiguousarray(x, dtype=np.float64).reshape(len(x), -1)
        return np.asarray(self.graph.predict(flat)).reshape(len(x), -1).astype(np.float32)
