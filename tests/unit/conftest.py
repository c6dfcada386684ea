"""Compiled JAX programs are shared by all unit tests, in this process and in those they start."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="jetmix-test-cache-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
# JAX reads these when it is first imported, which no test module has done yet
os.environ |= {
    "JAX_COMPILATION_CACHE_DIR": _folder,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
