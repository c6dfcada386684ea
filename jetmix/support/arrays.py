"""Types of arrays, one name per kind of number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# what Keras and the firmware take and give
Floats = NDArray[np.float32]
# what must be exact: doubles hold every value of the firmware
Float64 = NDArray[np.float64]
# either of them
Reals = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Words = NDArray[np.uint32]
Hashes = NDArray[np.uint64]
Bools = NDArray[np.bool_]
AnyArray = NDArray[Any]
