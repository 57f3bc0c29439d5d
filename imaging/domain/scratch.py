"""Working memory that outlives one call: the first touch of fresh memory costs more than what is computed in it."""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """One growing buffer per name. An array is valid until the same name is asked for again."""

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[np.uint8]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of undefined content."""
        kind = np.dtype(dtype)
        count = prod(shape) * kind.itemsize
        kept = self._buffers.get(name)
        if kept is None or kept.size < count:
            kept = self._buffers[name] = np.empty(count, np.uint8)
        return kept[:count].view(kind).reshape(shape)
