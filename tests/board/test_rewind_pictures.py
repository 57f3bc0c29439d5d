"""Pictures, proposals and documents of an earlier day: those of then, or a sentence that there were none."""

import datetime as dt
import re

import pytest
import time_machine
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from board.follow_up import follow_up
from board.services import record_decision
from imaging import digests, store
from imaging.models import ImageProduct, LesionMatch, Proposal, ProposalRun, Reading, Scan
from imaging.services import reject_proposal, reopen_proposal
from tests.board.factories import FOLLOW_UP, published_case, suv_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
THEN = dt.datetime(2026, 5, 14, 12, 0, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 6, 20, 12, 0, tzinfo=dt.UTC)
DAY, BEFORE, AFTER = "2026-05-15", "2026-05-14T11:00", "2026-06-21"
STILL = {"width": 3, "height": 4, "window_suv": [0.0, 15.0]}


@pytest.fixture(autouse=True)
def _zone_of_the_site(settings):
    """Days and hours stand here as addresses have them; a run of the evening works in another zone."""
    settings.TIME_ZONE = "UTC"


@pytest.fixture(scope="module")
def opened(once):
    with time_machine.travel(THEN - dt.timedelta(days=3), tick=False):
        user, patient = published_case("0043")
    with time_machine.travel(THEN, tick=False):
        scan = Scan.objects.get(patient=patient, clinical_date=FOLLOW_UP)
        draw(scan, b"first")
        look(scan)
        signed = decide(user, patient, "not_yet", "first")
    with time_machine.travel(LATER, tick=False):
        draw(scan, b"second")
        focus = Proposal.objects.get(label="F01")
        reject_proposal(by=user, proposal=focus, reason="ZQLATER")
        follow_up(by=user, decision=signed, kind="done", reason="ZQLATER")
        decide(user, patient, "treat", "second", supersedes=signed)
    return user, patient


def draw(scan, bytes_: bytes) -> None:
    """What the worker keeps, without the drawing."""
    now = timezone.now()
    ImageProduct.objects.filter(scan=scan, superseded_at=None).update(superseded_at=now)
    lesion = scan.patient.lesion_rows.get(label="L02")
    for kind, name, meta, own in (
        (ImageProduct.Kind.MIP_STILL, "mip-still.webp", STILL, None),
        (ImageProduct.Kind.KEY_SLICE, "axial-pet.webp", {"plane": "axial", "kind": "pet"}, lesion),
    ):
        ImageProduct.objects.create(
            scan=scan,
            lesion=own,
            kind=kind,
            name=name,
            meta=meta,
            sha256=store.put_bytes(bytes_ + name.encode()).sha256,
            content_type="image/webp",
            input_digest="d",
            method_version="m",
            computed_at=now,
        )


def look(scan) -> None:
    result = scan.pet_series.suv_results.get(superseded_at=None)
    run = ProposalRun.objects.create(scan=scan, suv_result=result, input_digest="d", method_version="look/1")
    common = {"scan": scan, "run": run, "centre_lps_mm": [0, 0, 0], "radius_mm": 4}
    focus = Proposal.objects.create(kind="focus", label="F01", reason="warmer than liver", **common)
    lesion = scan.patient.lesion_rows.get(label="L02")
    match = {"run": run, "scan": scan, "previous_scan": scan}
    LesionMatch.objects.create(lesion=lesion, proposal=focus, status="present", **match)


def decide(user, patient, outcome, text, **values):
    today = timezone.localdate()
    return record_decision(
        by=user,
        patient=patient,
        decided_on=today,
        outcome=outcome,
        text=text,
        owner="Dr Example",
        due_date=today + dt.timedelta(days=30),
        **values,
    )


@pytest.fixture
def case(opened, client, db):
    user, patient = opened
    with time_machine.travel(LATER + dt.timedelta(days=9), tick=False):
        client.force_login(user)
        yield client, user, patient


def scan_page(client, patient, known: str) -> str:
    scan = Scan.versions.filter(patient=patient, clinical_date=FOLLOW_UP).first()
    path = reverse("imaging:scan", args=[scan.lineage])
    return client.get(f"{path}?known={known}", follow=True).content.decode()


def pictures_on(client, page: str) -> list[bytes]:
    found = re.findall(r'<img src="(/imaging/[^"]*)"', page[page.index('<div class="stage') :])
    return [client.get(src.replace("&amp;", "&")).content for src in found]


@pytest.mark.parametrize(("known", "drawn"), [(DAY, b"first"), (AFTER, b"second")])
def test_a_scan_shows_the_pictures_that_were_in_use(case, known, drawn):
    client, _, patient = case
    found = pictures_on(client, scan_page(client, patient, known))
    assert sorted(found) == [drawn + b"axial-pet.webp", drawn + b"mip-still.webp"]


def test_a_scan_says_that_nothing_was_drawn_yet(case):
    client, _, patient = case
    page = scan_page(client, patient, BEFORE)
    assert "No key slices were in use on this day." in page and "first" not in str(pictures_on(client, page))
    assert "As known on 2026-05-14 11:00" in page and "Nothing proposed yet" in page


@pytest.mark.parametrize(
    ("number", "known", "said"),
    [
        (0, BEFORE, "had not been drawn yet"),
        (0, AFTER, "this picture was out of use"),
        (1, DAY, "had not been drawn yet"),
        (0, "2030-01-01", "still to come"),
        (0, "soon", "This is no day."),
    ],
)
def test_a_picture_of_another_day_is_a_sentence(case, number, known, said):
    client, _, _ = case
    stills = ImageProduct.objects.filter(kind="mip_still").order_by("computed_at")
    response = client.get(reverse("imaging:product", args=[stills[number].pk]) + f"?known={known}")
    page = response.content.decode()
    assert response.headers["Content-Type"].startswith("text/html") and said in page and "notice-known" in page


