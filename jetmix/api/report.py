"""The report about runs and firmware."""

from collections.abc import Sequence
from pathlib import Path

from jetmix.api.firmware import Firmware
from jetmix.api.paths import PathLike, optional
from jetmix.api.run import Run
from jetmix.report.build import Report, write_report
from jetmix.report.other_jets import OtherJets


def report(
    items: Sequence[Run | Firmware | PathLike],
    *,
    out: PathLike,
    data: PathLike | None = None,
    rules: PathLike | None = None,
    baseline: PathLike | None = None,
    other_jets: PathLike | None = None,
    allow_mixed: bool = False,
    bits: bool = True,
    trust: Sequence[str] = (),
) -> Report:
    """Write the report about runs and firmware, beside published taggers.

    Args:
        items: runs and firmware, or their folders.
        out: folder of the report.
        data: jets of the runs, for efficiencies against pT and mass.
        rules: TOML file of limits; see ``checks`` of the report that is returned.
        baseline: older ``report.json`` that no figure may fall behind.
        other_jets: .npz file of arrays of another source, such as real jets, to measure on too.
        allow_mixed: accept runs on different jets; they are kept apart.
        bits: show bit widths, for which Keras loads the models.
        trust: modules whose classes the models may use; they are imported for the bit widths.

    Raises:
        ReportReadError: if a folder cannot be read or trusted.
        UsageError, DataError, RunConflictError: if an option, the jets or ``out`` are refused.
    """
    folders = [item.path if isinstance(item, Run | Firmware) else Path(item) for item in items]
    return write_report(
        folders,
        Path(out),
        allow_mixed=allow_mixed,
        rules=optional(rules),
        old=optional(baseline),
        data=optional(data),
        other_jets=None if other_jets is None else OtherJets(path=Path(other_jets)),
        bits=bits,
        trust=tuple(trust),
    )
