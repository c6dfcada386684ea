"""Presets name every choice; what is unknown, missing or of a wrong type is refused."""

import pytest

from jetmix.data.simulation.presets import preset_names, read_preset
from jetmix.errors import UsageError
from jetmix.support.packaged import packaged

TEXT = packaged("data/simulation/presets/public-like.toml").read_text()


def test_shipped_presets():
    assert preset_names() == ["full", "public-like", "windowed"]
    public, full = read_preset("public-like"), read_preset("full")
    assert public.jets.match_radius == 0.3
    assert "PartonLevel:ISR = off" in read_preset("windowed").pythia["q"]
    assert public.jets.radius == 0.4
    assert public.detector.smearing == 0
    assert full.detector.smearing == 1
    assert full.jets.radius == 0.8
    assert "PartonLevel:MPI = on" in full.pythia["q"]
    assert "PartonLevel:MPI = off" in public.pythia["W"]
    assert public.digest != full.digest
    assert public.digest == read_preset("public-like").digest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("radius", "radios", "jets: unknown key 'radios'; did you mean 'radius'"),
        ("radius = 0.4", "", "jets: 'radius' should be a number but is absent"),
        ("radius = 0.4", 'radius = "wide"', 'jets: .radius. should be a number but is "wide"'),
        ("radius = 0.4", "radius = true", "jets: 'radius' should be a number but is true"),
        ("radius = 0.4", "radius = ", "not TOML"),
        ("match_radius = 0.3", "match_radius = 0", "isotropic decays need the boson of each jet"),
        ("q = [", "quark = [", "pythia: unknown key 'quark'"),
        ("common = [", "common = 3\nrest = [", "pythia: unknown key 'rest'"),
        ('"HardQCD:gg2gg = on"', "17", "pythia: 'g.0.' should be a text but is 17"),
    ],
)
def test_a_spoilt_preset_is_refused(tmp_path, old, new, message):
    assert old in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(UsageError, match=message):
        read_preset(str(path))


def test_unknown_preset_names_the_nearest():
    with pytest.raises(UsageError, match=r"no preset 'public' \(did you mean 'public-like'\?\)"):
        read_preset("public")
