"""Settings of a simulation: TOML presets in which every physics and detector choice has a name."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from jetmix.data.schema import CLASS_NAMES, nearest
from jetmix.errors import UsageError
from jetmix.support.files import JSON, content_digest
from jetmix.support.packaged import packaged
from jetmix.support.records import dump, section_from

DEFAULT_PRESET = "public-like"
Lines = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JetSettings:
    """Clustering and selection; momenta in GeV, a maximum of 0 is no limit.

    Jets softer than 20 GeV are never kept. A ``match_radius`` above 0 keeps of each event the
    hardest of the ``jets_per_event`` leading jets that is so near to an outgoing particle of the
    hard process, and drops events without one. ``w_anisotropy`` and ``z_anisotropy`` are the k of
    the bosons' decay angles, 1 + k cos^2 theta*, as Pythia makes them; jets are dropped at random
    until the angles of those that are left are flat. ``quark_pairs_only`` drops hard processes with
    two outgoing quarks that are not antiparticles of each other, before any radiation.
    """

    radius: float
    jets_per_event: int
    match_radius: float
    w_anisotropy: float
    z_anisotropy: float
    quark_pairs_only: bool
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
    noise E0/E (+) constant, (+) being the quadratic sum and E in GeV. Cells are as wide in phi as
    in eta where their number around phi is 0.
    """

    smearing: float
    track_abs_eta_max: float
    track_pt_max_gev: float
    track_resolution_per_gev: float
    track_resolution_constant: float
    cell_abs_eta_max: float
    ecal_cell_size: float
    ecal_cells_in_phi: int
    ecal_stochastic: float
    ecal_noise: float
    ecal_constant: float
    ecal_reference_gev: float
    hcal_cell_size: float
    hcal_cells_in_phi: int
    hcal_stochastic: float
    hcal_constant: float
    hcal_reference_gev: float
    object_pt_min_gev: float


@dataclass(frozen=True, kw_only=True)
class PythiaSettings:
    """Settings lines of Pythia: those of all classes, and those of each class."""

    common: Lines
    g: Lines
    q: Lines
    W: Lines
    Z: Lines
    t: Lines


@dataclass(frozen=True, kw_only=True)
class PresetFile:
    """Content of a preset; every choice is named."""

    summary: str
    jets: JetSettings
    detector: DetectorSettings
    pythia: PythiaSettings


@dataclass(frozen=True, kw_only=True)
class Preset:
    """All settings of a simulation; ``pythia`` holds the settings lines of each class."""

    name: str
    summary: str
    jets: JetSettings
    detector: DetectorSettings
    pythia: dict[str, Lines]

    def as_json(self) -> JSON:
        """Return the settings as JSON-serialisable data."""
        content: JSON = dump(self)
        return content

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
    found = section_from(PresetFile, content, where=str(path))
    if max(found.jets.w_anisotropy, found.jets.z_anisotropy) > 0 == found.jets.match_radius:
        raise UsageError(
            "jets.match_radius is 0, but isotropic decays need the boson of each jet",
            where=path,
            mend="set match_radius above 0, or both anisotropies to 0",
        )
    lines = {name: (*found.pythia.common, *getattr(found.pythia, name)) for name in CLASS_NAMES}
    return Preset(
        name=path.stem,
        summary=found.summary,
        jets=found.jets,
        detector=found.detector,
        pythia=lines,
    )
