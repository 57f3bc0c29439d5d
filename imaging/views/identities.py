"""Two identities side by side: what the chart says, what the DICOM header says, and whether they agree."""

from imaging import access, chart_questions, identity, pages, questions
from imaging.domain import names
from imaging.forms import IdentityForm
from imaging.identity_candidates import candidates, likeness_of
from imaging.models import Series
from imaging.services import doubts
from imaging.views.words import explain
from patients import reads
from patients.domain import dates
from patients.domain.roles import Capability
from patients.models import DatePrecision, Patient

TITLES = {
    Series.Identity.UNASSIGNED: "No case chosen",
    Series.Identity.HELD: "Held: the identity does not agree",
    Series.Identity.REJECTED: "Not this patient",
}
ASKED_TITLES = {Series.Identity.HELD: "Held: a question about the images", Series.Identity.REJECTED: "Not used"}
CONFIRM, REJECT = "Confirm: this scan is of this patient", "Reject: not this patient"
USE, LEAVE_OUT = "Use them: of this patient, as they are", "Leave them out of every chart"
MEANING = (
    "To confirm answers what is asked here: the images are of this patient and enter the chart as they are. What is "
    "refused or warned of on this page stays so until a value is corrected; a refused volume or SUV is not made good."
)
MEASURED = "Derived images are measured from then on, and every number of them keeps its warning."
SECOND_PERSON = (
    "The header contradicts the chart. You brought this series in, so a second person with the right to resolve "
    "identities has to confirm it; you may still reject it."
)
WITHOUT_CASE = "This series was imported without a case. It is in no chart until a person says whose it is."
SHOWN = 12
NAME_IN_HEADER = {
    "": "not compared when it came",
    names.NOT_STATED: "none",
    names.STANDS_FOR_ID: "the patient ID",
    names.DISAGREE: "several",
}
NO_CASE = "no case to compare with"
KEPT = "Type the case number again to say that they stay. Your name and reason are kept."
NO_RIGHT = "A nuclear-medicine physician may confirm or reject this identity."


def panel(series: Series, user, form: IdentityForm | None = None) -> dict | None:
    """What the page shows while a series waits for a person; None once it is attached."""
    if series.identity == Series.Identity.ATTACHED:
        return None
    patient = series.candidate_patient
    is_rejected = series.identity == Series.Identity.REJECTED
    may_take_up = is_rejected and user.may(Capability.RESOLVE_IDENTITY)
    may_resolve = user.may(Capability.RESOLVE_IDENTITY) and not is_rejected
    needs_other = series.identity_reason in identity.CONTRADICTIONS and series.uploaded_by_id == user.pk
    if may_resolve and form is None:
        form = IdentityForm(user=user, needs_case=True)
    is_asked = pages.is_asked(series)
    return {
        "title": _title(series),
        "also_asked": also_asked(series),
        "meaning": _meaning(series) if may_resolve else "",
        "confirm": USE if is_asked else CONFIRM,
        "reject": LEAVE_OUT if is_asked else REJECT,
        "sentence": sentence(series),
        "patient": patient,
        "rows": rows(series, patient),
        "candidates": _noted(candidates(series, user)),
        "of_same_study": of_same_study(series, user),
        "likeness": _likeness(series, patient),
        "form": form if may_resolve else None,
        "take_up_form": (form or IdentityForm(user=user, needs_case=False)) if may_take_up else None,
        "may_confirm": may_resolve and not needs_other,
        "may_reject": may_resolve,
        "note": _note(series, may_resolve, needs_other),
    }


def standing(series: Series, user, form: IdentityForm | None = None) -> dict | None:
    """What the page asks of a series in a chart that no longer agrees with its header; None where nothing is asked."""
    asked = chart_questions.open_of(series)
    if not asked:
        return None
    may_resolve = user.may(Capability.RESOLVE_IDENTITY)
    needs_other = chart_questions.needs_other(series, asked, user)
    if may_resolve and form is None:
        form = IdentityForm(user=user, needs_case=True)
    note = explain("identity_second_person_chart").sentence if needs_other else KEPT
    return {
        "asked": [explain(code) for code in asked],
        "seen": chart_questions.print_of(chart_questions.differences_today(series)),
        "patient": series.candidate_patient,
        "rows": rows(series, series.candidate_patient),
        "form": form if may_resolve else None,
        "may_keep": may_resolve and not needs_other,
        "note": note if may_resolve else NO_RIGHT,
    }


def _title(series: Series) -> str:
    if series.identity == Series.Identity.HELD and (words := pages.held_words(series.identity_reason)):
        return words.capitalize()
    is_asked = pages.is_asked(series) or series.identity_reason == "images_rejected"
    return (ASKED_TITLES if is_asked else TITLES)[series.identity]


