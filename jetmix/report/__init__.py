"""The report: this tagger beside published ones.

The package can be called: ``jetmix.report(...)`` is :func:`jetmix.api.report.report`. The import
system sets the attribute ``report`` of ``jetmix`` to this package as soon as one of its modules is
imported, so a function of that name would not stay there.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    """This package, which also writes a report."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Write a report: see :func:`jetmix.api.report.report`."""
        # by name: the API is above the report, and nothing here needs it
        return importlib.import_module("jetmix.api.report").report(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
