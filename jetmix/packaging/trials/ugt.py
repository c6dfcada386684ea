"""The module of the global trigger, in GHDL: its own test vectors, and the vectors after them."""

import time

import numpy as np

from jetmix.packaging import ugt
from jetmix.packaging.network import network_in
from jetmix.packaging.numbers import numbers_of
from jetmix.packaging.trials import vhdl
from jetmix.packaging.trials.rtl_wrapper import decided_wrongly
from jetmix.packaging.trials.trial import Trial
from jetmix.packaging.vhdl import ranges
from jetmix.support.console import say
from jetmix.verification.bench import Outputs
from jetmix.verification.simulators.rtl import FLUSH_CLOCKS, align


def run(trial: Trial) -> Outputs:
    """Return the scores, and the clocks after which they are there.

    All are NaN if a decision differs from the package's own test vectors; one is if its decision is
    wrong.

    Raises:
        ToolMissingError: if there is no GHDL.
        ToolFailedError: if it fails.
    """
    network = network_in(trial.folder, trial.order)
    objects = ugt.objects_of(trial.order.ports.inputs, network)
    path = trial.folder / ugt.VECTORS / f"{trial.label}.txt"
    events = ugt.read_vectors(path, objects)
    jets = numbers_of(trial.x, network.inputs)
    numbers = [*(number for number, _ in events), *jets]
    start = time.monotonic()
    got = vhdl.simulated(
        trial,
        top=f"{trial.label}_wrapper",
        sources=ugt.sources_of(trial.order),
        generics={"sim_mode": "true"},
        ports=[
            ("lhc_clk", "clk"),
            ("decision", "decision"),
            *((one.identifier, f"given({one.place})") for one in objects),
            *((e.identifier, f"got({bits})") for e, bits in ranges(network.outputs)),
        ],
        inputs=network.inputs,
        outputs=network.outputs,
        given=[(0, 0, number) for number in numbers + [jets[-1]] * FLUSH_CLOCKS],
    )
    seconds = time.monotonic() - start
    decisions = got[:, 1] != 0
    scores = np.ldexp(
        got[:, vhdl.FLAGS :].astype(np.float64), [-e.fraction for e in network.outputs]
    )
    expected = network.latency_cycles
    # the row of a clock holds what is there after it, which is the first clock of its objects
    shift = align(scores[len(events) :], trial.reference, expected=expected - 1)
    answers = slice(len(events) + shift, len(events) + shift + len(jets))
    values = scores[answers]
    values[decided_wrongly(trial, network.outputs, decisions[answers])] = np.nan
    if not np.array_equal(decisions[shift : shift + len(events)], [bool(d) for _, d in events]):
        say("The decisions differ from the test vectors of the package.")
        values[:] = np.nan
    return trial.outputs(values, seconds, latency_cycles=shift + 1, expected=expected)
