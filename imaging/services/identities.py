"""Attaching a series to a case: at import when the header agrees, later when a named person says so."""

from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from imaging import access, chart_questions, identity, questions
from imaging.domain import names
from imaging.identity import DicomIdentity
from imaging.models import ForeignObject, KnownName, Proposal, Scan, Series, SuvInput, Voi
from imaging.reasons import QUESTIONS
from imaging.refused import Refused
from imaging.services import doubts
from imaging.services.requests import request_attached, request_series
from imaging.services.weights import note_weight
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import StillInUse, audit, confirm_identifier, record, revise, withdraw

PET, CT = "PT", "CT"
FOR_ANOTHER_CASE = "entered while the series stood for another case"
OPEN = (Series.Identity.UNASSIGNED, Series.Identity.HELD)


def judge(*, by, series: Series, patient: Patient | None, hold: str = "") -> Series:
    """Attach the series to the case chosen at import, or hold it with the reason. Call inside a transaction.

    ``hold`` is a reason that lies in the files themselves; only a person lifts it. What else they ask holds a series
    as long as they ask it: late slices may answer it.
    """
    series = Series.objects.select_for_update(of=("self",)).select_related("study").get(pk=series.pk)
    is_again = _is_rejected_for_another(series, patient)
    if series.identity not in OPEN and not is_again:
        return _with_name_said(series)
    standing = [*doubts.of_series(series, hold), *(["identity_taken_up"] if is_again else [])]
    code = doubts.foremost("", standing)
    patient = patient or (series.candidate_patient if series.identity_reason in QUESTIONS else None)
    if patient is not None:
        found = identity.objection(DicomIdentity.of(series), series.study.study_uid, patient)
        if found in identity.CONTRADICTIONS and _waits_for_another(series, patient):
            return series
        code = doubts.foremost(found, standing)
        code = code or ("identity_scan_before_birth" if identity.is_before_birth(series.series_date, patient) else "")
    if not code and patient is None:
        return series
    code = code or next(iter(questions.open_of(series.header)), "")
    if not code:
        _attach(by=by, series=series, patient=patient, reason="")
        return _with_name_said(series)
    series.identity, series.identity_reason = Series.Identity.HELD, code
    _leave_corrections(by, series, patient)
    series.candidate_patient = patient or series.candidate_patient
    doubts.keep(series, standing)
    series.save(update_fields=["identity", "identity_reason", "candidate_patient", "header"])
    audit(by=by, action="hold_series", obj=series, patient=patient, after=_both(series, patient) | {"code": code})
    return series


def _waits_for_another(series: Series, patient: Patient) -> bool:
    """Held for another case that nothing in its header contradicts: the people of that case are to find it there."""
    is_for_another = series.candidate_patient_id not in (None, patient.pk)
    decided = {"identity_taken_back", "identity_taken_up", "identity_rejected"}
    return is_for_another and series.identity_reason not in identity.CONTRADICTIONS | decided


def _is_rejected_for_another(series: Series, patient: Patient | None) -> bool:
    """Not of the patient it came for first; of the one it is brought in for now a person has not said anything."""
    is_another = patient is not None and series.candidate_patient_id != patient.pk
    return is_another and series.identity_reason == "identity_rejected"


@transaction.atomic
def confirm_identity(*, by, series: Series, patient: Patient, reason: str) -> Scan | None:
    """A named person says whose the series is. Against a contradiction only a second person may.

    Returns the scan it became part of; None for a CT whose PET has not come yet.
    """
    series = _open_for_decision(by, series, reason)
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise Refused("case_not_found")
    if identity.is_before_birth(series.series_date, patient):
        raise Refused("identity_scan_before_birth")
    header = DicomIdentity.of(series)
    found = identity.objection(header, series.study.study_uid, patient)
    code = doubts.foremost(found, doubts.of_series(series))
    code = code or (series.identity_reason if series.identity_reason in QUESTIONS else "")
    if code in identity.CONTRADICTIONS and _brought_it_in(by, series):
        raise Refused("identity_second_person")
    _confirm_id(by, header, patient, reason)
    _learn_name(by, series, header, patient)
    asked = _answer(series)
    scan = _attach(by=by, series=series, patient=patient, reason=reason, code=code, answered=asked)
    if questions.DERIVED in asked:
        request_series(series=series, by=by)
    request_attached(series=series, by=by)
    return scan


@transaction.atomic
def reject_identity(*, by, series: Series, reason: str) -> Series:
    """A named person says that the series is not of this patient, or not to be used: it stays out of every chart."""
    series = _open_for_decision(by, series, reason)
    is_asked = series.identity_reason in QUESTIONS
    return _judge(
        series,
        Series.Identity.REJECTED,
        code="images_rejected" if is_asked else "identity_rejected",
        by=by,
        action="leave_out_series" if is_asked else "reject_identity",
        reason=reason,
    )


