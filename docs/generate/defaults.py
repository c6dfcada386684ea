"""Shows the defaults of the Python API as values, also where the code names a dataclass's field."""

import importlib
import inspect
from typing import Any

import griffe


class Defaults(griffe.Extension):
    """Replaces the source of a default by its value."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Look the function up where it is imported from."""
        if not func.path.startswith("jetmix.api.") or func.parent is not func.module:
            return
        found = getattr(importlib.import_module(func.module.path), func.name)
        for name, parameter in inspect.signature(found).parameters.items():
            if parameter.default is not inspect.Parameter.empty:
                func.parameters[name].default = repr(parameter.default)