def test_the_picture_of_a_series_is_drawn_from_the_suv_of_then(case, monkeypatch):
    client, _, patient = case
    series = Scan.objects.get(patient=patient, clinical_date=FOLLOW_UP).pet_series
    then = series.suv_results.get()
    then.superseded_at = LATER
    then.save()
    series.header = {"suv": {"changed": True}}
    series.manifest_sha256 = "a" * 64
    series.save()
    suv_of(Scan.objects.get(patient=patient, clinical_date=FOLLOW_UP), factors={"bw": 2e-4})
    monkeypatch.setattr("imaging.pictures._draw", lambda series, result: str(result.factors["bw"]).encode())
    path = reverse("imaging:mip", args=[series.pk])
    assert client.get(f"{path}?known={DAY}").content == b"0.0001"
    assert client.get(path).content == b"0.0002"
    assert "had not been drawn yet" in client.get(f"{path}?known=2026-05-01").content.decode()
    assert digests.of_series(series) != then.input_digest


def test_proposals_are_as_they_had_been_decided_by_then(case):
    client, user, patient = case
    then, later = scan_page(client, patient, DAY), scan_page(client, patient, AFTER)
    assert "1 open" in then and "warmer than liver" in then and "F01" in then and "L02" in then
    assert "1 to confirm" in then
    assert "0 open" in later and "rejected, by" in later
    for page in (then, later):
        stage = page[page.index('<div class="stage') :]
        assert "Accept" not in stage and "Open again" not in stage and 'method="post"' not in stage
    with time_machine.travel(LATER + dt.timedelta(days=3), tick=False):
        reopen_proposal(by=user, proposal=Proposal.objects.get(label="F01"), reason="seen again")
    assert "rejected, by" in scan_page(client, patient, AFTER) and "1 open" in scan_page(client, patient, "2026-06-25")


def test_a_scan_withdrawn_since_keeps_its_pictures_of_then(case):
    client, _, patient = case
    scan = Scan.objects.get(patient=patient, clinical_date=FOLLOW_UP)
    ImageProduct.objects.filter(superseded_at=None).update(superseded_at=LATER)
    reading = Reading.objects.filter(scan=scan).first()
    QuerySet(Scan).filter(pk=scan.pk).update(superseded_at=LATER + dt.timedelta(days=1))
    page = scan_page(client, patient, DAY)
    assert len(pictures_on(client, page)) == 2 and b"firstmip-still.webp" in pictures_on(client, page)
    report = reverse("imaging:report_text", args=[reading.pk])
    assert client.get(f"{report}?known={DAY}").status_code == 200 and client.get(report).status_code == 404


@pytest.mark.parametrize("name", ["letter_pdf", "letter_text", "decision_json"])
def test_a_document_not_signed_yet_says_so(case, name):
    client, _, patient = case
    first, second = patient.decisions.order_by("recorded_at")
    for decision, known in ((first, BEFORE), (second, DAY)):
        response = client.get(reverse(f"board:{name}", args=[decision.pk]) + f"?known={known}")
        page = response.content.decode()
        assert "this decision was not signed" in page and "notice-known" in page
    assert client.get(reverse(f"board:{name}", args=[first.pk]) + f"?known={DAY}").status_code == 200


def test_a_letter_of_then_knows_nothing_of_what_replaced_it(case):
    client, _, patient = case
    first = patient.decisions.order_by("recorded_at").first()
    path = reverse("board:letter_text", args=[first.pk])
    assert "REPLACED" in client.get(path).content.decode()
    then = client.get(f"{path}?known={DAY}").content.decode()
    assert "REPLACED" not in then and "as recorded on 15 May 2026" in then
    path = reverse("board:decision_json", args=[first.pk])
    now, then = client.get(path).json(), client.get(f"{path}?known={DAY}").json()
    assert (now["follow_up"]["status"], then["follow_up"]["status"]) == ("done", "pending")
    assert now["superseded_by"] and then["superseded_by"] is None


def test_a_report_not_signed_yet_says_so(case):
    client, _, patient = case
    reading = Reading.objects.filter(scan__patient=patient).last()
    path = reverse("imaging:report_text", args=[reading.pk])
    assert "this reading was not signed" in client.get(f"{path}?known=2026-05-11T11:00").content.decode()
    assert client.get(f"{path}?known={DAY}").content == client.get(path).content


def test_a_series_leads_to_its_scan_of_that_day(case):
    client, _, patient = case
    scan = Scan.objects.get(patient=patient, clinical_date=FOLLOW_UP)
    path = reverse("imaging:series", args=[scan.pet_series_id])
    response = client.get(f"{path}?known={DAY}")
    assert response.url == reverse("board:scan_then", args=[patient.case_number, scan.lineage]) + f"?known={DAY}"
    assert "belonged to no scan" in client.get(f"{path}?known=2026-05-01").content.decode()


def test_the_page_says_which_rule_sets_judge_the_day_without_being_unfolded(case):
    client, _, patient = case
    page = client.get(reverse("board:patient", args=[patient.case_number]) + "?known=2026-05-12").content.decode()
    banner = page[page.index('<section class="rewind"') : page.index("<details", page.index('<section class="rewind"'))]
    assert "judged here by those of today" in banner
