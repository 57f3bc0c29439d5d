"""From a scan's specification to a folder of DICOM files, as a scanner would send it."""

import math
from pathlib import Path

import numpy as np

from demo.specs import CaseSpec, ScanSpec
from imaging.dicom_export import PetAcquisition, SeriesIdentity, Subject, make_uid, write_ct_series, write_pet_series
from imaging.domain.vocabulary import NUCLIDES, nuclide_of


def acquire(case: CaseSpec, scan: ScanSpec, folder: Path) -> list[Path]:
    """Write PET and CT of one scan, on one frame of reference; the paths of all files."""
    phantom, subject = scan.phantom(), _subject(case, scan)
    acquisition = PetAcquisition(scan.tracer, scan.injected_mbq * 1e6, scan.administered_at)
    pet = write_pet_series(
        folder / "PET",
        activity_bq_ml=activity_concentration(phantom.pet(), scan),
        affine=scan.matrix.pet.affine,
        subject=subject,
        identity=_identity(case, scan, 2, f"PET WB {scan.tracer}"),
        acquisition=acquisition,
    )
    ct = write_ct_series(
        folder / "CT",
        hu=phantom.ct(),
        affine=scan.matrix.ct.affine,
        subject=subject,
        identity=_identity(case, scan, 3, "CT WB low dose"),
    )
    return [*pet, *ct]


def activity_concentration(suv: np.ndarray, scan: ScanSpec) -> np.ndarray:
    """Bq/mL at the start of the series that give these SUVbw: SUV x activity left in the body / weight in grams."""
    elapsed = (scan.started_at - scan.administered_at).total_seconds()
    half_life_s = NUCLIDES[nuclide_of(scan.tracer)].half_life_s
    left = scan.injected_mbq * 1e6 * math.exp(-math.log(2) * elapsed / half_life_s)
    return suv * np.float32(left / (scan.weight_kg * 1000))


def _subject(case: CaseSpec, scan: ScanSpec) -> Subject:
    return Subject(
        patient_id=case.patient_id,
        family_name=f"{case.patient_id}^",
        birth_date=case.patient["birth_date"],
        sex=case.patient["sex_for_formulas"],
        body_weight_kg=scan.weight_kg if scan.has_weight_in_header else None,
        body_height_m=scan.height_m,
    )


def _identity(case: CaseSpec, scan: ScanSpec, number: int, description: str) -> SeriesIdentity:
    study = (case.patient_id, scan.key, scan.day.isoformat())
    return SeriesIdentity(
        study_uid=make_uid(*study),
        series_uid=make_uid(*study, str(number)),
        frame_of_reference_uid=make_uid(*study, "frame"),
        number=number,
        description=description,
        study_started_at=scan.administered_at,
        series_started_at=scan.started_at,
    )
