"""What ``imaging/_grading.html`` shows beside the images: lesions to grade, answers, references, what is missing."""

from django.urls import reverse

from imaging import digests, reading_changes, selectors, ssa_before
from imaging.fdg_pairs import pair_of
from imaging.models import LesionReading, Reading, Scan
from imaging.reading_forms import NOT_STATED
from imaging.reading_gaps import FDG_SCALE, gaps
from imaging.services.reading_lock import token_of_answers, token_of_reading
from imaging.services.steering import may_steer
from imaging.views import burden_rows, grading_rows
from patients.domain.roles import Capability
from patients.models import SsaInjection

NUMBERS = {
    "numbers_computing": "numbers are being computed",
    "numbers_given_up": "a computation ended without numbers",
}


def retry_address(scan: Scan, missing: list, user) -> str:
    """Where the computation that ended without a result is started again; "" if there is none or not by this user."""
    is_stopped = any(gap.code == "numbers_given_up" for gap in missing) and may_steer(user)
    job = selectors.measuring_without_result(scan) if is_stopped else None
    return reverse("imaging:job_retry", args=[job.pk]) if job else ""


def grading_context(scan: Scan, user, *, measured=None, numbers=None) -> dict:
    """Everything ``imaging/_grading.html`` shows: the draft this user may work on, else the reading that counts."""
    measured = selectors.measurements(scan) if measured is None else measured
    previous, draft = digests.previous_scan(scan), _draft(scan, user)
    signed = selectors.signed_reading(scan)
    reading = draft or signed
    missing = gaps(draft, measured) if draft else []
    found = grading_rows.blocks(scan, reading, measured, previous, numbers)
    shown = {
        "scan": scan,
        "previous": previous,
        "reading": reading,
        "draft": draft,
        "signed": signed,
        "is_fdg": reading is not None and reading.scale_id == FDG_SCALE,
        "may_sign": user.may(Capability.SIGN_READING),
        "others": _others(scan, draft),
        "blocks": found,
        "references": grading_rows.references(measured, previous),
        "rads": [choice for choice in LesionReading.Rads.choices if choice[0]],
        "fdg_words": [choice for choice in LesionReading.FdgRelation.choices if choice[0]],
        "not_stated": NOT_STATED,
        "answers": _answers(scan, reading),
        "fdg": burden_rows.fdg(pair_of(scan)),
        "missing": missing,
        "sentence": sentence(missing),
        "retry": retry_address(scan, missing, user),
        "summary": _summary(found, draft),
        "versions": reading_changes.versions(scan),
        "has_moved": _has_moved(signed, measured),
        "seen": {"answers": token_of_answers(draft), "reading": token_of_reading(draft, measured)} if draft else {},
    }
    return {"grading": shown}


def sentence(missing: list) -> str:
    """The footer beside the sign button: lesions first, then how many other things."""
    if not missing:
        return "Nothing is missing."
    unread = next((len(gap.lesions) for gap in missing if gap.code == "lesions_unread"), 0)
    numbers = [NUMBERS[gap.code] for gap in missing if gap.code in NUMBERS]
    others = len(missing) - bool(unread) - len(numbers)
    said = [f"{unread} lesion{'s' if unread > 1 else ''} still to read"] if unread else []
    said += numbers
    said += [f"{others} answer{'s' if others > 1 else ''} missing"] if others else []
    return ", ".join(said)


def _draft(scan: Scan, user) -> Reading | None:
    """This user's own draft; else one that somebody typed who may not sign."""
    if not user.may(Capability.SIGN_READING):
        return None
    drafts = Reading.objects.filter(scan=scan, state=Reading.State.DRAFT).select_related("reader", "scan__patient")
    mine = [draft for draft in drafts if draft.reader_id == user.pk]
    typed = [draft for draft in drafts if not draft.reader.may(Capability.SIGN_READING)]
    return max(mine or typed, key=lambda draft: draft.created_at, default=None)


def _others(scan: Scan, draft: Reading | None) -> list[Reading]:
    drafts = Reading.objects.filter(scan=scan, state=Reading.State.DRAFT).select_related("reader")
    return list(drafts.exclude(pk=draft.pk) if draft else drafts)


def _answers(scan: Scan, reading: Reading | None) -> dict:
    """Each answer with what it may be; the analogue is filled in from the chart until somebody has answered."""
    known = ssa_before.known(scan)
    named = ssa_before.of_reading(reading) if reading else None
    is_open = reading is None or not reading.ssa
    guess = Reading.Ssa.GIVEN if known.injection else Reading.Ssa.NONE if scan.ssa_status == Scan.SsaStatus.NONE else ""
    return {
        "quality": Reading.Quality.choices,
        "ssa": Reading.Ssa.choices,
        "extravasation": Reading.Extravasation.choices,
        "cold_lesions": Reading.ColdLesions.choices,
        "injections": [row for row in SsaInjection.objects.filter(patient=scan.patient) if _is_before(row, scan)],
        "ssa_chosen": guess if is_open else reading.ssa,
        "injection": known.injection if is_open else named,
        "injection_text": ssa_before.in_words(named) if named else "",
        "is_from_chart": is_open and bool(guess),
        "sources": known.sources,
    }


def _is_before(row: SsaInjection, scan: Scan) -> bool:
    return row.clinical_date is not None and (not scan.clinical_date or row.clinical_date <= scan.clinical_date)


def _summary(found: list[dict], draft: Reading | None) -> list[str]:
    """What the signature will cover, line by line."""
    if draft is None:
        return []
    lines = [f"{b['lesion'].label}: {_in_words(b['score'])}" for b in found if b["score"]]
    given = [("quality", draft.get_quality_display()), ("analogue", draft.get_ssa_display())]
    given += [("extravasation", draft.get_extravasation_display())]
    given += [("lesions without uptake", draft.get_cold_lesions_display())]
    return [*lines, *(f"{name}: {word}" for name, word in given if word)]


def _in_words(score: LesionReading) -> str:
    if score.fdg_relation:
        return score.get_fdg_relation_display()
    number = f"Krenning {score.score_text}" if score.score_low is not None else "Krenning not stated"
    rads = f"RADS {score.rads}" if score.rads else ""
    return ", ".join(word for word in (number, score.text, rads) if word)


def _has_moved(signed: Reading | None, measured: list) -> bool:
    """Whether the numbers beside a signed reading are no longer those it was signed with."""
    return bool(signed and signed.inputs_sha256 and signed.inputs_sha256 != digests.of_reading(signed.scan, measured))
