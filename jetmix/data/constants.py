"""Normalisation constants from a file, for taggers whose own are published or measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jetmix.data.normalise import Normalisation
from jetmix.data.schema import nearest
from jetmix.errors import DataError, ReportReadError
from jetmix.support.files import read_json
from jetmix.support.records import Check, load, rule, sound

_MEND = 'write {"features": [...], "mean": [...], "std": [...]}'


@dataclass(frozen=True, kw_only=True)
class Constants:
    """Content of a file of constants: mean and standard deviation of each named feature."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    CHECKS: ClassVar[dict[str, Check]] = {
        "std": rule(lambda std: all(value > 0 for value in std), "must hold numbers above zero"),
    }

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not fit together."""
        for name in ("mean", "std"):
            if len(getattr(self, name)) != len(self.features):
                yield name, f"one number per feature ({len(self.features)})"


def read_constants(path: Path, features: Sequence[str]) -> Normalisation:
    """Return the constants of the wanted features from a JSON file.

    Args:
        path: JSON file with ``features``, ``mean`` and ``std``; other keys are left aside.
        features: names in the tagger's order.

    Raises:
        DataError: if the file is none of constants, or lacks a feature.
    """
    try:
        content = sound(read_json(path), path)
        table = {key: content[key] for key in ("features", "mean", "std") if key in content}
        constants = load(Constants, table, where=path)
    except (ReportReadError, TypeError) as error:
        what = error.what if isinstance(error, ReportReadError) else "not a file of constants"
        raise DataError(what, where=path, mend=_MEND) from None
    for name in features:
        if name not in constants.features:
            raise DataError(
                f"holds no constants of {name!r}{nearest(name, constants.features)}",
                where=path,
                mend=_MEND,
            )
    at = [constants.features.index(name) for name in features]
    return Normalisation(
        kind="standard",
        mean=tuple(constants.mean[i] for i in at),
        std=tuple(constants.std[i] for i in at),
    )
