"""The extra ``cluster``: Dask and what belongs to it, imported only by what needs it."""

import importlib
from typing import Any

from jetmix.errors import ToolMissingError


def needed(module: str) -> Any:
    """Import a library of the extra ``cluster``.

    Raises:
        ToolMissingError: if it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise ToolMissingError(
            f"{name} is not installed, and workers need it", mend="pip install 'jetmix[cluster]'"
        ) from None
