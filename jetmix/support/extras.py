"""Libraries of jetmix' extras, imported only by what needs them."""

import importlib
from dataclasses import dataclass
from typing import Any

from jetmix.errors import ToolMissingError


@dataclass(frozen=True, kw_only=True)
class Extra:
    """An extra of the package.

    Attributes:
        name: what stands in ``pip install 'jetmix[...]'``.
        users: what needs its libraries, as a sentence such as "workers need it".
    """

    name: str
    users: str

    def needed(self, module: str) -> Any:
        """Import a library of the extra.

        Raises:
            ToolMissingError: if it is not installed.
        """
        try:
            return importlib.import_module(module)
        except ImportError:
            raise ToolMissingError(
                f"{module.partition('.')[0]} is not installed, and {self.users}",
                mend=f"pip install 'jetmix[{self.name}]'",
            ) from None
