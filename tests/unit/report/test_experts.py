"""The use of the experts in the report."""

from jetmix.report.build import write_report
from jetmix.training.experts import Experts, Mixture, read_experts
from jetmix.training.run_dir import RunDir
from tests.unit.report.folders import make_run

USE = Experts(
    mixtures=(
        Mixture(name="channel_experts", shares=(0.25, 0.75), fixed=3, tokens=8),
        Mixture(name="token_experts", shares=(0.5, 0.5), fixed=0, tokens=16),
    )
)


def test_the_report_shows_what_each_expert_does(tmp_path):
    run, without = tmp_path / "sparse", tmp_path / "dense"
    for folder in (run, without):
        make_run(folder)
    USE.write(RunDir(run).train_folder)
    assert read_experts(RunDir(run).train_folder) == USE
    assert RunDir(without).experts is None
    write_report([run, without], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text()
    assert "What the experts do" in page
    assert "25.0, 75.0" in page
    write_report([without], tmp_path / "other")
    assert "What the experts do" not in (tmp_path / "other" / "report.html").read_text()
