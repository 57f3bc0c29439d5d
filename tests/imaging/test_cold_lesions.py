"""Signing asks whether lesions without uptake were looked for; FDG is read by eye, beside the SSTR scan of its pair."""

import datetime as dt

import pytest
from django.urls import reverse

from imaging.fdg_pairs import pair_of
from imaging.models import Lesion, LesionReading, Reading, Scan
from imaging.services import (
    amend_reading,
    answer_reading,
    confirm_netpet,
    score_lesion,
    sign_reading,
    start_reading,
)
from patients.domain.roles import Role
from patients.models import AuditEvent, TreatmentLine
from patients.services import create_patient, record
from tests.imaging.scan_rows import refusal_of
from tests.imaging.signing import ANSWERS, sign

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
DAY = dt.date(2026, 5, 3)


def scan_on(doctor, patient, days=0, tracer="68Ga-DOTATATE") -> Scan:
    return record(Scan, by=doctor, patient=patient, clinical_date=DAY + dt.timedelta(days=days), tracer=tracer)


@pytest.fixture
def sstr(phantom_case, doctor):
    return scan_on(doctor, phantom_case)


@pytest.fixture
def fdg(phantom_case, doctor):
    return scan_on(doctor, phantom_case, 10, "18F-FDG")


@pytest.fixture
def lesion(phantom_case, doctor):
    return record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="liver")


def read(doctor, scan, lesion, *, answer="none", **score):
    reading = start_reading(by=doctor, scan=scan)
    values = {"score_low": None, "score_high": None} | score
    score_lesion(by=doctor, reading=reading, lesion=lesion, **values)
    return sign(by=doctor, reading=reading, cold_lesions=answer)


def test_signing_demands_the_answer(sstr, lesion, doctor):
    reading = start_reading(by=doctor, scan=sstr)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    answer_reading(by=doctor, reading=reading, **ANSWERS | {"cold_lesions": ""})
    assert refusal_of(sign_reading, by=doctor, reading=reading) == "cold_lesions_not_answered"
    for wrong in ("maybe", "NONE"):
        assert refusal_of(sign_reading, by=doctor, reading=reading, cold_lesions=wrong) == "answer_unknown"
    assert Reading.objects.get(pk=reading.pk).state == "draft"
    signed = sign(by=doctor, reading=reading, cold_lesions="not_assessed")
    assert signed.cold_lesions == "not_assessed"
    assert AuditEvent.objects.get(action="sign_reading").after["cold_lesions"] == "not_assessed"
    assert refusal_of(answer_reading, by=doctor, reading=signed, cold_lesions="none") == "reading_signed"


def test_the_answer_may_be_given_before_and_by_whom(sstr, lesion, doctor, django_user_model):
    observer = django_user_model.objects.create_user("observer", role=Role.OBSERVER)
    reading = start_reading(by=doctor, scan=sstr)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    assert refusal_of(answer_reading, by=observer, reading=reading, cold_lesions="none") == "not_permitted"
    assert sign(by=doctor, reading=reading, cold_lesions="listed").cold_lesions == "listed"


def test_an_amendment_keeps_the_answer_and_may_change_it(sstr, lesion, doctor):
    signed = read(doctor, sstr, lesion, score_low=3, score_high=3, answer="none")
    draft = amend_reading(by=doctor, reading=signed, reason="CT came")
    assert draft.cold_lesions == "none"
    assert sign(by=doctor, reading=draft, cold_lesions="listed").cold_lesions == "listed"
    assert Reading.objects.get(pk=signed.pk).cold_lesions == "none"


def test_an_fdg_reading_has_no_krenning_score(fdg, sstr, lesion, doctor):
    reading = start_reading(by=doctor, scan=fdg, scale_id="KR-ORIG")
    assert reading.scale_id == "FDG"
    for score in ({"score_low": 3, "score_high": 3}, {"score_low": None, "score_high": None, "relation": "above"}):
        assert refusal_of(score_lesion, by=doctor, reading=reading, lesion=lesion, **score) == "fdg_has_no_krenning"
    plain = {"lesion": lesion, "score_low": None, "score_high": None, "fdg_relation": "more"}
    score_lesion(by=doctor, reading=reading, **plain)
    assert sign(by=doctor, reading=reading, ssa="", cold_lesions="").state == "signed"
    on_sstr = start_reading(by=doctor, scan=sstr)
    assert refusal_of(score_lesion, by=doctor, reading=on_sstr, **plain) == "fdg_only_on_fdg"