@transaction.atomic
def take_up_again(*, by, series: Series, reason: str) -> Series:
    """A rejected series is held again, for a person to say whose it is. Nothing attaches it by itself."""
    _require(by, reason)
    if not access.visible_series(by).filter(pk=series.pk).exists():
        raise Refused("case_not_found")
    rows = Series.objects.select_for_update(of=("self",)).select_related("study", "candidate_patient")
    series = rows.get(pk=series.pk)
    if series.identity != Series.Identity.REJECTED:
        raise Refused("identity_not_rejected")
    held = Series.Identity.HELD
    return _judge(series, held, code="identity_taken_up", by=by, action="take_up_series", reason=reason)


@transaction.atomic
def detach_series(*, by, series: Series, reason: str) -> Series:
    """Take an attached series out of its chart again and hold it. Raises StillInUse while its scan is worked with.

    What was read from an object of another workstation goes with it.
    """
    _require(by, reason)
    series = (
        Series.objects.select_for_update(of=("self",)).select_related("study", "candidate_patient").get(pk=series.pk)
    )
    if series.identity != Series.Identity.ATTACHED:
        raise Refused("identity_not_attached")
    for scan in Scan.objects.filter(ct_series=series):
        revise(scan, by=by, reason=reason, ct_series=None)
    for scan in Scan.objects.filter(pet_series=series):
        _take_back_proposed(scan, by, reason)
        withdraw(scan, by=by, reason=reason)
    _forget_what_was_read(series)
    KnownName.objects.filter(series=series).delete()
    held = _judge(
        series, Series.Identity.HELD, code="identity_taken_back", by=by, action="detach_series", reason=reason
    )
    if note_weight(held):
        request_series(series=held, by=by)
    return held


def _take_back_proposed(scan: Scan, by, reason: str) -> None:
    """Reference spheres that only the software placed do not hold a scan in a chart it does not belong to."""
    for voi in Voi.objects.filter(scan=scan, recorded_by=None):
        withdraw(voi, by=by, reason=reason)
    ForeignObject.objects.filter(scan=scan).update(scan=None)


def _forget_what_was_read(series: Series) -> None:
    read = Proposal.objects.filter(source__series=series)
    used = read.filter(state=Proposal.State.ACCEPTED, voi__superseded_at__isnull=True).select_related("voi__lesion")
    if labels := sorted({row.voi.lesion.label for row in used if row.voi.lesion}):
        raise StillInUse(f"Outlines of this object mark {', '.join(labels)}. Take those regions away first.")
    read.filter(state=Proposal.State.OPEN).delete()
    ForeignObject.objects.filter(series=series).update(
        scan=None, outcomes=[], measurements=[], refusal_code="", refusal_message="", input_digest=""
    )


def _judge(series: Series, state: str, *, code: str, by, action: str, reason: str) -> Series:
    """Write the new identity state with both identities as they were."""
    before = _both(series, series.candidate_patient)
    series.identity, series.identity_reason = state, code
    series.save(update_fields=["identity", "identity_reason"])
    audit(
        by=by,
        action=action,
        obj=series,
        patient=series.candidate_patient,
        before=before,
        after={"identity": series.identity},
        reason=reason,
    )
    return series


def _open_for_decision(by, series: Series, reason: str) -> Series:
    _require(by, reason)
    if not access.visible_series(by).filter(pk=series.pk).exists():
        raise Refused("case_not_found")
    series = Series.objects.select_for_update(of=("self",)).select_related("study").get(pk=series.pk)
    if series.identity not in OPEN:
        raise Refused("identity_not_waiting")
    return series


def _require(by, reason: str) -> None:
    if not by.may(Capability.RESOLVE_IDENTITY):
        raise Refused("not_permitted")
    if not reason.strip():
        raise Refused("reason_missing")


def _brought_it_in(by, series: Series) -> bool:
    return series.uploaded_by_id == by.pk or series.upload_items.filter(upload__by=by).exists()


def _confirm_id(by, header: DicomIdentity, patient: Patient, reason: str) -> None:
    """Remember the header's ID for this case, so that its next series need no person; never one of two cases."""
    if not header.has_usable_id or header.is_case_number_of(patient):
        return
    owner = identity.identifier_owner(header)
    if owner is not None and owner != patient:
        raise Refused("identity_id_taken")
    if Patient.objects.filter(case_number=header.patient_id).exclude(pk=patient.pk).exists():
        raise Refused("identity_id_taken")
    if owner is None:
        confirm_identifier(by=by, patient=patient, issuer=header.issuer, value=header.patient_id, reason=reason)


def _learn_name(by, series: Series, header: DicomIdentity, patient: Patient) -> None:
    """Remember how this ID writes the name, so that its next series need no person."""
    if not header.has_usable_id or not names.is_name(header.name_print):
        return
    if not any(names.is_same(header.name_print, one) for one in identity.Known([header]).names(header, patient)):
        KnownName.objects.create(
            patient=patient,
            issuer=header.issuer,
            value=header.patient_id,
            name_print=header.name_print,
            series=series,
            confirmed_by=by,
        )


