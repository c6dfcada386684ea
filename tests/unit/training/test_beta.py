from dataclasses import replace

import pytest

from jetmix.recipes.recipe import load_recipe
from jetmix.training.beta import ScheduledBeta, TargetBeta, make_control

SETTINGS = replace(
    load_recipe("mixer-8-demo").training, epochs=500, beta=((0.0, 2e-6, "constant"),)
)
TARGET = replace(SETTINGS, target_ebops=6000)


def plant(ebops: float, beta: float) -> float:
    """A toy tagger: its size relaxes towards what a power law says belongs to this beta."""
    wanted = 6000 * (beta / 2e-5) ** -0.5
    return ebops * (wanted / ebops) ** 0.05


def test_recipe_decides_between_schedule_and_target():
    assert isinstance(make_control(SETTINGS, {}), ScheduledBeta)
    assert isinstance(make_control(TARGET, {}), TargetBeta)


def test_size_is_driven_to_the_target_and_held():
    control, ebops, sizes = make_control(TARGET, {}), 150_000.0, []
    for epoch in range(500):
        ebops = plant(ebops, control.next(epoch, int(ebops) if epoch else None))
        sizes.append(ebops)
    assert sizes[100] > 9000
    assert all(abs(size - 6000) < 600 for size in sizes[350:])


def test_set_point_falls_to_the_target_and_stays():
    control = TargetBeta(TARGET, {"begin": 96_000, "integral": 0.0, "previous": 0.0})
    assert control.set_point(0) == 96_000
    assert control.set_point(125) == pytest.approx(24_000)
    assert control.set_point(250) == pytest.approx(6_000)
    assert control.set_point(499) == pytest.approx(6_000)


def test_first_answer_is_the_beta_of_the_recipe():
    control = make_control(TARGET, {})
    assert control.next(0, None) == 2e-6
    assert control.next(9, 150_000) == 2e-6
    assert control.next(10, 150_000) == pytest.approx(2e-6, rel=0.3)


def test_controller_resumes_with_the_same_numbers():
    whole, ebops = make_control(TARGET, {}), 150_000.0
    betas = []
    for epoch in range(60):
        betas.append(whole.next(epoch, int(ebops) if epoch else None))
        ebops = plant(ebops, betas[-1])
    first, ebops = make_control(TARGET, {}), 150_000.0
    for epoch in range(30):
        ebops = plant(ebops, first.next(epoch, int(ebops) if epoch else None))
    second = make_control(TARGET, first.state())
    for epoch in range(30, 60):
        answer = second.next(epoch, int(ebops))
        assert answer == betas[epoch]
        ebops = plant(ebops, answer)
