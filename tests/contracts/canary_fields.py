"""What each field of a case holds in the canary: a word, day or number that nothing else has, or a reason why it has none.

Fields are read off the models, so that a new one has its value, or fails by name (test_canary_fields.py).
"""

import datetime as dt
import re
from decimal import Decimal
from functools import cache

from django.apps import apps
from django.db import models

from board.export_patient.tables import PATHS
from tests.processes.canary.words import BIRTH, HEADER_BIRTH, STUDY_ROOT, WEIGHT, WORD, WORDS, pickled, written

# Tables that no export of one patient holds, but which may have words of one.
MORE = (
    "patients.ImportBatch", "board.PrivateNote", "board.Minutes", "board.CohortQuestion", "board.CohortExport",
    "board.Submission",
)  # fmt: skip
FEWEST_DIGITS = 6
TEXTS, DAYS = (models.CharField, models.TextField), models.DateField
NUMBERS = (models.DecimalField, models.FloatField)
KEPT = {
    "patients.Patient.birth_date": BIRTH,
    "imaging.Study.dicom_birth_date": HEADER_BIRTH,
    "imaging.SuvInput.value": WEIGHT,  # a number in a text
}

# Fields by name, in whichever table.
BY_NAME = {
    r".*(_sha256|sha256|digest|_hash|\.hash|guideline_id)": "a hash or the name of a rule set: made by the product from other fields",
    r".*\.(method_version|guideline_version|refusal_code|reason_code|identity_reason|scale_id|change_class|sstr_class)": "a code of ours",
    r".*\.(refusal_message|warnings|input_digest|split_key|content_type|content_encoding|stage|verdict|verdict_text)": "a sentence or code of ours",
    r".*\.(rads_version|classification_edition|tnm_edition|compound|units?|modality|sop_class_uid|tracer)": "a code or edition that a standard fixes",
    r".*\.(geometry|statistics|factors|absent|inputs|parameters|registration|numbers|relative|hottest_voxel|meta)": "computed",
    r".*\.(steps|origin|outcomes|measurements|parts|centre_lps_mm|quorum|considered|ground)": "computed, or codes of ours",
}
# Fields one by one.
EXCUSED = {
    "patients.Patient.initials": "three letters, which any text has by chance",
    "patients.Patient.demo_note": "only of generated cases",
    "patients.HistologySpecimen.ki67_low": "five digits, which any log has by chance; ki67_text is searched",
    "patients.HistologySpecimen.ki67_high": "five digits, as ki67_low",
    "imaging.Scan.uptake_min": "five digits, which any log has by chance",
    "imaging.Study.dicom_sex": "one letter",
    "imaging.UploadItem.differences": "tags and names of elements, which the standard fixes",
    "patients.LabResult.analyte": "a code of ours",
    "imaging.Lesion.label": "L and a number",
    "imaging.Proposal.label": "F and a number",
    "imaging.ImageProduct.name": "a name of a file that is ours",
    "imaging.Job.message": "a sentence of ours",
    "eligibility.Assessment.facts": "what other rows say, frozen",
    "eligibility.Assessment.rows": "what rules say of other rows, frozen",
    "board.AgendaItem.gate_missing": "codes of ours",
    "board.DecisionNotice.changes": "codes of ours",
    "board.StatedUnknown.name": "the name of a field",
    "board.DayNotice.lines": "codes of ours with the keys of decisions",
    "board.WatchState.reasons": "codes of ours",
    "board.WatchState.digest": "a hash",
    "board.Meeting.title": "what a meeting is called, whoever is discussed there",
    "board.Meeting.place": "where a meeting is",
    "board.Meeting.snapshot": "the agenda, frozen: its words are in board.AgendaItem",
    "board.CohortExport.choices": "codes of ours",
    "board.CohortExport.tables": "codes of ours",
    "board.CohortExport.rows": "counts",
    "board.CohortExport.members": "keys of rows",
    "board.CohortQuestion.choices": "codes of ours",
    "board.CohortQuestion.found": "counts",
    "board.ChainLink.kind": "a code of ours",
    "board.Submission.key": "made by the browser by chance",
    "board.Submission.kind": "a code of ours",
    "patients.ImportBatch.counts": "counts",
    **{f"patients.ImportRow.{name}": "a code of ours" for name in ("table", "outcome", "code", "column", "undone")},
    **{f"patients.AuditEvent.{name}": "a code of ours" for name in ("action", "object_type", "object_id")},
    **{
        f"patients.AccessEvent.{name}": "of the request, not of the case"
        for name in ("device", "route", "method", "address", "request_id", "mark")
    },
}  # fmt: skip
# Of what shape a field is that is no plain text; ``word`` stands for its own.
SHAPES = {
    "patients.AuditEvent.before": lambda word: {"note": word},
    "patients.AuditEvent.after": lambda word: {"note": word},
    "patients.Diagnosis.metastatic_sites": lambda word: [word],
    "patients.TreatmentLine.drugs": lambda word: [word],
    "imaging.Series.header": lambda word: {"StudyDescription": word},
    "board.DecisionDraft.content": lambda word: {"text": word},
    "board.EntryDraft.data": lambda word: {"patient.question": word},
    "board.Minutes.content": lambda word: {"note": word},
    "board.Submission.answer": lambda word: {"note": word},
}
UIDS = re.compile(r".*(_uid|\.sop_uid)$")


