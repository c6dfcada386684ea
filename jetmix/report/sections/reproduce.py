"""What is needed to make a tagger again."""

import json
from collections.abc import Sequence

from jetmix import words
from jetmix.firmware.project import TOP
from jetmix.report.render.model import Listing, Section
from jetmix.report.tagger import Tagger
from jetmix.support.files import JSON
from jetmix.support.provenance import Provenance


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
    training, synthesis, data = tagger.provenance, tagger.synthesis, tagger.data
    facts = [
        ("Folders", ", ".join(tagger.places)),
        ("Training", " ".join(training.command) if training else None),
        ("Teacher", _teacher(tagger)),
        ("Started from", _start(tagger)),
        ("Synthesis", " ".join(synthesis.command) if synthesis else None),
        ("HLS project", words.hls_way(tagger.hls)),
        ("Verilog", f"by the engine {tagger.rtl.engine}" if tagger.rtl else None),
        ("Name in the firmware", _top(tagger)),
        *_made_with(training or synthesis),
        ("Data file", data.path if data else None),
        ("Data SHA-256", data.sha256 if data else None),
        ("Jets", _jets(tagger)),
        ("Model SHA-256", tagger.model_sha256),
        ("Trusted modules", ", ".join(tagger.trusted)),
    ]
    return [(name, str(value)) for name, value in facts if value is not None and value != ""]


def _made_with(provenance: Provenance | None) -> list[tuple[str, object]]:
    if provenance is None:
        return []
    versions = [f"{name} {version}" for name, version in provenance.versions.items() if version]
    return [
        ("Seed", provenance.seed),
        ("Backend", provenance.backend),
        ("Git revision", provenance.git_revision),
        ("Versions", ", ".join(versions)),
        ("Python", provenance.python),
        ("Platform", provenance.platform),
    ]


def _teacher(tagger: Tagger) -> str | None:
    """Return the teacher of a distilled tagger, and how it entered the loss."""
    made, settings = tagger.provenance, (tagger.recipe or {}).get("training", {})
    if made is None or made.teacher is None:
        return None
    facts = [f"SHA-256 {made.teacher_sha256}"]
    names = {"teacher_weight": "weight", "teacher_temperature": "temperature"}
    facts += [f"{name} {settings[key]}" for key, name in names.items() if key in settings]
    return f"{made.teacher} ({', '.join(facts)})"


def _start(tagger: Tagger) -> str | None:
    """Return the tagger in full precision whose weights this one started from."""
    made = tagger.provenance
    if made is None or made.start is None:
        return None
    return f"{made.start} (SHA-256 {made.start_sha256})"


def _top(tagger: Tagger) -> str | None:
    """Return the name that the tagger was given in its firmware, None for none."""
    tops = [project.top for project in (tagger.rtl, tagger.hls) if project is not None]
    return next((top for top in tops if top != TOP), None)


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
