"""What a proposed reference region is, its rules, and how a sphere is placed in an organ once the organ is found."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.domain.coarse import Coarse, Image, Voxels
from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.geometry import FloatArray
from imaging.domain.splitting import edge_distance
from imaging.domain.uptake import intensity
from imaging.domain.voi import sphere
from imaging.domain.volume import Volume

METHOD_VERSION = "references/1.2"

TISSUE_FWHM_MM = 8.0  # blur at which tissue is told from hotter and colder spots; local convention
_INNER_MM = 10.0
_INNER_SHARE = 0.30


@dataclass(frozen=True)
class ReferenceRules:
    """Every threshold of the three references. The 3 cm liver sphere is the PERCIST convention; spleen of 2 to 3 cm
    and aorta of 1 cm follow clinical.md 1.2; what has no source here is a local convention."""

    liver_radius_mm: float = 15.0
    spleen_radii_mm: tuple[float, ...] = (15.0, 12.5, 10.0)
    blood_pool_radius_mm: float = 5.0
    cov_limit: float = 0.25
    cov_caution: float = 0.15
    tissue_window: float = 0.25  # tissue lies within this share of the organ's level
    liver_over_body: float = 2.0  # times the median uptake of the body
    liver_smallest_ml: float = 40.0  # of voxels with a homogeneous surround
    right_lobe_mm: float = 40.0  # right of the midline
    spleen_over_liver: float | None = 1.3  # SSTR tracers; None: the tracer does not tell spleen from liver
    spleen_smallest_ml: float = 20.0
    usual_liver_suv: tuple[float, float] | None = (2.3, 12.4)  # 81 patients, DOTANOC and DOTATATE; a caution only
    usual_spleen_suv: tuple[float, float] | None = (5.4, 34.4)  # the same


SSTR = ReferenceRules()
FDG = ReferenceRules(spleen_over_liver=None, usual_liver_suv=None, usual_spleen_suv=None)


@dataclass(frozen=True)
class Reference:
    """One region: centre LPS mm, radius mm; mean and SD in the unit of the volume; ``cov`` = SD / mean, a fraction."""

    organ: str
    centre_lps: tuple[float, float, float]
    radius_mm: float
    mean: float
    sd: float
    cov: float
    voxel_count: int
    method: str
    parameters: dict[str, object]
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class RefusedReference:
    """No reference for ``organ``, and why: a code of ``errors.REASONS`` and its sentence with the numbers."""

    organ: str
    code: str
    sentence: str


def place_sphere(
    pet: Volume,
    image: Coarse,
    *,
    organ: str,
    tissue: Voxels,
    allowed: Voxels,
    radii_mm: tuple[float, ...],
    rules: ReferenceRules,
) -> Reference:
    """The sphere that fits wholly into ``tissue``, with its centre in ``allowed``, whose mean is nearest to that of
    the tissue: not an accident of noise, and clear of all that is not tissue. Of several radii the one that comes
    nearest is taken.

    Raises ``MeasurementRefused`` where none fits or its CoV is above the limit.
    """
    depth = edge_distance(tissue, image.spacing)
    deepest = float(np.where(allowed, depth, 0).max())
    if deepest <= 0:
        raise MeasurementRefused("reference_organ_not_found", organ=organ)
    if deepest < min(radii_mm):
        # Says so first if the place is not homogeneous either.
        measured(pet, organ, _deepest(image, depth, allowed), min(radii_mm), rules)
        numbers = {"found": f"{deepest:.0f}", "needed": f"{min(radii_mm):.0f}"}
        raise MeasurementRefused("reference_no_room", organ=organ, **numbers)
    typical = _typical(image, tissue & allowed, depth, deepest)
    fitting = [radius for radius in radii_mm if deepest >= radius]
    _, centre, radius = min(_most_typical(image, depth, allowed, typical, radius) for radius in fitting)
    return measured(pet, organ, centre, radius, rules)


def homogeneous(image: Coarse, sd_mm: float, limit: float) -> tuple[Voxels, Image]:
    """Where the CoV of a Gaussian surround (SD in mm) is at most ``limit``; and the mean of that surround."""
    from scipy import ndimage

    sigma = [sd_mm / s for s in image.spacing]
    mean = ndimage.gaussian_filter(image.suv, sigma)
    square = ndimage.gaussian_filter(image.suv**2, sigma)
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    return np.asarray(spread <= limit * mean), np.asarray(mean)


def _typical(image: Coarse, organ: Voxels, depth: Image, deepest: float) -> float:
    """Mean of the organ's tissue away from its surface, and never of its outermost voxels: blur makes them colder."""
    outermost = min(max(image.spacing), deepest / 2)
    inner = organ & (depth >= min(_INNER_MM, _INNER_SHARE * deepest)) & (depth > outermost)
    return float(np.mean(image.suv[inner]))


def _most_typical(
    image: Coarse, depth: Image, allowed: Voxels, typical: float, radius: float
) -> tuple[float, tuple[float, float, float], float]:
    """How far the best sphere's mean is from ``typical``, its centre and its radius."""
    places = np.flatnonzero(allowed & (depth >= radius))
    gap = np.abs(_sphere_means(image, places, radius) - typical)
    best = int(gap.argmin())
    return float(gap[best]), _lps(image, int(places[best])), radius


def _sphere_means(image: Coarse, places: NDArray[np.intp], radius: float) -> FloatArray:
    """Mean of the sphere around each place (flat indices), all of which lies in the image. Not a Gaussian of the same
    width: its tails reach beyond the organ, so the sphere chosen by it is hotter than it looks."""
    reach = [int(radius // step) for step in image.spacing]
    offsets = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[((offsets * image.spacing) ** 2).sum(axis=1) < radius**2 * (1 - 1e-6)]
    _, rows, columns = image.suv.shape
    suv, total = image.suv.ravel(), np.zeros(places.size)
    for step in offsets @ (rows * columns, columns, 1):
        total += suv[places + step]
    return total / len(offsets)


def _deepest(image: Coarse, depth: Image, allowed: Voxels) -> tuple[float, float, float]:
    return _lps(image, int(np.where(allowed, depth, -1).argmax()))


def _lps(image: Coarse, flat: int) -> tuple[float, float, float]:
    x, y, z = image.lps(np.unravel_index(flat, image.suv.shape))
    return float(x), float(y), float(z)


def measured(
    pet: Volume, organ: str, centre: tuple[float, float, float], radius: float, rules: ReferenceRules
) -> Reference:
    """Mean, SD and CoV on the scanner's own voxels. Raises ``MeasurementRefused`` above the CoV limit."""
    mask = sphere(pet, centre, radius)
    found = intensity(pet, mask)
    cov = found.suv_sd / found.suv_mean if found.suv_mean > 0 else float("inf")
    if cov > rules.cov_limit:
        numbers = {"cov": f"{100 * cov:.0f}", "limit": f"{100 * rules.cov_limit:.0f}"}
        raise MeasurementRefused("reference_not_homogeneous", organ=organ, **numbers)
    notes = [caution("voi_clipped")] if mask.is_clipped else []
    if cov > rules.cov_caution:
        notes.append(caution("reference_noisy", organ=organ, cov=f"{100 * cov:.0f}"))
    return Reference(
        organ=organ,
        centre_lps=centre,
        radius_mm=radius,
        mean=found.suv_mean,
        sd=found.suv_sd,
        cov=cov,
        voxel_count=found.voxel_count,
        method=METHOD_VERSION,
        parameters=asdict(rules),
        cautions=tuple(notes),
    )
