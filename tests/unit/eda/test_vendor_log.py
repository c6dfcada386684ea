import pytest

from jetmix.eda.vendor_log import (
    LicenceError,
    LogWatch,
    OutOfMemoryError,
    ToolKilledError,
    diagnose,
    phase_of,
)
from jetmix.errors import ToolFailedError
from jetmix.support.tools import ToolExitError


@pytest.mark.parametrize(
    ("line", "phase"),
    [
        ("***** C/RTL SYNTHESIS *****", "C/RTL SYNTHESIS"),
        ("INFO: [HLS 200-10] Analyzing design file 'a' ... ", "Analyzing design file 'a' ..."),
        ("INFO: [HLS 200-42] -- Implementing module 'dense' ", "Implementing module 'dense'"),
        ("INFO: [SCHED 204-11] Starting scheduling ...", "Starting scheduling ..."),
        ("Command: synth_design -top tagger", "synth_design -top tagger"),
        ("Starting RTL Elaboration : Time (s): cpu = 00:00:03 ;", "Starting RTL Elaboration"),
        ("Phase 2.1 Floorplanning | Checksum: 1a2b", "Phase 2.1 Floorplanning"),
        ("WARNING: [Place 30-1] Starting over", ""),
    ],
)  # fmt: skip
def test_phase(line, phase):
    assert phase_of(f"noise\n{line}\nmore noise\n") == phase


def test_watch_reads_what_was_added(tmp_path):
    log = tmp_path / "log.txt"
    watch = LogWatch(log)
    assert watch.note() == ""
    log.write_text("Phase 1 Build RT Design\n")
    assert watch.note() == "Phase 1 Build RT Design"
    with log.open("a") as more:
        more.write("INFO: nothing of note\n")
    assert watch.note() == "Phase 1 Build RT Design"
    with log.open("a") as more:
        more.write("x" * 100_000 + "\nPhase 2 Router Initialization\n")
    assert watch.note() == "Phase 2 Router Initialization"


@pytest.mark.parametrize(
    ("status", "text", "kind", "said"),
    [
        (1, "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis'",
         LicenceError, "vivado found no licence (ERROR: [Common 17-345]"),
        (1, "WARNING: [Common 17-348] Failed to get the license for feature 'Synthesis'",
         LicenceError, "XILINXD_LICENSE_FILE"),
        (134, "terminate called after throwing an instance of 'std::bad_alloc'",
         OutOfMemoryError, "vivado ran out of memory"),
        (1, "clang: error: unable to execute command: Killed", OutOfMemoryError, "out of memory"),
        (137, 'rdiArgs.sh: line 309: 38014 Killed   "$RDI_PROG" "$@"', OutOfMemoryError, "memory"),
        (-9, "Phase 1", OutOfMemoryError, "64 GB"),
        (-15, "Phase 1", ToolKilledError, "was terminated by SIGTERM"),
        (143, "Phase 1", ToolKilledError, "finished steps are kept"),
        (1, "ERROR: [Synth 8-439] module 'a' not found", ToolFailedError,
         "vivado failed with status 1 (ERROR: [Synth 8-439] module 'a' not found)"),
    ],
)  # fmt: skip
def test_diagnosis(tmp_path, status, text, kind, said):
    log = tmp_path / "log.txt"
    log.write_text(f"Starting\n{text}\n")
    error = ToolExitError("failed", mend="look", where=log, status=status)
    named = diagnose(error, "vivado", log)
    assert type(named) is kind
    assert named.exit_code == 8
    assert said in str(named)
    assert str(log) in str(named)
