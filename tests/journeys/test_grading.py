"""A reader grades by keys, is told what is missing, and signs; what fails to save is kept and said."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from imaging.models import Lesion, Reading, Scan
from imaging.services import start_reading
from patients.services import record
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user():
    return make_user("nuclear_medicine")


@pytest.fixture
def scan(user):
    patient = make_patient(by=user, case_number="SYN-a")
    found = record(Scan, by=user, patient=patient, clinical_date=dt.date(2026, 5, 3), tracer="68Ga-DOTATATE")
    for label in ("L01", "L02"):
        record(Lesion, by=user, patient=patient, label=label, organ="liver")
    start_reading(by=user, scan=found)
    return found


@pytest.fixture
def opened(page, sign_in, user, scan):
    sign_in(user, reverse("imaging:scan", args=[scan.pk]))
    return page


def saved(page) -> None:
    expect(page.locator("[data-save-state]")).to_have_text("Saved")


def scores() -> list:
    return list(Reading.objects.get().lesions.order_by("lesion__label").values_list("score_low", "rads"))


def test_by_keys_to_the_signature(opened, shoot, has_no_serious_finding):
    page = opened
    page.keyboard.press("Control+Enter")
    assert page.locator("[data-missing]").get_attribute("open") is not None, "what is missing comes first"
    assert not page.locator("[data-sign-dialog]").is_visible()
    page.keyboard.press("3")
    saved(page)
    for _ in "12":
        page.keyboard.press("s")
        page.keyboard.press("3")
    expect(page.locator(".is-current [name=rads]")).to_have_value("3B")
    saved(page)
    assert scores() == [(3, "3B")]
    second = page.locator(".grade-lesion").nth(1)
    heard = "document.addEventListener('reading:scored', (event) => { window.heard = event.detail; })"
    page.evaluate(heard)
    detail = second.get_attribute("data-lesion")
    page.evaluate("lesion => document.dispatchEvent(new CustomEvent('reading:lesion', { detail: { lesion } }))", detail)
    page.keyboard.press("1")
    saved(page)
    assert page.evaluate("window.heard") == {"lesion": detail, "score": "1", "isDone": True}
    for name, value in (("quality", "good"), ("ssa", "unknown"), ("extravasation", "none"), ("cold_lesions", "none")):
        page.locator(f"[name={name}][value={value}]").check(force=True)
    page.get_by_text("Nothing is missing.").wait_for()
    page.get_by_label("Comment, for the conclusion").fill("typed last")
    page.keyboard.press("Control+Enter")
    page.locator("[data-sign-dialog]").wait_for()
    covered = page.locator("[data-covered]").inner_text()
    for words in ("L01 liver: Krenning 3, 3B", "L02 liver: Krenning 1", "Image quality: good", "typed last"):
        assert words in covered
    has_no_serious_finding()
    shoot("grading-sign")
    page.get_by_role("button", name="Sign Ctrl Enter", exact=True).click()
    page.get_by_text("Signed by").first.wait_for()
    assert Reading.objects.get().state == "signed" and Reading.objects.get().comment == "typed last"
    has_no_serious_finding()


def test_letters_typed_into_a_field_grade_nothing(opened):
    opened.locator(".is-current [name=text]").click()
    opened.keyboard.type("3 s4")
    opened.keyboard.press("Tab")
    saved(opened)
    assert scores() == [(None, "")] and Reading.objects.get().lesions.get().text == "3 s4"


@pytest.fixture
def expected_errors():
    return ["Failed to load resource"]


def test_what_cannot_be_saved_stays_and_is_said(opened):
    opened.route("**/answers/", lambda route: route.abort())
    opened.get_by_label("Comment, for the conclusion").fill("a long thought")
    opened.keyboard.press("Tab")
    opened.get_by_text("Not saved: the server does not answer. Your entries are kept.").wait_for()
    assert opened.get_by_label("Comment, for the conclusion").input_value() == "a long thought"
    assert Reading.objects.get().comment == ""
    opened.unroute("**/answers/")
    opened.get_by_role("button", name="Save answers").click()
    saved(opened)
    assert Reading.objects.get().comment == "a long thought"


def test_what_somebody_else_changed_is_said_and_not_written_over(opened, scan):
    from imaging.services import score_lesion

    colleague, reading = make_user("nuclear_medicine"), Reading.objects.get()
    score_lesion(by=colleague, reading=reading, lesion=Lesion.objects.get(label="L01"), score_low=4, score_high=4)
    opened.keyboard.press("1")
    opened.get_by_text(f"changed by {colleague}").wait_for()
    assert opened.locator(".is-current [name=score]:checked").get_attribute("value") == "1-1"
    assert scores() == [(4, "")]


def test_what_was_not_saved_goes_with_the_next_entry_of_the_same_form(opened):
    """ "Saved" means all that stands there, not only the entry that was made last."""
    opened.route("**/answers/", lambda route: route.abort())
    opened.get_by_label("Comment, for the conclusion").fill("a long thought")
    opened.keyboard.press("Tab")
    opened.get_by_text("Not saved: the server does not answer. Your entries are kept.").wait_for()
    opened.unroute("**/answers/")
    opened.locator(".grade-answers [name=quality]").first.check()
    saved(opened)
    assert Reading.objects.get().quality
    assert Reading.objects.get().comment == "a long thought"
