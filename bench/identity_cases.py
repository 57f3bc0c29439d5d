"""Pairs of digital phantoms with known truth: one person scanned twice, lesions that shrink, vanish, appear, merge, split.

Used by ``bench.identity_table``, which writes the table of ``docs/lesion-identity.md``.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from demo.anatomy import Figure, Point
from demo.phantom import PET_GRID, Phantom, PhantomLesion
from imaging.domain import segmentation, voi
from imaging.domain.geometry import index_to_lps, lps_to_index
from imaging.domain.lesion_places import Finding, KnownLesion, Region
from imaging.domain.volume import Volume

METHOD = "50 % of maximum"
LIVER_SUV = 5.4
# Places of the canonical figure, 25 mm or more from organs hotter than a lesion, and the organ they lie in.
SITES: tuple[tuple[str, Point], ...] = (
    ("liver", (-86, -14, -470)),
    ("liver", (-70, -36, -555)),
    ("liver", (-24, -50, -505)),
    ("liver", (-104, 20, -560)),
    ("bone", (0, 60, -430)),
    ("bone", (96, 30, -745)),
    ("bone", (-96, 30, -745)),
    ("bone", (0, 36, -330)),
    ("lymph node", (22, -22, -716)),
    ("lymph node", (-20, 10, -720)),
    ("lymph node", (60, -10, -265)),
    ("lung", (-80, 0, -400)),
    ("liver", (-58, 30, -500)),
    ("liver", (-58, 8, -516)),
    ("liver", (-80, 38, -520)),
)
_COMMON = ("same", "smaller", "gone", "new")
FATES = (*_COMMON * 3, "larger", "merge", "split")
BREATHING_SD_MM = 6.0


@dataclass(frozen=True, eq=False)
class Truth:
    """``fate`` by lesion label; ``expected``: finding places (new LPS) that belong to each label, by label."""

    fate: dict[str, str]
    places: dict[str, list[Point]]
    new_places: list[Point]


@dataclass(frozen=True, eq=False)
class Case:
    seed: int
    before: Volume
    after: Volume
    known: list[KnownLesion]
    findings: list[Finding]
    truth: Truth
    true_transform: np.ndarray


def case(seed: int) -> Case:
    """Two scans of one person, up to 35 mm, 120 mm along the body and 5 degrees apart, bowel and weight changed."""
    rng = np.random.default_rng(1000 + seed)
    stretch = tuple(float(s) for s in rng.uniform(0.93, 1.07, 3))
    change = tuple(float(s * c) for s, c in zip(stretch, rng.uniform(0.985, 1.015, 3), strict=True))
    is_female, fat = bool(seed % 2), float(rng.uniform(9, 16))
    first = Figure(stretch, is_female, {}, seed, fat)
    second = Figure(
        change, is_female, {"liver": float(rng.uniform(4.4, 6.2))}, seed + 500, fat + float(rng.uniform(-2, 2))
    )
    old, new, fate = _lesions(rng)
    before = _cut(Phantom(first, tuple(spot for _, _, spot in old), LIVER_SUV, seed).pet(), rng)
    moved = _random_transform(rng)
    after = _moved(Phantom(second, tuple(spot for _, spot in new), None, seed + 77).pet(), moved, rng)
    known = [
        region
        for label, organ, spot in old
        if (region := _outlined(before, KnownLesion, label, organ, first.place(spot.centre), spot))
    ]
    truth, findings = _findings(after, new, second, moved, fate, rng)
    return Case(seed, before, after, known, findings, truth, moved)


def _lesions(rng: np.random.Generator):
    sites = [SITES[i] for i in rng.permutation(len(SITES))]
    fates = [FATES[i] for i in rng.permutation(len(FATES))]
    old, new, fate = [], [], {}
    liver_shift = float(rng.normal(0, BREATHING_SD_MM))
    for n, ((organ, site), what) in enumerate(zip(sites, fates, strict=True), start=1):
        breath = (0.0, 0.0, liver_shift if organ == "liver" else 0.0)
        label, radius, suv = f"L{n:02d}", float(rng.uniform(8, 15)), float(rng.uniform(12, 30))
        aside = rng.normal(size=3) * (1, 1, 0.4)
        aside *= 1 / np.linalg.norm(aside)
        if what == "new":
            new.append((f"new{n}", _drawn(_shifted(site, breath), radius, suv, n)))
            continue
        fate[label] = what
        if what in ("merge", "split"):
            apart, wide = 1.25 * radius * aside, 0.75 * radius * aside
            pair = [_shifted(site, apart), _shifted(site, -apart)]
            joined = [
                _drawn(_shifted(site, wide), 1.05 * radius, suv, n),
                _drawn(_shifted(site, -wide), 1.05 * radius, suv, n),
            ]
            parts = [_drawn(pair[0], 0.72 * radius, suv, n), _drawn(pair[1], 0.72 * radius, suv, n + 40)]
        if what == "merge":
            old += [(label, organ, parts[0]), (f"{label}b", organ, parts[1])]
            fate[f"{label}b"] = what
            new += [(label, _breathed(spot, breath)) for spot in joined]
        elif what == "split":
            old.append((label, organ, _drawn(site, 1.5 * radius, suv, n)))
            new += [(label, _breathed(spot, breath)) for spot in parts]
        else:
            old.append((label, organ, _drawn(site, radius, suv, n)))
            factor = {"same": 1.0, "smaller": float(rng.uniform(0.55, 0.8)), "larger": 1.35}.get(what)
            if factor:
                shifted = _shifted(site, rng.normal(0, 2.5, 3) + breath)
                new.append((label, _drawn(shifted, factor * radius, suv * float(rng.uniform(0.7, 1.3)), n)))
    return old, new, fate


def _drawn(centre: Point, radius: float, suv: float, seed: int) -> PhantomLesion:
    return PhantomLesion(centre, radius, suv, radius + 4, seed=seed)


def _breathed(lesion: PhantomLesion, by) -> PhantomLesion:
    return replace(lesion, centre=_shifted(lesion.centre, by))


def _shifted(point: Point, by: np.ndarray) -> Point:
    return tuple(float(p + b) for p, b in zip(point, by, strict=True))


def _cut(pet: np.ndarray, rng: np.random.Generator) -> Volume:
    first, last = int(rng.integers(0, 45)), 260 - int(rng.integers(0, 35))
    affine = PET_GRID.affine
    affine[:3, 3] = index_to_lps(PET_GRID.affine, (0, 0, first))
    return Volume.of_array(pet[first:last], affine)


def _random_transform(rng: np.random.Generator) -> np.ndarray:
    ax, ay, az = np.radians(rng.uniform(-5, 5, 3))
    rx = np.array([[1, 0, 0], [0, np.cos(ax), -np.sin(ax)], [0, np.sin(ax), np.cos(ax)]])
    ry = np.array([[np.cos(ay), 0, np.sin(ay)], [0, 1, 0], [-np.sin(ay), 0, np.cos(ay)]])
    rz = np.array([[np.cos(az), -np.sin(az), 0], [np.sin(az), np.cos(az), 0], [0, 0, 1]])
    pivot = np.array([0, 0, -550.0])
    matrix = np.eye(4)
    matrix[:3, :3] = rz @ ry @ rx
    shift = np.array([*rng.uniform(-35, 35, 2), rng.uniform(-120, 120)])
    matrix[:3, 3] = pivot + shift - matrix[:3, :3] @ pivot
    return matrix


def _moved(pet: np.ndarray, matrix: np.ndarray, rng: np.random.Generator) -> Volume:
    """The scan after the person has moved by ``matrix``, on a grid of its own with another range along the body."""
    affine = PET_GRID.affine
    affine[:3, 3] = index_to_lps(PET_GRID.affine, (0, 0, int(rng.integers(0, 45))))
    shape = (int(rng.integers(180, 215)), *pet.shape[1:])
    back = np.linalg.inv(PET_GRID.affine) @ np.linalg.inv(matrix) @ affine
    swap = np.eye(4)[[2, 1, 0, 3]]
    back = swap @ back @ swap
    return Volume.of_array(
        ndimage.affine_transform(pet, back[:3, :3], back[:3, 3], output_shape=shape, order=1), affine
    )


def _outlined(volume: Volume, kind: type[Region], key: str, organ: str, place: Point, lesion: PhantomLesion):
    """The lesion as a reader's tool outlines it: 50 % of the maximum in a sphere around it. None off the images."""
    index = lps_to_index(volume.affine, place)[::-1]
    if (index < 2).any() or (index > np.array(volume.shape) - 3).any():
        return None
    mask = segmentation.percent_of_max(volume, voi.sphere(volume, place, lesion.radius_mm + 8), 50)
    return _region(volume, kind, key, organ, mask)


