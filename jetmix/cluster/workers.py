"""The environment of a worker process: one thread, and one GPU where there are some."""

import os
import subprocess
from collections.abc import Mapping

# the libraries read these when they are first imported: two trainings side by side must not each
# take all cores
ONE_THREAD: Mapping[str, str] = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"), "1"),
    **dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def gpus() -> list[str]:
    """Return the GPUs that may be used, as CUDA_VISIBLE_DEVICES names them."""
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is not None:
        return [name for name in shown.split(",") if name]
    command = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.split() if done.returncode == 0 else []


def default_number() -> int:
    """Return the number of workers on this machine: one per GPU, without one per core."""
    return len(gpus()) or cores()


def environment(number: int, found: list[str]) -> dict[str, str]:
    """Return the variables of local worker ``number``; ``found`` are the GPUs to share."""
    own = {"CUDA_VISIBLE_DEVICES": found[number % len(found)]} if found else {}
    flags = " ".join(filter(None, (os.environ.get("XLA_FLAGS"), ONE_THREAD["XLA_FLAGS"])))
    return {**ONE_THREAD, "XLA_FLAGS": flags, **own}
