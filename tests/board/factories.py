"""A case in the state after import: rows by services, numbers put in by hand where the engine would compute them."""

import datetime as dt

from imaging import digests
from imaging.models import Job, Lesion, LesionFinding, Scan, Series, Study, SuvResult, UptakeMeasurement, Voi
from imaging.services import place_voi, score_lesion, start_reading
from patients.models import Diagnosis, HistologySpecimen, LabResult, TreatmentLine
from patients.services import record
from tests.imaging.signing import sign
from tests.patients.factories import make_patient, make_user

BASELINE, FOLLOW_UP = dt.date(2025, 7, 14), dt.date(2026, 4, 20)
TODAY = dt.date(2026, 5, 14)
LIVER = {BASELINE: 9.3, FOLLOW_UP: 8.9}
SUV_MAX = {BASELINE: {"L01": 9.09, "L02": 4.6}, FOLLOW_UP: {"L01": 11.47, "L02": 16.9}}
SCORES = {
    BASELINE: {"L01": (None, None, "low uptake"), "L02": (0, 1, "")},
    FOLLOW_UP: {"L01": (3, 3, ""), "L02": (3, 3, "")},
}


def published_case(case_number="0001"):
    """User and patient of the published case: two scans, CAPTEM between, both read and signed."""
    user = make_user("nuclear_medicine", username=f"reader-{case_number}")
    patient = make_patient(
        by=user,
        case_number=case_number,
        sex_for_formulas="F",
        birth_date=dt.date(1967, 6, 1),
        birth_date_precision="month",
        demo_note="Published: Krenning. Illustrative, not from the publication: dates.",
    )
    fact = {"by": user, "patient": patient}
    record(
        Diagnosis,
        **fact,
        primary_site="stomach",
        stage="metastatic",
        metastatic_sites=["liver"],
        clinical_date=dt.date(2025, 7, 1),
    )
    record(HistologySpecimen, **fact, ki67_text="7-8 %", stated_grade="G2", clinical_date=dt.date(2025, 7, 1))
    record(
        TreatmentLine,
        **fact,
        treatment_class="chemo",
        regimen="CAPTEM",
        drugs=["capecitabine", "temozolomide"],
        cycles=6,
        is_ongoing=False,
        clinical_date=dt.date(2025, 9, 1),
        stop_date=dt.date(2026, 2, 15),
        response_text="lesions smaller",
    )
    lesions = {
        label: record(Lesion, **fact, label=label, organ=organ, kind=kind, clinical_date=BASELINE, segment=segment)
        for label, organ, kind, segment in (("L01", "stomach", "primary", ""), ("L02", "liver", "metastasis", "VIII"))
    }
    for day, label in ((BASELINE, "baseline"), (FOLLOW_UP, "after 6 × CAPTEM")):
        scan = add_scan(user, patient, day, label=label)
        measure(user, scan, lesions, day)
        read(user, scan, lesions, SCORES[day])
    Job.objects.all().delete()
    return user, patient


def add_scan(user, patient, day, *, tracer="68Ga-DOTATATE", **values):
    key = f"1.2.3.{patient.case_number.replace('-', '.')}.{day:%Y%m%d}"
    study = Study.objects.create(study_uid=key, identity_digest="x", study_date=day)
    series = Series.objects.create(
        study=study,
        series_uid=key,
        modality="PT",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.128",
        tracer=tracer,
        units="BQML",
        identity="attached",
        candidate_patient=patient,
        uploaded_by=user,
    )
    return record(Scan, by=user, patient=patient, clinical_date=day, pet_series=series, tracer=tracer, **values)


def suv_of(scan, **values):
    series = Series.objects.get(pk=scan.pet_series_id)
    return SuvResult.objects.create(
        series=series, input_digest=digests.of_series(series), method_version="suv/1.0", **values
    )


def measure(user, scan, lesions, day, *, is_provisional=False):
    sphere = {"method": "sphere", "centre_lps": (0.0, 0.0, 0.0), "radius_mm": 10.0}
    place_voi(by=user, scan=scan, role="liver", **sphere)
    for label in SUV_MAX[day]:
        place_voi(by=user, scan=scan, role="lesion", lesion=lesions[label], **sphere)
        axis = 48 if day == BASELINE else 37
        record(LesionFinding, by=user, lesion=lesions[label], scan=scan, long_axis_mm=axis, is_illustrative=True)
    result = suv_of(scan, factors={"bw": 1e-4}, is_provisional=is_provisional)
    vois = list(Voi.objects.filter(scan=scan).select_related("lesion"))
    liver = digests.liver_reference(vois)
    for voi in vois:
        highest = SUV_MAX[day][voi.lesion.label] if voi.lesion else LIVER[day] * 1.1
        UptakeMeasurement.objects.create(
            voi=voi,
            suv_result=result,
            input_digest=digests.of_measurement(voi, result, liver),
            method_version="uptake/1.0",
            suv_max=highest,
            suv_mean=highest * 0.7 if voi.lesion else LIVER[day],
            suv_peak_local=highest * 0.95,
            suv_peak_global=highest * 0.96,
            volume_ml=4.2,
            voxel_count=60,
        )


def read(user, scan, lesions, scores):
    reading = start_reading(by=user, scan=scan)
    for label, (low, high, text) in scores.items():
        score_lesion(by=user, reading=reading, lesion=lesions[label], score_low=low, score_high=high, text=text)
    sign(by=user, reading=reading)


def add_lab(user, patient, analyte="platelets", value=210, unit="10^9/L", day=dt.date(2026, 4, 1), **values):
    return record(
        LabResult, by=user, patient=patient, analyte=analyte, value=value, unit=unit, clinical_date=day, **values
    )