def _region(volume: Volume, kind: type[Region], key: str, organ: str, mask: voi.Mask):
    z, y, x = (i + s for i, s in zip(np.nonzero(mask.voxels), mask.bounds.start, strict=True))
    points = index_to_lps(volume.affine, np.stack([x, y, z], axis=1))
    centre = tuple(float(v) for v in points.mean(axis=0))
    return kind(key, centre, organ, len(points) * volume.voxel_volume_ml, METHOD, voxels_lps=points)


def _findings(after: Volume, new, figure: Figure, moved: np.ndarray, fate: dict[str, str], rng: np.random.Generator):
    """Outlines on the new scan in which lesions that touch are one region, and foci of bowel that nobody asked for."""
    inside = np.zeros(after.shape, dtype=bool)
    drawn: list[tuple[str, Point]] = []
    for name, lesion in new:
        place = tuple(float(v) for v in index_to_lps(moved, figure.place(lesion.centre)))
        if (region := _outlined(after, Finding, name, "", place, lesion)) is None:
            continue
        drawn.append((name, place))
        index = np.rint(lps_to_index(after.affine, region.voxels_lps)).astype(int)
        inside[index[:, 2], index[:, 1], index[:, 0]] = True
    labels, count = ndimage.label(inside, structure=np.ones((3, 3, 3)))
    findings = [_region(after, Finding, f"F{n:02d}", "", voi.from_labels(labels, n)) for n in range(1, count + 1)]
    places = {name: [p for other, p in drawn if other == name] for name in {name for name, _ in drawn}}
    for label in [label for label in fate if label.endswith("b")]:
        places[label] = places.get(label[:-1], [])
    fresh = [p for name, p in drawn if name.startswith("new")]
    known = {label: found for label, found in places.items() if not label.startswith("new")}
    return Truth(fate, known, fresh), findings + _bowel(after, figure, moved, rng)


def _bowel(after: Volume, figure: Figure, moved: np.ndarray, rng: np.random.Generator) -> list[Finding]:
    found = []
    for n in range(4):
        point = (float(rng.uniform(-60, 60)), float(rng.uniform(-50, -10)), float(rng.uniform(-770, -650)))
        place = tuple(float(v) for v in index_to_lps(moved, figure.place(point)))
        found.append(
            Finding(f"B{n}", place, "", float(rng.uniform(0.5, 6)), METHOD, physiologic="bowel" if n < 2 else "")
        )
    return found
