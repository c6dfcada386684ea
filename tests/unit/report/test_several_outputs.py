"""What a report shows of a model with several outputs and a flat input."""

from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.models.signature import Port, Signature
from jetmix.report.sections import bits, ports
from jetmix.report.tagger import LayerBits
from jetmix.verification.result import HeadResult
from tests.unit.report.folders import verification

HEADS = (HeadResult(name="classes", n_mismatch=0, n_values=0),
         HeadResult(name="mass", n_mismatch=3, n_values=3))  # fmt: skip


@pytest.fixture
def tagger() -> SimpleNamespace:
    layer = LayerBits(
        name="trunk", kind="QDense", ebops=12, n_weights=6, n_nonzero=6, weight_bits=3.0,
        inputs=(np.array([2.0, 3.0], dtype=np.float32),),
    )  # fmt: skip
    signature = Signature(
        inputs=(Port(name="jets", identifier="in_jets", shape=(2,)),),
        outputs=(
            Port(name="classes", identifier="out_classes", shape=(3,)),
            Port(name="mass", identifier="out_mass", shape=(1,)),
        ),
    )
    checked = verification(status="failed", n_mismatch=3, heads=HEADS)
    return SimpleNamespace(
        name="two heads", ports=signature, placed=(), verification=(checked,),
        layers=(layer,), costs=(), model_sha256=None,
    )  # fmt: skip


def test_each_output_is_compared_by_itself_under_the_name_of_the_level(tagger: SimpleNamespace):
    (group,) = ports.ports([tagger]).groups
    cells = [(row[1].text, row[4].text, row[4].mark) for row in group.rows[1:]]
    assert cells == [
        ("classes", "C simulation: 0 of 4,000 differ", "good"),
        ("mass", "C simulation: 3 of 4,000 differ", "bad"),
    ]


def test_dark_cells_are_not_explained_where_no_map_is_drawn(tagger: SimpleNamespace):
    section = bits.section([tagger])
    assert section is not None
    assert section.pictures == ()
    assert section.text == "HGQ gives every value its own bit width."
