"""Synthetic patients without images, in bulk, so that pages can be measured at the size of a registry."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from demo.bulk import Bulk
from demo.specs import ANSWERS
from imaging.models import Lesion, LesionFinding, LesionReading, Reading, Scan
from patients.models import (
    AccessGrant,
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    Patient,
    PerformanceStatus,
    Team,
    TreatmentLine,
    User,
)

BATCH = 1000
_SITES = ("stomach", "duodenum", "pancreas", "pancreas", "small_bowel", "small_bowel", "rectum", "lung", "unknown")
_REGIMENS = (("ssa", "Lanreotide"), ("ssa", "Octreotide LAR"), ("chemo", "CAPTEM"), ("targeted", "Everolimus"))
_LABS = (
    ("hb", "g/dL", 9, 16),
    ("platelets", "10^9/L", 60, 380),
    ("wbc", "10^9/L", 2, 11),
    ("creatinine", "umol/L", 50, 180),
    ("bilirubin_total", "umol/L", 4, 40),
    ("albumin", "g/L", 28, 48),
    ("alt", "U/L", 10, 120),
    ("ast", "U/L", 10, 110),
    ("cga", "ug/L", 20, 900),
)
_ASSERTIONS = ("progression", "resectable", "hypersensitivity", "other_unsealed")
_EPOCH = dt.date(2019, 1, 7)


def load(count: int, *, by: User, team: Team, say: Callable[[str], None] = lambda _: None) -> int:
    """Add ``count`` patients after the last synthetic one; the number of rows written."""
    first = Patient.objects.filter(case_number__startswith="SYN-").count()
    written = 0
    _give_sqlite_room()
    for start in range(first, first + count, BATCH):
        numbers = range(start, min(start + BATCH, first + count))
        written += _batch(numbers, by, team)
        say(f"{numbers.stop - first} of {count} patients")
    return written


@transaction.atomic
def _batch(numbers: range, by: User, team: Team) -> int:
    now = timezone.now()
    common = {"recorded_at": now, "recorded_by_id": by.pk, "granted_at": now, "created_at": now, "signed_at": now}
    bulk = Bulk(numbers.start, common)
    for number in numbers:
        _patient(bulk, number, by, team)
    return bulk.flush()


def _patient(bulk: Bulk, number: int, by: User, team: Team) -> None:
    rng = bulk.random
    start = _EPOCH + dt.timedelta(days=rng.randrange(1800))
    patient = bulk.add(
        Patient,
        case_number=f"SYN-{number:07d}",
        sex_for_formulas=rng.choice("FM"),
        birth_date=dt.date(rng.randrange(1938, 1990), rng.randrange(1, 13), 15),
        demo_note="Synthetic, for benchmarks.",
    )
    bulk.add(AccessGrant, patient_id=patient, team_id=team.pk, kind=AccessGrant.Kind.CARE_TEAM, granted_by_id=by.pk)
    _history(bulk, patient, start)
    for visit in range(3):
        _labs(bulk, patient, start + dt.timedelta(days=30 + 150 * visit))
    _imaging(bulk, patient, start, by)


def _history(bulk: Bulk, patient, start: dt.date) -> None:
    rng = bulk.random
    day = {"patient_id": patient, "clinical_date": start}
    bulk.add(Diagnosis, primary_site=rng.choice(_SITES), stage="metastatic", metastatic_sites=["liver"], **day)
    ki67 = rng.randrange(1, 30)
    bulk.add(
        HistologySpecimen,
        site="liver",
        procedure="biopsy",
        differentiation="well",
        ki67_text=f"{ki67} %",
        ki67_low=Decimal(ki67),
        ki67_high=Decimal(ki67),
        stated_grade="G1" if ki67 < 3 else "G2" if ki67 <= 20 else "G3",
        **day,
    )
    for line in range(2):
        kind, regimen = rng.choice(_REGIMENS)
        begun = start + dt.timedelta(days=60 + 300 * line)
        bulk.add(
            TreatmentLine,
            patient_id=patient,
            line_number=line + 1,
            treatment_class=kind,
            regimen=regimen,
            clinical_date=begun,
            stop_date=begun + dt.timedelta(days=rng.randrange(60, 280)),
            is_ongoing=False,
        )
    bulk.add(PerformanceStatus, instrument="ECOG", value=rng.randrange(3), **day)
    bulk.add(BodyMeasure, kind="weight_kg", value=Decimal(rng.randrange(48, 110)), **day)
    bulk.add(BodyMeasure, kind="height_cm", value=Decimal(rng.randrange(150, 195)), **day)
    bulk.add(ClinicalEvent, symptom="abdominal pain", course="stable", **day)
    for kind in _ASSERTIONS:
        bulk.add(ClinicalAssertion, kind=kind, state=rng.choice(("asserted", "denied", "unknown")), **day)


def _labs(bulk: Bulk, patient, day: dt.date) -> None:
    for analyte, unit, low, high in _LABS:
        value = Decimal(bulk.random.randrange(low, high + 1))
        limits = {"reference_low": Decimal(low), "reference_high": Decimal(high)}
        bulk.add(LabResult, patient_id=patient, analyte=analyte, value=value, unit=unit, clinical_date=day, **limits)


def _imaging(bulk: Bulk, patient, start: dt.date, by: User) -> None:
    rng = bulk.random
    lesions = [
        bulk.add(Lesion, patient_id=patient, label=f"L{i:02d}", organ="liver", kind="metastasis", clinical_date=start)
        for i in (1, 2, 3)
    ]
    for index in range(2):
        day = start + dt.timedelta(days=20 + 320 * index)
        label = "baseline" if index == 0 else "follow-up"
        scan = bulk.add(Scan, patient_id=patient, tracer="68Ga-DOTATATE", label=label, clinical_date=day)
        reading = bulk.add(Reading, scan_id=scan, reader_id=by.pk, state=Reading.State.SIGNED, **ANSWERS)
        for lesion in lesions:
            size, score = rng.randrange(11, 60), rng.randrange(5)
            bulk.add(LesionFinding, lesion_id=lesion, scan_id=scan, long_axis_mm=Decimal(size))
            bulk.add(LesionReading, reading_id=reading, lesion_id=lesion, score_low=score, score_high=score)


def _give_sqlite_room() -> None:
    """Random keys touch every page of an index: let them stay in memory while loading."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-400000")
