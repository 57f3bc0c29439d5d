"""A case with one row of every kind, written through the services wherever one exists."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from imaging.models import (
    Lesion,
    LesionFinding,
    LesionReading,
    Reading,
    Scan,
    Series,
    Study,
    SuvResult,
    UptakeMeasurement,
    Voi,
)
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    TreatmentLine,
)
from patients.services import record
from tests.patients.factories import make_patient, make_user

DAY = dt.date(2026, 4, 20)
NORMAL_LABS = {
    "hb": ("12.5", "g/dL"),
    "platelets": ("210", "10^9/L"),
    "wbc": ("5.1", "10^9/L"),
    "creatinine": ("70", "umol/L"),
    "alt": ("20", "U/L"),
    "ast": ("22", "U/L"),
    "albumin": ("41", "g/L"),
    "bilirubin_total": ("9", "umol/L"),
}
DENIED = ("hypersensitivity", "breast_feeding", "other_unsealed", "other_malignancy", "bone_metastases")


def add_lab(by, patient, analyte, value, unit, *, on=DAY, **more):
    more.setdefault("reference_high", Decimal("21") if analyte == "bilirubin_total" else None)
    return record(
        LabResult, by=by, patient=patient, analyte=analyte, value=Decimal(value), unit=unit, clinical_date=on, **more
    )


def add_assertion(by, patient, kind, state="denied", *, on=DAY, detail=""):
    return record(ClinicalAssertion, by=by, patient=patient, kind=kind, state=state, detail=detail, clinical_date=on)


def add_scan(by, patient, *, on=DAY, tracer="68Ga-DOTATATE", label="", series=None):
    return record(Scan, by=by, patient=patient, clinical_date=on, tracer=tracer, label=label, pet_series=series)


def add_lesion(by, patient, label, organ="liver", *, is_target=False):
    return record(Lesion, by=by, patient=patient, label=label, organ=organ, is_target=is_target)


def add_finding(by, lesion, scan, *, size=None, **more):
    size = None if size is None else Decimal(size)
    return record(LesionFinding, by=by, lesion=lesion, scan=scan, long_axis_mm=size, **more)


def add_reading(by, scan, scores, *, is_signed=True, scale="KR-ORIG", amends=None, signed_at=None):
    """``scores``: lesion -> (low, high) or a relation word or None for "not stated"."""
    version = amends.version + 1 if amends else 1
    reading = Reading.objects.create(
        scan=scan, reader=by, scale_id=scale, amends=amends, version=version, cold_lesions="none"
    )
    for lesion, score in scores.items():
        low, high = score if isinstance(score, tuple) else (None, None)
        relation = score if isinstance(score, str) else ""
        LesionReading.objects.create(
            reading=reading, lesion=lesion, score_low=low, score_high=high, relation_to_liver=relation
        )
    if is_signed:
        reading.state, reading.signed_at = Reading.State.SIGNED, signed_at or timezone.now()
        reading.save()
    return reading


def add_pet_series(by):
    study = Study.objects.create(study_uid="1.2.3", identity_digest="d")
    return Series.objects.create(
        study=study,
        series_uid="1.2.3.4",
        modality="PT",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.128",
        uploaded_by=by,
        header={"suv": {}, "note": [1, 2.5]},
        geometry=None,
    )


def add_uptake(by, scan, series, *, role="lesion", lesion=None, suv=9.09, suv_result=None):
    """A current measurement as the worker writes it; the digests are those of today's inputs."""
    from imaging import digests

    found = suv_result or SuvResult.objects.filter(series=series, superseded_at=None).first()
    if found is None:
        found = SuvResult.objects.create(
            series=series, input_digest=digests.of_series(series), method_version="suv/1.0", factors={"bw": 0.5}
        )
    voi = record(
        Voi,
        by=by,
        scan=scan,
        role=role,
        lesion=lesion,
        method="sphere",
        centre_x_mm=Decimal("1.5"),
        centre_y_mm=Decimal(2),
        centre_z_mm=Decimal(-3),
        radius_mm=Decimal(10),
    )
    UptakeMeasurement.objects.create(
        voi=voi,
        suv_result=found,
        input_digest=digests.of_measurement(voi, found, None),
        method_version="uptake/1.0",
        suv_max=suv,
        suv_mean=suv,
        suv_peak_local=suv,
        voxel_count=10,
    )
    return voi


def complete_case(*, score=(3, 3), size="22", day=DAY, by=None):
    """Everything normal, one liver metastasis of 22 mm; every active row of the label is met."""
    by = by or make_user("nuclear_medicine")
    patient = make_patient(by, sex_for_formulas="F", birth_date=dt.date(1968, 1, 15))
    record(
        Diagnosis,
        by=by,
        patient=patient,
        primary_site="stomach",
        stage="metastatic",
        metastatic_sites=["liver"],
        clinical_date=day - dt.timedelta(days=300),
    )
    specimen = record(
        HistologySpecimen,
        by=by,
        patient=patient,
        differentiation="well",
        ki67_text="7-8 %",
        stated_grade="G2",
        clinical_date=day - dt.timedelta(days=290),
    )
    record(IhcResult, by=by, specimen=specimen, marker="synaptophysin", result="positive")
    record(
        TreatmentLine,
        by=by,
        patient=patient,
        treatment_class="chemo",
        regimen="CAPTEM",
        cycles=6,
        clinical_date=day - dt.timedelta(days=280),
        stop_date=day - dt.timedelta(days=120),
    )
    record(ClinicalEvent, by=by, patient=patient, symptom="abdominal pain", course="relieved", clinical_date=day)
    record(BodyMeasure, by=by, patient=patient, kind="weight_kg", value=Decimal("64.5"), clinical_date=day)
    for analyte, (value, unit) in NORMAL_LABS.items():
        add_lab(by, patient, analyte, value, unit, on=day)
    for kind in DENIED:
        add_assertion(by, patient, kind, on=day)
    add_assertion(by, patient, "pregnancy", on=day, detail="not_of_childbearing_potential")
    add_assertion(by, patient, "progression", "asserted", on=day)
    scan = add_scan(by, patient, on=day, label="follow-up")
    lesion = add_lesion(by, patient, "L01")
    add_finding(by, lesion, scan, size=size)
    reading = add_reading(by, scan, {lesion: score})
    return by, patient, scan, lesion, reading
