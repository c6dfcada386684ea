"""Compiled JAX programs are shared by all unit tests, in this process and in those they start."""

import atexit
import os
import shutil
import tempfile

import pytest

_folder = tempfile.mkdtemp(prefix="jetmix-test-cache-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
# JAX reads these when it is first imported, which no test module has done yet
os.environ |= {
    "JAX_COMPILATION_CACHE_DIR": _folder,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


@pytest.fixture
def in_process(monkeypatch):
    """Let local workers be threads of this process, so that a test may replace what they run."""
    import distributed

    from jetmix.cluster import connect

    def cluster(options):
        return distributed.LocalCluster(
            n_workers=options.workers or 2,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
        )

    monkeypatch.setattr(connect, "local_cluster", cluster)
