"""Rows that contradict themselves or their patient, as they are typed; and each door of the registry they may come through."""

import json
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from board.entry.drafts import draft_for, entry_of, save_draft
from board.entry.submit import submit
from board.fhir.bundles import as_text, bundle_of
from board.fhir.importing import import_bundle
from board.fhir.received import receive
from patients import models
from patients.bulk.importing import import_tables
from patients.bulk.reading import read
from patients.domain.bulk_columns import CASE, TABLES
from patients.domain.partial_dates import parse_partial_date
from patients.services import record
from tests.board.fhir.factories import NOW
from tests.patients.factories import make_patient
from tests.patients.test_admin_case import change_url, errors, page

BORN = "1968"
REASON = "ZQ copied from the letter, checked by telephone"
CARDS = {"Diagnosis": "tumour", "HistologySpecimen": "histology.n1", "TreatmentLine": "lines.n1"}
CARDS |= {"SsaInjection": "ssa.n1", "LabResult": "labs.n1"}


# What the desk has chosen beforehand.
CHOSEN = {
    "Diagnosis": {"functional_status": "unknown", "stage": "unknown"},
    "HistologySpecimen": {"procedure": "unknown", "differentiation": "not_stated"},
}


@dataclass(frozen=True)
class Odd:
    """``values``: fields as typed. ``clears``: what must not be computed with. ``status``: field of the last card."""

    model: str
    values: dict
    said: str
    clears: tuple = ()
    status: str = ""
    not_through: frozenset = frozenset()
    reason_field: str = "note"
    also: dict = field(default_factory=dict)

    @property
    def kind(self):
        return getattr(models, self.model)

    @property
    def columns(self) -> dict:
        return columns_of(self.kind, self.values | self.also)


