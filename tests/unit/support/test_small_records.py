"""Records without rules between their keys: whatever they hold is read back equal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetmix.support.provenance import Provenance
from jetmix.support.records import dump, load
from jetmix.support.stages import StageRecord
from jetmix.synthesis.synth_dir import Request

names = st.text(min_size=1)
numbers = st.floats(0, allow_nan=False, allow_infinity=False)
RECORDS = {
    Provenance: st.builds(
        Provenance,
        versions=st.dictionaries(names, st.none() | names),
        git_revision=st.none() | names,
        python=names,
        platform=names,
        seed=st.none() | st.integers(),
        backend=st.none() | names,
        command=st.lists(names).map(tuple),
    ),
    Request: st.builds(Request, digest=names),
    StageRecord: st.builds(
        StageRecord,
        stage=names,
        digest=names,
        seconds=numbers,
        status=st.sampled_from(["done", "failed"]),
        details=st.dictionaries(names, st.integers() | st.lists(names)),
    ),
}


@pytest.mark.parametrize("kind", list(RECORDS))
@given(data=st.data())
def test_what_is_written_reads_back_equal(kind, data):
    record = data.draw(RECORDS[kind])
    assert load(kind, json.loads(json.dumps(dump(record))), where="file.json") == record
