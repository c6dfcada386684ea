"""Recipes: TOML turned into frozen dataclasses, and refused when something in it is unknown.

Values are layered: ``defaults.toml`` < preset or recipe file < command line. Every key that a
recipe may hold is in ``defaults.toml``, except those under ``[tagger.options]``, which belong to
the architecture (:mod:`jetmix.taggers.registry`). An optional value that is not set is "none",
since TOML has no null.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

from jetmix.errors import UsageError
from jetmix.recipes.data_section import DataSection, HardwareInput
from jetmix.recipes.training_section import TrainingSection
from jetmix.support.files import JSON, content_digest
from jetmix.support.packaged import packaged
from jetmix.support.records import (
    NOT_NEGATIVE,
    POSITIVE,
    Check,
    between,
    check_type,
    dump,
    refuse_unknown,
    section_from,
    suggestion,
    toml_text,
)


@dataclass(frozen=True, kw_only=True)
class TaggerSection:
    """The network: its architecture, its input, and the architecture's own options.

    ``n_particles`` is None for taggers on jet-level features.
    """

    architecture: str
    n_particles: int | None
    quantised: bool
    options: JSON = field(default_factory=dict)

    CHECKS: ClassVar[dict[str, Check]] = {
        "n_particles": POSITIVE,
    }


@dataclass(frozen=True, kw_only=True)
class QuantiserSection:
    """How HGQ starts and bounds the bit widths; bits are without the sign.

    With ``fold`` the bit widths are those of firmware that takes a jet in so many clocks.
    """

    uniform_particles: bool
    activation_integer_bits: int
    activation_fraction_bits: int
    activation_max_integer_bits: int
    activation_integer_decay: float
    weight_integer_bits: int
    weight_fraction_bits: int
    bit_regularisation: float
    fold: int = 1

    CHECKS: ClassVar[dict[str, Check]] = {
        "activation_fraction_bits": between(-24, 24),
        "weight_fraction_bits": between(-24, 24),
        "activation_integer_bits": between(0, 23),
        "activation_max_integer_bits": between(0, 23),
        "weight_integer_bits": between(-23, 23),
        "activation_integer_decay": POSITIVE,
        "bit_regularisation": NOT_NEGATIVE,
        "fold": POSITIVE,
    }
    # a recipe without it keeps the digest that it had
    LATER: ClassVar[tuple[str, ...]] = ("fold",)

    @property
    def shares_bits(self) -> bool:
        """Whether all particles have the same bit widths."""
        return self.uniform_particles or self.fold > 1


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides what a training run does, apart from the data file and the backend."""

    name: str
    description: str
    data: DataSection
    tagger: TaggerSection
    quantiser: QuantiserSection
    training: TrainingSection

    def digest(self) -> str:
        """Return the SHA-256 of everything that shapes the result (not name and description)."""
        content = dump(self)
        return content_digest(
            {key: _without_later(content[key], SECTIONS[key]) for key in SECTIONS}
        )

    def to_toml(self) -> str:
        """Return the fully resolved recipe as TOML that :func:`load_recipe` reads back."""
        content = dump(self)
        lines = [f"{key} = {toml_text(content[key])}" for key in ("name", "description")]
        for section in SECTIONS:
            table = dict(content[section])
            options = table.pop("options", None)
            lines += ["", f"[{section}]", *(f"{key} = {toml_text(v)}" for key, v in table.items())]
            if options:
                lines += ["", f"[{section}.options]"]
                lines += [f"{key} = {toml_text(value)}" for key, value in options.items()]
        return "\n".join(lines) + "\n"


SECTIONS: dict[str, type] = {
    "data": DataSection,
    "tagger": TaggerSection,
    "quantiser": QuantiserSection,
    "training": TrainingSection,
}


def _without_later(table: JSON, kind: type) -> JSON:
    """Return a section without the keys that came later and hold their default."""
    later = set(getattr(kind, "LATER", ()))
    defaults = {
        entry.name: entry.default_factory()
        if entry.default_factory is not MISSING
        else entry.default
        for entry in fields(kind)
        if entry.name in later
    }
    kept = {
        key: value
        for key, value in table.items()
        if key not in later or value != dump(defaults[key])
    }
    if kind is DataSection and "hardware" in kept:
        ports = kept["hardware"].items()
        kept["hardware"] = {name: _without_later(port, HardwareInput) for name, port in ports}
    return kept


def presets() -> dict[str, Path]:
    """Return the shipped presets, name to file, sorted by name."""
    return {path.stem: path for path in sorted(packaged("recipes/presets").glob("*.toml"))}


def load_recipe(
    name_or_path: str, overrides: Mapping[str, Mapping[str, Any]] | None = None
) -> Recipe:
    """Read a preset by name, or a TOML file, and lay it between the defaults and ``overrides``.

    Args:
        name_or_path: a preset such as ``mixer-8-demo``, or the path of a TOML file.
        overrides: section to {key: value}, from the command line; None values are left out.

    Raises:
        UsageError: for an unknown preset or key (the nearest one is named), a wrong type or an
            impossible value.
    """
    path = _find(name_or_path)
    content = _layered(read_toml(packaged("recipes/defaults.toml")), read_toml(path), path)
    for section, values in (overrides or {}).items():
        content[section] |= {key: value for key, value in values.items() if value is not None}
    return recipe_from(content, name=path.stem, where=path)


def recipe_from(content: JSON, *, name: str, where: object) -> Recipe:
    """Build a recipe from layered tables; ``where`` is named in errors."""
    texts = {
        key: check_type(str, content.get(key) or default, f"{where}: {key}")
        for key, default in (("name", name), ("description", ""))
    }
    sections: dict[str, Any] = {
        key: section_from(kind, content[key], where=f"{where}: [{key}]")
        for key, kind in SECTIONS.items()
    }
    quantiser = sections["quantiser"]
    if quantiser.activation_integer_bits > quantiser.activation_max_integer_bits:
        raise UsageError(
            "activation_integer_bits is above activation_max_integer_bits",
            where=f"{where}: [quantiser]",
            mend="raise the limit or start with fewer bits",
        )
    for place in ("activation", "weight"):
        if (
            getattr(quantiser, f"{place}_integer_bits")
            + getattr(quantiser, f"{place}_fraction_bits")
            < 0
        ):
            raise UsageError(
                f"{place}_integer_bits and {place}_fraction_bits add up to less than zero",
                where=f"{where}: [quantiser]",
                mend="start with more bits",
            )
    return Recipe(**texts, **sections)


def read_toml(path: Path, what: str = "recipe") -> JSON:
    """Read a TOML file; ``what`` it is, for the message.

    Raises:
        UsageError: if it cannot be read or is no TOML; the message holds the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"cannot read the {what} ({error})", where=path, mend="give a valid TOML file"
        ) from None


def _find(name_or_path: str) -> Path:
    known = presets()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise UsageError("there is no such recipe file", where=path, mend="check the path")
    raise UsageError(
        f"unknown recipe '{name_or_path}'", mend=suggestion(name_or_path, list(known), "preset")
    )


def _layered(defaults: JSON, own: JSON, where: object) -> JSON:
    refuse_unknown(own, list(defaults), str(where))
    layered = dict(defaults)
    for key, value in own.items():
        if isinstance(defaults[key], dict):
            if not isinstance(value, dict):
                raise UsageError(f"{key} is not a table", where=where, mend=f"write [{key}]")
            refuse_unknown(value, list(defaults[key]), f"{where}: [{key}]")
            layered[key] = defaults[key] | value
        else:
            layered[key] = value
    return layered
