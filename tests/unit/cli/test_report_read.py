import json

from click.testing import CliRunner

from jetmix.cli.main import cli
from jetmix.errors import ReportReadError
from tests.unit.eda.reports.more_text import cosim, hierarchy, power


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


def test_outcome_of_a_co_simulation(tmp_path):
    path = tmp_path / "top_cosim.rpt"
    path.write_text(cosim(("Verilog", "Pass", 4, 4, 4, 1, 2, 3, 1023), ("VHDL", *["NA"] * 8)))
    done = run(path, "--json")
    assert done.stdout.splitlines()[:-1] == [
        f"{path}: co-simulation",
        "  design   top",
        "  status   passed",
        "  VHDL     not run",
        "  Verilog  passed, latency 4 cycles, interval 1 to 3 cycles (mean 2), 1,023 cycles in all",
    ]
    (report,) = json.loads(done.stdout.splitlines()[-1])["reports"]
    assert (report["status"], report["runs"][0]["language"]) == ("passed", "VHDL")


def test_power(tmp_path):
    path = tmp_path / "power.rpt"
    path.write_text(power())
    assert run(path).stdout.splitlines() == [
        f"{path}: Vivado power, Vivado 2023.2",
        "  design   jetmix_tagger",
        "  part     xcvu13p-flga2577-2-e",
        "  origin   post-route",
        "  power    1.531 W, 0.138 W static, confidence Medium",
        "  note     junction 42.7 °C",
    ]


def test_blocks_stand_below_their_design(tmp_path):
    path = tmp_path / "hierarchy.rpt"
    figures = (90, 70, 15, 5, 40, 2, 1, 1, 9)
    names = ("tagger", "  dense", "    mul", "      add")
    path.write_text(hierarchy(*((name, name.strip(), *figures) for name in names)))
    assert run(path).stdout.splitlines()[-4:] == [
        "                LUT          FF         DSP      BRAM18        URAM",
        "  dense          90          40           9           5           1",
        "    mul          90          40           9           5           1",
        "  deeper blocks left out: 1 (see --json)",
    ]


def test_a_folder_stands_for_its_reports(tmp_path):
    inner = tmp_path / "vendor" / "sim"
    inner.mkdir(parents=True)
    (inner / "power.rpt").write_text(power())
    (inner / "copy.rpt").write_text(power())
    (inner / "drc.rpt").write_text("Report DRC")
    (inner / "component.xml").write_text("<?xml version='1.0'?><component/>")
    done = run(tmp_path)
    assert [line for line in done.stdout.splitlines() if line[0] != " "] == [
        f"{inner / 'copy.rpt'}: Vivado power, Vivado 2023.2"
    ]


def test_a_folder_without_reports(tmp_path):
    done = run(tmp_path)
    assert isinstance(done.exception, ReportReadError)
    assert f"{tmp_path}: no report that jetmix knows is in this folder" in str(done.exception)
