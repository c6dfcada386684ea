"""Recipes: TOML turned into frozen dataclasses, and refused when something in it is unknown.

Values are layered: ``defaults.toml`` < preset or recipe file < command line. Every key that a
recipe may hold is in ``defaults.toml``, except those under ``[tagger.options]``, which belong to
the architecture (:mod:`jetmix.taggers.registry`). An optional value that is not set is "none",
since TOML has no null.
"""

import difflib
import json
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from jetmix.errors import UsageError
from jetmix.resources import packaged
from jetmix.runs import JSON, content_digest

NONE = "none"
NORMALISATIONS = ("standard", "power-of-two")
INTERPOLATIONS = ("linear", "log", "constant")
Section = TypeVar("Section")
KeyPoint = tuple[float, float, str]


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _not_negative(value: float) -> bool:
    return math.isfinite(value) and value >= 0


def _fraction(value: float) -> bool:
    return 0 <= value <= 1


Check = tuple[Callable[[Any], bool], str]
POSITIVE: Check = (_positive, "must be above zero")
NOT_NEGATIVE: Check = (_not_negative, "must not be negative")
POSITIVE_SIZES: Check = (
    lambda sizes: all(size > 0 for size in sizes),
    "must hold sizes above zero",
)
FRACTION: Check = (_fraction, "must lie between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class DataSection:
    """Which constituents and features are read, and how they are scaled."""

    features: tuple[str, ...]
    pt_gate_gev: float | None
    normalisation: str

    CHECKS: ClassVar[dict[str, Check]] = {
        "features": (bool, "must name at least one feature"),
        "pt_gate_gev": POSITIVE,
        "normalisation": (NORMALISATIONS.__contains__, f"is none of {', '.join(NORMALISATIONS)}"),
    }


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
    """How HGQ starts and bounds the bit widths; bits are without the sign."""

    uniform_particles: bool
    activation_integer_bits: int
    activation_fraction_bits: int
    activation_max_integer_bits: int
    activation_integer_decay: float
    weight_integer_bits: int
    weight_fraction_bits: int
    bit_regularisation: float

    CHECKS: ClassVar[dict[str, Check]] = {
        "activation_fraction_bits": (lambda bits: -24 <= bits <= 24, "must lie in -24 ... 24"),
        "weight_fraction_bits": (lambda bits: -24 <= bits <= 24, "must lie in -24 ... 24"),
        "activation_integer_bits": (lambda bits: 0 <= bits <= 23, "must lie in 0 ... 23"),
        "activation_max_integer_bits": (lambda bits: 0 <= bits <= 23, "must lie in 0 ... 23"),
        "weight_integer_bits": (lambda bits: -23 <= bits <= 23, "must lie in -23 ... 23"),
        "activation_integer_decay": POSITIVE,
        "bit_regularisation": NOT_NEGATIVE,
    }


@dataclass(frozen=True, kw_only=True)
class TrainingSection:
    """Optimiser, schedules, guards, and which point of the Pareto front becomes the tagger.

    ``beta`` holds key points (fraction of the epochs, beta, interpolation to the next point).
    """

    seed: int
    epochs: int
    batch_size: int
    learning_rate: float
    learning_rate_floor: float
    learning_rate_cycles: int
    learning_rate_cycle_factor: float
    learning_rate_rest: float
    beta: tuple[KeyPoint, ...]
    target_ebops: int | None
    front_min_accuracy: float
    select_max_ebops: int | None
    select_within: float

    CHECKS: ClassVar[dict[str, Check]] = {
        "seed": NOT_NEGATIVE,
        "epochs": POSITIVE,
        "batch_size": POSITIVE,
        "learning_rate": POSITIVE,
        "learning_rate_floor": NOT_NEGATIVE,
        "learning_rate_cycles": POSITIVE,
        "learning_rate_cycle_factor": POSITIVE,
        "learning_rate_rest": FRACTION,
        "beta": (lambda points: _beta_problem(points) == "", "is no schedule"),
        "target_ebops": POSITIVE,
        "front_min_accuracy": FRACTION,
        "select_max_ebops": POSITIVE,
        "select_within": FRACTION,
    }


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
        content = self.as_json()
        return content_digest({key: content[key] for key in SECTIONS})

    def as_json(self) -> JSON:
        """Return the recipe as JSON-serialisable data, with None where a value is not set."""
        return asdict(self)

    def to_toml(self) -> str:
        """Return the fully resolved recipe as TOML that :func:`load_recipe` reads back."""
        content = self.as_json()
        lines = [f"{key} = {_toml(content[key])}" for key in ("name", "description")]
        for section in SECTIONS:
            table = dict(content[section])
            options = table.pop("options", None)
            lines += ["", f"[{section}]", *(f"{key} = {_toml(v)}" for key, v in table.items())]
            if options:
                lines += ["", f"[{section}.options]"]
                lines += [f"{key} = {_toml(value)}" for key, value in options.items()]
        return "\n".join(lines) + "\n"


SECTIONS: dict[str, type] = {
    "data": DataSection,
    "tagger": TaggerSection,
    "quantiser": QuantiserSection,
    "training": TrainingSection,
}


def presets() -> dict[str, Path]:
    """Return the shipped presets, name to file, sorted by name."""
    return {path.stem: path for path in sorted(packaged("recipes").glob("*.toml"))}


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
    content = _layered(read_toml(packaged("defaults.toml")), read_toml(path), path)
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


def read_toml(path: Path) -> JSON:
    """Read a TOML file.

    Raises:
        UsageError: if it cannot be read or is no TOML; the message holds the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"cannot read the recipe ({error})", where=path, mend="give a valid TOML file"
        ) from None


def section_from(kind: type[Section], table: Mapping[str, Any], *, where: str) -> Section:
    """Build one frozen section from a TOML table, checking keys, types and values.

    Args:
        kind: a dataclass; fields without a default must be in the table. A class attribute
            ``CHECKS`` may map a field to (test, what it must be).
        table: the values by key.
        where: file and section, for the message.

    Raises:
        UsageError: naming the key, what is wrong with it and how to mend it.
    """
    hints = get_type_hints(kind)
    known = [entry.name for entry in fields(kind)]  # type: ignore[arg-type]
    refuse_unknown(table, known, where)
    values = {key: check_type(hints[key], value, f"{where} {key}") for key, value in table.items()}
    checks: dict[str, Check] = getattr(kind, "CHECKS", {})
    for key, (accepts, rule) in checks.items():
        value = values.get(key)
        if value is not None and not accepts(value):
            detail = f"{rule}{_beta_problem(value)}" if key == "beta" else rule
            raise UsageError(
                f"{key} = {_toml(value)} {detail}", where=where, mend="change the value"
            )
    return kind(**values)


def refuse_unknown(table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Refuse keys that nothing reads, naming the nearest known one."""
    for key in table:
        if key not in known:
            raise UsageError(
                f"unknown key '{key}'", where=where, mend=suggestion(key, known, "key")
            )


def suggestion(word: str, known: Sequence[str], kind: str) -> str:
    """Return "did you mean ...?" with the nearest known word, or the list of all."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else f"take a {kind} of: {', '.join(known)}"


def check_type(expected: Any, value: Any, where: str) -> Any:
    """Return ``value`` as ``expected`` (int, float, bool, str, tuples, optionals, dict).

    Raises:
        UsageError: if the type is another one; booleans are no numbers.
    """
    if isinstance(expected, UnionType):
        if value is None or value == NONE:
            return None
        expected = next(kind for kind in get_args(expected) if kind is not NoneType)
    if get_origin(expected) is tuple:
        return _check_tuple(get_args(expected), value, where)
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if expected in (JSON, dict) or get_origin(expected) is dict:
        expected = dict
    if not isinstance(value, expected) or (expected is not bool and isinstance(value, bool)):
        raise UsageError(
            f"{_toml(value)} is not of type {expected.__name__}",
            where=where,
            mend=f"write a value of type {expected.__name__}",
        )
    return value


def _check_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError(f"{_toml(value)} is not a list", where=where, mend="write a list [...]")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise UsageError(
            f"{_toml(value)} has {len(value)} entries", where=where, mend=f"give {len(kinds)}"
        )
    return tuple(check_type(kind, item, where) for kind, item in zip(kinds, value, strict=True))


def _beta_problem(points: Sequence[KeyPoint]) -> str:
    """Return what is wrong with a beta schedule, "" if nothing."""
    if not points or points[0][0] != 0:
        return ": the first key point must be at 0"
    positions = [point[0] for point in points]
    if sorted(set(positions)) != positions or positions[-1] > 1:
        return ": positions are fractions of the epochs, rising from 0 to at most 1"
    for (_, beta, kind), after in zip(points, [*points[1:], points[-1]], strict=True):
        if kind not in INTERPOLATIONS:
            return f": '{kind}' is none of {', '.join(INTERPOLATIONS)}"
        if not _not_negative(beta):
            return ": beta must not be negative"
        if kind == "log" and min(beta, after[1]) <= 0:
            return ": a log interpolation needs betas above zero"
    return ""


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


def _toml(value: Any) -> str:
    if value is None:
        return f'"{NONE}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return repr(value)
