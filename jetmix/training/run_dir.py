"""What is lowered: a run of jetmix, or any HGQ2 model file."""

from dataclasses import dataclass
from pathlib import Path

from jetmix.errors import UsageError
from jetmix.support.files import JSON, read_json
from jetmix.support.stages import read_stage


@dataclass(frozen=True, kw_only=True)
class TaggerSource:
    """A trained tagger on disk; what jetmix did not record about it is None."""

    model: Path
    origin: str
    dataset: JSON | None = None
    metrics: JSON | None = None
    recipe: JSON | None = None


def open_source(path: Path) -> TaggerSource:
    """Return the tagger of a run directory or model file.

    Raises:
        UsageError: if there is nothing at ``path``, or a run whose training did not finish.
    """
    if path.is_file():
        return TaggerSource(model=path, origin=str(path))
    if not path.is_dir():
        raise UsageError("no such run or model", where=path, mend="name a run or a .keras file")
    trained = path / "2-train"
    if not (trained / "tagger.keras").is_file() or read_stage(trained) is None:
        raise UsageError(
            "not a run with a trained tagger",
            where=path,
            mend="finish it with 'jetmix train ... --resume', or name a model file",
        )
    return TaggerSource(
        model=trained / "tagger.keras",
        origin=str(path),
        dataset=read_json(path / "1-data" / "dataset.json"),
        metrics=read_json(trained / "metrics.json"),
        recipe=_recipe(path / "recipe.toml"),
    )


def _recipe(path: Path) -> JSON | None:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"not a TOML file ({error})", where=path, mend="restore it or train again"
        ) from None
