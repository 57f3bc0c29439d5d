"""SUV as small integers for pictures: the square root of SUV, so that low uptake keeps more steps than high uptake.

The code never decreases with SUV: a maximum may be taken before or after coding, and a page may put any window on
coded pixels. Display only: no measurement reads a code.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAME = "sqrt"
SUV_MAX = 64.0  # local convention: physiologic kidney and bladder uptake may saturate, lesions rarely do
BYTE_LEVELS = 255
WORD_LEVELS = 65535


@dataclass(frozen=True)
class SqrtCode:
    """code = round(``levels`` x sqrt(SUV / ``suv_max``)), 0 below SUV 0 and ``levels`` above ``suv_max``."""

    suv_max: float = SUV_MAX
    levels: int = BYTE_LEVELS

    @property
    def gain(self) -> float:
        """What SUV is multiplied by before the square root is taken."""
        return self.levels * self.levels / self.suv_max

    def encode(self, suv: NDArray[Any]) -> NDArray[Any]:
        """Codes of SUV values, unsigned 8 or 16 bits, same shape."""
        scaled = np.multiply(suv, np.float32(self.gain), dtype=np.float32)
        return self.round_root(np.maximum(scaled, 0, out=scaled))

    def round_root(self, scaled: NDArray[np.float32], out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Codes of non-negative values that are multiplied by ``gain`` already; ``scaled`` is overwritten."""
        if out is None:
            out = np.empty(scaled.shape, np.uint8 if self.levels <= BYTE_LEVELS else np.uint16)
        np.sqrt(scaled, out=scaled)
        scaled += np.float32(0.5)
        np.minimum(scaled, np.float32(self.levels), out=out, casting="unsafe")
        return out

    def decode(self, codes: NDArray[Any]) -> NDArray[np.float32]:
        """SUV in the middle of each code's step, float32."""
        share = np.asarray(codes, dtype=np.float32) / np.float32(self.levels)
        result: NDArray[np.float32] = share * share * np.float32(self.suv_max)
        return result

    def parameters(self) -> dict[str, Any]:
        """What a reader of the codes needs to know."""
        return {"code": NAME, "suv_max": self.suv_max, "levels": self.levels}
