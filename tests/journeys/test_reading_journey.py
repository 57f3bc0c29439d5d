"""A nuclear physician reads the new scan of the published case: from the work list to the signature, six lesions.

Every click and every key that is not typed text counts; twenty-five are allowed.
"""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from demo.accounts import DEMO_PASSWORD, DEMO_USER
from imaging.models import Lesion, LesionMatch, Proposal, Reading, Scan, Voi
from patients.models import AccessGrant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ALLOWED = 25
NEW_SCAN = '[data-scan="new"]'


@pytest.fixture
def unread(demo_unread):
    """The published case, the only one of this reader, with a signed scan before and a new one that nobody has read."""
    AccessGrant.objects.exclude(patient__case_number="0001").update(revoked_at=timezone.now())
    return Scan.objects.get(label="after 6 × CAPTEM")


class Hand:
    """What a person does, counted."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def click(self, where, **how) -> None:
        self.count += 1
        where.click(**how)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.count += 1
            self.page.keyboard.press(key)

    def says(self, words: str) -> None:
        expect(self.page.locator("[data-said]")).to_contain_text(words)


@pytest.fixture
def hand(page, live_server, unread, worker):
    page.goto(f"{live_server.url}/")
    page.get_by_label("User name").fill(DEMO_USER)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    page.wait_for_load_state("networkidle")
    return Hand(page)


def opened(page) -> None:
    page.locator("[data-workspace][data-all-ms]").wait_for(timeout=20_000)
    page.locator(".marking").wait_for()


def scored(hand: Hand, left: int) -> None:
    """Takes the computed score over once it is there; the next lesion follows."""
    block = hand.page.locator(".grade-lesion.is-current")
    block.locator("xpath=self::*[@data-low]").wait_for(timeout=15_000)
    hand.press("y")
    if left:
        expect(hand.page.locator("[data-sentence]")).to_contain_text(f"{left} lesion", timeout=30_000)


def signed(scan) -> Reading:
    reading = Reading.objects.get(scan=scan, state="signed")
    assert reading.lesions.count() == 6 and all(row.is_read for row in reading.lesions.all())
    return reading


def matches_are_confirmed(scan) -> None:
    assert not LesionMatch.objects.filter(
        scan=scan, run__superseded_at=None, lesion__isnull=False, state="open"
    ).exists()
    assert Lesion.objects.filter(patient=scan.patient).count() == 6


def test_six_lesions_with_the_mouse(hand, unread, shoot, has_no_serious_finding):
    page = hand.page
    hand.click(page.locator(".home-reading [data-row]").first)
    opened(page)
    hand.click(page.get_by_role("button", name="Start a reading"))
    opened(page)
    shoot("reading-started")
    has_no_serious_finding()
    hand.click(page.locator("[data-confirm-likely]"))
    expect(page.locator("form[data-match]")).to_have_count(2)
    for left in (1, 0):
        hand.click(page.locator("form[data-match] button").first)
        expect(page.locator("form[data-match]")).to_have_count(left)
    expect(page.locator(".lesions .list-title")).to_have_text("Foci to decide, 3")
    for what, title in (("physiologic", "2"), ("reject", "1"), ("physiologic", "")):
        hand.click(page.locator(f"[data-foci] [data-do={what}]").first)
        if title:
            expect(page.locator(".lesions .list-title")).to_have_text(f"Foci to decide, {title}")
    expect(page.locator(".lesions .list-title")).to_have_count(0)
    hand.click(page.locator("[data-tool=grow]"))
    box = page.locator(f'{NEW_SCAN} [data-view="axial"] canvas').bounding_box()
    page.get_by_label("Organ", exact=True).type("liver")
    for n, label in enumerate(("L05", "L06")):
        hand.count += 1
        page.mouse.click(box["x"] + box["width"] * (0.36 + 0.06 * n), box["y"] + box["height"] * 0.5)
        expect(page.locator("[data-numbers]")).to_contain_text(label)
    shoot("reading-marked")
    for left in (5, 4, 3, 2, 1, 0):
        scored(hand, left)
    for name, value in (("quality", "good"), ("ssa", "unknown"), ("extravasation", "none"), ("cold_lesions", "none")):
        hand.click(page.locator(f"label:has([name={name}][value={value}])"))
    page.get_by_text("Nothing is missing.").wait_for()
    hand.press("Control+Enter")
    page.locator("[data-sign-dialog]").wait_for()
    has_no_serious_finding()
    hand.press("Control+Enter")
    page.get_by_text("Signed by").first.wait_for()
    signed(unread)
    matches_are_confirmed(unread)
    assert hand.count <= ALLOWED, hand.count


def test_six_lesions_by_keys_only(hand, unread):
    page = hand.page
    hand.press("j", "Enter")
    opened(page)
    hand.press("r")
    page.wait_for_load_state("networkidle")
    opened(page)
    hand.press("M")
    expect(page.locator("form[data-match]")).to_have_count(2)
    for left in (1, 0):
        hand.press("m")
        expect(page.locator("form[data-match]")).to_have_count(left)
    for key, left in (("c", "2"), ("c", "1"), ("x", "")):
        hand.press(key)
        if left:
            expect(page.locator(".lesions .list-title")).to_have_text(f"Foci to decide, {left}")
    expect(page.locator(".lesions .list-title")).to_have_count(0)
    for left in (5, 4, 3, 2, 1, 0):
        scored(hand, left)
    for key in ("Space", "ArrowLeft", "Space", "Space"):
        hand.press(".", key)
    page.get_by_text("Nothing is missing.").wait_for()
    hand.press("Control+Enter")
    page.locator("[data-sign-dialog]").wait_for()
    hand.press("Control+Enter")
    page.get_by_text("Signed by").first.wait_for()
    reading = signed(unread)
    assert reading.ssa == "unknown" and reading.extravasation == "none"
    matches_are_confirmed(unread)
    assert Proposal.objects.filter(scan=unread, state="physiologic").count() == 1
    assert Voi.objects.filter(scan=unread, role="lesion").count() == 6
    assert hand.count <= ALLOWED, hand.count
