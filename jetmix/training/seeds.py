"""Random numbers of a training that other threads of the process do not disturb."""

import contextlib
import random
from collections.abc import Iterator


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed everything, and let Keras draw from a generator of its own while the block runs.

    Keras 3 draws the seeds of initialisers from Python's global generator, which all threads of a
    process share: in a Dask worker the event loop draws from it too, and every model built there
    would start from other weights.
    """
    import keras
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    shared = seed_generator.python_random
    seed_generator.python_random = random.Random(seed)  # noqa: S311 (no secret)
    try:
        yield
    finally:
        seed_generator.python_random = shared
