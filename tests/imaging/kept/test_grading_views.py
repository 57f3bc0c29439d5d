"""Grading on the page: plain forms and JSON, what is missing, a stale form, and who may do what."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from imaging import jobs
from imaging.models import Job, Lesion, Reading, Scan, Voi
from imaging.services import answer_reading, outlines, score_lesion, start_reading
from imaging.views.grading import grading_context
from patients.models import SsaInjection
from patients.services import record
from tests.imaging.scan_rows import BODY, bring_scan, drawn, fresh, work_off
from tests.imaging.signing import ANSWERS, sign
from tests.imaging.test_recompute import place

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture(scope="module")
def made_scan(folder, phantom_case, import_files):
    return bring_scan(import_files, folder, phantom_case)


@pytest.fixture(scope="module")
def made_lesion(made_scan, doctor, phantom_case):
    scan = fresh(made_scan)
    found = record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="bone", clinical_date=scan.clinical_date)
    place(scan, doctor, "liver", centre_lps=BODY, radius_mm=12)
    drawn(scan, found, doctor)
    return found


@pytest.fixture
def lesion(made_lesion):
    """Measured: Krenning 3 or more computed beside a liver and no spleen."""
    return fresh(made_lesion)


@pytest.fixture
def draft(scan, lesion, doctor, client):
    client.force_login(doctor)
    return start_reading(by=doctor, scan=fresh(scan))


def send(client, name, reading, how=None, **values):
    return client.post(reverse(f"imaging:{name}", args=[reading.pk]), values, **(how or {}))


def page(client, scan) -> str:
    return client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()


def field(html: str, form: str, name: str) -> str:
    """The value of a hidden field of the form that posts to ``form``."""
    body = re.search(rf'<form[^>]*action="{form}".*?</form>', html, re.S)[0]
    return re.search(rf'name="{name}" value="([^"]*)"', body)[1]


def test_the_whole_way_with_plain_forms(client, scan, lesion, doctor):
    client.force_login(doctor)
    assert "Start a reading" in page(client, scan)
    client.post(reverse("imaging:start_reading", args=[scan.pk]))
    draft = Reading.objects.get()
    html = page(client, scan)
    assert "1 lesion still to read, 4 answers missing" in html and "Still to read: L01." in html
    url = reverse("imaging:score", args=[draft.pk])
    form = {"lesion": str(lesion.pk), "score": "3-4", "rads": "5", "text": "", "seen": field(html, url, "seen")}
    assert client.post(url, form | {"difference_reason": ""}).status_code == 302
    url = reverse("imaging:answers", args=[draft.pk])
    answers = ANSWERS | {"quality_note": "", "comment": "as before", "seen": field(page(client, scan), url, "seen")}
    assert client.post(url, answers).status_code == 302
    html = page(client, scan)
    assert "Nothing is missing." in html and "L01: Krenning 3 to 4, RADS 5" in html
    url = reverse("imaging:sign", args=[draft.pk])
    done = client.post(
        url, {"seen": field(html, url, "seen"), "back": f"/imaging/scans/{scan.pk}/#grading"}, follow=True
    )
    signed = Reading.objects.get()
    assert (signed.state, signed.comment, signed.lesions.get().rads) == ("signed", "as before", "5")
    assert "only amended" in done.content.decode() and "<strong>Signed</strong> by doctor" in done.content.decode()
    client.post(reverse("imaging:amend", args=[signed.pk]), {"reason": "compared with the MR"})
    assert "draft, amends version 1" in page(client, scan)


def test_what_stands_beside_a_lesion(client, scan, draft, lesion):
    html = page(client, scan)
    for words in ("above liver: ", "±10 %", "no spleen reference", "× liver", "SUVpeak", "Your Krenning score"):
        assert words in html
    assert '<span class="krenning k3">≥3</span>' in html
    block = grading_context(fresh(scan), draft.reader)["grading"]["blocks"][0]
    assert (block["low"], block["high"], block["before"]["digits"]) == (3, 4, "–")
    assert float(block["measured"]["peak"]) > 0 and float(block["ratios"][0]) > 1 and block["ratios"][1] == "–"


def test_nothing_is_chosen_for_the_reader(client, scan, draft, lesion):
    """A form sent as it stands must not state a category or a score."""
    block = re.search(r'<article class="grade-lesion".*?</article>', page(client, scan), re.S)[0]
    assert "checked" not in block and "selected" not in block
    assert block.index('<option value="">not stated') < block.index('<option value="1A"')


def test_json_says_what_is_still_missing(client, draft, lesion):
    answer = send(client, "score", draft, JSON, lesion=lesion.pk, score="3-4").json()
    assert answer["ok"] and answer["lesion"] == str(lesion.pk) and answer["is_read"]
    assert next(gap["code"] for gap in answer["missing"]) == "quality_missing"
    assert answer["missing_sentence"] == "4 answers missing"
    answer = send(client, "score", draft, JSON, lesion=lesion.pk, score="1-1").json()
    gap = answer["missing"][0]
    assert (gap["code"], gap["lesions"]) == ("difference_reason_missing", [str(lesion.pk)])
    answer = send(client, "answers", draft, JSON, quality="good").json()
    assert answer["ok"] and Reading.objects.get().quality == "good"
    refused = send(client, "sign", draft, JSON)
    assert refused.status_code == 422 and not refused.json()["ok"]
    assert next(gap["code"] for gap in refused.json()["missing"]) == "difference_reason_missing"


def test_the_list_beside_the_pictures_has_the_score_of_the_own_draft(client, draft, lesion, doctor, colleague):
    """As computed until one is given; nobody else sees it before it is signed."""
    addresses = [reverse(f"imaging:{name}", args=[draft.scan_id]) for name in ("read", "read_lists")]

    def tile(address: str) -> str:
        html = client.get(address).content.decode()
        found = re.search(r'data-score="new" title="([^"]*)"><span class="[^"]*">([^<]*)</span>', html)
        return f"{found[1]}, {found[2]}"

    assert [tile(one) for one in addresses] == ["This scan: Krenning 3 or more computed, not read, 3 or more"] * 2
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=4, score_high=4)
    assert [tile(one) for one in addresses] == ["This scan: Krenning 4, not signed yet, 4"] * 2
    client.force_login(colleague)
    assert [tile(one) for one in addresses] == ["This scan: Krenning 3 or more computed, not read, 3 or more"] * 2


def test_only_what_is_sent_is_changed(client, draft, doctor):
    answer_reading(by=doctor, reading=draft, quality="good", comment="stays")
    send(client, "answers", draft, JSON, extravasation="seen")
    kept = Reading.objects.get()
    assert (kept.quality, kept.comment, kept.extravasation, kept.ssa) == ("good", "stays", "seen", "")


def test_a_relation_to_liver_stays_where_the_score_allows_it(client, draft, lesion, doctor):
    """The page does not ask for it; it was typed at the data desk or came with an import."""
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3, relation="above")
    for form, kept in (({"score": "none", "rads": "5"}, "above"), ({"score": "3-4"}, "above"), ({"score": "1-1"}, "")):
        send(client, "score", draft, JSON, lesion=lesion.pk, **form)
        assert draft.lesions.get().relation_to_liver == kept, form
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3, relation="above")
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3, relation="")
    assert draft.lesions.get().relation_to_liver == "", "taken back by who was asked"


def test_a_stale_form_is_refused_with_who_and_when(client, draft, lesion, doctor, colleague):
    html = page(client, draft.scan)
    url = reverse("imaging:score", args=[draft.pk])
    seen = field(html, url, "seen")
    score_lesion(by=colleague, reading=draft, lesion=lesion, score_low=4, score_high=4)
    typed = {"lesion": str(lesion.pk), "score": "1-1", "difference_reason": "adjacent bowel", "seen": seen}
    answer = client.post(url, typed, **JSON)
    assert answer.status_code == 409 and answer.json()["stale"]
    assert re.search(r"changed by colleague at \d\d:\d\d", answer.json()["sentence"])
    plain = client.post(url, typed)
    assert plain.status_code == 409 and "adjacent bowel" in plain.content.decode(), "what was typed is not lost"
    assert draft.lesions.get().score_low == 4


def test_a_signature_covers_what_was_shown(client, draft, lesion, doctor, colleague):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    seen = field(page(client, draft.scan), reverse("imaging:sign", args=[draft.pk]), "seen")
    score_lesion(by=colleague, reading=draft, lesion=lesion, score_low=4, score_high=4)
    assert send(client, "sign", draft, JSON, seen=seen).status_code == 409
    assert Reading.objects.get().state == "draft"


def shown_to_sign(client, reading) -> str:
    return field(page(client, reading.scan), reverse("imaging:sign", args=[reading.pk]), "seen")


def test_saving_one_lesion_does_not_make_the_change_of_another_seen(client, draft, lesion, doctor, colleague):
    """Nor does saving an answer; where nothing else changed the page may sign with what it gets."""
    other = record(Lesion, by=doctor, patient=draft.scan.patient, label="L02", organ="bone")
    for one in (lesion, other):
        score_lesion(by=doctor, reading=draft, lesion=one, score_low=3, score_high=3)
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    seen = shown_to_sign(client, draft)
    steps = (("score", {"lesion": lesion.pk, "score": "3-4"}), ("answers", {"comment": "as before"}))
    for name, form in steps:
        seen = send(client, name, draft, JSON, **form, seen_reading=seen).json()["seen"]["reading"]
    assert seen == shown_to_sign(client, draft)
    score_lesion(by=colleague, reading=draft, lesion=other, score_low=4, score_high=4)
    for name, form in steps:
        seen = send(client, name, draft, JSON, **form, seen_reading=seen).json()["seen"]["reading"]
    refused = send(client, "sign", draft, JSON, seen=seen)
    assert refused.status_code == 409 and "changed by" in refused.json()["sentence"]
    assert send(client, "sign", draft, JSON, seen=shown_to_sign(client, draft)).json()["signed"]


def test_without_the_token_of_the_page_none_is_given(client, draft, lesion):
    answer = send(client, "score", draft, JSON, lesion=lesion.pk, score="3-4").json()
    assert list(answer["seen"]) == ["part"]


def test_a_signature_covers_the_numbers_that_were_shown(client, draft, lesion, doctor, colleague):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=4)
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    seen = shown_to_sign(client, draft)
    outlines.widen(by=colleague, voi=Voi.objects.get(lesion=lesion), by_mm=8, reason="too narrow")
    work_off()
    saved = send(client, "score", draft, JSON, lesion=lesion.pk, score="3-4", seen_reading=seen).json()
    refused = send(client, "sign", draft, JSON, seen=saved["seen"]["reading"])
    assert refused.status_code == 409 and refused.json()["code"] == "reading_numbers_changed"
    lists = client.get(reverse("imaging:read_lists", args=[draft.scan_id])).content.decode()
    now = re.search(r'value="([^"]*)" data-seen-reading', lists)[1]
    assert now == shown_to_sign(client, draft)
    assert send(client, "sign", draft, JSON, seen=now).json()["signed"]


def test_nothing_is_signed_while_a_number_is_computed(client, draft, lesion, doctor):
    """A score that the coming number may contradict has no reason yet."""
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=0, score_high=0)
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    outlines.widen(by=doctor, voi=Voi.objects.get(lesion=lesion), by_mm=2, reason="too narrow")
    assert "numbers are being computed" in page(client, draft.scan)
    refused = send(client, "sign", draft, JSON)
    assert refused.status_code == 422 and [gap["code"] for gap in refused.json()["missing"]] == ["numbers_computing"]
    work_off()
    assert send(client, "sign", draft, JSON).json()["missing"][0]["code"] == "difference_reason_missing"


def test_a_computation_that_was_given_up_says_so_and_is_tried_again_beside_the_sentence(client, draft, lesion, doctor):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=0, score_high=0)
    answer_reading(by=doctor, reading=draft, **ANSWERS)
    assert re.search(r"data-retry-numbers[^>]* hidden>", page(client, draft.scan))
    outlines.widen(by=doctor, voi=Voi.objects.get(lesion=lesion), by_mm=2, reason="too narrow")
    job = Job.objects.get(kind=Job.Kind.MEASURE, state=Job.State.QUEUED)
    Job.objects.filter(pk=job.pk).update(attempts=3, state=Job.State.RUNNING, lease_until=timezone.now() - HOUR)
    jobs.sweep()
    assert Job.objects.get(pk=job.pk).reason_code == "job_given_up"
    refused = send(client, "sign", draft, JSON)
    assert refused.status_code == 422 and [gap["code"] for gap in refused.json()["missing"]] == ["numbers_given_up"]
    retry = reverse("imaging:job_retry", args=[job.pk])
    assert send(client, "answers", draft, JSON, comment="c").json()["retry"] == retry
    html = page(client, draft.scan)
    assert "a computation ended without numbers" in html and "Try it again" in html
    assert re.search(rf'action="{retry}" data-retry-numbers data-once >', html)
    there = reverse("imaging:read", args=[draft.scan.pk])
    assert client.post(retry, {"back": f"{there}#grading"}).url == f"{there}#grading"
    assert client.post(retry, {"back": "https://elsewhere.example/"}).url == reverse("imaging:job", args=[job.pk])
    assert "numbers are being computed" in page(client, draft.scan)
    work_off()
    assert send(client, "sign", draft, JSON).json()["missing"][0]["code"] == "difference_reason_missing"


def test_the_analogue_is_filled_in_and_said_to_be_from_the_chart(client, draft, doctor, phantom_case):
    day = draft.scan.clinical_date
    given = {"by": doctor, "patient": phantom_case, "drug": "lanreotide"}
    last = record(SsaInjection, **given, clinical_date=day - dt.timedelta(days=9))
    after = record(SsaInjection, **given, clinical_date=day + dt.timedelta(days=9))
    html = page(client, draft.scan)
    assert "Filled in from the chart" in html and f'<option value="{last.pk}" selected>' in html
    assert str(after.pk) not in html
    send(client, "answers", draft, ssa="given", injection=last.pk)
    assert Reading.objects.get().ssa_injection == last
    assert "Filled in from the chart" not in page(client, draft.scan)


def test_forms_that_cannot_be(client, draft, lesion, doctor, phantom_case):
    for wrong in ({"score": "5-5"}, {"score": "3"}, {"rads": "6"}, {"lesion": ""}):
        answer = send(client, "score", draft, JSON, **{"lesion": str(lesion.pk), "score": "3-3"} | wrong)
        assert answer.status_code == 422 and answer.json()["sentence"], wrong
    assert send(client, "score", draft, JSON, lesion=lesion.pk, score="4-3").json()["code"] == "score_out_of_range"
    assert send(client, "answers", draft, JSON, ssa="given", ssa_date="soon").status_code == 422
    assert send(client, "amend", draft, JSON, reason="").status_code == 422
    assert not draft.lesions.exists()


def test_the_way_back_stays_on_this_site(client, draft):
    away = send(client, "answers", draft, quality="good", back="https://example.org/")
    assert away["Location"].startswith(f"/imaging/scans/{draft.scan_id}/")
    assert send(client, "answers", draft, quality="good", back="/imaging/x/#a")["Location"] == "/imaging/x/#a"


def test_a_clerks_draft_is_offered_to_a_signer_and_a_colleagues_is_named(
    scan, lesion, doctor, colleague, django_user_model
):
    clerk = django_user_model.objects.create_user("clerk", role="data_entry")
    typed = start_reading(by=clerk, scan=fresh(scan))
    assert grading_context(fresh(scan), doctor)["grading"]["draft"] == typed
    assert grading_context(fresh(scan), clerk)["grading"]["draft"] is None
    other = start_reading(by=colleague, scan=fresh(scan))
    found = grading_context(fresh(scan), doctor)["grading"]
    assert (found["draft"], found["others"]) == (typed, [other])


def test_an_observer_sees_the_reading_and_no_form(client, scan, draft, lesion, doctor, django_user_model, phantom_case):
    from patients.services import grant_access

    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    sign(by=doctor, reading=draft)
    observer = django_user_model.objects.create_user("observer", role="observer")
    grant_access(by=doctor, patient=phantom_case, user=observer, kind="care_team")
    client.force_login(observer)
    html = page(client, scan)
    assert "<strong>Signed</strong> by doctor" in html
    for name in ("score", "answers", "sign", "amend"):
        assert reverse(f"imaging:{name}", args=[draft.pk]) not in html


def test_numbers_that_moved_after_the_signature_are_said(client, scan, draft, lesion, doctor):
    score_lesion(by=doctor, reading=draft, lesion=lesion, score_low=3, score_high=3)
    sign(by=doctor, reading=draft)
    words = "have changed since it was signed"
    assert words not in page(client, scan)
    from imaging.services import move_voi

    move_voi(by=doctor, voi=Voi.objects.get(role="liver"), reason="x", centre_lps=(32, 8, -376))
    assert words in page(client, scan)


def test_an_fdg_scan_is_read_by_eye(client, doctor, phantom_case):
    scan = record(Scan, by=doctor, patient=phantom_case, clinical_date=dt.date(2026, 5, 3), tracer="18F-FDG")
    lesion = record(Lesion, by=doctor, patient=phantom_case, label="L02", organ="liver")
    client.force_login(doctor)
    draft = start_reading(by=doctor, scan=scan)
    html = page(client, scan)
    assert "FDG by eye" in html and "Your Krenning score" not in html and "Somatostatin analogue before" not in html
    assert send(client, "score", draft, JSON, lesion=lesion.pk, fdg_relation="more").json()["ok"]
    assert send(client, "answers", draft, JSON, quality="good", extravasation="none").json()["missing"] == []
    assert send(client, "sign", draft, JSON).json()["signed"]
