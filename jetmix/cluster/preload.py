"""Loaded by Dask into every local worker process before its first task."""

import signal


def dask_setup(_worker: object) -> None:
    """Let Ctrl-C reach the command alone, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
