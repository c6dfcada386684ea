"""jetmix: from jets to bit-exact jet-tagging firmware.

    import jetmix as jm

    run = jm.train("mixer-8-demo", data=jm.sample(), out="runs/mixer-8")
    fw = jm.synthesise(run, part="xcvu13p", out="fw")
    jm.report([run, fw], out="report")

Every name of ``__all__`` is stable; ``import jetmix`` itself imports neither numpy nor Keras.
"""

import difflib
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jetmix.api.firmware import Firmware, open_firmware, synthesise
    from jetmix.api.jets import import_jets, load_jets, sample, simulate
    from jetmix.api.package import Package, open_package, package
    from jetmix.api.report import report as report
    from jetmix.api.run import Run, evaluate, open_run, train
    from jetmix.api.sweep import sweep
    from jetmix.api.verify import verify
    from jetmix.report.build import Report

__version__ = "0.1.0"
__all__ = [
    "Firmware", "Package", "Report", "Run", "evaluate", "import_jets", "load_jets",
    "open_firmware", "open_package", "open_run", "package", "report", "sample", "simulate",
    "sweep", "synthesise", "train", "verify",
]  # fmt: skip
# public name -> its module in jetmix.api, imported when the name is first used
_HOMES = {
    **dict.fromkeys(("Firmware", "open_firmware", "synthesise"), "firmware"),
    **dict.fromkeys(("Package", "open_package", "package"), "package"),
    **dict.fromkeys(("import_jets", "load_jets", "sample", "simulate"), "jets"),
    **dict.fromkeys(("Run", "evaluate", "open_run", "train"), "run"),
    "Report": "report",
    "sweep": "sweep",
    "verify": "verify",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name == "report":
        return importlib.import_module("jetmix.report")  # a package that can be called
    if name in _HOMES:
        return getattr(importlib.import_module(f"jetmix.api.{_HOMES[name]}"), name)
    near = difflib.get_close_matches(name, __all__, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise AttributeError(f"jetmix has no '{name}'{hint}")


def __dir__() -> list[str]:
    """List the public names alone."""
    return [*__all__, "__version__"]
