"""What a page of an earlier day shows, refuses and never lets through."""

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from board.chart import Chart
from board.closing import close_case
from board.contacts import log_contact
from board.follow_up import ask, follow_up
from board.ground import ground_of
from board.models import AgendaItem, Contact
from board.services import record_decision
from imaging.models import Lesion, LesionFinding, Reading, Scan
from imaging.services import amend_reading, correct_suv_input
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    ClinicalEvent,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    PerformanceStatus,
    SsaInjection,
    TreatmentLine,
)
from patients.services import record, revise, update_patient
from tests.board.factories import FOLLOW_UP, add_scan, measure, published_case, read
from tests.board.meeting_factories import make_item, make_meeting
from tests.imaging.signing import sign

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
THEN = dt.datetime(2026, 5, 14, 12, 0, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 6, 20, 12, 0, tzinfo=dt.UTC)
DAY = "2026-05-14"
CANARY = "ZQLATER"
TABS = ("overview", "eligibility", "change", "scans", "histology", "lines", "labs", "decisions", "contacts", "audit")
VIEWS = [f"tab={tab}" for tab in TABS] + ["tab=eligibility&view=compare", "tab=eligibility&view=facts"]
POST_FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]*)"')


@pytest.fixture(scope="module")
def opened(once):
    with time_machine.travel(THEN, tick=False):
        return published_case("0042")


@pytest.fixture
def case(opened, client, db):
    user, patient = opened
    client.force_login(user)
    return client, user, patient


def address(patient, query: str = "") -> str:
    return reverse("board:patient", args=[patient.case_number]) + (f"?{query}" if query else "")


def test_a_page_of_a_day_says_so_and_offers_nothing_that_writes(case):
    client, _, patient = case
    for view in VIEWS:
        page = client.get(address(patient, f"{view}&known={DAY}")).content.decode()
        assert f"As known on {DAY}. Read only." in page and 'class="is-rewound"' in page
        assert POST_FORM.findall(page) == [reverse("account_logout")], view
        for way in (
            "admin:",
            "/decide/",
            "/amend/",
            "/what-if/",
            "/upload/?case",
            "/present/",
            'data-key="d"',
            "/fhir/",
        ):
            stage = page[page.index('<div class="stage') :]
            assert way not in stage, (view, way)


def test_links_of_a_rewound_page_keep_the_day(case):
    client, _, patient = case
    page = client.get(address(patient, f"known={DAY}")).content.decode()
    stage = page[page.index('<div class="stage') :]
    own = re.findall(r'<a\b(?![^>]*data-today)[^>]*href="(/patients/[^"]*|\?[^"]*|/imaging/scans[^"]*)"', stage)
    assert len(own) > 30
    assert [href for href in own if "known=" not in href] == []
    assert f'href="{address(patient)}" data-today' in stage


def test_the_last_day_there_is_can_be_named_in_every_zone(case, settings):
    """Its end lies beyond what a date can say west of Greenwich."""
    client, _, patient = case
    for zone in ("UTC", "Etc/GMT+6", "Etc/GMT-12"):
        settings.TIME_ZONE = zone
        assert "still to come" in client.get(address(patient, "known=9999-12-31")).content.decode(), zone


@pytest.mark.parametrize(
    ("known", "status", "said"),
    [
        ("2026-13-01", 400, "This is no day."),
        ("yesterday", 400, "This is no day."),
        ("", 400, "This is no day."),
        ("0001-01-01", 200, "Case was opened on 2026-05-14; nothing was known on 0001-01-01."),
        ("9999-12-31", 400, "still to come"),
        ("2026-05-13", 200, "Case was opened on 2026-05-14; nothing was known on 2026-05-13."),
        ("2026-05-14T25:00", 400, "This is no day."),
    ],
)
def test_a_day_that_cannot_be_shown_is_a_sentence_without_data(case, known, status, said):
    client, _, patient = case
    response = client.get(address(patient, f"known={known}"))
    text = response.content.decode()
    assert (response.status_code, said in text) == (status, True)
    assert ('class="is-rewound"' in text) == (status == 200), "the frame of an earlier day"
    assert "CAPTEM" not in text and "Gastric" not in text


def test_a_day_before_the_case_names_when_it_was_opened_and_not_when_it_was_changed(case):
    client, user, patient = case
    with time_machine.travel(LATER, tick=False):
        update_patient(by=user, patient=patient, reason="a typing error", centre="Another")
    said = client.get(address(patient, "known=2026-05-13")).content.decode()
    assert "Case was opened on 2026-05-14; nothing was known on 2026-05-13." in said
    opened = timezone.localtime(THEN)
    said = client.get(address(patient, "known=2026-05-14T00:30")).content.decode()
    assert f"Case was opened on {opened:%Y-%m-%d %H:%M}; nothing was known on 2026-05-14 00:30." in said


