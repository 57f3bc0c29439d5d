"""Two identities side by side: what the chart says, what the DICOM header says, and whether they agree."""

from imaging import access, identity, pages
from imaging.forms import IdentityForm
from imaging.identity_candidates import candidates, likeness_of
from imaging.models import Series
from imaging.views.words import explain
from patients import reads
from patients.domain.roles import Capability
from patients.models import Patient

TITLES = {
    Series.Identity.UNASSIGNED: "No case chosen",
    Series.Identity.HELD: "Held: the identity does not agree",
    Series.Identity.REJECTED: "Not this patient",
}
SECOND_PERSON = (
    "The header contradicts the chart. You brought this series in, so a second person with the right to resolve "
    "identities has to confirm it; you may still reject it."
)
WITHOUT_CASE = "This series was imported without a case. It is in no chart until a person says whose it is."
SHOWN = 12
NAME_ROW = {
    "label": "Name",
    "chart": "not kept here",
    "header": "not read into the database",
    "state": "inactive",
    "word": "not compared",
}
NO_CASE = "no case to compare with"
NO_RIGHT = "A nuclear-medicine physician may confirm or reject this identity."


def panel(series: Series, user, form: IdentityForm | None = None) -> dict | None:
    """What the page shows while a series waits for a person; None once it is attached."""
    if series.identity == Series.Identity.ATTACHED:
        return None
    patient = series.candidate_patient
    may_resolve = user.may(Capability.RESOLVE_IDENTITY) and series.identity != Series.Identity.REJECTED
    needs_other = series.identity_reason in identity.CONTRADICTIONS and series.uploaded_by_id == user.pk
    if may_resolve and form is None:
        form = IdentityForm(user=user, needs_case=True)
    return {
        "title": TITLES[series.identity],
        "sentence": _sentence(series),
        "patient": patient,
        "rows": [*rows(series, patient), NAME_ROW],
        "candidates": _noted(candidates(series, user)),
        "of_same_study": of_same_study(series, user),
        "likeness": _likeness(series, patient),
        "form": form if may_resolve else None,
        "may_confirm": may_resolve and not needs_other,
        "may_reject": may_resolve,
        "note": _note(series, may_resolve, needs_other),
    }


def rows(series: Series, patient: Patient | None, known: identity.Known | None = None) -> list[dict]:
    """``known``: read at once for all series of a list."""
    header = identity.DicomIdentity.of(series.study)
    known = known or identity.Known([header])
    return [_id_row(header, patient, known), _birth_row(header, patient), _sex_row(header, patient)]


def _noted(found: list) -> list:
    """Each candidate is named on the page with what of it agrees."""
    reads.note_all(one.patient for one in found)
    return found


def of_same_study(series: Series, user) -> list[Series]:
    """Other series of this study that the user may see, attached ones first: where they are says much about it."""
    rows = access.visible_series(user).filter(study__study_uid=series.study.study_uid).exclude(pk=series.pk)
    found = list(rows.select_related("study", "candidate_patient").order_by("identity", "created_at")[:SHOWN])
    reads.note_all(found)
    for one in found:
        one.title = pages.series_title(one)
        one.has_same_header = one.study.identity_digest == series.study.identity_digest
    return found


def _likeness(series: Series, patient: Patient | None) -> str:
    """How alike the two IDs look, for the eye alone; no match rests on it."""
    header = identity.DicomIdentity.of(series.study)
    if patient is None or not header.has_usable_id:
        return ""
    known = [patient.case_number, *(row.value for row in patient.identifiers.all())]
    percent = round(100 * max(likeness_of(header.patient_id, one) for one in known))
    return f"The two patient IDs look {percent} % alike. Only the same ID counts as agreement."


def _id_row(header: identity.DicomIdentity, patient: Patient | None, known: identity.Known) -> dict:
    shown = f"{header.patient_id} (issuer {header.issuer})" if header.issuer else header.patient_id
    if patient is None:
        return _row("Patient ID", "–", shown or "missing", "unknown", NO_CASE)
    chart = ", ".join(dict.fromkeys([patient.case_number, *map(str, patient.identifiers.all())]))
    if not header.has_usable_id:
        return _row("Patient ID", chart, shown or "missing", "unknown", "not usable")
    if header.is_case_number_of(patient) or known.is_confirmed(header, patient):
        return _row("Patient ID", chart, shown, "met", "agrees")
    if known.is_elsewhere(header, patient):
        return _row("Patient ID", chart, shown, "not_met", "belongs to another case")
    return _row("Patient ID", chart, shown, "unknown", "not known for this case")


def _birth_row(header: identity.DicomIdentity, patient: Patient | None) -> dict:
    chart = patient.birth_date if patient else None
    shown = [str(value) if value else "–" for value in (chart, header.birth_date)]
    if patient is None:
        return _row("Birth date", *shown, "unknown", NO_CASE)
    if chart is None or header.birth_date is None:
        return _row("Birth date", *shown, "unknown", "missing on one side")
    if identity.birth_dates_differ(header.birth_date, patient):
        return _row("Birth date", *shown, "not_met", "differs")
    return _row("Birth date", *shown, "met", "agrees")


def _sex_row(header: identity.DicomIdentity, patient: Patient | None) -> dict:
    chart = patient.sex_for_formulas if patient else Patient.Sex.UNKNOWN
    shown = [Patient.Sex(chart).label if patient else "–", _sex_in_words(header.sex)]
    if patient is None:
        return _row("Sex", *shown, "unknown", NO_CASE)
    if not header.sex or chart == Patient.Sex.UNKNOWN:
        return _row("Sex", *shown, "unknown", "missing on one side")
    agrees = header.sex == chart
    return _row("Sex", *shown, "met" if agrees else "not_met", "agrees" if agrees else "differs")


def _sex_in_words(code: str) -> str:
    """As the header has it, and in the word of the chart beside it."""
    if code not in Patient.Sex.values:
        return code or "–"
    return f"{Patient.Sex(code).label} ({code})"


def _row(label: str, chart: str, header: str, state: str, word: str) -> dict:
    return {"label": label, "chart": chart, "header": header, "state": state, "word": word}


def _sentence(series: Series) -> str:
    if series.identity_reason:
        return explain(series.identity_reason).sentence
    return WITHOUT_CASE


def _note(series: Series, may_resolve: bool, needs_other: bool) -> str:
    if series.identity == Series.Identity.REJECTED:
        return ""
    if not may_resolve:
        return NO_RIGHT
    return SECOND_PERSON if needs_other else "Type the case number again to confirm. Your name and reason are kept."
