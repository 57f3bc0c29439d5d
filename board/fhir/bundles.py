"""A bundle from the rows of a case, and its text. Reads; writes nothing."""

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from board.fhir import library
from board.fhir.mapping import (
    as_written,
    to_decisions,
    to_histology,
    to_imaging,
    to_observations,
    to_patient,
    to_treatment,
)
from board.fhir.mapping.parts import Json, coding, instant
from board.fhir.mapping.terms import ACT_REASON, NOTICE, NOTICE_CODE, code_system
from board.models import BoardDecision, DecisionFollowUp
from eligibility.case_rows import CaseRows, fetch
from imaging.models import Lesion, LesionFinding, Scan
from imaging.selectors import CURRENT, measurements, signed_readings
from patients.kept import Kept
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    LabResult,
    Patient,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)

# Each of these rows is one resource; a specimen is several.
ONE_EACH = (
    (Diagnosis, to_patient.diagnosis),
    (IhcResult, to_histology.stain),
    (TreatmentLine, to_treatment.line),
    (SsaInjection, to_treatment.injection),
    (PrrtCycle, to_treatment.cycle),
    (LabResult, to_observations.lab),
    (PerformanceStatus, to_observations.performance),
    (BodyMeasure, to_observations.body_measure),
    (ClinicalEvent, to_observations.event),
    (ClinicalAssertion, to_observations.assertion),
    (Scan, to_imaging.scan),
    (Lesion, to_imaging.lesion),
    (LesionFinding, to_imaging.finding),
)


def bundle_of(patient: Patient, *, now: dt.datetime, known_at: dt.datetime | None = None) -> Json:
    """Everything recorded about a case (as known at ``known_at``) as a collection, checked by the R4B classes."""
    case = fetch(patient, known_at=known_at)
    found = [
        _with(to_patient.patient(case.patient), case.patient),
        *_clinical(case),
        *_seen(case),
        *_decided(patient, known_at),
    ]
    bundle = {
        "resourceType": "Bundle",
        "id": str(uuid.uuid5(patient.pk, instant(now))),
        "meta": {"tag": [coding(code_system("notice"), NOTICE_CODE) | {"display": NOTICE}], **_security(case.patient)},
        "type": "collection",
        "timestamp": instant(now),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in found],
    }
    for one in (*found, bundle):
        library.check(one)
    return bundle


def as_text(bundle: Json) -> str:
    return json.dumps(plain(bundle), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Decimals as JSON numbers. The columns hold at most 14 digits, which a binary double keeps exactly."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def _security(patient: Patient) -> Json:
    """A demonstration case is marked as test data."""
    return {"security": [coding(ACT_REASON, "HTEST")]} if patient.demo_note else {}


def _clinical(case: CaseRows) -> list[Json]:
    owner = case.patient.pk
    specimens = [one for row in _in_order(case, HistologySpecimen) for one in _specimen(row, owner)]
    return specimens + [_with(write(row, owner), row) for model, write in ONE_EACH for row in _in_order(case, model)]


def _specimen(row: HistologySpecimen, owner: uuid.UUID) -> list[Json]:
    first, *others = to_histology.specimen(row, owner)
    return [_with(first, row), *others]


def _with(resource: Json, row: Any) -> Json:
    """What does not count is not among the elements, and stands beside them."""
    found = as_written.written(row) if isinstance(row, Kept) else []
    return resource | {"extension": [*resource.get("extension", []), *found]} if found else resource


def _in_order(case: CaseRows, model: type) -> list:
    return sorted(case.of(model), key=lambda row: (row.recorded_at, str(row.lineage)))


def _seen(case: CaseRows) -> list[Json]:
    scans = _in_order(case, Scan)
    readings = signed_readings(scans, known_at=case.known_at)
    return [one for scan in scans for one in (*_measured(case, scan), *_read(case, scan, readings.get(scan.lineage)))]


def _measured(case: CaseRows, scan: Scan) -> Iterable[Json]:
    regions = [item for item in measurements(scan, known_at=case.known_at) if item.voi.lesion_id]
    for item in sorted(regions, key=lambda item: (item.voi.lesion.label, item.voi.recorded_at, str(item.voi.pk))):
        if item.state == CURRENT and not item.is_provisional:
            yield to_imaging.uptake(item.voi, item.measurement, scan, case.patient.pk)


def _read(case: CaseRows, scan: Scan, reading: Any) -> Iterable[Json]:
    scores = sorted(reading.lesions.all(), key=lambda row: row.lesion.label) if reading else []
    return [to_imaging.score(row, reading, scan, case.patient.pk) for row in scores]


def _decided(patient: Patient, known_at: dt.datetime | None) -> list[Json]:
    decisions = _recorded(BoardDecision.objects.filter(patient=patient).prefetch_related("assessments"), known_at)
    told = _recorded(DecisionFollowUp.objects.filter(decision__patient=patient), known_at)
    replaced = {row.supersedes_id for row in decisions}
    frozen = {one.pk: one for row in decisions for one in row.assessments.all()}
    plans = [
        to_decisions.decision(
            row,
            patient.pk,
            assessments=list(row.assessments.all()),
            told=[one for one in told if one.decision_id == row.pk],
            is_replaced=row.pk in replaced,
        )
        for row in decisions
    ]
    said = sorted(frozen.values(), key=lambda one: (one.frozen_at, one.guideline_id))
    return [
        *(to_decisions.assessment(one, patient.pk) for one in said),
        *plans,
        *(to_decisions.follow_up(one, patient.pk) for one in told),
    ]


def _recorded(found, known_at: dt.datetime | None) -> list:
    found = found.order_by("recorded_at", "pk")
    return list(found if known_at is None else found.filter(recorded_at__lte=known_at))