def _with_name_said(series: Series) -> Series:
    """A warning on a series in a chart whose header writes the known name in another way."""
    if series.identity != Series.Identity.ATTACHED or series.candidate_patient is None:
        return series
    remark = identity.name_remark(identity.compare_names(DicomIdentity.of(series), series.candidate_patient))
    if remark and asdict(remark) not in series.warnings:
        series.warnings = [*series.warnings, asdict(remark)]
        series.save(update_fields=["warnings"])
    return series


def _answer(series: Series) -> list[str]:
    """Whoever confirms has seen all that is asked: none of it is asked again of this series."""
    asked = questions.open_of(series.header)
    if asked:
        series.header = questions.carried_over(series.header, [*series.header.get("answered", []), *asked])
        series.save(update_fields=["header"])
    return asked


def _attach(
    *, by, series: Series, patient: Patient, reason: str, code: str = "", answered: list[str] | None = None
) -> Scan | None:
    before = {"identity": series.identity, "identity_reason": series.identity_reason}
    series.identity, series.identity_reason = Series.Identity.ATTACHED, ""
    is_to_be_read = series.modality == PET and _is_to_be_read(series)
    _leave_corrections(by, series, patient)
    series.candidate_patient, series.read_at = patient, None if is_to_be_read else timezone.now()
    doubts.keep(series, [])
    seen = chart_questions.differences_today(series) if reason else {}
    series.header = chart_questions.answered(series.header, seen)
    series.save(update_fields=["identity", "identity_reason", "candidate_patient", "read_at", "header"])
    after = _both(series, patient) | {"confirmed_against": code} | ({"answered": answered} if answered else {})
    audit(by=by, action="attach_series", obj=series, patient=patient, before=before, after=after, reason=reason)
    scan = _scan_of(by, series, patient) if is_to_be_read else None
    note_weight(series)
    if is_to_be_read:
        return scan
    return _give_ct(by, series, patient) if series.modality == CT else None


def _leave_corrections(by, series: Series, patient: Patient | None) -> None:
    """What was entered while the series stood for another case was said of that patient: it does not come along."""
    if patient is None or series.candidate_patient_id in (None, patient.pk):
        return
    given = list(SuvInput.objects.filter(series=series))
    for row in given:
        withdraw(row, by=by, reason=FOR_ANOTHER_CASE)
    if given:
        series.revision += 1  # what is computed next is not an older result, though it may have the same inputs
        series.save(update_fields=["revision"])


def _is_to_be_read(pet: Series) -> bool:
    """Not the uncorrected twin of a PET, nor a projection of it: these would stand beside it as a second scan."""
    corrected = pet.header.get("suv", {}).get("corrected_image", {}).get("value")
    return pet.refusal_code != "projection_image" and (corrected is None or "ATTN" in corrected)


def _scan_of(by, pet: Series, patient: Patient) -> Scan:
    ct = _partners(pet, patient, CT).order_by("-instance_count", "series_uid").first()
    return record(
        Scan,
        by=by,
        patient=patient,
        clinical_date=pet.series_date,
        clinical_date_precision="day" if pet.series_date else "unknown",
        tracer=pet.tracer,
        pet_series=pet,
        ct_series=ct,
    )


def _give_ct(by, ct: Series, patient: Patient) -> Scan | None:
    """The PET came first: its scan gets this CT unless it has one."""
    scans = Scan.objects.filter(pet_series__in=_partners(ct, patient, PET), ct_series__isnull=True)
    given = [revise(scan, by=by, reason="CT of the same study arrived", ct_series=ct) for scan in scans]
    return given[0] if given else None


def _partners(series: Series, patient: Patient, modality: str):
    """Attached series of the other modality on the same frame of reference in the same study."""
    if not series.frame_of_reference_uid:
        return Series.objects.none()
    return Series.objects.filter(
        modality=modality,
        identity=Series.Identity.ATTACHED,
        candidate_patient=patient,
        study__study_uid=series.study.study_uid,
        frame_of_reference_uid=series.frame_of_reference_uid,
    )


def _both(series: Series, patient: Patient | None) -> dict:
    """Both identities as they stood, for the record of the decision."""
    header = DicomIdentity.of(series)
    name = patient and identity.compare_names(header, patient)
    return {
        "identity": series.identity,
        "header": {
            "patient_id": header.patient_id,
            "issuer": header.issuer,
            "birth_date": header.birth_date and header.birth_date.isoformat(),
            "sex": header.sex,
        },
        "name": name and {"code": name.code, "likeness": name.likeness},
        "chart": patient
        and {
            "case_number": patient.case_number,
            "birth_date": patient.birth_date and patient.birth_date.isoformat(),
            "sex": patient.sex_for_formulas,
        },
    }
