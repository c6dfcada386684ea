"""The picture of a training's front."""

from dataclasses import replace
from pathlib import Path

from jetmix.report.collect import collect
from jetmix.report.figures.pareto import front
from jetmix.training.pareto import Front


def test_the_front_of_a_training_is_drawn_by_what_it_counted(run: Path):
    (tagger,) = collect([run])
    assert "against EBOPs of demo: 2 points, from" in front(tagger, "front").alt
    # a tagger of more EBOPs may take fewer LUT
    points = [replace(p, lut=lut) for p, lut in zip(tagger.front, (8000, 5000), strict=True)]
    record = Front(points=tuple(points))
    record.write(run / "2-train")
    (tagger,) = collect([run])
    assert [point.lut for point in tagger.front] == [5000, 8000]
    assert "against LUT (estimated while training)" in front(tagger, "front").alt
