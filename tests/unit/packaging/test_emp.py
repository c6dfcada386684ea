import json
import re
import subprocess
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest
from da4ml.trace import FixedVariableArray, HWConfig, comb_trace

from jetmix.errors import DataError, LoweringError, UsageError
from jetmix.firmware import da_graph
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import write_rtl
from jetmix.packaging.links import mapping_of
from jetmix.packaging.network import Element, Network, network_in, write_network
from jetmix.packaging.package import package
from jetmix.packaging.patterns import read_pattern, values_of, words_of
from jetmix.packaging.verify import verify_package
from jetmix.verification.options import VectorOptions
from tests.unit.firmware.test_alkaid import every_operation


def made(synth_dir, out, **changed):
    return package(synth_dir, out, **{"target": "emp", "name": "mine", "version": 2, **changed})


@pytest.fixture(scope="module")
def packed(synth_dir, tmp_path_factory):
    """A package with places that were chosen by jetmix."""
    out = tmp_path_factory.mktemp("emp") / "out"
    made(synth_dir, out)
    return out


@pytest.fixture(scope="module")
def spread(synth_dir, packed, tmp_path_factory):
    """One with places in another order, with gaps, and on other links."""
    folder = tmp_path_factory.mktemp("emp_spread")
    table = tomllib.loads((packed / "mapping.toml").read_text())
    lines = []
    for side, first in (("inputs", 3), ("outputs", 9)):
        lines.append(f"[{side}]")
        for number, name in enumerate(reversed(table[side])):
            place = {"link": first + 2 * (number % 3), "low": 1 + 15 * (number // 3)}
            lines.append(f"{name} = {{ link = {place['link']}, low = {place['low']} }}")
    (folder / "mine.toml").write_text("\n".join(lines))
    made(synth_dir, folder / "out", mapping=folder / "mine.toml")
    return folder / "out"


def values(out, side, words):
    """Return what words hold, by the mapping and ports.json alone, (frame, element)."""
    places = tomllib.loads((out / "mapping.toml").read_text())[side]
    kifs = json.loads((out / "ports.json").read_text())[side]
    live = [i for i, kif in enumerate(kifs) if sum(kif) > 0]
    assert len(live) == len(places)
    found = np.zeros((len(words), len(kifs)))
    for i, place in zip(live, places.values(), strict=True):
        k, whole, f = kifs[i]
        bits = k + whole + f
        for frame, row in enumerate(words):
            raw = int(row[place["link"]]) >> place["low"] & 2**bits - 1
            found[frame, i] = (raw - (k and raw >> bits - 1 and 2**bits)) * 2.0**-f
    return found


def patterns(out):
    return read_pattern(out / "patterns" / "in.txt"), read_pattern(out / "patterns" / "out.txt")


def delay_of(out):
    return json.loads((out / "ports.json").read_text())["latency_cycles"] + 1


@pytest.mark.parametrize("places", ["packed", "spread"])
def test_patterns_hold_jets_and_the_answers_of_the_firmware(places, emulator, request):
    out = request.getfixturevalue(places)
    given, expected = patterns(out)
    took, gave = given.valid.any(axis=1), expected.valid.any(axis=1)
    delay = delay_of(out)
    assert len(took) == 1024
    assert not took[:6].any()
    assert took[6:-delay].all()
    assert np.array_equal(gave[delay:], took[:-delay])
    assert not given.words[~given.valid].any()
    assert not expected.words[~expected.valid].any()
    x = values(out, "inputs", given.words[took]).reshape(-1, *emulator.input_shape)
    assert len(np.unique(x, axis=0)) > 500
    assert np.array_equal(values(out, "outputs", expected.words[gave]), emulator.run(x))


@pytest.mark.long
@pytest.mark.usefixtures("ghdl")
def test_a_payload_with_places_of_its_own_equals_keras(spread, synth_dir):
    (result,) = verify_package(spread, VectorOptions(n_random=2000), synth=synth_dir)
    assert result.status == "passed"
    assert result.n_vectors > 4000
    assert result.latency_cycles == delay_of(spread) - 1


@pytest.mark.parametrize("places", ["packed", "spread"])
def test_words_hold_every_value_of_a_port(places, emulator, jets, request):
    out = request.getfixturevalue(places)
    order = SimpleNamespace(label="mine_v2")
    network = network_in(out, order)
    mapping = mapping_of(network, out / "mapping.toml")
    y = emulator.run(jets)
    words = words_of(y, network.outputs, mapping.outputs)
    assert np.array_equal(values_of(words, network.outputs, mapping.outputs), y)
    assert np.array_equal(values(out, "outputs", words[:200]), y[:200])


def test_every_file_of_the_network_carries_name_and_version(packed):
    names = [path.name for path in (packed / "firmware" / "hdl").iterdir()]
    assert all(name.startswith("mine_v2") for name in names if name != "payload.vhd")
    text = "".join(path.read_text() for path in (packed / "firmware" / "hdl").glob("*.vhd"))
    assert "jetmix_tagger" not in text
    entities = re.findall(r"^entity (\w+) is", text, re.MULTILINE)
    assert set(re.findall(r"entity work\.(\w+)", text)) <= set(entities)
    assert all(name.startswith("mine_v2") for name in entities if name != "emp_payload")


def looked_up():
    """A graph of da4ml with a table."""
    x = FixedVariableArray.from_kif(np.ones(2), np.full(2, 2), np.full(2, 3), HWConfig(1, -1, -1))
    y = x.apply(lambda values: np.tanh(values * 1.3)).quantize(1, 1, 6)
    return comb_trace(x, FixedVariableArray(np.array([y[0] + x[1], y[1]])))


def with_table_of_alkaid():
    return da_graph.graph_of(every_operation())


@pytest.mark.parametrize(("graph", "tables"), [(looked_up, "*.mem"), (with_table_of_alkaid, "*")])
def test_a_network_with_tables_is_whole_under_its_new_name(graph, tables, ghdl, tmp_path):
    project = write_rtl(
        graph(), tmp_path / "rtl", part=find_part("xcvu13p"), clock_period_ns=5.0,
        adders_per_stage=2, vhdl=True,
    )  # fmt: skip
    synth = SimpleNamespace(path=tmp_path, project=lambda _: project)
    folder = tmp_path / "out"
    made = write_network(SimpleNamespace(synth=synth, label="mine_v5"), folder, "vhdl", "hdl")
    assert list((folder / "hdl").glob(tables))
    names = [path.name for path in (folder / "hdl").glob("*.vhd")]
    assert all(name.startswith("mine_v5_network") for name in names)
    work = ["--std=08", f"--workdir={tmp_path}"]
    for command in (
        ["-i", *work, *names],
        ["-m", *work, made.module],
        ["-r", *work, made.module, "--stop-time=1ns"],
    ):
        done = subprocess.run(
            [ghdl, *command], cwd=folder / "hdl", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def element(name, bits=8):
    return Element(name=name, identifier=name, signed=False, fraction=0, bits=bits)


def network(*inputs):
    return Network(module="m", latency_cycles=1, inputs=inputs, outputs=(element("out_a"),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[inputs]\nin_a = {link = 0, low = 0}", r"in_b \(in_b\) is left open"),
        (
            "[inputs]\nin_a = {link = 0, low = 0}\nin_b = {link = 0, low = 7}",
            "bit 7 of link 0 is used by in_a and by in_b",
        ),
        ("[inputs]\nin_a = {link = 0, low = 57}", "in_a has 8 bits from bit 57 on, and a word 64"),
        ("[inputs]\nin_a = {link = 128, low = 0}", "on link 128, and a board has 128"),
        ("[inputs]\nin_a = {link = -1, low = 0}", "in_a has no place"),
        ("[inputs]\nin_a = 3", "in_a has no place"),
        ("[inputs]\nin_c = {link = 0, low = 0}", "no element 'in_c'"),
        ("[input]\n", "'input' is no table"),
        ("[outputs]\n", "no table 'inputs'"),
        ("inputs = 3", "no tables"),
        ("[inputs", "not readable as TOML"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path, text, message):
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        mapping_of(network(element("in_a"), element("in_b")), path)
    assert "\n" not in str(error.value).strip()


def test_no_element_is_cut_in_two_and_a_board_has_an_end():
    wide = [element(f"in_{i}", 30) for i in range(6)]
    places = mapping_of(network(*wide, element("in_none", 0)), None, 3).inputs
    assert [(slot.link, slot.low) for slot in places] == [
        (0, 0), (0, 30), (1, 0), (1, 30), (2, 0), (2, 30),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="the inputs fill 3 links, and a board has 2"):
        mapping_of(network(*wide), None, 2)
    with pytest.raises(UsageError, match="in_a has 65 bits"):
        mapping_of(network(element("in_a", 65)), None)


def test_a_refused_mapping_leaves_nothing(synth_dir, tmp_path):
    (tmp_path / "mine.toml").write_text("[inputs]\n")
    with pytest.raises(UsageError, match="is left open"):
        made(synth_dir, tmp_path / "out", mapping=tmp_path / "mine.toml")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["mapping", "data"])
def test_a_target_without_links_takes_none_of_its_options(synth_dir, tmp_path, option):
    with pytest.raises(UsageError, match=r"'c-api' (has no links|brings no jets)"):
        made(synth_dir, tmp_path / "out", target="c-api", **{option: tmp_path / "any"})


def test_jets_of_a_file_are_in_the_patterns(synth_dir, emulator, tmp_path):
    """All values are on the grid of the ports, so that the words hold them as they are."""
    from jetmix.synthesis.synth_dir import SynthDir

    (port,) = SynthDir(synth_dir).tagger.ports.inputs
    jets = np.zeros((20, *port.shape), dtype=np.float32)
    jets[:, 0, :] = np.arange(20)[:, None] % 2
    np.savez(tmp_path / "jets.npz", **{port.name: jets})
    made(synth_dir, tmp_path / "out", data=tmp_path / "jets.npz")
    given, expected = patterns(tmp_path / "out")
    took, gave = given.valid.any(axis=1), expected.valid.any(axis=1)
    assert took.sum() == gave.sum() == 20
    answers = values(tmp_path / "out", "outputs", expected.words[gave])
    assert np.array_equal(answers, emulator.run(jets))
    assert len(np.unique(answers, axis=0)) == 2
    with pytest.raises(DataError, match="no such file"):
        made(synth_dir, tmp_path / "other", data=tmp_path / "none.npz")


def test_a_synthesis_without_vhdl_is_refused(tmp_path):
    project = SimpleNamespace(path=tmp_path, require_untouched=lambda: None)
    synth = SimpleNamespace(path=tmp_path, project=lambda _: project)
    with pytest.raises(LoweringError, match="holds no VHDL"):
        write_network(SimpleNamespace(synth=synth, label="a_v1"), tmp_path, "vhdl")


@pytest.mark.parametrize("text", ["", "Frame 0000 : 1v00\n", "Frame 0000 : 1v" + "0" * 16 + " x\n"])
def test_what_is_no_pattern_is_refused(tmp_path, text):
    (tmp_path / "in.txt").write_text(text)
    with pytest.raises(DataError, match="not a pattern file"):
        read_pattern(tmp_path / "in.txt")
