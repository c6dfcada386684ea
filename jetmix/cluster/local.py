"""Worker processes on this machine."""

import logging
from typing import Any

from jetmix.cluster.extra import needed
from jetmix.cluster.options import ClusterOptions
from jetmix.cluster.workers import cores, environment, gpus

HERE = "127.0.0.1"


def local_cluster(options: ClusterOptions) -> Any:
    """Start a scheduler in this process and a worker process per GPU or core.

    A worker that dies, or takes more than its memory, is started anew. All connections are
    encrypted with keys of this cluster alone, since other users of the machine reach its ports.
    """
    distributed = needed("distributed")
    found = gpus()
    number = options.workers or len(found) or cores()
    security = distributed.Security.temporary()
    shared = {"host": HERE, "protocol": "tls://", "security": security}
    memory: object = f"{options.memory_gb}GB" if options.memory_gb else share_of_memory(number)
    workers = {
        index: {
            "cls": distributed.Nanny,
            "options": {
                **shared,
                "nthreads": 1,
                "memory_limit": memory,
                "env": environment(index, found),
                "dashboard": False,
                "preload": ["jetmix.cluster.preload"],
                "silence_logs": logging.CRITICAL,
            },
        }
        for index in range(number)
    }
    scheduler = {
        "cls": distributed.Scheduler,
        "options": {**shared, "dashboard": True, "dashboard_address": f"{HERE}:0"},
    }
    return distributed.SpecCluster(
        workers=workers, scheduler=scheduler, security=security, silence_logs=logging.CRITICAL
    )


def share_of_memory(number: int) -> int:
    """Return the bytes that each of ``number`` workers may take of this machine's memory."""
    return int(needed("distributed.system").MEMORY_LIMIT) // number
