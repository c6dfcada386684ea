"""What is needed to make a tagger again."""

import json
from collections.abc import Sequence

from jetmix import words
from jetmix.report.render.model import Listing, Section
from jetmix.report.tagger import Tagger
from jetmix.support.files import JSON


def section(taggers: Sequence[Tagger]) -> Section:
    """Return what is needed to make the taggers again."""
    listings = tuple(
        Listing(
            heading=tagger.name,
            facts=tuple(reproduce(tagger)),
            block_title="Recipe",
            block=recipe_lines(tagger.recipe) if tagger.recipe else None,
        )
        for tagger in taggers
    )
    return Section(name="reproduce", title="Reproduce it", listings=listings)


def reproduce(tagger: Tagger) -> list[tuple[str, str]]:
    """Return what is needed to make a tagger again, as (name, value)."""
    provenance = tagger.provenance or tagger.synthesis or {}
    facts = [
        ("Folders", ", ".join(tagger.places)),
        ("Training", _command((tagger.provenance or {}).get("command"))),
        ("Synthesis", _command((tagger.synthesis or {}).get("command"))),
        ("Seed", provenance.get("seed")),
        ("Backend", provenance.get("backend")),
        ("Git revision", provenance.get("git_revision")),
        ("Versions", _versions(provenance.get("versions"))),
        ("Python", provenance.get("python")),
        ("Platform", provenance.get("platform")),
        ("Data file", tagger.data.path if tagger.data else None),
        ("Data SHA-256", tagger.data.sha256 if tagger.data else None),
        ("Jets", _jets(tagger)),
        ("Model SHA-256", tagger.model_sha256),
    ]
    return [(name, str(value)) for name, value in facts if value is not None and value != ""]


def _command(value: object) -> str | None:
    return " ".join(map(str, value)) if isinstance(value, list) else None


def _versions(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return ", ".join(f"{name} {version}" for name, version in value.items() if version)


def _jets(tagger: Tagger) -> str | None:
    data = tagger.data
    if data is None:
        return None
    sizes = (data.n_train, data.n_validation, data.n_test)
    train, validation, test = map(words.count, sizes)
    return f"{train} for training, {validation} for validation, {test} for the test"


def recipe_lines(recipe: JSON) -> str:
    """Return a recipe as indented JSON."""
    return json.dumps(recipe, indent=2, sort_keys=True, default=str)
