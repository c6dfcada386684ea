"""The page of ways of training shows what was measured."""

import json


def test_the_page_is_the_generated_one(repository):
    from ways import page

    figures = json.loads((repository / "docs" / "generate" / "ways.json").read_text())
    found = (repository / "docs" / "notes" / "ways-of-training.md").read_text(encoding="utf-8")
    assert found == page(figures)


def test_three_seeds_of_every_way_that_is_compared():
    from ways import HERE, WAYS, of

    rows = json.loads((HERE / "ways.json").read_text())["rows"]
    ceiling = {way: len(of(rows, way, "ceiling")) for way in WAYS}
    one_seed = {"lut-taught": 1, "lut-taught-averaged": 1}
    assert ceiling == dict.fromkeys(WAYS, 3) | one_seed | {"hgq2": 0}