@pytest.mark.parametrize("name", ["ask", "contact", "closing", "decide", "change_verdict", "present", "what_if"])
def test_every_write_with_a_day_is_refused(case, name):
    client, _, patient = case
    before = Contact.objects.count()
    response = client.post(reverse(f"board:{name}", args=[patient.case_number]) + f"?known={DAY}", {"text": "now?"})
    assert response.status_code == 409 and "nothing was stored" in response.content.decode()
    assert (Contact.objects.count(), patient.questions.count()) == (before, 0)


def test_a_page_that_cannot_go_back_does_not_pretend_to(case):
    client, _, patient = case
    for path in (
        reverse("board:patients"),
        reverse("board:what_if", args=[patient.case_number]),
        reverse("board:home"),
    ):
        response = client.get(f"{path}?known={DAY}")
        assert response.status_code == 400 and "only be shown as it is today" in response.content.decode()


def test_the_mark_of_a_page_differs_by_day(case):
    client, _, patient = case
    marks = {client.get(address(patient, query)).headers["ETag"] for query in ("", f"known={DAY}", "known=2026-05-15")}
    assert len(marks) == 3


def everything_later(user, patient) -> None:
    """One canary in every table a patient page reads."""
    fact = {"by": user, "patient": patient, "clinical_date": dt.date(2026, 5, 1)}
    for model, values in (
        (Diagnosis, {"primary_site": "lung", "note": CANARY, "syndrome": CANARY}),
        (HistologySpecimen, {"ki67_text": "41 %", "site": CANARY}),
        (TreatmentLine, {"treatment_class": "targeted", "regimen": CANARY}),
        (LabResult, {"analyte": "platelets", "value": 77, "unit": "10^9/L", "note": CANARY}),
        (PerformanceStatus, {"instrument": "ECOG", "value": 4, "note": CANARY}),
        (BodyMeasure, {"kind": BodyMeasure.Kind.WEIGHT, "value": 44, "note": CANARY}),
        (ClinicalAssertion, {"kind": "pregnancy", "state": "denied", "note": CANARY}),
        (ClinicalEvent, {"symptom": CANARY, "context": CANARY, "note": CANARY}),
        (SsaInjection, {"drug": CANARY, "note": CANARY}),
    ):
        record(model, **fact, **values)
    revise(TreatmentLine.objects.get(regimen="CAPTEM"), by=user, reason=CANARY, regimen=f"{CANARY} again")
    revise(LesionFinding.objects.first(), by=user, reason=CANARY, long_axis_mm=99)
    lesions = {row.label: row for row in Lesion.objects.filter(patient=patient)}
    revise(lesions["L01"], by=user, reason=CANARY, organ=CANARY)
    patient = update_patient(patient, by=user, reason=CANARY, birth_date=dt.date(1931, 1, 1), demo_note=CANARY)
    scan = add_scan(user, patient, dt.date(2026, 6, 1), label=CANARY)
    measure(user, scan, lesions, FOLLOW_UP)
    read(user, scan, lesions, {"L01": (4, 4, CANARY), "L02": (4, 4, CANARY)})
    signed = Reading.objects.filter(scan__clinical_date=FOLLOW_UP).first()
    sign(by=user, reading=amend_reading(by=user, reading=signed, reason=CANARY))
    correct_suv_input(by=user, series=scan.pet_series, name="body_weight_kg", value="44", reason=CANARY)
    revise(Scan.objects.get(clinical_date=FOLLOW_UP), by=user, reason=CANARY, note=CANARY, label=CANARY)
    ask(by=user, patient=patient, text=CANARY)
    log_contact(
        by=user,
        patient=patient,
        contacted_on=dt.date(2026, 6, 1),
        who="patient",
        outcome="reached",
        note=CANARY,
        next_for="visit",
        next_on=dt.date(2026, 9, 9),
    )
    decision = record_decision(
        by=user,
        patient=patient,
        decided_on=dt.date(2026, 6, 2),
        outcome="treat",
        text=CANARY,
        owner=CANARY,
        due_date=dt.date(2026, 9, 8),
    )
    follow_up(by=user, decision=decision, kind="partly", reason=CANARY)
    meeting = make_meeting(user, title=CANARY)
    make_item(meeting, patient, user, question=CANARY)
    AgendaItem.objects.update(why_text=CANARY)
    close_case(by=user, patient=patient, reason="transferred", text=CANARY)


