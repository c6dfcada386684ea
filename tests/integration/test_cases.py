"""Models in the shapes that people bring, and small published ones: exact, or refused with a mend.

The cases are made anew by the scripts of JETMIX_REFERENCE/cases; all run in one process.
"""

import os
import subprocess
import sys

import pytest

from jetmix.errors import JetmixError
from jetmix.models import calibration, keras_env
from jetmix.synthesis.flow import synthesise
from jetmix.synthesis.options import SynthOptions
from jetmix.synthesis.verify import verify_again
from jetmix.training.run_dir import open_source
from jetmix.verification.faults.score import read_faults
from jetmix.verification.options import FaultOptions, VectorOptions
from tests.unit.firmware.kinds import calibrated, differing

pytestmark = [
    # raised inside Keras on JAX
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.long,
]
SCRIPTS = 4
# what each is proven at; a graph alone is compared with Keras without all that 'synth' adds
ALL, RTL, IR, GRAPH = ("ir", "csim", "rtl"), ("ir", "rtl"), ("ir",), ()
LOWERED = {
    "lutdense.keras": (*RTL, "netlist"),
    "mult_gate.keras": GRAPH,
    "multi_in.keras": ALL,
    "multi_out.keras": RTL,
    "odd_names.keras": GRAPH,
    "qsoftmax.keras": RTL,
    "sig_tanh.keras": ALL,
    "wide.keras": RTL,
    "avgpool_same.keras": GRAPH,
    "einsum2.keras": GRAPH,
    "gmp.keras": GRAPH,
    "gru.keras": RTL,
    "act_layers.keras": GRAPH,
    "allzero.keras": GRAPH,
    "avgpool3.keras": GRAPH,
    "conv2d_max.keras": GRAPH,
    "mha.keras": IR,
    "scalar_out_1d.keras": GRAPH,
    "avgpool1.keras": GRAPH,
    "batch_fixed.keras": GRAPH,
    "bn.keras": GRAPH,
    "coincidence.keras": GRAPH,
    "compiled.keras": GRAPH,
    "concat.keras": GRAPH,
    "conv2d_same_stride.keras": GRAPH,
    "dropout.keras": GRAPH,
    "einsum_sum.keras": GRAPH,
    "gap.keras": GRAPH,
    "leaky_lut.keras": GRAPH,
    "legacy_h5.h5": GRAPH,
    "model_named_ap.keras": GRAPH,
    "n_dash.keras": GRAPH,
    "n_double.keras": GRAPH,
    "n_greek.keras": GRAPH,
    "n_hidden_input.keras": GRAPH,
    "n_int.keras": GRAPH,
    "n_model.keras": GRAPH,
    "n_size.keras": GRAPH,
    "n_space.keras": GRAPH,
    "named_input.keras": GRAPH,
    "nested.keras": GRAPH,
    "oq_last.keras": GRAPH,
    "out_unquant.keras": GRAPH,
    "output_is_input_concat.keras": GRAPH,
    "permute_rep.keras": GRAPH,
    "qsum.keras": GRAPH,
    "reuse3.keras": GRAPH,
    "sequential.keras": GRAPH,
    "single_output_list.keras": GRAPH,
    "tanh_only.keras": GRAPH,
    "wrap_trn.keras": GRAPH,
    "zerolayer.keras": GRAPH,
}
# the engine where it is not da4ml
ENGINES = {"gru.keras": "alkaid"}
# parts of the one line: where, what is wrong, how to mend it
AT_INPUT = ("layer h", "at an input of the model", "overflow_mode='WRAP' and round_mode='RND'")
REFUSED = {
    "conv_single.keras": ("layer o", "WRAP with RND_CONV at an input", "round_mode='RND' or 'TRN'"),
    "keras215.keras": ("written by Keras 2.15.0", "layers of hgq2, copy the weights"),
    "leaky.keras": ("layer h", "leaky_relu of values of 18 bits", "QUnaryFunctionLUT"),
    "mixed_prec.keras": ("layer h", "float16", "set_dtype_policy('float32')"),
    "nan_weight.keras": ("layer h", "'kernel' holds 1 NaN", "checkpoint"),
    "noiq.keras": ("layer h", "that nothing has quantised", "Quantizer before it"),
    "only.json": ("the layers only", "save the whole model"),
    "only.weights.h5": ("weights only", "save the whole model"),
    "qkeras_k2.h5": ("QKeras", "Keras 2.11.0", "layers of hgq2, copy the weights"),
    "relu_gauss.keras": ("layer kbn", "not quantised", "use hgq's QBatchNormalization"),
    "sat_rnd.keras": ("SAT with RND", *AT_INPUT),
    "sat_rndconv.keras": ("SAT with RND_CONV", *AT_INPUT),
    "sigmoid_act.keras": ("layer h", "tanh of values of 17 bits", "QUnaryFunctionLUT"),
    "subclassed.keras": ("a subclassed model", "'Sub'", "keras.Model(inputs, outputs)"),
    "tmp.h5": ("without a Keras model", "written by Keras 3"),
    "wrap_conv.keras": ("WRAP with RND_CONV", *AT_INPUT),
}
# published models that are small
PUBLISHED = {
    "lut/mlp_lut_openml_val76.1.keras": RTL,
    "openml/mlp_openml_acc75.86.h5": IR,
    "other/mlp_cernbox_acc75.16.keras": RTL,
}


