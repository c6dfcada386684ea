from dataclasses import replace
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from jetmix.cli.main import cli
from jetmix.errors import ToolMissingError, UsageError
from jetmix.firmware.parts import find_part
from jetmix.resources.report import ResourceReport
from jetmix.synthesis.options import Placement, SynthOptions
from jetmix.words import resource_lines, synthesis, up_to_date
from tests.unit.synthesis.test_budget import MEASURED


def test_an_estimate():
    report = ResourceReport(
        origin="estimate", part=None, lut=17280, lut_low=16000, lut_high=18500, dsp=0,
        latency_cycles=5, ii_cycles=1, clock_target_ns=5.0, note="LUT so", ff_unknown="why",
    )  # fmt: skip
    lut, dsp, ff, latency = resource_lines(report, find_part("xcvu13p"))
    assert lut.startswith("LUT: 17,280 (90%: 16,000 to 18,500), 1.00% of xcvu13p, 4.00% of one of")
    assert dsp == "DSP 0 (0.00%) [estimate]"
    assert ff == "FF: not estimated. why [estimate]"
    assert latency == "Latency: 5 cycles, 25.0 ns at 5 ns (target clock), II 1 [estimate]"


def test_post_route_tells_the_achieved_clock():
    report = ResourceReport(
        origin="post-route", part=None, lut=532, ff=1064, dsp=22, bram18=7, uram=0,
        latency_min_cycles=8, latency_cycles=9, ii_cycles=1,
        clock_target_ns=5.0, clock_achieved_ns=4.731,
    )  # fmt: skip
    lut, others, latency = resource_lines(report, find_part("xc7z020"))
    assert lut == "LUT: 532, 1.00% of xc7z020 [post-route]"
    assert others == "FF 1,064 (1.00%), DSP 22 (10.00%), BRAM18 7 (2.50%) [post-route]"
    assert "8 to 9 cycles, 42.6 ns at 4.731 ns (achieved clock; target 5 ns), II 1" in latency


def test_csynth_latency_is_at_the_target_clock():
    report = ResourceReport(
        origin="csynth", part=None, lut=532, latency_min_cycles=9, latency_cycles=9, ii_cycles=1,
        clock_target_ns=5.0, clock_achieved_ns=3.9,
    )  # fmt: skip
    assert resource_lines(report, find_part("xc7z020"))[-1] == (
        "Latency: 9 cycles, 45.0 ns at 5 ns (target clock), II 1 [csynth]"
    )


@pytest.mark.parametrize("part", ["xcvu13p", "xc7z020"])
def test_vendor_tools_are_looked_for_before_the_work_starts(tmp_path, monkeypatch, part):
    monkeypatch.setenv("PATH", "")
    model = tmp_path / "model.keras"
    model.touch()
    out = tmp_path / "out"
    done = CliRunner().invoke(
        cli, ["synth", str(model), "--part", part, "--out", str(out), "--run-vendor"]
    )
    assert isinstance(done.exception, ToolMissingError)
    assert "neither vitis-run nor vitis_hls is on PATH; install AMD Vitis" in str(done.exception)
    assert not out.exists()


def test_verilog_needs_no_hls_but_yosys_needs_verilog(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    model = tmp_path / "model.keras"
    model.touch()
    words = ["synth", str(model), "--part", "xcvu13p", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, [*words, "--flow", "rtl", "--run-vendor"])
    assert isinstance(done.exception, ToolMissingError)
    assert str(done.exception).startswith("vivado is not on PATH; install AMD Vitis 2022.1")
    done = CliRunner().invoke(cli, [*words, "--run-yosys"])
    assert isinstance(done.exception, UsageError)
    assert str(done.exception) == "--run-yosys needs the Verilog; add --flow rtl or both"


def test_a_synthesis_that_was_there_says_whether_tools_ran():
    same = SynthOptions(part="xcvu13p")
    assert up_to_date(same).startswith("Up to date: same model, same options.")
    assert "tools" not in up_to_date(same)
    assert "tools were run" in up_to_date(replace(same, run_vendor=True))


def test_a_measured_latency_replaces_the_estimate():
    report = ResourceReport(
        origin="estimate", part=None, latency_cycles=4, ii_cycles=1, clock_target_ns=5.0
    )
    yosys = replace(report, origin="yosys")
    assert resource_lines(yosys, find_part("xcvu13p"), MEASURED) == []
    (line,) = resource_lines(report, find_part("xcvu13p"), MEASURED)
    assert line.startswith("Latency: 6 cycles, 30.0 ns at 5 ns")
    assert line.endswith("[estimate, cycles measured: rtl]")
    csynth = replace(report, origin="csynth")
    assert resource_lines(csynth, find_part("xcvu13p"), MEASURED)[0].endswith("[csynth]")


def test_an_estimate_of_ff_and_clock():
    report = ResourceReport(
        origin="estimate", part=None, ff=34560, ff_low=32000, ff_high=37000, latency_cycles=20,
        ii_cycles=1, clock_target_ns=2.0, clock_achieved_ns=2.95, clock_achieved_low_ns=2.5,
        clock_achieved_high_ns=3.5,
    )  # fmt: skip
    ff, latency = resource_lines(report, find_part("xcvu13p"))
    assert ff == "FF 34,560 (90%: 32,000 to 37,000) (1.00%) [estimate]"
    clock = "2.95 ns (expected clock, 90%: 2.5 to 3.5; target 2 ns)"
    assert latency == f"Latency: 20 cycles, 59.0 ns at {clock}, II 1 [estimate]"


def test_where_it_is_placed_or_why_not(tmp_path):
    fits = ResourceReport(origin="estimate", part=None, lut=400_000, lut_high=432_000)
    too_large = replace(fits, lut_high=432_001)

    def lines(report, slr):
        options = SynthOptions(part="xcvu13p", placement=Placement(slr=slr))
        done = SimpleNamespace(options=options, resources=(report,))
        return synthesis.placement_lines(done)

    assert lines(fits, None) == []
    assert lines(fits, 3) == ["Placement: SLR 3 of xcvu13p [placement.xdc]"]
    (line,) = lines(too_large, 3)
    assert line.startswith("Placement: none, since up to 432,001 LUT are more than the 432,000 of")