def pages_of(client, patient) -> dict[str, str]:
    """Every page that can go back, by its address."""
    found = {view: address(patient, f"{view}&known={DAY}") for view in VIEWS}
    source = reverse("board:source", args=[patient.case_number])
    scan = Scan.objects.get(patient=patient, clinical_date=FOLLOW_UP)
    lesion = Lesion.objects.get(patient=patient, label="L01")
    found["scan"] = reverse("imaging:scan", args=[scan.pk]) + f"?known={DAY}"
    found["read"] = reverse("imaging:read", args=[scan.pk]) + f"?known={DAY}"
    found["lesion source"] = f"{source}?lesion={lesion.pk}&scan={scan.pk}&known={DAY}"
    found["row source"] = f"{source}?row={TreatmentLine.objects.first().lineage}&known={DAY}"
    found["criterion"] = f"{source}?set=krenning-gt2&criterion=SSTR.ABOVE_LIVER&known={DAY}"
    found["fact"] = f"{source}?fact=sstr_relation_to_liver&known={DAY}"
    return {name: client.get(path, follow=True).content.decode() for name, path in found.items()}


@pytest.fixture
def before(case):
    """The pages of the day while nothing had come since."""
    client, user, patient = case
    with time_machine.travel(LATER, tick=False):
        client.force_login(user)
        return pages_of(client, patient)


@pytest.fixture
def later(case):
    client, user, patient = case
    with time_machine.travel(LATER, tick=False):
        client.force_login(user)
        everything_later(user, patient)
        yield client, user, patient


def test_nothing_recorded_later_shines_through(before, later):
    client, _, patient = later
    today = client.get(address(patient)).content.decode()
    assert CANARY in today, "the canary must be there to be missed"
    for name, page in pages_of(client, patient).items():
        assert CANARY not in page, name
        for number in ("41 %", "99 mm", "2026-09-09", "9 Sep 2026", "8 Sep 2026"):
            assert number not in page, (name, number)
        assert without_axis(page) == without_axis(before[name]), name


def without_axis(page: str) -> str:
    """The way to other days knows of every day of recording, and nothing of what was recorded."""
    page = re.sub(r'<div class="rewind-days">.*?</div>', "", page, flags=re.DOTALL)
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", page)


def test_what_has_come_since_is_listed_with_both_values(later):
    client, _, patient = later
    page = client.get(reverse("board:since", args=[patient.case_number]) + f"?known={DAY}").content.decode()
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "regimen: CAPTEM → changed to ZQLATER again" in said
    assert "Signed reading new" in said and "treat, 2026-06-02: ZQLATER" in said and "withdrawn" not in said
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", said), "ids say nothing to a reader"
    assert client.get(reverse("board:since", args=[patient.case_number]) + "?known=2026-06-20").status_code == 200


def test_the_axis_leads_from_day_to_day(later):
    client, _, patient = later
    page = client.get(address(patient, f"tab=labs&known={DAY}"))
    days = page.context["rewind"].days
    assert [one.day.isoformat() for one in days.all] == ["2026-05-14", "2026-06-20"]
    assert (days.before, days.after.href) == (None, "?tab=labs&known=2026-06-20")
    between = client.get(address(patient, "known=2026-05-30")).context["rewind"].days
    assert (between.before.day.isoformat(), between.after.day.isoformat()) == ("2026-05-14", "2026-06-20")


def test_the_frozen_ground_of_a_decision_is_what_was_known_when_it_was_signed(later):
    _, user, patient = later
    decision = patient.decisions.get()
    with time_machine.travel(LATER + dt.timedelta(days=50), tick=False):
        record(
            LabResult, by=user, patient=patient, analyte="hb", value=7, unit="g/dL", clinical_date=dt.date(2026, 6, 1)
        )
        revise(Lesion.objects.get(label="L02"), by=user, reason="x", organ="bone")
        then = Chart(patient, timezone.localdate(decision.recorded_at), known_at=decision.recorded_at)
        assert ground_of(then) == decision.ground
        assessed = then.assessed_on(decision.decided_on)
        frozen = list(decision.assessments.all())
        assert frozen and {a.guideline_id: (a.verdict, a.digest) for a in frozen} == {
            a.guideline_id: (assessed[a.guideline_id].verdict, assessed[a.guideline_id].digest) for a in frozen
        }
        assert ground_of(Chart(patient, timezone.localdate())) != decision.ground
