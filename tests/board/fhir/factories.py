"""A case in which every mapped field of every mapped row is filled, and one in which nothing is known."""

import datetime as dt
import itertools
import json
import re
from decimal import Decimal

from board.fhir.bundles import as_text, bundle_of
from board.fhir.importing import import_bundle
from board.fhir.received import receive
from board.models import BoardDecision, DecisionFollowUp
from eligibility.models import Assessment
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
from patients.selectors import patient_lookup
from patients.services import record
from patients.services.versions import BOOKKEEPING
from tests.board.factories import published_case
from tests.patients.factories import make_patient, make_user

NOW = dt.datetime(2026, 5, 14, 12, tzinfo=dt.UTC)
MODELS = (
    Diagnosis,
    HistologySpecimen,
    IhcResult,
    TreatmentLine,
    SsaInjection,
    PrrtCycle,
    LabResult,
    PerformanceStatus,
    BodyMeasure,
    ClinicalEvent,
    ClinicalAssertion,
)


def ticking(monkeypatch):
    """One second goes by between two looks at the clock, so that rows have an order of recording."""
    seconds = itertools.count()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + dt.timedelta(seconds=next(seconds)))


def day(text: str) -> dict:
    """Clinical date as typed: "2024-03" is a month."""
    precision = {4: "year", 7: "month", 10: "day"}[len(text)]
    return {
        "clinical_date": dt.date.fromisoformat((text + "-01-01")[:10]),
        "clinical_date_precision": precision,
    }


def full_case(case_number="F-0001", by=None):
    """Every field that has a place in the bundle holds something, and no two the same word."""
    user = by or make_user("clinician")
    patient = make_patient(
        by=user,
        case_number=case_number,
        initials="QZ",
        sex_for_formulas="M",
        birth_date=dt.date(1958, 3, 1),
        birth_date_precision="month",
        centre="North centre",
        vital_status="deceased",
        deceased_on=dt.date(2026, 1, 1),
        deceased_on_precision="year",
        demo_note="Invented.",
    )
    fact = {"by": user, "patient": patient}
    _histology(fact)
    _treatment(fact)
    _values(fact)
    return user, patient


def _histology(fact):
    record(
        Diagnosis,
        **fact,
        **day("2024-03"),
        primary_site="pancreas",
        functional_status="functional",
        syndrome="insulinoma",
        stage="metastatic",
        tnm="pT3 pN1 M1a",
        tnm_edition="UICC 8",
        metastatic_sites=["liver", "lymph node"],
        note="from the letter",
    )
    common = {"site": "pancreas tail", "procedure": "biopsy", "differentiation": "well", "ki67_method": "hot spot"}
    first = record(
        HistologySpecimen,
        **fact,
        **common,
        **day("2024-03-11"),
        ki67_text="7-8 %",
        mitoses_per_2mm2=Decimal("3.5"),
        stated_grade="G2",
        classification_edition="WHO 2022",
        note="second opinion",
    )
    for marker, result, score in (("SSTR2A", "positive", "IRS 9"), ("ATRX", "lost", ""), ("p53", "unknown", "")):
        record(IhcResult, by=fact["by"], specimen=first, marker=marker, result=result, score=score)
    for text, on in (("< 1", "2021"), (">= 20 %", "2022"), ("~5", "2023"), ("15", "2023-05"), ("up to 10", "2025")):
        record(HistologySpecimen, **fact, **day(on), ki67_text=text, stated_grade="NEC" if text == "15" else "")


def _treatment(fact):
    captem = {
        "line_number": 2,
        "treatment_class": "chemo",
        "regimen": "CAPTEM",
        "drugs": ["capecitabine", "temozolomide"],
        "stop_date": dt.date(2025, 2, 1),
        "stop_date_precision": "month",
        "is_ongoing": False,
        "cycles": 6,
        "best_response": "PR",
        "response_text": "smaller on CT",
        "best_response_date": dt.date(2025, 1, 7),
        "stop_reason": "completed",
        "note": "dose reduced once",
    }
    record(TreatmentLine, **fact, **day("2024-09"), **captem)
    prrt = record(TreatmentLine, **fact, **day("2025-06-02"), treatment_class="prrt", regimen="177Lu-DOTATATE")
    record(TreatmentLine, **fact, treatment_class="local", regimen="resection of the tail", is_ongoing=False)
    record(TreatmentLine, **fact, **day("2025"), treatment_class="ssa", regimen="lanreotide", is_ongoing=True)
    cycle = {"number": 1, "compound": "177Lu-DOTATATE", "activity_mbq": Decimal("7400.5"), "note": "no reaction"}
    record(PrrtCycle, **fact, **day("2025-06-02"), line=prrt, **cycle)
    record(PrrtCycle, **fact, number=2, compound="177Lu-edotreotide")
    shot = {"drug": "octreotide", "is_long_acting": False, "dose_mg": Decimal("0.125"), "note": "by the nurse"}
    record(SsaInjection, **fact, **day("2025-05-20"), **shot)


