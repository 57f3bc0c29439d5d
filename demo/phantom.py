"""A digital whole-body phantom: one PET volume (SUVbw) and one CT volume (HU) on one frame of reference.

Organs and their order come from ``anatomy``. PET is blurred, given correlated noise and then tuned: liver mean and
lesion maxima are scaled inside the volumes of interest that will be placed on them, so that measuring the written
files returns the wanted numbers. Numpy and scipy only; the same seed gives the same voxels.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from demo.anatomy import LIVER_REFERENCE, Figure, head_and_limbs, trunk_distance
from demo.organs import organs
from demo.shapes import Blend, Ellipsoid, Grid, Point, Shape, Tube, coverage, smooth_minimum

PET_GRID = Grid(shape=(260, 96, 128), origin=(-254.0, -186.0, -1022.0), spacing=(4.0, 4.0, 4.0))
CT_GRID = Grid(shape=(260, 192, 256), origin=(-255.0, -187.0, -1022.0), spacing=(2.0, 2.0, 4.0))
LIVER_VOI_RADIUS_MM = 15.0
POINT_SPREAD_FWHM_MM = 6.5
NOISE_FWHM_MM = 7.0
PAINTED_SHARE_OF_MAX = 0.86


@dataclass(frozen=True)
class Matrix:
    """The voxels of both images of one scan; slices lie at the same places."""

    pet: Grid
    ct: Grid


WHOLE_BODY = Matrix(PET_GRID, CT_GRID)
# Skull base to thigh in 5 mm slices: a third of the voxels, for scans whose case lies in a few numbers.
TRUNK = Matrix(
    Grid(shape=(160, 77, 102), origin=(-252.5, -185.5, -955.0), spacing=(5.0, 5.0, 5.0)),
    Grid(shape=(160, 96, 128), origin=(-254.0, -186.0, -955.0), spacing=(4.0, 4.0, 5.0)),
)


@dataclass(frozen=True)
class PhantomLesion:
    """An irregular lesion. ``suv_max`` is what a sphere of ``voi_radius_mm`` at ``centre`` will measure."""

    centre: Point
    radius_mm: float
    suv_max: float
    voi_radius_mm: float
    hu: float = 45.0
    seed: int = 0
    has_necrotic_core: bool = False

    def shape(self) -> Shape:
        rng = np.random.default_rng(self.seed)
        lobes = [Ellipsoid(self.centre, (self.radius_mm * 0.86,) * 3)]
        for _ in range(4):
            direction = rng.normal(size=3)
            offset = 0.45 * self.radius_mm * direction / np.linalg.norm(direction)
            radius = float(self.radius_mm * rng.uniform(0.45, 0.6))
            x, y, z = (float(c + o) for c, o in zip(self.centre, offset, strict=True))
            lobes.append(Ellipsoid((x, y, z), (radius,) * 3))
        return Blend(tuple(lobes), self.radius_mm * 0.3)


@dataclass(frozen=True)
class Phantom:
    figure: Figure
    lesions: tuple[PhantomLesion, ...] = ()
    liver_suv_mean: float | None = None
    noise_seed: int = 1
    point_spread_fwhm_mm: float = POINT_SPREAD_FWHM_MM
    noise_level: float = 1.0
    has_tuned_maxima: bool = True
    matrix: Matrix = WHOLE_BODY

    def pet(self) -> np.ndarray:
        """SUVbw, float32 [z, y, x] on ``matrix.pet``."""
        rng = np.random.default_rng(self.noise_seed)
        suv = self._without_noise(rng)
        noise = self._correlated_noise(rng, NOISE_FWHM_MM)
        suv += noise * (0.012 + 0.15 * np.sqrt(np.maximum(suv, 0))) * np.float32(self.noise_level)
        np.maximum(suv, 0, out=suv)
        self._tune(suv)
        return suv

    def without_noise(self) -> np.ndarray:
        """SUVbw that ``pet`` would show without counting noise (and before tuning): textured organs, blurred."""
        return self._without_noise(np.random.default_rng(self.noise_seed))

    def _without_noise(self, rng: np.random.Generator) -> np.ndarray:
        suv = self.painted()
        suv *= 1 + 0.05 * self._correlated_noise(rng, 16.0)
        return ndimage.gaussian_filter(suv, self._sigma(self.point_spread_fwhm_mm))

    def painted(self) -> np.ndarray:
        """SUVbw before texture, blur and noise: what is true."""
        canvas = _Canvas(self.matrix.pet, self.figure)
        suv = canvas.layered(0.0, self.figure.suv("fat"), self.figure.suv("muscle"))
        for organ in organs(self.figure):
            canvas.paint(suv, organ.shape, organ.suv, organ.within)
        for lesion in self.lesions:
            canvas.paint(suv, lesion.shape(), lesion.suv_max * PAINTED_SHARE_OF_MAX, "skin")
            if lesion.has_necrotic_core:
                core = Ellipsoid(lesion.centre, (lesion.radius_mm * 0.3,) * 3)
                canvas.paint(suv, core, lesion.suv_max * 0.35, "skin")
        return suv

    def labels(self) -> tuple[np.ndarray, list[str]]:
        """What fills most of each voxel, int16 [z, y, x]: a place in the list of names, organs first, then one
        ``lesion n`` for each lesion; place 0 is everything else."""
        canvas = _Canvas(self.matrix.pet, self.figure)
        painted = np.zeros(self.matrix.pet.shape, np.int16)
        names = ["tissue"]
        for organ in organs(self.figure):
            canvas.label(painted, organ.shape, len(names), organ.within)
            names.append(organ.name)
        for number, lesion in enumerate(self.lesions):
            canvas.label(painted, lesion.shape(), len(names), "skin")
            names.append(f"lesion {number}")
        return painted, names

    def ct(self) -> np.ndarray:
        """HU, int16 [z, y, x] on ``matrix.ct``."""
        canvas = _Canvas(self.matrix.ct, self.figure)
        hu = canvas.layered(-1000.0, -100.0, 55.0)
        canvas.paint_ribs(hu, 260.0)
        for organ in organs(self.figure):
            canvas.paint(hu, organ.shape, organ.hu, organ.within)
        for lesion in self.lesions:
            canvas.paint(hu, lesion.shape(), lesion.hu, "skin")
        canvas.paint_couch(hu)
        hu = ndimage.gaussian_filter(hu, (0.3, 0.6, 0.6))
        rng = np.random.default_rng(self.noise_seed + 1000)
        hu += 10 * ndimage.gaussian_filter(rng.standard_normal(hu.shape, dtype=np.float32), (0, 0.7, 0.7)) / 0.4
        return np.rint(np.clip(hu, -1024, 3000)).astype(np.int16)

    def _tune(self, suv: np.ndarray) -> None:
        if self.liver_suv_mean is not None:
            inside = self._sphere(LIVER_REFERENCE, LIVER_VOI_RADIUS_MM)
            self._scale_around(suv, LIVER_REFERENCE, 34.0, self.liver_suv_mean / float(suv[inside].mean()), 24.0)
        for lesion in self.lesions if self.has_tuned_maxima else ():
            inside = self._sphere(lesion.centre, lesion.voi_radius_mm)
            gain = lesion.suv_max / float(suv[inside].max())
            self._scale_around(suv, lesion.centre, lesion.voi_radius_mm + 1.0, gain, 7.0)

    def _scale_around(self, suv: np.ndarray, centre: Point, radius: float, gain: float, taper: float) -> None:
        """Multiply by ``gain`` inside ``radius``, fading to one over ``taper`` mm outside it."""
        middle = self.figure.place(centre)
        reach = radius + taper
        box = self.matrix.pet.box([c - reach for c in middle], [c + reach for c in middle])
        x, y, z = self.matrix.pet.axes(box)
        gap = np.sqrt((x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2)
        suv[box] *= 1 + (gain - 1) * np.clip((reach - gap) / taper, 0, 1)

    def _sphere(self, centre: Point, radius_mm: float) -> np.ndarray:
        """The voxels of a sphere around a point of the canonical person."""
        middle, (x, y, z) = self.figure.place(centre), self.matrix.pet.axes()
        return (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2 <= radius_mm**2

    def _sigma(self, fwhm_mm: float) -> tuple[float, float, float]:
        x, y, z = (fwhm_mm / 2.3548 / s for s in self.matrix.pet.spacing)
        return (z, y, x)

    def _correlated_noise(self, rng: np.random.Generator, fwhm_mm: float) -> np.ndarray:
        white = rng.standard_normal(self.matrix.pet.shape, dtype=np.float32)
        noise = ndimage.gaussian_filter(white, self._sigma(fwhm_mm))
        return noise / noise[::4, ::4, ::4].std()


class _Canvas:
    """Paints shapes of the canonical figure on a grid, stretched to one person, clipped by the layers of the body."""

    def __init__(self, grid: Grid, figure: Figure):
        stretch = figure.stretch
        self.grid = Grid(
            grid.shape,
            tuple(o / s for o, s in zip(grid.origin, stretch, strict=True)),
            tuple(p / s for p, s in zip(grid.spacing, stretch, strict=True)),
        )
        self.edge = min(self.grid.spacing)
        self.fat_mm = figure.fat_mm
        self.distance = trunk_distance(*self.grid.axes())
        for shape in head_and_limbs(figure):
            box = self.grid.box(*shape.bounds())
            self.distance[box] = smooth_minimum(self.distance[box], shape.distance(*self.grid.axes(box)), 26.0)

    def _depth(self, layer: str) -> float:
        return {"skin": 0.0, "muscle": self.fat_mm, "chest_wall": self.fat_mm + 12.0}[layer]

    def _inside(self, layer: str, box: tuple[slice, slice, slice]) -> np.ndarray:
        return coverage(self.distance[box] + np.float32(self._depth(layer)), self.edge)

    def layered(self, outside: float, fat: float, muscle: float) -> np.ndarray:
        everywhere = (slice(None),) * 3
        values = np.full(self.grid.shape, outside, np.float32)
        values += (fat - outside) * self._inside("skin", everywhere)
        values += (muscle - fat) * self._inside("muscle", everywhere)
        return values

    def paint(self, values: np.ndarray, shape: Shape, value: float, layer: str) -> None:
        for box, share in self._shares(shape, layer):
            values[box] += (np.float32(value) - values[box]) * share

    def label(self, values: np.ndarray, shape: Shape, value: int, layer: str) -> None:
        for box, share in self._shares(shape, layer):
            values[box][share > 0.5] = value

    def _shares(self, shape: Shape, layer: str) -> Iterator[tuple[tuple[slice, slice, slice], np.ndarray]]:
        """Box by box the share of each voxel that the shape fills."""
        for piece in shape.pieces() if isinstance(shape, Tube) else (shape,):
            box = self.grid.box(*piece.bounds())
            if not any(s.start >= s.stop for s in box):
                yield box, coverage(piece.distance(*self.grid.axes(box)), self.edge) * self._inside(layer, box)

    def paint_ribs(self, values: np.ndarray, value: float) -> None:
        """Twelve sloping stripes in the chest wall, open in front below the costal margin."""
        box = self.grid.box((-180, -130, -590), (180, 130, -292))
        x, y, z = self.grid.axes(box)
        depth = -self.distance[box]
        wall = coverage(np.abs(depth - (self.fat_mm + 5)) - 4.5, self.edge)
        stripe = coverage(np.abs((z - 0.55 * y) % 26 - 13) - 4.5, self.edge)
        costal_margin = (z > -455 - 0.8 * (y + 90)) | (y > 60)
        share = wall * stripe * costal_margin * (np.abs(x) < 176)
        values[box] += (np.float32(value) - values[box]) * share

    def paint_couch(self, values: np.ndarray) -> None:
        x, y, z = self.grid.axes()
        sag = np.float32(126) + 14 * (1 - (x / 220) ** 2)
        plate = (np.abs(y - sag) < 3) & (np.abs(x) < 205) & (z < 400)
        values[np.broadcast_to(plate, values.shape) & (self.distance > 2)] = -350
