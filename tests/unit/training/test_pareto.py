from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.errors import TrainingError
from jetmix.recipes.recipe import load_recipe
from jetmix.training.pareto import FrontPoint, dominates, pruned, select, size_limit


def point(accuracy, ebops, epoch=1):
    return FrontPoint(val_accuracy=accuracy, ebops=ebops, epoch=epoch, path=f"{epoch}.npz")


def test_equal_in_one_and_worse_in_the_other_is_dominated():
    assert dominates(point(0.7, 100), point(0.7, 200))
    assert dominates(point(0.8, 100), point(0.7, 100))
    assert not dominates(point(0.7, 100), point(0.7, 100, epoch=2))
    assert not dominates(point(0.8, 200), point(0.7, 100))


def test_front_keeps_what_is_better_in_one():
    points = [point(0.7, 100), point(0.8, 200), point(0.75, 200), point(0.7, 300), point(0.6, 50)]
    assert [(p.val_accuracy, p.ebops) for p in pruned(points)] == [
        (0.6, 50),
        (0.7, 100),
        (0.8, 200),
    ]


def test_of_equal_points_the_first_epoch_stays():
    assert [p.epoch for p in pruned([point(0.7, 100, 5), point(0.7, 100, 2)])] == [2]


points_strategy = st.lists(
    st.builds(
        point,
        st.integers(0, 10).map(lambda n: n / 10),
        st.integers(0, 10),
        st.integers(1, 100),
    ),
    max_size=20,
)


@given(points_strategy)
def test_front_is_exactly_the_points_that_nothing_dominates(points):
    front = pruned(points)
    free = {(p.val_accuracy, p.ebops) for p in points if not any(dominates(o, p) for o in points)}
    assert {(p.val_accuracy, p.ebops) for p in front} == free
    assert len(front) == len(free)


@given(points_strategy)
def test_pruning_step_by_step_gives_the_same_front(points):
    front: list[FrontPoint] = []
    for new in points:
        front = pruned([*front, new])
    assert {(p.val_accuracy, p.ebops) for p in front} == {
        (p.val_accuracy, p.ebops) for p in pruned(points)
    }


def test_selection_by_accuracy_size_and_slack():
    points = [point(0.70, 100), point(0.745, 200), point(0.75, 400), point(0.80, 5000)]
    assert select(points, max_ebops=None, within=0.0).ebops == 5000
    assert select(points, max_ebops=400, within=0.0).ebops == 400
    assert select(points, max_ebops=400, within=0.01).ebops == 200


def test_smallest_point_if_none_is_small_enough():
    assert select([point(0.7, 100), point(0.8, 200)], max_ebops=50, within=0.0).ebops == 100


@pytest.mark.parametrize(
    ("target", "limit", "expected"),
    [(None, None, None), (None, 500, 500), (1000, None, 1050), (1000, 500, 500)],
)
def test_size_limit_from_target_and_recipe(target, limit, expected):
    settings = load_recipe("mixer-8-demo").training
    settings = replace(settings, target_ebops=target, select_max_ebops=limit)
    assert size_limit(settings) == expected


def test_empty_front_is_named():
    with pytest.raises(TrainingError, match=r"the front is empty.*lower front_min_accuracy"):
        select([], max_ebops=50, within=0.0)