def _values(fact):
    lab = {"analyte": "platelets", "value": Decimal("210"), "unit": "10^9/L", "note": "repeated"}
    limits = {"reference_low": Decimal("150"), "reference_high": Decimal("400")}
    record(LabResult, **fact, **day("2026-04-01"), **lab, **limits)
    record(LabResult, **fact, **day("2026-04-01"), analyte="creatinine", value=Decimal("0.9431"), unit="mg/dL")
    record(LabResult, **fact, **day("2026-04-02"), analyte="hb", value=Decimal("7.4"), unit="mmol/L")
    record(LabResult, **fact, **day("2026-04-02"), analyte="hcg", comparator="<", value=Decimal("2"), unit="IU/L")
    record(LabResult, **fact, **day("2026-04"), analyte="hiaa_urine", value=Decimal("80"), unit="umol/24h")
    record(LabResult, **fact, analyte="prothrombin_ratio", value=Decimal("96"), unit="%")
    for instrument, value in (("ECOG", 1), ("KPS", 80), ("CFS", 4)):
        record(PerformanceStatus, **fact, **day("2026-04-03"), instrument=instrument, value=value, note="at the visit")
    for kind, value in (("weight_kg", "71.25"), ("height_cm", "178")):
        record(BodyMeasure, **fact, **day("2026-04-03"), kind=kind, value=Decimal(value), note="measured")
    record(ClinicalEvent, **fact, **day("2025-03"), symptom="diarrhoea", course="relieved", context="after six cycles")
    record(ClinicalEvent, **fact, symptom="flushing", course="unknown", note="asked, not known")
    asserted = {"kind": "progression", "state": "asserted", "detail": "RECIST", "note": "by CT"}
    compared = {"compared_from": dt.date(2025, 1, 7), "compared_to": dt.date(2026, 4, 1)}
    record(ClinicalAssertion, **fact, **day("2026-04-05"), **asserted, **compared)
    for kind, state in (("pregnancy", "denied"), ("heart_failure", "unknown")):
        record(ClinicalAssertion, **fact, **day("2026-04-05"), kind=kind, state=state)


def decided_case(case_number="F-0003"):
    """The published case with a decision, the one it replaced, the assessment under it, and what became of it."""
    user, patient = published_case(case_number)
    common = {"patient": patient, "recorded_by": user, "owner": "ZQOWNER"}
    first = BoardDecision.objects.create(
        **common, decided_on=dt.date(2025, 8, 1), outcome="not_yet", text="Chemotherapy first.", recorded_at=NOW
    )
    later = BoardDecision.objects.create(
        **common,
        decided_on=dt.date(2026, 5, 1),
        outcome="treat",
        text="Four cycles of 177Lu-DOTATATE.",
        next_step="prrt",
        due_date=dt.date(2026, 6, 1),
        agreement="majority",
        dissent="One would wait for FDG.",
        amendment_reason="The dose was added.",
        supersedes=first,
        recorded_at=NOW + dt.timedelta(hours=1),
    )
    later.assessments.add(_assessment(user, patient))
    for kind, reason in (("acknowledged", "seen"), ("done", "first cycle given")):
        at = NOW + dt.timedelta(hours=2 if kind == "acknowledged" else 3)
        DecisionFollowUp.objects.create(decision=later, kind=kind, reason=reason, recorded_by=user, recorded_at=at)
    return user, patient


def _assessment(user, patient) -> Assessment:
    return Assessment.objects.create(
        patient=patient,
        guideline_id="some-set",
        guideline_version="3",
        guideline_sha256="0" * 64,
        as_of=dt.date(2026, 5, 1),
        known_at=NOW,
        facts={},
        rows=[],
        verdict="cannot determine",
        verdict_text="cannot determine under Some set v3",
        digest="1" * 64,
        frozen_by=user,
        frozen_at=NOW,
    )


def bare_case(case_number="F-0002", by=None):
    """A case of which nothing is known but that it exists."""
    user = by or make_user("clinician")
    return user, make_patient(by=user, case_number=case_number, birth_date_precision="unknown")


def exported(patient, **options) -> str:
    return as_text(bundle_of(patient, now=NOW, **options))


def taken_in(text: str, by, *, is_trial=False, case_number=""):
    return import_bundle(by=by, received=receive(text.encode()), is_trial=is_trial, case_number=case_number)


def everything(patient) -> dict:
    """Every field of every current row of a case but who recorded it when; rows in an order of their content."""
    found = {model.__name__: sorted(_fields(row) for row in _rows(model, patient)) for model in MODELS}
    fields = [field for field in Patient._meta.concrete_fields if field.name not in BOOKKEEPING]
    return found | {"Patient": [str(getattr(patient, field.attname)) for field in fields]}


def _rows(model, patient):
    return model.objects.filter(**{patient_lookup(model): patient})


def _fields(row) -> str:
    """A row that another rests on stands there with its own content instead of its key."""
    values = {}
    for field in row._meta.concrete_fields:
        if field.name in BOOKKEEPING | {"patient"}:
            continue
        value = getattr(row, field.name)
        values[field.name] = _fields(value) if field.is_relation and value is not None else _text(value)
    return json.dumps(values, sort_keys=True)


def _text(value) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else repr(value)


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UID = re.compile(r"2\.25\.\d+")


def numbered(text: str) -> str:
    """Ids made by chance, replaced by numbers in the order in which they appear."""
    for pattern, shape in ((_ID, "00000000-0000-4000-8000-{:012d}"), (_UID, "2.25.{}")):
        seen: dict[str, str] = {}
        text = pattern.sub(
            lambda found, seen=seen, shape=shape: seen.setdefault(found[0], shape.format(len(seen) + 1)), text
        )
    return text
