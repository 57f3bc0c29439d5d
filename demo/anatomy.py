"""The canonical person of the digital phantom: outline, reference points, physiologic uptake.

LPS mm: x grows to the patient's left, y to the back, z to the head with the vertex at 0. Supine, arms raised, down to
the middle of the thigh. Uptake (SUVbw) is the usual picture of 68Ga-DOTATATE at one hour.
"""

from dataclasses import dataclass, field

import numpy as np

from demo.shapes import Ellipsoid, Point, Shape, Tube

PHYSIOLOGIC = {
    "muscle": 0.75,
    "fat": 0.3,
    "lung": 0.45,
    "marrow": 1.1,
    "blood": 1.5,
    "brain": 0.15,
    "liver": 5.4,
    "spleen": 24.0,
    "kidney": 19.0,
    "renal_pelvis": 26.0,
    "adrenal": 15.0,
    "pituitary": 22.0,
    "salivary": 4.2,
    "thyroid": 2.3,
    "pancreas": 2.4,
    "uncinate": 5.0,
    "stomach": 3.2,
    "duodenum": 4.4,
    "bowel": 2.7,
    "colon": 1.9,
    "bladder": 32.0,
    "ureter": 11.0,
    "uterus": 2.6,
    "mucosa": 1.7,
}

LIVER_REFERENCE: Point = (-88.0, 22.0, -520.0)
SPLEEN_REFERENCE: Point = (90.0, 46.0, -514.0)
BLOOD_REFERENCE: Point = (25.0, 40.0, -405.0)

# z, half width, half depth, centre y of the trunk, from the neck down.
_TRUNK = np.array(
    [
        (-245, 58, 56, 14),
        (-268, 92, 64, 14),
        (-290, 148, 78, 13),
        (-315, 172, 90, 10),
        (-360, 170, 102, 6),
        (-430, 164, 112, 2),
        (-500, 158, 113, 0),
        (-570, 150, 108, 0),
        (-640, 146, 103, 2),
        (-710, 160, 104, 4),
        (-780, 176, 108, 8),
        (-840, 181, 108, 10),
        (-905, 176, 100, 10),
    ],
    dtype=np.float32,
)


@dataclass(frozen=True)
class Figure:
    """One person: stretch of the canonical figure, sex of chest and pelvis, uptake that differs, seed of the bowel."""

    stretch: Point = (1.0, 1.0, 1.0)
    is_female: bool = True
    uptake: dict[str, float] = field(default_factory=dict)
    seed: int = 1
    fat_mm: float = 12.0

    def suv(self, tissue: str) -> float:
        return self.uptake.get(tissue, PHYSIOLOGIC[tissue])

    def place(self, point: Point) -> Point:
        """A point of the canonical person in this person's LPS mm."""
        x, y, z = (p * s for p, s in zip(point, self.stretch, strict=True))
        return (x, y, z)


def trunk_distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Approximate signed distance (mm) to the trunk: a stack of rounded cross-sections."""
    level = z.ravel()
    width, depth, middle = (
        np.interp(-level, -_TRUNK[:, 0], _TRUNK[:, i]).astype(np.float32)[:, None, None] for i in (1, 2, 3)
    )
    across, along = np.abs(x) / width, np.abs(y - middle) / depth
    radius = (across**2.5 + along**2.5) ** np.float32(0.4)
    side = (radius - 1) * np.minimum(width, depth)
    ends = np.maximum(z - _TRUNK[0, 0], _TRUNK[-1, 0] - z)
    return np.maximum(side, ends).astype(np.float32)


def head_and_limbs(figure: Figure) -> tuple[Shape, ...]:
    """Everything of the outline that is not trunk."""
    shapes: list[Shape] = [
        Ellipsoid((0, 8, -104), (74, 94, 104)),
        Ellipsoid((0, -28, -172), (54, 58, 56)),
        Ellipsoid((0, -88, -142), (13, 14, 20)),
        Tube(((0, 12, -170), (0, 18, -290)), (56, 62)),
    ]
    for side in (-1, 1):
        arm = ((side * 142, 12, -330), (side * 186, 4, -225), (side * 176, -8, -60), (side * 150, -12, 60))
        shapes += [Tube(arm, (52, 46, 42, 38)), Tube(((side * 88, 8, -830), (side * 90, 4, -1120)), (90, 74))]
        if figure.is_female:
            shapes.append(Ellipsoid((side * 82, -92, -432), (58, 34, 58)))
    return tuple(shapes)
