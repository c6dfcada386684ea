import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from jetmix.api.package import open_package
from jetmix.errors import BitsDifferError, LoweringError, UsageError
from jetmix.firmware import da_graph
from jetmix.firmware.engines.registry import ENGINES
from jetmix.firmware.parts import find_part
from jetmix.firmware.verilog import VHDL, read_ports, write_rtl
from jetmix.models.signature import Port
from jetmix.packaging import ugt, verify
from jetmix.packaging.network import Element
from jetmix.packaging.numbers import join, part
from jetmix.packaging.order import Threshold
from jetmix.packaging.package import package
from jetmix.packaging.verify import verify_package
from jetmix.support.files import file_digest
from jetmix.synthesis.synth_dir import SynthDir
from jetmix.verification.options import VectorOptions
from jetmix.verification.simulators import ghdl as simulator
from tests.unit.firmware.test_engines import both, vectors
from tests.unit.packaging.conftest import with_clock

LEAST = Threshold(score="logits[1]", value=1.3)
SOURCES = "firmware/hdl/payload/mine_v6"


def made(synth_dir, out, **changed):
    chosen = {"target": "ugt", "name": "mine", "version": 6, "threshold": LEAST, **changed}
    return package(synth_dir, out, **chosen)


def some_jets(synth_dir, n):
    (port,) = SynthDir(synth_dir).tagger.ports.inputs
    jets = 4 * np.random.default_rng(5).normal(size=(n, *port.shape))
    return port.name, jets.astype(np.float32)


@pytest.fixture(scope="module")
def module(lhc_dir, tmp_path_factory):
    """A module with the test vectors of some jets."""
    folder = tmp_path_factory.mktemp("ugt")
    name, jets = some_jets(lhc_dir, 40)
    np.savez(folder / "jets.npz", **{name: jets})
    made(lhc_dir, folder / "out", data=folder / "jets.npz")
    return folder / "out"


@pytest.fixture
def prepared(lhc_dir, monkeypatch):
    """Keras answers once; few vectors, for GHDL is slow."""
    bench = verify.bench_of(SynthDir.open(lhc_dir), VectorOptions(n_random=20), ())
    monkeypatch.setattr(verify, "bench_of", lambda *_: bench)


def lines_of(module):
    return [line.split() for line in (module / "test_vectors/mine_v6.txt").read_text().splitlines()]