@pytest.fixture(scope="module")
def cases(reference, tmp_path_factory):
    """The folder of the case models."""
    folder = tmp_path_factory.mktemp("cases")
    variables = {**os.environ, "CASES": str(folder), "KERAS_BACKEND": "jax"}
    for number in range(1, SCRIPTS + 1):
        script = reference / "cases" / f"models_{number}.py"
        subprocess.run([sys.executable, script], env=variables, check=True, capture_output=True)
    return folder / "models"


def synthesised(path, out, levels, engine="da4ml"):
    """Do what 'jetmix synth' does and return what each level found."""
    options = SynthOptions(
        part="xcvu13p",
        flow="both" if "csim" in levels else "rtl",
        engine=engine,
        levels=levels,
        vectors=VectorOptions(n_random=100),
    )
    done = synthesise(open_source(path), out, options)
    return [(result.candidate, result.status) for result in done.verification]


def loaded(path):
    """Load a model as 'jetmix synth' does."""
    model = keras_env.load_tagger(path)
    calibration.require_calibrated(model)
    return model


def all_passed(levels):
    return [(level, "passed") for level in levels]


def test_every_case_is_expected_to_lower_or_to_be_refused(cases):
    made = {path.name for path in cases.iterdir() if path.suffix != ".npz"}
    assert made == {*LOWERED, *REFUSED}


@pytest.mark.parametrize("name", LOWERED)
def test_case_is_exact(cases, tmp_path, name):
    levels = LOWERED[name]
    if levels == GRAPH:
        assert differing(loaded(cases / name)) == 0
    else:
        found = synthesised(cases / name, tmp_path / "out", levels, ENGINES.get(name, "da4ml"))
        assert found == all_passed(levels)


@pytest.mark.parametrize("name", REFUSED)
def test_case_is_refused_in_one_line_before_any_work(cases, tmp_path, name):
    out = tmp_path / "out"
    with pytest.raises(JetmixError) as caught:
        synthesised(cases / name, out, IR)
    said = str(caught.value)
    assert [part for part in REFUSED[name] if part not in said] == []
    assert caught.value.mend
    assert "\n" not in said
    assert not out.exists()


def test_a_layer_that_one_engine_lacks_is_refused_with_the_other(cases, tmp_path):
    with pytest.raises(JetmixError, match=r"layer gru: .*QGRU; .*--engine alkaid"):
        synthesised(cases / "gru.keras", tmp_path / "gru", IR)
    with pytest.raises(JetmixError, match=r"layer p: .*average over 3 values.*--engine da4ml"):
        synthesised(cases / "avgpool3.keras", tmp_path / "avgpool3", IR, "alkaid")


@pytest.mark.parametrize("name", ["leaky.keras", "noiq.keras", "sigmoid_act.keras"])
def test_alkaid_refuses_in_the_same_words(cases, tmp_path, name):
    with pytest.raises(JetmixError) as caught:
        synthesised(cases / name, tmp_path / "out", IR, "alkaid")
    for part in REFUSED[name]:
        # widths of sums differ between the engines
        assert part.split(" of values of")[0] in str(caught.value)


def test_planted_faults_in_firmware_of_several_inputs_are_caught(cases, tmp_path):
    out = tmp_path / "out"
    assert synthesised(cases / "multi_in.keras", out, ALL) == all_passed(ALL)
    verify_again(out, ALL, VectorOptions(n_random=100), faults=FaultOptions(count=4))
    scores = read_faults(out)
    assert [score.planted for score in scores] == [4, 4]
    assert sum(score.caught for score in scores) > 0
    assert sum(score.missed for score in scores) == 0


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_model_is_exact(reference, tmp_path, name):
    levels = PUBLISHED[name]
    assert synthesised(reference / "models" / name, tmp_path / "out", levels) == all_passed(levels)


def test_saturation_and_convergent_rounding_inside_are_exact(tmp_path):
    from hgq.layers import QDense

    def build(x):
        return QDense(3, name="last")(QDense(4, activation="relu", name="hidden")(x))

    model = calibrated(build, overflow="SAT", rounding="RND_CONV")
    model.save(tmp_path / "model.keras")
    assert synthesised(tmp_path / "model.keras", tmp_path / "out", ALL) == all_passed(ALL)
