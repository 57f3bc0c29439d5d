"""A signed reading is final, also for queries; an amendment is a new version and the old one stays."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from imaging import selectors
from imaging.models import Lesion, LesionReading, Reading, Scan
from imaging.refused import Refused
from imaging.services import (
    amend_reading,
    answer_reading,
    remove_score,
    score_lesion,
    sign_reading,
    start_reading,
)
from patients.domain.roles import Role
from patients.models import AuditEvent
from patients.services import create_patient, record
from tests.imaging.signing import sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def scan(phantom_case, doctor):
    return record(Scan, by=doctor, patient=phantom_case, clinical_date=dt.date(2024, 5, 6), tracer="68Ga-DOTATATE")


@pytest.fixture
def lesion(phantom_case, doctor):
    return record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="liver")


@pytest.fixture
def signed(scan, lesion, doctor):
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3, relation="above")
    return sign(by=doctor, reading=reading)


def refused(code, call, **values):
    with pytest.raises(Refused) as refusal:
        call(**values)
    assert refusal.value.code == code


def test_a_draft_is_continued_scored_and_signed_with_its_trail(scan, lesion, doctor, settings):
    reading = start_reading(by=doctor, scan=scan)
    assert (reading.scale_id, reading.state) == (settings.KRENNING_SCALE, "draft")
    assert start_reading(by=doctor, scan=scan).pk == reading.pk
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=2, score_high=2)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=0, score_high=1, text="low uptake")
    assert selectors.signed_reading(scan) is None
    done = sign(by=doctor, reading=reading)
    assert (done.state, done.reader) == ("signed", doctor) and done.signed_at
    event = AuditEvent.objects.get(action="sign_reading")
    assert event.by == doctor and event.patient == scan.patient
    assert event.after["lesions"][0]["score_high"] == 1
    assert selectors.signed_reading(scan).lesions.get().text == "low uptake"


def test_a_signed_reading_cannot_be_changed_by_any_service(signed, lesion, doctor):
    score = signed.lesions.get()
    refused("reading_signed", score_lesion, by=doctor, reading=signed, lesion=lesion, score_low=4, score_high=4)
    refused("reading_signed", remove_score, by=doctor, score=score)
    refused("reading_signed", answer_reading, by=doctor, reading=signed, comment="later thought")
    refused("reading_signed", sign_reading, by=doctor, reading=signed)


def test_nor_by_the_models_and_queries_underneath(signed):
    score = signed.lesions.get()
    attempts = [
        signed.save,
        signed.delete,
        score.save,
        score.delete,
        lambda: Reading.objects.filter(pk=signed.pk).update(comment="x"),
        lambda: Reading.objects.all().delete(),
        lambda: LesionReading.objects.update(score_high=4),
        lambda: signed.lesions.all().delete(),
        lambda: LesionReading(reading=signed, lesion=score.lesion).save(),
        lambda: LesionReading.objects.bulk_update([score], ["score_low"]),
        lambda: LesionReading.objects.bulk_create([LesionReading(reading=signed, lesion=score.lesion)]),
    ]
    for attempt in attempts:
        with pytest.raises((TypeError, IntegrityError)), transaction.atomic():
            attempt()
    assert signed.lesions.get().score_high == 3


def test_an_amendment_is_a_new_version_and_counts_once_signed(signed, lesion, doctor, colleague):
    draft = amend_reading(by=colleague, reading=signed, reason="compared with the MR")
    assert (draft.version, draft.amends, draft.reader) == (2, signed, colleague)
    assert draft.lesions.get().score_high == 3
    assert selectors.signed_reading(signed.scan).pk == signed.pk
    score_lesion(by=colleague, reading=draft, lesion=lesion, score_low=4, score_high=4)
    sign(by=colleague, reading=draft)
    assert selectors.signed_reading(signed.scan).pk == draft.pk
    assert selectors.signed_reading(signed.scan, known_at=signed.signed_at).pk == signed.pk
    assert Reading.objects.get(pk=signed.pk).lesions.get().score_high == 3
    refused("reading_amended", amend_reading, by=doctor, reading=signed, reason="again")
    assert AuditEvent.objects.get(action="amend_reading").reason == "compared with the MR"


def test_what_cannot_be_amended(signed, scan, doctor):
    refused("reason_missing", amend_reading, by=doctor, reading=signed, reason="")
    draft = start_reading(by=doctor, scan=scan)
    refused("reading_not_signed", amend_reading, by=doctor, reading=draft, reason="x")
    refused("lesions_unread", sign, by=doctor, reading=draft)


@pytest.mark.parametrize(
    "low, high, relation, code",
    [
        (5, 5, "", "score_out_of_range"),
        (3, 2, "", "score_out_of_range"),
        (-1, 0, "", "score_out_of_range"),
        (None, 3, "", "score_out_of_range"),
        (3, None, "", "score_out_of_range"),
        (3, 3, "below", "score_contradicts_relation"),
        (1, 1, "equal", "score_contradicts_relation"),
        (0, 0, "above", "score_contradicts_relation"),
    ],
)
def test_scores_outside_the_scale_or_against_their_relation(scan, lesion, doctor, low, high, relation, code):
    reading = start_reading(by=doctor, scan=scan)
    values = {"reading": reading, "lesion": lesion, "score_low": low, "score_high": high, "relation": relation}
    refused(code, score_lesion, by=doctor, **values)
    assert not reading.lesions.exists()


def test_the_scale_decides_which_relation_fits(scan, lesion, doctor):
    modified = start_reading(by=doctor, scan=scan, scale_id="KR-MOD")
    score_lesion(by=doctor, reading=modified, lesion=lesion, score_low=2, score_high=2, relation="below")
    original = start_reading(by=doctor, scan=scan, scale_id="KR-ORIG")
    values = {"lesion": lesion, "score_low": 2, "score_high": 2, "relation": "below"}
    refused("score_contradicts_relation", score_lesion, by=doctor, reading=original, **values)
    refused("scale_unknown", start_reading, by=doctor, scan=scan, scale_id="KR-NEW")


def test_a_score_not_stated_keeps_the_words(scan, lesion, doctor):
    reading = start_reading(by=doctor, scan=scan)
    row = score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=None, score_high=None, text="low uptake")
    assert (row.score_low, row.score_high, row.text) == (None, None, "low uptake")


def test_a_lesion_of_another_patient_is_refused(scan, doctor):
    other = create_patient(by=doctor, case_number="NET-0099")
    foreign = record(Lesion, by=doctor, patient=other, label="L01", organ="liver")
    reading = start_reading(by=doctor, scan=scan)
    refused("voi_of_other_patient", score_lesion, by=doctor, reading=reading, lesion=foreign, score_low=1, score_high=1)


def test_only_those_entitled_sign_and_the_signer_becomes_the_reader(scan, lesion, doctor, django_user_model):
    clerk = django_user_model.objects.create_user("clerk", role=Role.DATA_ENTRY)
    observer = django_user_model.objects.create_user("observer", role=Role.OBSERVER)
    refused("not_permitted", start_reading, by=observer, scan=scan)
    typed = start_reading(by=clerk, scan=scan)
    score_lesion(by=clerk, reading=typed, lesion=lesion, score_low=3, score_high=3)
    refused("not_permitted", sign_reading, by=clerk, reading=typed)
    assert sign(by=doctor, reading=typed).reader == doctor
    refused("not_permitted", amend_reading, by=clerk, reading=typed, reason="x")


def test_a_score_cannot_slip_in_behind_a_signature(signed, lesion, doctor):
    """The stale object still says draft: the table decides."""
    stale = Reading.objects.get(pk=signed.pk)
    stale.state = "draft"
    refused("reading_signed", score_lesion, by=doctor, reading=stale, lesion=lesion, score_low=4, score_high=4)
