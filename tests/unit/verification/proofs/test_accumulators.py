"""Ranges of the accumulators of a folded tagger."""

from dataclasses import replace

import pytest

from jetmix.errors import BitsDifferError
from jetmix.verification.proofs import accumulators
from tests.unit.firmware.folding.taggers import jets
from tests.unit.verification.simulators.test_folded import machine_of

FOLD = 8


@pytest.fixture(scope="module")
def machine():
    return machine_of("deepsets", FOLD)


def test_every_sum_of_any_number_of_beats_lies_in_its_range(machine):
    (link,) = [link for link in machine.folding.links if link.kind == "sum"]
    found = accumulators.prove(machine)
    assert {one.layer for one in found} == {"mean"}
    _, _, given = next(iter(machine.beats(4 * jets(1000))))
    for one in found:
        sums = given[:, :, link.source_first + one.element].cumsum(axis=1)
        assert one.reached[0] <= sums.min() < sums.max() <= one.reached[1]
        assert not one.overflows
        # one bit less would not hold it
        assert one.reached[1] > one.port[1] / 2 or one.reached[0] < one.port[0] / 2


def test_a_tagger_without_folded_sums_has_no_accumulators(machine):
    links = tuple(replace(link, kind="collect") for link in machine.folding.links)
    bare = replace(machine, folding=replace(machine.folding, links=links))
    assert accumulators.prove(bare) == ()


def test_an_accumulator_that_can_overflow_is_refused(machine):
    first, *others = accumulators.prove(machine)
    accumulators.require_room([first, *others], "tagger")
    wide = replace(first, reached=(first.reached[0], first.port[1] + 1))
    with pytest.raises(BitsDifferError, match="accumulator of output 0 of mean can overflow its"):
        accumulators.require_room([*others, wide], "tagger")
