"""The SystemVerilog of a package, compiled by Verilator with a driver of its own."""

import ctypes
from collections.abc import Mapping

from jetmix.firmware.project import fill
from jetmix.packaging.network import SOURCES
from jetmix.packaging.trials.trial import TEMPLATES, Trial
from jetmix.support.files import content_digest
from jetmix.support.packaged import shipped
from jetmix.verification.simulators import verilator


def compiled(trial: Trial, top: str, driver: str, values: Mapping[str, object]) -> ctypes.CDLL:
    """Return the library of a driver; it is to be called from the folder of the sources.

    Args:
        trial: the package.
        top: its top module.
        driver: template of the driver in C++.
        values: what stands in it beside the top.

    Raises:
        ToolMissingError: if there is no Verilator, make or g++.
        ToolFailedError: if one of them fails.
    """
    folder = trial.folder.resolve() / SOURCES
    text = fill(shipped(TEMPLATES) / driver, {"TOP": top, **values})
    return verilator.build(
        trial.area / "sim",
        sorted([*folder.glob("*.v"), *folder.glob("*.sv")]),
        level="package",
        title="package",
        digest=content_digest([trial.package.files, text]),
        top=top,
        driver=text,
    )
