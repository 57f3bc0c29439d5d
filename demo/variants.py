"""Phantoms with known truth for the study of proposals: other people, other uptake, lesions where lesions are.

Seeds 1 to 20 are for tuning; the untouched seeds have another range of body scale, noise and blur. Nothing here is used
by the finder.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from demo.anatomy import PHYSIOLOGIC, Figure
from demo.organs import liver_shape
from demo.phantom import PAINTED_SHARE_OF_MAX, PET_GRID, Phantom, PhantomLesion
from demo.shapes import Point
from imaging.domain.volume import Volume

TUNING_SEEDS = range(1, 21)
UNTOUCHED_SEEDS = range(601, 621)

# site: places in the canonical person's LPS mm, spread of the place in mm, largest diameter in mm
SITES: dict[str, tuple[tuple[Point, ...], float, float]] = {
    "liver": ((), 0.0, 40.0),
    "node": (
        ((24, -22, -716), (20, -4, -640), (40, -8, -286), (2, -16, -364), (52, -8, -772), (-50, -6, -776)),
        6.0,
        26.0,
    ),
    "bone": (
        ((0, 44, -560), (0, 58, -400), (92, 40, -736), (-92, 40, -736), (-88, 4, -826), (0, -84, -372), (0, 70, -775)),
        5.0,
        26.0,
    ),
    "pancreas": (((-14, -20, -600), (24, -24, -564), (60, 6, -548)), 4.0, 30.0),
    "peritoneum": (((-66, -62, -690), (70, -56, -704), (-4, -78, -700), (46, -20, -800), (-92, -30, -560)), 6.0, 26.0),
    "lung": (((-84, 0, -380), (86, 20, -350), (-70, -40, -340)), 12.0, 30.0),
    "beside an organ": (((34, 58, -590), (-34, 56, -618), (58, 52, -520), (64, -20, -690)), 3.0, 22.0),
}
_WEIGHTS = {"liver": 3, "node": 2, "bone": 2, "pancreas": 1, "peritoneum": 1, "lung": 1, "beside an organ": 1}


@dataclass(frozen=True)
class KnownLesion:
    site: str
    diameter_mm: float
    painted_suv: float
    is_crowded: bool  # closer to another lesion than blur can separate


@dataclass(frozen=True)
class Variant:
    seed: int
    phantom: Phantom
    lesions: tuple[KnownLesion, ...]

    @property
    def liver_suv(self) -> float:
        return self.phantom.figure.suv("liver")


def variant(seed: int, *, is_untouched: bool, only_site: str = "") -> Variant:
    """One scan; the same seed gives the same voxels. ``only_site`` puts every lesion there."""
    rng = np.random.default_rng(seed)
    figure = _figure(rng, is_untouched)
    drawn, known = _lesions(rng, figure, only_site)
    blur = rng.uniform(5.0, 8.0) if is_untouched else rng.uniform(6.0, 7.0)
    noise = rng.uniform(0.7, 1.5) if is_untouched else rng.uniform(0.9, 1.1)
    phantom = Phantom(
        figure,
        drawn,
        noise_seed=seed,
        point_spread_fwhm_mm=float(blur),
        noise_level=float(noise),
        has_tuned_maxima=False,
    )
    return Variant(seed, phantom, known)


def as_scanned(suv: np.ndarray) -> Volume:
    """SUV as a scanner stores it: 16-bit integers with a slope per slice."""
    slopes = np.maximum(suv.max(axis=(1, 2)).astype(float), 1e-3) / 32000
    stored = np.rint(suv / slopes[:, None, None]).astype(np.uint16)
    affine, unit = PET_GRID.affine, "g/ml{SUVbw}"
    return Volume.of_series(stored, slopes=slopes, intercepts=0.0, factor=1.0, affine=affine, unit=unit)


def _figure(rng: np.random.Generator, is_untouched: bool) -> Figure:
    low, high = (0.88, 1.12) if is_untouched else (0.96, 1.05)
    stretch = tuple(float(v) for v in rng.uniform(low, high, 3))
    scale = {"liver": (0.65, 1.6), "salivary": (0.7, 2.2), "thyroid": (0.6, 2.4), "uncinate": (0.7, 2.2)}
    uptake = {name: PHYSIOLOGIC[name] * float(rng.uniform(*scale.get(name, (0.75, 1.35)))) for name in PHYSIOLOGIC}
    fat = float(rng.uniform(8, 20))
    return Figure(stretch, bool(rng.integers(2)), uptake, int(rng.integers(1 << 16)), fat)  # type: ignore[arg-type]


def _lesions(
    rng: np.random.Generator, figure: Figure, only_site: str
) -> tuple[tuple[PhantomLesion, ...], tuple[KnownLesion, ...]]:
    drawn: list[PhantomLesion] = []
    known: list[KnownLesion] = []
    sites, weights = list(_WEIGHTS), np.array(list(_WEIGHTS.values()), float)
    for number in range(int(rng.integers(5, 11))):
        site = only_site or str(rng.choice(sites, p=weights / weights.sum()))
        largest = SITES[site][2]
        diameter = float(np.exp(rng.uniform(np.log(6), np.log(largest))))
        contrast = float(np.exp(rng.uniform(np.log(0.6), np.log(4))))
        place = _free(rng, site, diameter, drawn, gap=3.0)
        if place is None:
            continue
        suv = contrast * figure.suv("liver")
        lesion = PhantomLesion(place, diameter / 2, suv / PAINTED_SHARE_OF_MAX, 1.0, seed=1000 * number + 7)
        is_crowded = _clear(place, diameter, drawn) < 10.0
        drawn.append(lesion)
        known.append(KnownLesion(site, diameter, suv, is_crowded))
    return tuple(drawn), tuple(known)


def _free(rng: np.random.Generator, site: str, diameter: float, drawn: list[PhantomLesion], gap: float) -> Point | None:
    for _ in range(40):
        place = _in_liver(rng, diameter) if site == "liver" else _near(rng, site)
        if place is not None and _clear(place, diameter, drawn) >= gap:
            return place
    return None


def _near(rng: np.random.Generator, site: str) -> Point:
    places, spread, _ = SITES[site]
    x, y, z = np.array(places[int(rng.integers(len(places)))]) + rng.uniform(-spread, spread, 3)
    return float(x), float(y), float(z)


def _in_liver(rng: np.random.Generator, diameter: float) -> Point | None:
    shape = liver_shape()
    low, high = shape.bounds()
    point = rng.uniform(low, high)
    x, y, z = (np.full((1, 1, 1), v, np.float32) for v in point)
    if float(shape.distance(x, y, z).item()) > -(diameter / 2 + 3):
        return None
    return float(point[0]), float(point[1]), float(point[2])


def _clear(place: Point, diameter: float, drawn: list[PhantomLesion]) -> float:
    """mm between the surface of this lesion and the nearest other one."""
    gaps = [float(np.linalg.norm(np.subtract(place, d.centre))) - diameter / 2 - d.radius_mm for d in drawn]
    return min(gaps, default=float("inf"))


def variants(seeds: range, *, is_untouched: bool) -> Iterator[Variant]:
    return (variant(seed, is_untouched=is_untouched) for seed in seeds)