def test_a_test_vector_holds_the_objects_of_a_jet_and_its_decision(module, lhc_dir, emulator):
    _, jets = some_jets(lhc_dir, 40)
    kifs = json.loads((module / "ports.json").read_text())["inputs"]
    lines = lines_of(module)
    assert [line[0] for line in lines] == [f"{event:04}" for event in range(40)]
    for line, jet in zip(lines, jets, strict=True):
        assert len(line) == 2 + len(jet)
        for i, (word, particle) in enumerate(zip(line[1:-1], jet, strict=True)):
            formats = kifs[3 * i : 3 * i + 3]
            low = sum(sum(kif) for kif in formats)
            assert len(word) == -(-low // 4)
            for feature, kif in zip(particle[::-1], formats[::-1], strict=True):
                low -= sum(kif)
                raw = int(np.floor(feature * 2.0 ** kif[2]))
                assert int(word, 16) >> low & 2 ** sum(kif) - 1 == raw & 2 ** sum(kif) - 1
    decisions = [int(line[-1]) for line in lines]
    assert np.array_equal(decisions, emulator.run(jets)[:, 1] >= LEAST.value)
    assert 0 < sum(decisions) < 40


@pytest.mark.usefixtures("prepared", "ghdl")
def test_a_module_equals_keras_after_one_clock(module, lhc_dir):
    (result,) = verify_package(module, VectorOptions(n_random=20), synth=lhc_dir)
    assert result.status == "passed"
    assert result.n_vectors > 200
    assert (result.latency_cycles, result.latency_expected_cycles) == (1, 1)


@pytest.mark.long
@pytest.mark.usefixtures("prepared", "ghdl")
@pytest.mark.parametrize(
    "edit",
    [
        (f"{SOURCES}/mine_v6_wrapper.vhd", ">= threshold", ">= threshold + 40"),
        (f"{SOURCES}/mine_v6_wrapper.vhd", "out_logits_0 <= model", "out_logits_0 <= not model"),
        ("test_vectors/mine_v6.txt", " 0\n", " 1\n"),
    ],
)
def test_a_wrong_module_is_caught(module, lhc_dir, tmp_path, edit):
    name, old, new = edit
    wrong = shutil.copytree(module, tmp_path / "wrong")
    text = (wrong / name).read_text()
    assert old in text
    text = text.replace(old, new, 1)
    (wrong / name).write_text(text)
    record = json.loads((wrong / "package.json").read_text())
    record["files"][name] = file_digest(wrong / name)
    (wrong / "package.json").write_text(json.dumps(record))
    with pytest.raises(BitsDifferError, match="package differs from keras"):
        verify_package(wrong, VectorOptions(n_random=20), synth=lhc_dir)


def test_the_dep_lists_all_sources_and_they_carry_name_and_version(module):
    listed = (module / "firmware/cfg/mine_v6.dep").read_text().splitlines()
    files = sorted((module / SOURCES).iterdir())
    places = [line.split()[-1] for line in listed]
    assert places == [f"payload/mine_v6/{path.name}" for path in files]
    assert all(line.startswith("src --vhdl2008 ") for line in listed)
    assert all(path.name.startswith("mine_v6") for path in files)
    text = "".join(path.read_text() for path in files)
    entities = re.findall(r"^entity (\w+) is", text, re.MULTILINE)
    assert all(name.startswith("mine_v6") for name in entities)


def test_objects_are_particles_or_single_elements_and_those_without_bits_have_none(tmp_path):
    inputs = (
        Port(name="jet", identifier="jet", shape=(2,)),
        Port(name="parts", identifier="parts", shape=(3, 2)),
    )
    bits = [4, 0, 3, 5, 0, 0, 0, 7]
    elements = [
        Element(name=f"e{i}", identifier=f"e{i}", signed=True, fraction=0, bits=n)
        for i, n in enumerate(bits)
    ]
    objects = ugt.objects_of(inputs, SimpleNamespace(inputs=tuple(elements)))
    places = [(one.identifier, one.place, one.digits) for one in objects]
    assert places == [
        ("jet_0", "3 downto 0", 1), ("parts_0", "11 downto 4", 2), ("parts_2", "18 downto 12", 2),
    ]  # fmt: skip
    integers = [-3, 0, 2, -16, 0, 0, 0, 63]
    number = join(integers, bits)
    assert part(number, elements) == integers
    words = " ".join(f"{one.of(number):0{one.digits}x}" for one in objects)
    (tmp_path / "vectors.txt").write_text(f"0000 {words} 1\n")
    assert ugt.read_vectors(tmp_path / "vectors.txt", objects) == [(number, 1)]


@pytest.mark.usefixtures("ghdl")
def test_the_decision_is_all_that_a_module_adds(module):
    found = open_package(module).resources
    assert (found["wrapper"].ff, found["wrapper"].latency_cycles) == (0, 0)
    assert 0 < found["wrapper"].lut < 10
    assert found["network"].latency_cycles == 1


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (
            {"clock_ns": 5.0, "adders": 25},
            "made for a clock of 5 ns, and the global trigger has one of 25 ns",
        ),
        (
            {"clock_ns": 25.0, "adders": 5},
            "takes 5 clocks of 25 ns, and a module of the global trigger at most 2",
        ),
        ({"clock_ns": 25.0, "adders": 25, "vhdl": False}, "holds no VHDL"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(synth_dir, tmp_path, pipeline, message):
    other = with_clock(synth_dir, tmp_path / "other", **pipeline)
    with pytest.raises(LoweringError, match=message) as error:
        made(other, tmp_path / "out")
    assert "\n" not in str(error.value).strip()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        (None, "no threshold is given"),
        (Threshold(score="logits[1]", value=1e6), "decides nothing"),
        (Threshold(score="logit[1]", value=1.0), "choose from logits"),
    ],
)
def test_a_threshold_that_does_not_fit_is_refused(lhc_dir, tmp_path, threshold, message):
    with pytest.raises(UsageError, match=message) as error:
        made(lhc_dir, tmp_path / "out", threshold=threshold)
    assert "\n" not in str(error.value).strip()
    assert not (tmp_path / "out").exists()


