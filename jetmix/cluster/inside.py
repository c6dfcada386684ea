"""What a task may ask of the worker that runs it."""

from pathlib import Path

from jetmix.cluster.extra import needed


def tell(topic: str, message: object) -> None:
    """Send a message to those who listen."""
    needed("distributed").get_worker().log_event(topic, {"message": message})


def wanted() -> bool:
    """Tell whether anybody still waits for the task: not after Ctrl-C, or with a scheduler gone."""
    worker = needed("distributed").get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    ends = worker.status.name in ("closing", "closed", "failed")
    return not ends and task is not None and task.state != "cancelled"


def scratch() -> Path:
    """Return a folder of the worker alone, which goes when it ends."""
    return Path(needed("distributed").get_worker().local_directory)


def name() -> str:
    """Return the name of the worker."""
    return str(needed("distributed").get_worker().name)
