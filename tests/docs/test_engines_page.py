"""The page of the engines shows what was measured."""


def test_the_page_is_the_generated_one(repository):
    from engines import page

    assert (repository / "docs" / "engines.md").read_text(encoding="utf-8") == page()


def test_every_model_that_an_engine_lowers_is_exact():
    from engines import LINES, read

    lines = read(LINES)
    assert {engine for _, engine in lines} == {"da4ml", "alkaid"}
    lowered = [line for line in lines.values() if "ir_wrong" in line]
    assert len(lowered) > 20
    for line in lowered:
        assert line["ir_wrong"] == 0, line
        assert line.get("rtl_wrong", 0) == 0, line
