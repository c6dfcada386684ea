import json

from click.testing import CliRunner

from jetmix.cli.main import cli
from jetmix.errors import ReportReadError


def run(*words):
    return CliRunner().invoke(cli, ["report-read", *map(str, words)])


def test_table_of_a_csynth_report(reference):
    path = reference / "vendor_reports/vivado_hls_2019_2_conv2d/myproject_csynth.rpt"
    done = run(path)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{path}: csynth text, HLS 2019.2",
        "  design   myproject",
        "  part     xczu9eg-ffvb1156-2-e",
        "  origin   csynth",
        "  LUT           58,704 of     274,080   21.42%",
        "  FF           124,980 of     548,160   22.80%",
        "  DSP              512 of       2,520   20.32%",
        "  BRAM18           684 of       1,824   37.50%",
        "  URAM               0",
        "  latency  6,939 (best) to 42,189 (worst) cycles",
        "           210,945 ns (worst)",
        "  II       6,427 (best) to 41,677 (worst) cycles",
        "  clock    5 ns target, 3.893 ns estimated",
    ]


def test_several_files_and_json(reference):
    folder = reference / "vendor_reports"
    done = run(
        folder / "vitis_hls_2024_1_conv1d/vivado_synth.rpt",
        folder / "vivado_impl_jedi_linear/8-particle-16-feature.json",
        "--json",
    )
    first, second = json.loads(done.stdout.splitlines()[-1])["reports"]
    assert (first["kind"], first["lut"], first["available"]["lut"]) == (
        "Vivado utilization", 8565, 1728000
    )  # fmt: skip
    assert (second["design"], second["origin"], second["latency_ns"]) == (
        "epoch=2992", "post-route", 52.839
    )  # fmt: skip
    assert "  clock    2 ns target, 2.781 ns achieved" in done.stdout.splitlines()


def test_one_unreadable_file_is_named(tmp_path):
    path = tmp_path / "notes.rpt"
    path.write_bytes(b"\xff\x00nothing")
    done = run(path)
    assert isinstance(done.exception, ReportReadError)
    assert str(done.exception).startswith(f"{path}:1: not a report that jetmix knows; known kinds:")
    assert done.stdout == ""


def test_no_such_file(tmp_path):
    done = run(tmp_path / "none.rpt")
    assert isinstance(done.exception, ReportReadError)
    assert "none.rpt: cannot be read (No such file or directory)" in str(done.exception)


def test_a_file_is_needed():
    assert run().exit_code == 2