@cache
def fields() -> dict[str, models.Field]:
    """Every field of a case that can hold a text, a day, or a number of enough digits."""
    found = {}
    for label in (*PATHS, *MORE):
        for field in apps.get_model(label)._meta.concrete_fields:
            if not field.is_relation and not field.choices and _may_tell(field):
                found[f"{label}.{field.name}"] = field
    return found


def _may_tell(field: models.Field) -> bool:
    """Moments are those of the clock, which every line of a log has; whole numbers are counts, scores and places."""
    is_day = isinstance(field, DAYS) and not isinstance(field, models.DateTimeField)
    return is_day or isinstance(field, (*TEXTS, *NUMBERS, models.JSONField))


def excuse(name: str) -> str:
    by_name = (why for pattern, why in BY_NAME.items() if re.fullmatch(pattern, name))
    return EXCUSED.get(name) or next(by_name, "")


@cache
def values() -> dict[str, object]:
    """The value of each field that has no excuse; KeyError by name where there is no shape for it."""
    return {
        name: _value(number, name, field) for number, (name, field) in enumerate(fields().items()) if not excuse(name)
    }


def _value(number: int, name: str, field: models.Field):
    if name in KEPT:
        return KEPT[name]
    if isinstance(field, DAYS):
        return dt.date(1903, 1, 1) + dt.timedelta(days=2 * number)
    if isinstance(field, NUMBERS):
        return _number(number, field)
    if UIDS.match(name):
        return f"{STUDY_ROOT}.{number}"
    word = f"{WORD}-{number}-{field.name.upper()}"[: field.max_length]
    if isinstance(field, models.JSONField):
        return SHAPES[name](word)
    return word


def _number(number: int, field: models.Field):
    if isinstance(field, models.FloatField):
        return float(f"7{number:03d}.371931")
    places = field.decimal_places
    whole = min(field.max_digits - places, max(4, FEWEST_DIGITS - places))
    if whole + places < FEWEST_DIGITS:
        raise KeyError(f"{field}: too few digits to be one of a kind")
    return Decimal(f"{7 * 10 ** (whole - 1) + number}.{'371931'[:places]}")


@cache
def words() -> tuple[str | bytes, ...]:
    """The one word that all texts have, the root of all UIDs, and each day and number as it may be written."""
    plain = [value for value in values().values() if not isinstance(value, (str, list, dict))]
    forms = [form for value in plain for form in written(value)]
    return tuple(dict.fromkeys((*WORDS, *forms, *(pickled(value) for value in plain if isinstance(value, dt.date)))))
