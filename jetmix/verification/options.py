"""What a user can choose about a verification."""

from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import DataError


@dataclass(frozen=True, kw_only=True)
class VectorOptions:
    """The vectors that all levels are compared on.

    Args:
        data: file of jets whose test split is used, None for made-up vectors alone.
        constants: JSON file of normalisation constants, for a tagger that no run recorded.
        max_jets: use at most this many jets.
        n_random: number of random vectors within the input ranges, and again beyond them.
        seed: seed of the random vectors.
    """

    data: Path | None = None
    constants: Path | None = None
    max_jets: int = 20_000
    n_random: int = 2_000
    seed: int = 1

    def require_data(self) -> None:
        """Look for the file of jets before work starts.

        Raises:
            DataError: if it is not there.
        """
        if self.data is not None and not self.data.is_file():
            raise DataError("no such file", where=self.data, mend="name an HDF5 file of jets")
        if self.constants is not None and not self.constants.is_file():
            mend = "name a JSON file of features, mean and std"
            raise DataError("no such file", where=self.constants, mend=mend)


@dataclass(frozen=True, kw_only=True)
class FaultOptions:
    """How many faults are planted per project.

    Args:
        count: number of faults.
        seed: seed of their choice.
        limit_s: time limit per project in s.
    """

    count: int
    seed: int = 1
    limit_s: float = 600.0
