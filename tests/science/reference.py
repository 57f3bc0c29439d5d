"""Reference data of the science tests, found by PRRT_SHARED_DATA; a test whose data are absent is skipped by name."""

import os
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from imaging.domain import geometry, voi
from imaging.domain.suv import Sourced, SuvInputs
from imaging.domain.volume import Volume

SHARED = Path(os.environ.get("PRRT_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference data absent: {'/'.join(parts)}")
    return path


@dataclass(frozen=True)
class Loaded:
    inputs: SuvInputs
    stored: np.ndarray
    slopes: np.ndarray
    intercepts: np.ndarray
    geometry: geometry.StackGeometry

    def volume(self, factor) -> Volume:
        return Volume.of_series(
            self.stored,
            slopes=self.slopes,
            intercepts=self.intercepts,
            factor=np.asarray(factor, dtype=float),
            affine=self.geometry.affine,
            unit="g/ml{SUVbw}",
        )


def moment(date: str | None, clock: str | None) -> datetime | None:
    if not date or not clock:
        return None
    text = str(date) + str(clock).strip()
    return datetime.strptime(text, "%Y%m%d%H%M%S.%f" if "." in text else "%Y%m%d%H%M%S")  # noqa: DTZ007


def inputs_of(headers: list) -> SuvInputs:
    """SuvInputs as the tests read them, straight from pydicom datasets, in the order given."""
    first = headers[0]
    drug = first.RadiopharmaceuticalInformationSequence[0]
    started = str(drug.get("RadiopharmaceuticalStartDateTime") or "").strip()
    clock = moment("20000101", drug.get("RadiopharmaceuticalStartTime"))
    nuclide = {"C-111A1": "18F", "C-131A1": "68Ga", "C-131A3": "68Ga"}.get(
        drug.RadionuclideCodeSequence[0].CodeValue, ""
    )

    def stated(value, source="header"):
        return Sourced() if value in (None, "") else Sourced(value, source)

    def number(keyword, ds=first):
        return stated(None if ds.get(keyword) in (None, "") else float(ds.get(keyword)))

    def private(group, element):
        item = first.get((group, element))
        return stated(None if item is None else float(item.value))

    return SuvInputs(
        units=stated(first.get("Units")),
        suv_type=stated(first.get("SUVType")),
        decay_correction=stated(first.get("DecayCorrection")),
        corrected_image=stated(tuple(first.get("CorrectedImage") or ()) or None),
        body_weight_kg=number("PatientWeight"),
        body_height_m=number("PatientSize"),
        sex=stated(first.get("PatientSex")),
        nuclide=stated(nuclide),
        half_life_s=number("RadionuclideHalfLife", drug),
        injected_activity_bq=number("RadionuclideTotalDose", drug),
        administered_at=stated(moment(started[:8], started[8:]) if started else None),
        administered_time=stated(clock.time() if clock else None),
        series_at=stated(moment(first.get("SeriesDate"), first.get("SeriesTime"))),
        acquired_at=stated(tuple(moment(h.get("AcquisitionDate"), h.get("AcquisitionTime")) for h in headers)),
        philips_suv_factor=private(0x7053, 0x1000),
        philips_activity_factor=private(0x7053, 0x1009),
    )


@lru_cache(maxsize=2)
def load(folder: Path) -> Loaded:
    read = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    first = read[0]
    stack = geometry.stack(
        [h.ImagePositionPatient for h in read],
        [h.ImageOrientationPatient for h in read],
        first.PixelSpacing,
        first.Rows,
        first.Columns,
    )
    ordered = [read[k] for k in stack.order]
    return Loaded(
        inputs_of(ordered),
        np.stack([h.pixel_array for h in ordered]),
        np.array([float(h.RescaleSlope) for h in ordered]),
        np.array([float(h.RescaleIntercept) for h in ordered]),
        stack,
    )


def nifti(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A NIfTI image as [z, y, x] with its affine in LPS."""
    image = nibabel.load(path)
    return np.asarray(image.dataobj).transpose(2, 1, 0), np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine


def masked(volume: Volume, mask_file: Path) -> np.ndarray:
    labels, affine = nifti(mask_file)
    np.testing.assert_allclose(affine, volume.affine, atol=1e-3)
    mask = voi.from_labels(labels)
    return volume.crop(mask.bounds)[mask.voxels]


def contoured(volume: Volume, structure_file: Path, name: str) -> voi.Mask:
    """Voxels whose centre lies in the planar contours of one ROI (even-odd rule)."""
    structures = pydicom.dcmread(structure_file)
    number = next(s.ROINumber for s in structures.StructureSetROISequence if s.ROIName == name)
    roi = next(r for r in structures.ROIContourSequence if r.ReferencedROINumber == number)
    inside = np.zeros(volume.shape, dtype=bool)
    grid = np.stack(np.meshgrid(np.arange(volume.shape[2]), np.arange(volume.shape[1])), axis=-1).reshape(-1, 2)
    for contour in roi.ContourSequence:
        points = np.asarray(contour.ContourData, dtype=float).reshape(-1, 3)
        corners = geometry.lps_to_index(volume.affine, points)
        k = round(float(corners[:, 2].mean()))
        inside[k] ^= _even_odd(grid, corners[:, :2]).reshape(volume.shape[1:])
    return voi.from_labels(inside)


def _even_odd(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    inside = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > y) != (y2 > y)
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside
