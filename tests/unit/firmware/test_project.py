import pytest

from jetmix.errors import BitsDifferError, LoweringError
from jetmix.firmware.project import fill, require_line, seal, substitute


@pytest.fixture
def project(tmp_path):
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "top.cpp").write_text("int a = 1;\n#pragma HLS PIPELINE\n")
    (tmp_path / "run.tcl").write_text('set part "x"\n')
    return tmp_path


def test_sealed_project_notices_an_edit_and_a_missing_file(project):
    sealed = seal(project, part="xcvu13p-flga2577-2-e", clock_period_ns=5.0)
    assert sealed.files == ("firmware/top.cpp", "run.tcl")
    sealed.require_untouched()
    (project / "extra.log").write_text("tools may add files")
    sealed.require_untouched()
    (project / "firmware" / "top.cpp").write_text("int a = 2;\n#pragma HLS PIPELINE\n")
    with pytest.raises(BitsDifferError, match="was edited since it was written"):
        sealed.require_untouched()
    (project / "run.tcl").unlink()
    with pytest.raises(BitsDifferError, match=r"lacks run\.tcl"):
        sealed.require_untouched()


def test_substitute_insists_on_what_it_replaces(project):
    top = project / "firmware" / "top.cpp"
    substitute(top, "#pragma HLS PIPELINE\n", "#pragma HLS PIPELINE II=1\n")
    assert top.read_text() == "int a = 1;\n#pragma HLS PIPELINE II=1\n"
    with pytest.raises(LoweringError, match="'#pragma HLS DATAFLOW' found 0 times, expected once"):
        substitute(top, "#pragma HLS DATAFLOW", "")


def test_require_line(project):
    require_line(project / "run.tcl", 'set part "x"')
    with pytest.raises(LoweringError, match="not found, expected once"):
        require_line(project / "run.tcl", 'set part "y"')


def test_fill_replaces_every_place_and_refuses_leftovers(tmp_path):
    template = tmp_path / "t.tcl"
    template.write_text("part @PART@ @PART@")
    assert fill(template, {"PART": "p"}) == "part p p"
    template.write_text("part @PART@ @CLOCK@")
    with pytest.raises(LoweringError, match="'@CLOCK@'"):
        fill(template, {"PART": "p"})
