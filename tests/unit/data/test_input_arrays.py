import numpy as np
import pytest

from jetmix.data.input_arrays import element_names, is_for_inputs, load_inputs
from jetmix.errors import DataError
from jetmix.models.signature import Port

PORTS = (
    Port(name="mu", identifier="in_mu", shape=(3,)),
    Port(name="adc", identifier="in_adc", shape=(2, 2)),
)


@pytest.fixture
def arrays():
    rng = np.random.default_rng(2)
    return {"adc": rng.normal(size=(7, 2, 2)), "mu": rng.normal(size=(7, 3)), "y": np.zeros(7)}


def test_each_input_is_an_array_by_its_name(tmp_path, arrays):
    path = tmp_path / "vectors.npz"
    np.savez(path, **arrays)
    flat = load_inputs(path, PORTS)
    assert flat.shape == (7, 7)
    np.testing.assert_array_equal(flat[:, 3:], arrays["adc"].reshape(7, 4))
    assert element_names(PORTS)[2:4] == ("mu[2]", "adc[0]")
    assert element_names(PORTS[:1]) is None


def test_one_input_by_its_name(tmp_path, arrays):
    path = tmp_path / "vectors.npz"
    np.savez(path, mu=arrays["mu"])
    assert is_for_inputs(path, PORTS[:1])
    assert not is_for_inputs(path, PORTS[1:])
    assert not is_for_inputs(tmp_path / "jets.h5", PORTS[:1])
    assert is_for_inputs(tmp_path / "jets.h5", PORTS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"adc": None}, "holds no array 'adc'; write it with numpy.savez: 'mu' of shape (vector,"),
        ({"adc": np.zeros((7, 4))}, "input 'adc' has the shape (7, 4); give it as (7, 2, 2)"),
        ({"adc": np.zeros((6, 2, 2))}, "input 'adc' has the shape (6, 2, 2); give it as"),
        ({"mu": np.full((7, 3), np.nan)}, "'mu' holds NaN or infinity; leave such"),
        ({"mu": np.array(["a"] * 7)}, "'mu' is not an array of numbers; write it"),
        ({"mu": np.zeros((0, 3))}, "'mu' is not an array of numbers; write it"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(tmp_path, arrays, change, said):
    path = tmp_path / "vectors.npz"
    content = {key: value for key, value in {**arrays, **change}.items() if value is not None}
    np.savez(path, **content)
    with pytest.raises(DataError) as caught:
        load_inputs(path, PORTS)
    assert str(caught.value).startswith(f"{path}: {said}")


def test_a_jet_file_cannot_hold_several_inputs(tmp_path):
    (tmp_path / "jets.h5").write_bytes(b"")
    with pytest.raises(DataError, match="2 inputs, which no jet file holds"):
        load_inputs(tmp_path / "jets.h5", PORTS)
    (tmp_path / "broken.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match="not a readable"):
        load_inputs(tmp_path / "broken.npz", PORTS)