BENCH = """
library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;
entity bench is end entity;
architecture sim of bench is
    signal clk : std_logic := '0';
    signal x : std_logic_vector({x} - 1 downto 0) := (others => '0');
    signal y : std_logic_vector({y} - 1 downto 0);
begin
    top : entity work.jetmix_tagger port map (clk => clk, model_inp => x, model_out => y);
    process
        file rows : text open read_mode is "given.txt";
        file answers : text open write_mode is "got.txt";
        variable row : line;
        variable number : std_logic_vector(x'range);
    begin
        while not endfile(rows) loop
            readline(rows, row);
            read(row, number);
            x <= number;
            wait for 1 ns;
            clk <= '1';
            wait for 1 ns;
            write(row, y);
            writeline(answers, row);
            clk <= '0';
        end loop;
        wait;
    end process;
end architecture;
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.usefixtures("ghdl")
def test_the_network_of_an_engine_is_one_clock_faster_without_its_input_register(engine, tmp_path):
    weights = np.array([[3.0, -5.0, 1.0], [1.0, 7.0, 0.5], [-2.0, 1.0, 11.0]])
    graph = da_graph.graph_of(both(weights)[engine])
    project = write_rtl(
        graph, tmp_path / "rtl", part=find_part("xcvu13p"), clock_period_ns=25.0,
        adders_per_stage=3, vhdl=True,
    )  # fmt: skip
    for path in (project.path / VHDL / "src").rglob("*.vhd"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    ugt._drop_input_register(tmp_path / "jetmix_tagger.vhd")
    x = vectors(graph)[:100].reshape(100, -1)
    widths = [[int(kif.sum()) for kif in kifs.T] for kifs in (graph.inp_kifs, graph.out_kifs)]
    raw = np.floor(np.ldexp(x, graph.inp_kifs[2])).astype(int).tolist()
    rows = [f"{join(row, widths[0]):0{sum(widths[0])}b}" for row in raw]
    clocks = read_ports(project.path).latency_cycles
    (tmp_path / "given.txt").write_text("\n".join(rows + rows[-1:] * clocks) + "\n")
    (tmp_path / "bench.vhd").write_text(BENCH.format(x=sum(widths[0]), y=sum(widths[1])))
    simulator.simulate(tmp_path, "bench", title="network")
    got = (tmp_path / "got.txt").read_text().split()[clocks - 1 :][:100]
    formats = [element(kif) for kif in graph.out_kifs.T]
    values = np.array([part(int(row, 2), formats) for row in got]) * 2.0 ** -graph.out_kifs[2]
    assert clocks > 1
    assert np.array_equal(values, graph.predict(x))


def element(kif):
    return Element(
        name="o", identifier="o", signed=bool(kif[0]), fraction=int(kif[2]), bits=int(kif.sum())
    )


def test_a_pipeline_without_that_register_is_refused(tmp_path):
    path = tmp_path / "a.vhd"
    path.write_text("begin\n    process(clk) begin\n        a <= b;\n    end process;\n")
    with pytest.raises(LoweringError, match="no input register"):
        ugt._drop_input_register(path)
