import subprocess
import sys
from dataclasses import fields, replace

import pytest

from jetmix.cli.synth import synth
from jetmix.errors import DataError, UsageError
from jetmix.firmware.parts import find_part
from jetmix.synthesis.options import Budget, Placement, SynthOptions
from jetmix.verification.options import VectorOptions

SAME = SynthOptions(part="xcvu13p")
HEAVY = ("numpy", "keras", "hls4ml", "da4ml", "scipy")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"part": "xcvu13"}, "unknown part"),
        ({"clock_ns": 0.0}, "a clock period of 0.0 ns"),
        ({"flow": "hls"}, "did you mean 'hls4ml'?"),
        ({"levels": ("rtl",)}, "level rtl needs the flow rtl"),
        ({"levels": ("cosim",)}, "'cosim'"),
        ({"run_yosys": True}, "needs the Verilog"),
        ({"engine": "alkaid"}, "--engine alkaid needs the Verilog"),
        ({"engine": "alkade", "flow": "rtl"}, "did you mean 'alkaid'?"),
        ({"vhdl": True}, "--vhdl needs the Verilog"),
        ({"top": "my tagger"}, "--top: 'my tagger' is no identifier"),
        ({"version": 2}, "add --top NAME"),
        ({"placement": Placement(slr=4)}, "xcvu13p has no SLR 4; choose from 0 to 3"),
        ({"placement": Placement(slr=0), "part": "xc7z020"}, "xc7z020 is one die"),
        ({"placement": Placement(slr_registers=1)}, "--slr-registers needs the Verilog"),
        ({"placement": Placement(slr_registers=17), "flow": "rtl"}, "choose from 0 to 16"),
        ({"vendor_hours": 0.0}, "vendor_hours must be above zero"),
    ],
)
def test_what_cannot_be_made_is_refused_before_any_work(change, message):
    with pytest.raises(UsageError) as caught:
        replace(SAME, **change)
    assert message in str(caught.value)


def test_jets_must_be_there(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        replace(SAME, vectors=VectorOptions(data=tmp_path / "jets.h5"))


def test_defaults_and_what_follows_from_them():
    assert (SAME.device, SAME.flows) == (find_part("xcvu13p"), ("hls4ml",))
    assert SAME.wanted_levels == ("ir", "csim")
    assert replace(SAME, flow="both").wanted_levels == ("ir", "csim", "rtl")
    assert not SAME.budget.limited


def test_a_name_without_and_with_a_version():
    assert SAME.label == "jetmix_tagger"
    assert replace(SAME, top="tagger").label == "tagger"
    assert replace(SAME, top="tagger", version=0).label == "tagger_v0"


def test_the_command_line_has_the_defaults_of_the_classes():
    words = ["model.keras", "--part", "xcvu13p", "--out", "out"]
    chosen = synth.make_context("synth", words).params
    known = {
        entry.name: getattr(kind, entry.name)
        for kind in (SynthOptions, VectorOptions, Budget, Placement)
        for entry in fields(kind)
        if entry.name in chosen and hasattr(kind, entry.name)
    }
    assert len(known) > 10
    assert known == {name: chosen[name] for name in known}


def test_the_digest_tells_syntheses_apart():
    changed = [
        SAME,
        replace(SAME, clock_ns=4.0),
        replace(SAME, flow="rtl"),
        replace(SAME, flow="rtl", engine="alkaid"),
        replace(SAME, flow="rtl", vhdl=True),
        replace(SAME, logits=True),
        replace(SAME, top="tagger"),
        replace(SAME, top="tagger", version=1),
        replace(SAME, budget=Budget(max_lut=5)),
        replace(SAME, placement=Placement(slr=0)),
        replace(SAME, placement=Placement(slr=1)),
        replace(SAME, vectors=VectorOptions(seed=2)),
        replace(SAME, part="xcku115"),
    ]
    assert len({options.digest("ab") for options in changed}) == len(changed)
    # which tools run afterwards does not change what was made
    assert replace(SAME, run_vendor=True).digest("ab") == SAME.digest("ab")


def test_options_import_nothing_heavy():
    code = (
        "import sys, jetmix.cli.synth\n"
        f"assert not [name for name in {HEAVY} if name in sys.modules], sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[-300:]) == (0, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ii": 0, "flow": "rtl"}, "an II of 0"),
        ({"ii": "fast", "flow": "rtl"}, "an II of fast"),
        ({"ii": "auto", "flow": "rtl"}, "no LUT budget to choose the II by"),
        ({"ii": "auto", "budget": Budget(max_lut=9)}, "hls4ml does not fold"),
        ({"fold_sum": True}, "nothing is folded"),
        ({"ii": 4}, "hls4ml does not fold"),
        ({"ii": 4, "flow": "both"}, "hls4ml does not fold"),
        ({"ii": 4, "flow": "rtl", "vhdl": True}, "--vhdl is not for folded"),
        ({"ii": 4, "flow": "rtl", "placement": Placement(slr_registers=1)}, "--slr-registers"),
        ({"flow": "rtl", "input": "parallel"}, "at once anyway"),
        ({"ii": 4, "flow": "rtl", "input": "serial"}, "unknown input 'serial'"),
    ],
)
def test_what_cannot_be_folded_is_refused(given, said):
    with pytest.raises(UsageError, match=said):
        SynthOptions(part="xcvu13p", **given)


def test_an_ii_and_an_input_have_digests_of_their_own():
    digests = {
        SynthOptions(part="xcvu13p", flow="rtl", **given).digest("x")
        for given in (
            {},
            {"ii": 2},
            {"ii": 4},
            {"ii": 4, "input": "parallel"},
            {"ii": 4, "fold_sum": True},
        )
    }
    assert len(digests) == 5
    assert SynthOptions(part="xcvu13p", flow="rtl", ii=1).digest("x") in digests
