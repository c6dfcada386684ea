"""Settings of a simulation: TOML presets in which every physics and detector choice has a name."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from jetmix.data.schema import CLASS_NAMES, nearest
from jetmix.errors import UsageError
from jetmix.support.files import JSON, content_digest
from jetmix.support.packaged import packaged

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class JetSettings:
    """Clustering and selection; momenta in GeV, a maximum of 0 is no limit.

    Jets softer than 20 GeV are never kept.
    """

    radius: float
    jets_per_event: int
    jet_pt_min_gev: float
    jet_pt_max_gev: float
    jet_abs_eta_max: float
    constituent_pt_min_gev: float
    min_constituents: int


@dataclass(frozen=True, kw_only=True)
class DetectorSettings:
    """A parametrised detector of tracks, ECAL and HCAL cells, after arXiv 1309.5956 (Delphes).

    ``smearing`` multiplies all nominal resolutions: 0 measures exactly, 1 is the nominal detector.
    Relative track resolution: a pT (+) b; relative cell resolution: stochastic sqrt(E0/E) (+)
    noise E0/E (+) constant, (+) being the quadratic sum and E in GeV.
    """

    smearing: float
    track_abs_eta_max: float
    track_pt_max_gev: float
    track_resolution_per_gev: float
    track_resolution_constant: float
    cell_abs_eta_max: float
    ecal_cell_size: float
    ecal_stochastic: float
    ecal_noise: float
    ecal_constant: float
    ecal_reference_gev: float
    hcal_cell_size: float
    hcal_stochastic: float
    hcal_constant: float
    hcal_reference_gev: float
    object_pt_min_gev: float


@dataclass(frozen=True, kw_only=True)
class Preset:
    """All settings of a simulation; ``pythia`` holds the settings lines of each class."""

    name: str
    summary: str
    jets: JetSettings
    detector: DetectorSettings
    pythia: dict[str, tuple[str, ...]]

    def as_json(self) -> JSON:
        """Return the settings as JSON-serialisable data."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """SHA-256 of all settings that shape the jets."""
        content = self.as_json()
        return content_digest({key: content[key] for key in ("jets", "detector", "pythia")})


def preset_names() -> list[str]:
    """Return the names of the presets that ship with jetmix."""
    return sorted(path.stem for path in packaged("data/simulation/presets").glob("*.toml"))


def read_preset(name: str) -> Preset:
    """Return a shipped preset by its name, or one from a TOML file by its path.

    Raises:
        UsageError: if there is no such preset, or a key is unknown, missing or of a wrong type.
    """
    path = (
        Path(name) if name.endswith(".toml") else packaged(f"data/simulation/presets/{name}.toml")
    )
    if not path.is_file():
        known = preset_names()
        raise UsageError(
            f"no preset {name!r}{nearest(name, known)}",
            mend=f"choose from {' '.join(known)} or name a .toml file",
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"not TOML ({error})", where=path, mend="correct the file") from None
    return _preset(path, content)


def _preset(path: Path, content: Mapping[str, Any]) -> Preset:
    _only(path, "", content, ["summary", "jets", "detector", "pythia"])
    pythia = content["pythia"]
    _only(path, "pythia", pythia, ["common", *CLASS_NAMES])
    return Preset(
        name=path.stem,
        summary=str(content["summary"]),
        jets=_section(path, "jets", content["jets"], JetSettings),
        detector=_section(path, "detector", content["detector"], DetectorSettings),
        pythia={
            c: (*_lines(path, pythia, "common"), *_lines(path, pythia, c)) for c in CLASS_NAMES
        },
    )


def _section(path: Path, name: str, content: Mapping[str, Any], kind: type[T]) -> T:
    types = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    _only(path, name, content, list(types))
    for key, value in content.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(
                f"{name}.{key} is {value!r}", where=path, mend="give a number for this key"
            )
    return kind(**{k: v if types[k] is int else float(v) for k, v in content.items()})


def _lines(path: Path, pythia: Mapping[str, Any], key: str) -> list[str]:
    value = pythia[key]
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise UsageError(
            f"pythia.{key} is no list of strings", where=path, mend="give Pythia settings lines"
        )
    return value


def _only(path: Path, section: str, content: Mapping[str, Any], known: list[str]) -> None:
    place = f"[{section}]" if section else "the file"
    for key in content:
        if key not in known:
            raise UsageError(
                f"{place} has an unknown key {key!r}{nearest(key, known)}",
                where=path,
                mend="known keys: " + " ".join(known),
            )
    missing = [key for key in known if key not in content]
    if missing:
        raise UsageError(
            f"{place} lacks {', '.join(missing)}",
            where=path,
            mend="name every choice; copy a shipped preset to start from",
        )
