"""Several devices: the only place that knows of them.

With more than one device of the same kind (GPUs, or what JAX is set to see), Keras' distribution
API copies the variables to all of them and cuts every training batch into equal parts; XLA adds
the sums between the devices. A single device changes nothing, and so does TensorFlow, on which
Keras 3.15 does not distribute.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from jetmix.errors import UsageError
from jetmix.support import console


@contextlib.contextmanager
def all_devices() -> Iterator[None]:
    """Let models that are built inside the block train on all devices of the backend."""
    import keras

    devices = _several()
    if devices:
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
        console.say(f"training on {len(devices)} devices: {', '.join(devices)}")
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)


def check_batch(batch_size: int) -> None:
    """Refuse a batch that cannot be cut into equal parts.

    Raises:
        UsageError: if the devices do not share it evenly.
    """
    n_devices = len(_several()) or 1
    if batch_size % n_devices:
        raise UsageError(
            f"{batch_size} jets per step cannot be shared evenly by {n_devices} devices",
            where="[training] batch_size",
            mend=f"take a multiple of {n_devices}, or show fewer devices (CUDA_VISIBLE_DEVICES)",
        )


def shared(batch: Any) -> Any:
    """Return a batch cut along its first axis over the devices; also inside a traced function."""
    import keras

    distribution = keras.distribution.distribution()
    if distribution is None:
        return batch
    return keras.distribution.distribute_tensor(batch, distribution.get_data_layout(batch.shape))


def copied(values: Any) -> Any:
    """Return an array that every device holds a copy of."""
    import keras

    distribution = keras.distribution.distribution()
    if distribution is None:
        return values
    layout = keras.distribution.TensorLayout([None] * values.ndim, distribution.device_mesh)
    return keras.distribution.distribute_tensor(values, layout)


def _several() -> list[str]:
    """Return the devices to share the work, none if there is only one."""
    import keras

    if keras.backend.backend() != "jax":
        return []
    devices: list[str] = keras.distribution.list_devices()
    return devices if len(devices) > 1 else []
