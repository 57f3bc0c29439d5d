"""A whole-body PET for the benchmarks: organs, 300 spheres of 5 to 60 mm that do not touch, blur, correlated noise.

Stored as scanners do it: 16-bit integers with a slope per slice. About a tenth of the columns along the body hold
something, air holds a little noise; on scanners with a narrower field of view the share is larger.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from imaging.domain.volume import Volume

# What the headers of ``write`` give: 70 kg, 150 MBq of 68Ga one hour before the scan.
SUV_PER_ACTIVITY = 70_000 / (150e6 * 2 ** (-3600 / 4062.6))
_FWHM_TO_SD = 1 / 2.3548
_SPHERES = 300


@dataclass(frozen=True)
class Grid:
    name: str
    columns: int
    slices: int
    pixel_mm: float
    slice_mm: float = 3.0

    @property
    def affine(self) -> np.ndarray:
        half = (self.columns - 1) / 2 * self.pixel_mm
        affine = np.diag([self.pixel_mm, self.pixel_mm, self.slice_mm, 1.0])
        affine[:3, 3] = (-half, -half, -self.slices * self.slice_mm)
        return affine


PT200 = Grid("pt200x300", 200, 300, 4.07283)
PT400 = Grid("pt400x600", 400, 600, 2.03642)


@lru_cache(maxsize=1)
def volume(grid: Grid) -> Volume:
    suv = _suv(grid)
    slopes = np.array([float(f"{max(float(plane.max()), 1e-3) / SUV_PER_ACTIVITY / 32767:.9g}") for plane in suv])
    stored = np.empty(suv.shape, "<u2")
    for k, plane in enumerate(suv):
        stored[k] = np.rint(plane / (slopes[k] * SUV_PER_ACTIVITY))
    return Volume.of_series(
        stored, slopes=slopes, intercepts=0.0, factor=SUV_PER_ACTIVITY, affine=grid.affine, unit="g/ml{SUVbw}"
    )


def floats(given: Volume) -> np.ndarray:
    """SUV of every voxel, float32: what the peers start from."""
    result = np.empty(given.shape, np.float32)
    for k in range(given.shape[0]):
        result[k] = given.slice_suv(k)
    return result


def write(grid: Grid, folder: Path) -> Path:
    """The volume as a DICOM series, some 100 elements per header, file names in no order of the slices."""
    from tests.imaging.dicom_files import pet_slice
    from tests.imaging.dicom_files import write as write_file

    given = volume(grid)
    template = pet_slice(
        Rows=grid.columns, Columns=grid.columns, PixelSpacing=[grid.pixel_mm] * 2, PixelRepresentation=0
    )
    for number in range(60):
        name, filler = ("OB", b"\1" * 2600) if number == 7 else ("LO", f"value {number}")
        template.add_new(0x00291100 + number, name, filler)
    template.add_new(0x00290011, "LO", "BENCH")
    for k in range(grid.slices):
        template.SOPInstanceUID, template.InstanceNumber = f"2.25.7777.3.{k + 1}", grid.slices - k
        template.RescaleSlope = float(given.slopes[k])
        template.ImagePositionPatient = [round(float(v), 5) for v in (given.affine @ (0, 0, k, 1))[:3]]
        template.PixelData = given.stored[k].tobytes()
        write_file(folder / f"{(k * 7919) % 10007:05}.dcm", template)
    return folder


def _suv(grid: Grid) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(7)
    z = (np.arange(grid.slices) + 0.5) / grid.slices
    y, x = (np.mgrid[: grid.columns, : grid.columns] - (grid.columns - 1) / 2) * grid.pixel_mm
    suv = np.zeros((grid.slices, grid.columns, grid.columns), np.float32)
    for k in range(grid.slices):
        wide, deep = (95, 105) if z[k] > 0.85 else (160, 100) if z[k] < 0.45 else (180, 120)
        suv[k][(x / wide) ** 2 + (y / deep) ** 2 < 1] = 0.5
    _organs(suv, grid)
    _spheres(suv, grid, random)
    inside = suv > 0
    sd = [5 * _FWHM_TO_SD / mm for mm in (grid.slice_mm, grid.pixel_mm, grid.pixel_mm)]
    gaussian_filter(suv, sd, output=suv, truncate=3)
    for k in range(grid.slices):
        noise = gaussian_filter(random.standard_normal(suv[k].shape, dtype=np.float32), 1.0, truncate=3)
        noise *= 0.12 / noise.std()
        suv[k] = np.maximum(suv[k] * (1 + noise) + np.abs(noise) * np.where(inside[k], 0.1, 0.02), 0)
    return suv


def _organs(suv: np.ndarray, grid: Grid) -> None:
    """Brain, liver, spleen, heart, kidneys, bladder: where in the body (share of its length), centre, radii, SUV."""
    places = [
        (0.93, 0, 0, 70, 85, 70, 7.0), (0.70, -10, -70, 75, 70, 80, 2.2), (0.70, 20, 90, 50, 40, 35, 1.9),
        (0.77, -40, 30, 40, 40, 40, 4.0), (0.66, 50, -70, 45, 25, 25, 6.0), (0.66, 50, 70, 45, 25, 25, 6.0),
        (0.50, -30, 0, 35, 40, 45, 20.0),
    ]  # fmt: skip
    for share, y, x, deep, high, wide, value in places:
        _fill(suv, grid, (share * grid.slices * grid.slice_mm, y, x), (deep, high, wide), value)


def _spheres(suv: np.ndarray, grid: Grid, random: np.random.Generator) -> None:
    length = grid.slices * grid.slice_mm
    placed: list[tuple[np.ndarray, float]] = []
    for diameter in np.sort(np.exp(random.uniform(np.log(5), np.log(60), _SPHERES)))[::-1]:
        radius = max(diameter / 2, 0.6 * max(grid.pixel_mm, grid.slice_mm))
        for _ in range(2000):
            centre = random.uniform([40, -70, -110], [length - 40, 70, 110])
            if all(((centre - other) ** 2).sum() > (radius + r + 4) ** 2 for other, r in placed):
                placed.append((centre, radius))
                _fill(suv, grid, centre, (radius,) * 3, float(np.exp(random.uniform(np.log(3), np.log(30)))))
                break


def _fill(suv: np.ndarray, grid: Grid, centre, radii, value: float) -> None:
    steps = (grid.slice_mm, grid.pixel_mm, grid.pixel_mm)
    middle = [centre[0] / steps[0] - 0.5, *(c / grid.pixel_mm + (grid.columns - 1) / 2 for c in centre[1:])]
    box = tuple(
        slice(max(0, int(m - r / s)), min(n, int(m + r / s) + 2))
        for m, r, s, n in zip(middle, radii, steps, suv.shape, strict=True)
    )
    axes = np.ogrid[box]
    distance = sum(((a - m) * s / r) ** 2 for a, m, s, r in zip(axes, middle, steps, radii, strict=True))
    suv[box][distance < 1] = value