LINE = {"regimen": "CAPTEM", "treatment_class": "chemo", "cycles": "6"}
LAB = {"analyte": "platelets", "value": "214", "unit": "10^9/L"}
BEFORE_BIRTH = "This date lies before the patient was born."
DATE = ("clinical_date",)
NO_CARD = frozenset({"proforma"})
ODD = {
    "line stops before it starts": Odd(
        "TreatmentLine",
        LINE | {"clinical_date": "2025-09-01", "stop_date": "2025-02-15"},
        "The line stops before it starts.",
        ("clinical_date", "stop_date", "is_ongoing"),
    ),
    "line stops months before it starts": Odd(
        "TreatmentLine",
        LINE | {"clinical_date": "2025-09", "stop_date": "2024"},
        "The line stops before it starts.",
        ("clinical_date", "stop_date", "is_ongoing"),
    ),
    "line with a stop is ongoing": Odd(
        "TreatmentLine",
        LINE | {"clinical_date": "2025-09-01", "stop_date": "2026-02-15", "is_ongoing": "yes"},
        "The line has a stop date and is said to be ongoing.",
        ("stop_date", "is_ongoing"),
        not_through=NO_CARD,
    ),
    "line before birth": Odd("TreatmentLine", LINE | {"clinical_date": "1960"}, BEFORE_BIRTH, DATE),
    "end of a line before birth": Odd(
        "TreatmentLine", LINE | {"clinical_date": "unknown", "stop_date": "1960-05"}, BEFORE_BIRTH, ("stop_date",)
    ),
    "diagnosis before birth": Odd(
        "Diagnosis", {"primary_site": "pancreas", "clinical_date": "1960-01-01"}, BEFORE_BIRTH, DATE
    ),
    "specimen before birth": Odd(
        "HistologySpecimen", {"site": "liver", "ki67_text": "7-8 %", "clinical_date": "1960-01"}, BEFORE_BIRTH, DATE
    ),
    "injection before birth": Odd(
        "SsaInjection",
        {"drug": "lanreotide", "clinical_date": "1960-01-01"},
        BEFORE_BIRTH,
        DATE,
        not_through=frozenset({"table"}),
    ),
    "PRRT cycle before birth": Odd(
        "PrrtCycle",
        {"number": "1", "compound": "177Lu-DOTATATE", "activity_mbq": "7400", "clinical_date": "1960-01-01"},
        BEFORE_BIRTH,
        DATE,
        not_through=NO_CARD,
    ),
    "laboratory value before birth": Odd("LabResult", LAB | {"clinical_date": "1960-01-01"}, BEFORE_BIRTH, DATE),
    "limits the wrong way round": Odd(
        "LabResult",
        LAB | {"clinical_date": "2026-04-20", "reference_low": "400", "reference_high": "150"},
        "The lower limit is above the upper limit.",
        ("reference_low", "reference_high"),
    ),
    "improbable value": Odd(
        "LabResult",
        LAB | {"value": "1420", "clinical_date": "2026-04-20"},
        "Platelets 1420 10^9/L is outside the plausible 5 to 1000 10^9/L.",
    ),
    "status before birth": Odd(
        "PerformanceStatus",
        {"value": "1", "clinical_date": "1960-01-01"},
        BEFORE_BIRTH,
        DATE,
        status="ecog",
        also={"instrument": "ECOG"},
    ),
    "improbable weight": Odd(
        "BodyMeasure",
        {"value": "310", "clinical_date": "2026-04-20"},
        "This weight (kg) is outside the plausible 20 to 300.",
        status="weight_kg",
        also={"kind": "weight_kg"},
    ),
    "symptom before birth": Odd(
        "ClinicalEvent",
        {"symptom": "flush", "course": "new", "clinical_date": "1960-01-01"},
        BEFORE_BIRTH,
        DATE,
        not_through=frozenset({"proforma", "table"}),
    ),
    "statement before birth": Odd(
        "ClinicalAssertion",
        {"state": "denied", "clinical_date": "1960-01-01"},
        BEFORE_BIRTH,
        DATE,
        status="breast_feeding",
        also={"kind": "breast_feeding"},
    ),
    "later examination before the earlier": Odd(
        "ClinicalAssertion",
        {
            "kind": "progression",
            "state": "asserted",
            "clinical_date": "2026-04-20",
            "compared_from": "2026-03-01",
            "compared_to": "2025-03-01",
        },
        "The later examination does not come after the earlier one.",
        ("compared_from", "compared_to", "clinical_date"),
        not_through=NO_CARD,
    ),
    "preference before birth": Odd(
        "ClinicalAssertion",
        {"note": "Wants PRRT if possible", "clinical_date": "1960-01-01"},
        BEFORE_BIRTH,
        DATE,
        status="preference",
        reason_field="detail",
        also={"kind": "preference", "state": "asserted"},
    ),
}
# No reason makes a day of the calendar, or a number, of these.
IMPOSSIBLE = {
    "no day of the calendar": Odd("TreatmentLine", LINE | {"clinical_date": "2025-02-30"}, ""),
    "no date": Odd("TreatmentLine", LINE | {"clinical_date": "2025-09-01", "stop_date": "soon"}, ""),
    "no number": Odd("LabResult", LAB | {"value": "many", "clinical_date": "2026-04-20"}, ""),
    "ECOG 9": Odd(
        "PerformanceStatus",
        {"value": "9", "clinical_date": "2026-04-20"},
        "",
        status="ecog",
        also={"instrument": "ECOG"},
    ),
    "weight below zero": Odd(
        "BodyMeasure",
        {"value": "-70", "clinical_date": "2026-04-20"},
        "",
        status="weight_kg",
        also={"kind": "weight_kg"},
    ),
}


def columns_of(model, values: dict) -> dict:
    """As a service takes them."""
    found = {}
    for name, text in values.items():
        column = model._meta.get_field(name)
        if column.get_internal_type() == "DateField":
            day, precision = parse_partial_date("" if text == "unknown" else text)
            found[name] = day
            if hasattr(model, f"{name}_precision"):
                found[f"{name}_precision"] = precision
        elif column.get_internal_type() == "BooleanField":
            found[name] = text == "yes"
        else:
            found[name] = column.to_python(text)
    return found


