import json

import numpy as np
import pytest

from jetmix.packaging.package import package
from jetmix.verification.simulators.rtl import pack, unpack, words
from tests.unit.packaging.verilated import run

N_JETS = 100_000
FAST = 1000
# First jets that no answer is fetched of, and a reset that drops them. Then all jets with random
# valid and ready, which both pause for long at times. Last some jets at full speed, and the cycles
# that they took.
DRIVER = """
    uint32_t jet[IN];
    std::vector<std::array<uint32_t, IN>> jets;
    while (std::fread(jet, sizeof jet, 1, stdin)) {
        jets.emplace_back();
        std::copy(jet, jet + IN, jets.back().begin());
    }
    std::mt19937 rng(1);
    auto chance = [&](int percent) { return (int)(rng() % 100) < percent; };
    long cycles = 0;
    auto reset = [&] {
        top.aresetn = top.s_axis_tvalid = top.m_axis_tready = 0;
        for (int i = 0; i < 4; i++) {
            top.aclk = i & 1;
            top.eval();
        }
        top.aresetn = 1;
    };
    // runs until n jets are out, or none moves any more
    auto stream = [&](size_t n, int valid_percent, int ready_percent, bool pauses, bool keep) {
        size_t taken = 0, given = 0;
        int still = 0, pause_in = 0, pause_out = 0;
        bool offered = false;
        for (cycles = 0; given < n && still < 2000; cycles++, still++) {
            if (pauses && rng() % 400 == 0)
                pause_in = rng() % 60;
            if (pauses && rng() % 400 == 0)
                pause_out = rng() % 60;
            // what was offered stays until it is taken
            offered = offered || (taken < n && pause_in-- <= 0 && chance(valid_percent));
            top.s_axis_tvalid = offered;
            for (int i = 0; i < IN; i++)
                if (i < (int)(sizeof top.s_axis_tdata / 4))
                    data(top.s_axis_tdata)[i] = MASK(i) & (offered ? jets[taken][i] : rng());
            top.s_axis_tlast = offered && taken % 7 == 6;
            top.m_axis_tready = pause_out-- <= 0 && chance(ready_percent);
            top.aclk = 0;
            top.eval();
            bool take = top.s_axis_tvalid && top.s_axis_tready;
            bool give = top.m_axis_tvalid && top.m_axis_tready;
            if (give && keep) {
                int32_t out[1 + OUT] = {top.m_axis_tlast};
                for (int i = 0; i < OUT; i++)
                    out[1 + i] = data(top.m_axis_tdata)[i];
                std::fwrite(out, sizeof out, 1, stdout);
            }
            top.aclk = 1;
            top.eval();
            taken += take;
            given += give;
            offered = offered && !take;
            if (take || give)
                still = 0;
        }
        return taken;
    };
    auto tell = [](long first, long second) {
        int32_t out[1 + OUT] = {(int32_t)first, (int32_t)second};
        std::fwrite(out, sizeof out, 1, stdout);
    };
    reset();
    tell(stream(FAST, 100, 0, false, false), 0);
    reset();
    stream(jets.size(), 70, 70, true, true);
    stream(FAST, 100, 100, false, false);
    tell(cycles, 0);
"""
HEADERS = "#include <algorithm>\n#include <array>\n#include <random>\n#include <vector>\n"


@pytest.fixture(scope="module")
def streamed(synth_dir, tmp_path_factory, jets):
    """Numbers of jets, all that the driver wrote, the answers in it, and the latency in cycles."""
    out = tmp_path_factory.mktemp("axis") / "out"
    package(synth_dir, out, target="axi-stream", name="mine", version=0)
    ports = json.loads((out / "ports.json").read_text())
    inputs, outputs = np.array(ports["inputs"]), np.array(ports["outputs"])
    numbers = np.random.default_rng(2).integers(0, len(jets), N_JETS)
    given = pack(jets.reshape(len(jets), -1), inputs)[numbers]
    width = int(inputs.sum())
    last = 2 ** (width % 32) - 1
    constants = (
        f"    constexpr int IN = {words(inputs)}, OUT = {words(outputs)}, FAST = {FAST};\n"
        f"    auto MASK = [](int i) {{ return i == {width // 32} ? {last}u : ~0u; }};"
    )
    folder = tmp_path_factory.mktemp("axis_run")
    got = run(
        out / "src", "mine_v0_axis", f"{constants}\n{DRIVER}", folder,
        given=given.view(np.int32), columns=1 + words(outputs), headers=HEADERS,
    )  # fmt: skip
    answers = unpack(got[1:-1, 1:].copy().view(np.uint32), outputs)
    return numbers, got, answers, ports["latency_cycles"]


def test_no_jet_is_lost_doubled_or_swapped(streamed, emulator, jets):
    numbers, got, answers, _ = streamed
    assert len(answers) == N_JETS
    assert np.array_equal(answers, emulator.run(jets)[numbers])
    assert np.array_equal(got[1:-1, 0], np.arange(N_JETS) % 7 == 6)


def test_it_takes_as_many_jets_as_it_can_keep(streamed):
    """Nothing is fetched: it holds a power of two of jets, at least all of the pipeline."""
    _, got, _, latency = streamed
    assert got[0, 0] == 2 ** int(np.ceil(np.log2(latency + 3)))


def test_a_jet_is_taken_at_every_cycle(streamed):
    _, got, _, latency = streamed
    # the last answer is there for the edge after the register and the buffer
    assert got[-1, 0] == FAST + latency + 2
