import time

from jetmix.training.front_plot import REDRAW_SECONDS, FrontPicture
from jetmix.training.pareto import FrontPoint

POINTS = [
    FrontPoint(val_accuracy=0.6 + 0.05 * i, ebops=1000 * 2**i, epoch=i, path="") for i in range(4)
]
PNG = b"\x89PNG\r\n\x1a\n"


def test_front_is_drawn(tmp_path):
    picture = FrontPicture(tmp_path / "pareto.png", quantised=True)
    picture.draw(POINTS, [(1500, 60.0), (9000, 71.0)], POINTS[2])
    assert (tmp_path / "pareto.png").read_bytes().startswith(PNG)
    assert [path.name for path in tmp_path.iterdir()] == ["pareto.png"]


def test_redrawn_once_a_minute(tmp_path, monkeypatch):
    picture = FrontPicture(tmp_path / "pareto.png", quantised=True)
    picture.update(POINTS, [])
    assert not picture.path.exists()
    later = time.monotonic() + REDRAW_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    picture.update(POINTS, [])
    assert picture.path.exists()


def test_no_picture_without_ebops_or_points(tmp_path):
    FrontPicture(tmp_path / "a.png", quantised=False).draw(POINTS, [])
    FrontPicture(tmp_path / "b.png", quantised=True).draw([], [])
    assert not list(tmp_path.iterdir())