def test_a_krenning_draft_of_a_scan_that_is_fdg_after_all_is_not_signed(sstr, lesion, doctor):
    """The tracer was corrected while the draft lay open."""
    from patients.services import revise

    reading = start_reading(by=doctor, scan=sstr)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    revise(sstr, by=doctor, reason="request form", tracer="18F-FDG")
    assert refusal_of(sign_reading, by=doctor, reading=reading, cold_lesions="none") == "fdg_has_no_krenning"


def test_netpet_is_confirmed_with_an_sstr_scan_of_the_same_patient(fdg, sstr, lesion, doctor, django_user_model):
    reading = start_reading(by=doctor, scan=fdg)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=None, score_high=None, fdg_relation="more")
    other = scan_on(doctor, create_patient(by=doctor, case_number="NET-9"))
    clerk = django_user_model.objects.create_user("clerk", role=Role.DATA_ENTRY)
    good = {"reading": reading, "netpet_class": "P4a", "paired_scan": sstr}
    assert refusal_of(confirm_netpet, by=clerk, **good) == "not_permitted"
    for wrong in ({"paired_scan": other}, {"paired_scan": fdg}, {"netpet_class": "P9"}):
        assert refusal_of(confirm_netpet, by=doctor, **good | wrong) == "netpet_needs_pair"
    on_sstr = start_reading(by=doctor, scan=sstr)
    assert refusal_of(confirm_netpet, by=doctor, **good | {"reading": on_sstr}) == "netpet_needs_pair"
    confirm_netpet(by=doctor, **good)
    signed = sign(by=doctor, reading=reading)
    assert (signed.netpet_class, signed.paired_scan) == ("P4a", sstr)
    assert refusal_of(confirm_netpet, by=doctor, **good) == "reading_signed"


def test_the_pair_its_days_and_what_readers_saw(fdg, sstr, lesion, doctor, client):
    read(doctor, sstr, lesion, score_low=1, score_high=1, relation="below")
    read(doctor, fdg, lesion, fdg_relation="more")
    record_size(doctor, lesion, sstr)
    pair = pair_of(fdg)
    assert (pair.sstr_scan, pair.pairing.days, pair_of(sstr).fdg_scan) == (sstr, -10, fdg)
    (flag,) = pair.discordant
    assert flag.is_discordant is True and pair.has_discordance is True and pair.confirmed is None
    client.force_login(doctor)
    for scan in (fdg, sstr):
        page = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
        assert (
            "10 days apart, within 31 days" in page
            and "Discordant disease: <strong>yes" in page
            and "not confirmed by a reader" in page
        )


def record_size(doctor, lesion, scan, mm=22):
    from imaging.models import LesionFinding

    record(LesionFinding, by=doctor, lesion=lesion, scan=scan, long_axis_mm=mm)


def test_a_draft_says_nothing(fdg, sstr, lesion, doctor):
    for scan in (fdg, sstr):
        reading = start_reading(by=doctor, scan=scan)
        LesionReading.objects.create(reading=reading, lesion=lesion)
    pair = pair_of(fdg)
    assert pair.lesions == [] and pair.proposed is None and pair.why_not_proposed.endswith(".")


def test_a_class_confirmed_with_another_sstr_scan_is_not_that_of_this_pair(fdg, sstr, lesion, doctor, phantom_case):
    """A nearer SSTR scan came later: its pair has to be confirmed anew."""
    read(doctor, sstr, lesion, score_low=1, score_high=1)
    reading = start_reading(by=doctor, scan=fdg)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=None, score_high=None, fdg_relation="more")
    confirm_netpet(by=doctor, reading=reading, netpet_class="P5", paired_scan=sstr)
    sign(by=doctor, reading=reading)
    assert pair_of(fdg).confirmed is not None
    nearer = scan_on(doctor, phantom_case, 9)
    assert (pair_of(fdg).sstr_scan, pair_of(fdg).confirmed) == (nearer, None)


def test_too_far_no_partner_and_chemotherapy_are_said(phantom_case, doctor, fdg, client):
    assert pair_of(fdg).pairing is None and "no SSTR scan" in pair_of(fdg).refusal
    far = scan_on(doctor, phantom_case, -50)
    assert [c.code for c in pair_of(fdg).pairing.cautions] == ["fdg_pairing_far"]
    record(
        TreatmentLine, by=doctor, patient=phantom_case, treatment_class="chemo", regimen="CAPTEM",
        clinical_date=DAY - dt.timedelta(days=20),
    )  # fmt: skip
    assert "treatment_between_tracers" in [c.code for c in pair_of(fdg).pairing.cautions]
    client.force_login(doctor)
    page = client.get(reverse("imaging:scan", args=[far.pk])).content.decode()
    assert "60 days apart, beyond 31 days" in page and "CAPTEM" in page
    assert pair_of(scan_on(doctor, phantom_case, 200, "")) is None
