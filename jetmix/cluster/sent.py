"""A file for workers that do not see it: sent once, then passed from worker to worker."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jetmix.cluster.extra import needed
from jetmix.errors import ClusterError, DataError
from jetmix.support import console
from jetmix.support.arrays import AnyArray

GONE = ("cancelled", "lost", "error")


@dataclass(eq=False)
class SentFile:
    """The bytes of a file on a cluster.

    They are the result of a task and no scattered data: with its last copy Dask would lose those,
    and with them every task that needs them, but it runs a task again.

    Attributes:
        client: Dask's client.
        path: the file.
        future: the bytes, uint8 (byte,); None before they are first asked for.
    """

    client: Any
    path: Path
    future: Any = None

    def there(self) -> Any:
        """Return the bytes as an argument of a task, sent again to a scheduler that is new.

        Raises:
            DataError: if the file cannot be read.
        """
        if self.future is None or self.future.status in GONE:
            self.future = self.client.submit(np.asarray, self._read(), pure=False)
        return self.future

    def spread(self, minutes: float) -> None:
        """Wait until all workers that are there have the bytes.

        Raises:
            ClusterError: if they do not get them in time, or die of them.
        """
        future = self.there()
        with console.progress(f"sending {self.path.name} to the workers"):
            needed("distributed").wait(future, timeout=60 * minutes)
            if future.status != "finished":
                raise ClusterError(
                    "the workers die when they get the jets, most likely for lack of memory",
                    where=self.path,
                    mend="give them more memory than the file has",
                )
            self.client.replicate([future])

    def _read(self) -> AnyArray:
        try:
            return np.fromfile(self.path, np.uint8)
        except OSError as error:
            raise DataError(
                f"cannot read the data ({error.strerror})",
                where=self.path,
                mend="leave the file there until the sweep is done",
            ) from None
