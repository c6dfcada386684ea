"""What Dask logs comes here alone: its last failure is part of a message, the rest is noise."""

import contextlib
import logging
from collections.abc import Iterator


class Failures(logging.Handler):
    """Keeps the last failure that Dask logged, and why a batch system refused a job."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last, self.refused = "", ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a record, or of the error that it is about."""
        error = record.exc_info[1] if record.exc_info else None
        self.last = " ".join(str(error or record.getMessage()).split())[-400:]

    def refuse(self, reason: str) -> None:
        """Keep why a batch system refused a job."""
        self.refused = reason[-400:]


@contextlib.contextmanager
def quiet(failures: Failures) -> Iterator[None]:
    """Send what Dask logs to ``failures`` alone while the block runs."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio", "dask")]
    before = [(log, log.handlers[:], log.propagate) for log in loggers]
    try:
        for log in loggers:
            log.handlers, log.propagate = [failures], False
        yield
    finally:
        for log, handlers, propagate in before:
            log.handlers, log.propagate = handlers, propagate