def also_asked(series: Series) -> list[str]:
    """What stands against the series, and what its images ask, besides the reason that is told."""
    is_rejected = series.identity == Series.Identity.REJECTED
    asked = [] if is_rejected else [*doubts.kept(series), *questions.open_of(series.header)]
    return [explain(code).sentence for code in asked if code != series.identity_reason]


def _meaning(series: Series) -> str:
    """What it means to confirm, where images ask something."""
    asked = questions.open_of(series.header)
    return " ".join([MEANING, *([MEASURED] if questions.DERIVED in asked else [])]) if asked else ""


def rows(series: Series, patient: Patient | None, known: identity.Known | None = None) -> list[dict]:
    """``known``: read at once for all series of a list."""
    header = identity.DicomIdentity.of(series)
    known = known or identity.Known([header])
    return [
        _id_row(header, patient, known),
        _birth_row(header, patient),
        _sex_row(header, patient),
        _name_row(header, patient, known),
    ]


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
        one.title, one.state_words = pages.series_title(one), pages.identity_words(one)
        one.has_same_header = one.study.identity_digest == series.study.identity_digest
    return found


def _likeness(series: Series, patient: Patient | None) -> str:
    """How alike the two IDs look, for the eye alone; no match rests on it."""
    header = identity.DicomIdentity.of(series)
    if patient is None or not header.has_usable_id:
        return ""
    known = [patient.case_number, *(row.value for row in patient.identifiers.all())]
    if header.patient_id in known:
        return ""
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
    """A chart that knows the month or the year shows no more than that; what agrees with it is still to be compared."""
    shown = str(header.birth_date) if header.birth_date else "–"
    if patient is None:
        return _row("Birth date", "–", shown, "unknown", NO_CASE)
    word = identity.birth_word(header.birth_date, patient)
    return _row("Birth date", _born(patient), shown, *identity.BIRTH_WORDS[word])


def _born(patient: Patient) -> str:
    is_known = patient.birth_date is not None and patient.birth_date_precision != DatePrecision.UNKNOWN
    return dates.in_words(patient.birth_date, patient.birth_date_precision) if is_known else "–"


def _sex_row(header: identity.DicomIdentity, patient: Patient | None) -> dict:
    chart = patient.sex_for_formulas if patient else Patient.Sex.UNKNOWN
    shown = [Patient.Sex(chart).label if patient else "–", _sex_in_words(header.sex)]
    if patient is None:
        return _row("Sex", *shown, "unknown", NO_CASE)
    if not header.sex or chart == Patient.Sex.UNKNOWN:
        return _row("Sex", *shown, "unknown", "missing on one side")
    agrees = header.sex == chart
    return _row("Sex", *shown, "met" if agrees else "not_met", "agrees" if agrees else "differs")


def _name_row(header: identity.DicomIdentity, patient: Patient | None, known: identity.Known) -> dict:
    """What was found, never the name: it is not kept, neither here nor of the chart."""
    shown = NAME_IN_HEADER.get(header.name_print, "there, not kept")
    if patient is None:
        return _row("Name", "–", shown, "unknown", NO_CASE)
    confirmed = known.names(header, patient)
    initials = f"initials {patient.initials}" if patient.initials else "none confirmed yet"
    chart = "confirmed earlier, not kept" if confirmed else initials
    found = identity.compare_names(header, patient, known)
    alike = "" if found.likeness is None else f", {round(100 * found.likeness)} % alike"
    if found.code in identity.CONTRADICTIONS:
        return _row("Name", chart, shown, "not_met", f"differs{alike}")
    if found.code:
        return _row("Name", chart, shown, "unknown", "nothing to compare")
    word = "other spelling" if found.is_written_otherwise else "agrees"
    return _row("Name", chart, shown, "met", word)


def _sex_in_words(code: str) -> str:
    """As the header has it, and in the word of the chart beside it."""
    if code not in Patient.Sex.values:
        return code or "–"
    return f"{Patient.Sex(code).label} ({code})"


def _row(label: str, chart: str, header: str, state: str, word: str) -> dict:
    return {"label": label, "chart": chart, "header": header, "state": state, "word": word}


def sentence(series: Series) -> str:
    if series.identity_reason:
        return explain(series.identity_reason).sentence
    return WITHOUT_CASE


def _note(series: Series, may_resolve: bool, needs_other: bool) -> str:
    if series.identity == Series.Identity.REJECTED:
        return ""
    if not may_resolve:
        return NO_RIGHT
    return SECOND_PERSON if needs_other else "Type the case number again to confirm. Your name and reason are kept."
