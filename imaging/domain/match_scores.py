"""How well a lesion and a finding fit, and the best joint assignment of all of them.

Each part is between 0 and 1, the score is their product. The assignment maximises the product over all pairs, where
a lesion or a finding may stay alone at a fixed price (Hungarian method, ``scipy.optimize.linear_sum_assignment``).
All constants: local convention, set on the digital phantom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from imaging.domain.geometry import FloatArray
from imaging.domain.lesion_places import Region

PLACE_SD_MM = 10.0
GATE_SD = 3.0
ORGAN_SAME, ORGAN_UNKNOWN, ORGAN_DIFFERS, ORGAN_PHYSIOLOGIC = 1.0, 0.8, 0.3, 0.25
SIZE_SD_LOG = 1.5  # a volume that fell to a quarter keeps two thirds of the part
SIZE_UNKNOWN, SIZE_FLOOR = 0.8, 0.2
ALONE_SCORE = 0.05  # a pair that scores less is worth less than one lesion gone and one finding new
AMBIGUOUS_ODDS = 4.0

_NEVER = 1e6

PARAMETERS: Mapping[str, float] = {
    "place_sd_mm": PLACE_SD_MM,
    "gate_sd": GATE_SD,
    "organ_unknown": ORGAN_UNKNOWN,
    "organ_differs": ORGAN_DIFFERS,
    "organ_physiologic": ORGAN_PHYSIOLOGIC,
    "size_sd_log": SIZE_SD_LOG,
    "size_unknown": SIZE_UNKNOWN,
    "size_floor": SIZE_FLOOR,
    "alone_score": ALONE_SCORE,
    "ambiguous_odds": AMBIGUOUS_ODDS,
}


@dataclass(frozen=True)
class Score:
    """``distance_mm`` between the centroids; ``note``: why a part is neutral."""

    distance_mm: float
    place: float
    organ: float
    size: float
    note: str = ""

    @property
    def total(self) -> float:
        return self.place * self.organ * self.size


@dataclass(frozen=True)
class Pairing:
    """Lesion ``i`` with finding ``j``; ``odds`` against the next best assignment, ``rival``: the finding it would get
    there (None: it would stay alone)."""

    i: int
    j: int
    odds: float
    rival: int | None


def place_sd_mm(lesion: Region, residual_mm: float) -> float:
    """How far a lesion may seem to move: breathing and outline, registration, and half its own radius."""
    return float(np.sqrt(PLACE_SD_MM**2 + residual_mm**2 + ((lesion.radius_mm or 0.0) / 2) ** 2))


def score(lesion: Region, finding: Region, residual_mm: float) -> Score:
    """``lesion`` already moved onto the new scan. A centroid inside the other's extent counts as half as far."""
    distance = float(np.linalg.norm(np.subtract(lesion.centroid_lps, finding.centroid_lps)))
    gap = min(distance, finding.gap_mm(lesion.centroid_lps), lesion.gap_mm(finding.centroid_lps))
    sd = place_sd_mm(lesion, residual_mm)
    far = (distance + gap) / 2 / sd
    size, note = _size(lesion, finding)
    return Score(distance, exp(-(far**2) / 2) if far <= GATE_SD else 0.0, _organ(lesion, finding), size, note)


def _organ(lesion: Region, finding: Region) -> float:
    if finding.physiologic:
        return ORGAN_PHYSIOLOGIC
    if not lesion.organ or not finding.organ:
        return ORGAN_UNKNOWN
    return ORGAN_SAME if lesion.organ == finding.organ else ORGAN_DIFFERS


def _size(lesion: Region, finding: Region) -> tuple[float, str]:
    """From volumes of one method, else from long axes; volumes of different methods are never compared."""
    if lesion.volume_ml and finding.volume_ml:
        if lesion.volume_method == finding.volume_method:
            return _size_part(log(finding.volume_ml / lesion.volume_ml)), ""
        note = "volumes made by different methods were not compared"
    else:
        note = "size not compared"
    if lesion.long_axis_mm and finding.long_axis_mm:
        return _size_part(3 * log(finding.long_axis_mm / lesion.long_axis_mm)), ""
    return SIZE_UNKNOWN, note


def size_of_sum(whole: Region, pieces: Sequence[Region]) -> float:
    """The size part of one region against several together; neutral unless all volumes are of one method."""
    volumes = [piece.volume_ml for piece in pieces]
    is_one_method = {whole.volume_method} == {piece.volume_method for piece in pieces}
    if not whole.volume_ml or not all(volumes) or not is_one_method:
        return SIZE_UNKNOWN
    return _size_part(log(sum(v for v in volumes if v) / whole.volume_ml))


def _size_part(log_ratio: float) -> float:
    return max(SIZE_FLOOR, exp(-((log_ratio / SIZE_SD_LOG) ** 2) / 2))


def assign(scores: Sequence[Sequence[Score]]) -> list[Pairing]:
    """The best joint assignment, each pair with its odds against the best assignment without it."""
    if not scores or not scores[0]:
        return []
    costs = _costs(scores)
    partner, worth = _solve(costs, len(scores), len(scores[0]))
    found = []
    for i, j in partner.items():
        without = costs.copy()
        without[i, j] = _NEVER
        others, price = _solve(without, len(scores), len(scores[0]))
        found.append(Pairing(i, j, exp(min(price - worth, 50.0)), others.get(i)))
    return found


def _costs(scores: Sequence[Sequence[Score]]) -> FloatArray:
    """Square matrix: lesions then dummies, findings then dummies. Staying alone costs half the price of a pair."""
    n, m = len(scores), len(scores[0])
    alone = -log(ALONE_SCORE) / 2
    costs = np.full((n + m, n + m), _NEVER)
    totals = np.array([[s.total for s in row] for row in scores])
    costs[:n, :m] = np.where(totals >= ALONE_SCORE, -np.log(np.maximum(totals, 1e-12)), _NEVER)
    costs[np.arange(n), m + np.arange(n)] = alone
    costs[n + np.arange(m), np.arange(m)] = alone
    costs[n:, m:] = 0.0
    return costs


def _solve(costs: FloatArray, n: int, m: int) -> tuple[dict[int, int], float]:
    from scipy import optimize

    rows, columns = optimize.linear_sum_assignment(costs)
    partner = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if i < n and j < m}
    return partner, float(costs[rows, columns].sum())