def born_then(by, **more):
    values = {"birth_date": parse_partial_date(BORN)[0], "birth_date_precision": "year", "sex_for_formulas": "F"}
    return make_patient(by, **values | more)


def by_desk(odd: Odd, patient, user, reason: str, client) -> str:
    row = {name: "" if text == "unknown" else text for name, text in (odd.values | odd.also).items()}
    row = CHOSEN.get(odd.model, {}) | row
    row |= {"is_ongoing": "true"} if row.get("is_ongoing") else {}
    rows = {f"{odd.model.lower()}_rows": [row | ({odd.reason_field: reason} if reason else {})]}
    response = client.post(change_url(patient), page(patient, birth_date=BORN, rows=rows))
    return "" if response.status_code == 302 else errors(response)


def by_table(odd: Odd, patient, user, reason: str, client) -> str:
    table = next(one for one in TABLES.values() if one.model == odd.model)
    fields = odd.values | odd.also | ({odd.reason_field: reason} if reason else {})
    cells = {column.name: fields[column.field] for column in table.columns if column.field in fields}
    assert len(cells) == len(fields)
    lines = [[CASE, *cells], [patient.case_number, *cells.values()]]
    data = "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines).encode()
    (line,) = import_tables(by=user, found=read(data), is_trial=True).lines
    if line.outcome == "refused":
        return line.sentence
    import_tables(by=user, found=read(data), is_trial=False)
    return ""


def as_typed(odd: Odd) -> dict[str, str]:
    if not odd.status:
        return {f"{CARDS[odd.model]}.{name}": text for name, text in odd.values.items()}
    return {f"status.{odd.status}": typed_status(odd), "status.clinical_date": odd.values["clinical_date"]}


def by_proforma(odd: Odd, patient, user, reason: str, client) -> str:
    typed = as_typed(odd) | {"status.note" if odd.status else f"{CARDS[odd.model]}.note": reason}
    typed |= {"patient.question": "Is PRRT possible?", "tumour.primary_site": odd.values.get("primary_site", "unknown")}
    draft = draft_for(patient, user)
    entry = save_draft(by=user, draft=draft, seen_version=entry_of(draft).version, values=typed)
    try:
        submit(by=user, draft=entry.draft, seen_version=entry.version, reason="", is_incomplete_meant=True)
    except ValidationError as refused:
        return str(refused.message_dict)
    return ""


def typed_status(odd: Odd) -> str:
    return odd.values["note"] if odd.status == "preference" else odd.values.get("value") or odd.values["state"]


def by_fhir(odd: Odd, patient, user, reason: str, client) -> str:
    """What another registry kept with its reason; the bundle reaches this one with it, or without."""
    other = born_then(user)
    kept = record(odd.kind, by=user, patient=other, **odd.columns | {odd.reason_field: REASON})
    bundle = json.loads(as_text(bundle_of(other, now=NOW)))
    for one in bundle["entry"]:
        resource = one["resource"]
        if resource["resourceType"] == "Patient":
            resource["identifier"][0]["value"] = patient.case_number
        elif not reason:
            resource.pop("note", None) if odd.reason_field == "note" else _without_detail(resource)
    report = import_bundle(by=user, received=receive(json.dumps(bundle).encode()), is_trial=False)
    refused = [line.sentence for line in report.lines if line.is_refused]
    assert refused or kept.headline() in str([line.what for line in report.lines])
    return " ".join(refused)


def _without_detail(resource: dict) -> None:
    resource["extension"] = [one for one in resource["extension"] if not one["url"].endswith("/detail")]


DOORS = {"desk": by_desk, "table": by_table, "proforma": by_proforma, "fhir": by_fhir}
