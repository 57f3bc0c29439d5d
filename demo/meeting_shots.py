"""Pictures of a meeting's pages: the builder before it, the console while it runs, minutes and figures after it."""

import uuid
from collections.abc import Iterator

from board.agenda_order import edit_item, freeze
from board.drafts import draft_of, save_draft
from board.meetings import postpone, start_meeting
from board.minutes import close_meeting
from board.models import AgendaItem, Meeting
from board.signing import sign
from demo.accounts import DEMO_CHAIR, DEMO_COORDINATOR, DEMO_PASSWORD
from demo.site import scripted, sign_in
from patients.models import User

ABSENT = ("Surgery",)
DRAFTED = {
    "outcome": "more_data",
    "text": "Laboratory values first; then PRRT is discussed again with the new scan.",
    "next_step": "labs",
    "owner": "Oncology",
    "interval_days": 14,
    "considered": ["stage", "guideline"],
    "agreement": "consensus",
}
BEGUN, OVER = "start", "close"
SIZES = {"": (1366, 768), "-1920": (1920, 1080)}


def held(until: str) -> str:
    """Python for the site: its next meeting is running, or over."""
    return scripted("demo.meeting_shots", "hold", until)


def hold(until: str) -> None:
    meeting = Meeting.objects.get(state=Meeting.State.PLANNED)
    chair = User.objects.get(username=DEMO_CHAIR)
    there = meeting.attendance.filter(state="expected").exclude(name__in=ABSENT)
    freeze(by=chair, meeting=meeting, seen_version=meeting.version)
    start_meeting(by=chair, meeting=meeting, present=list(there.values_list("pk", flat=True)))
    first, *others = meeting.items.filter(lane=AgendaItem.Lane.DISCUSS).order_by("position")
    draft = save_draft(by=chair, item=first, seen_version=draft_of(first).version, content=DRAFTED)
    if until != OVER:
        return
    sign(by=chair, item=first, seen_version=draft.version, password=DEMO_PASSWORD, key=str(uuid.uuid4()))
    for item in others:
        postpone(by=chair, item=item, reason="No time left.")
    for item in meeting.items.filter(lane=AgendaItem.Lane.NOTING, reviewer=""):
        meeting.refresh_from_db()
        said = {"minutes": item.minutes, "question": item.question, "reviewer": "Nuclear medicine"}
        edit_item(by=chair, item=item, seen_version=meeting.version, **said)
    close_meeting(by=chair, meeting=meeting)


def take_before(browser, site: str) -> Iterator[tuple[str, bytes]]:
    """The coordinator's pages of a meeting that comes."""
    page = signed_in(browser, site, DEMO_COORDINATOR)
    yield from sizes(page, "meetings", f"{site}/meetings/")
    yield from sizes(page, "meeting", _address(page, site))
    yield from sizes(page, "meeting-dark", _address(page, site), is_dark=True)
    page.context.close()


def take_during(browser, site: str) -> Iterator[tuple[str, bytes]]:
    page = signed_in(browser, site, DEMO_CHAIR)
    yield from sizes(page, "console", f"{_address(page, site)}console/")
    yield from sizes(page, "console-dark", f"{_address(page, site)}console/", is_dark=True)
    page.context.close()


def take_after(browser, site: str) -> Iterator[tuple[str, bytes]]:
    page = signed_in(browser, site, DEMO_CHAIR)
    yield from sizes(page, "minutes", f"{_address(page, site)}minutes/")
    yield from sizes(page, "follow-through", f"{site}/follow-through/")
    yield from sizes(page, "meeting-statistics", f"{site}/meetings/statistics/")
    yield from sizes(page, "verify", f"{site}/verify/")
    page.context.close()


def signed_in(browser, site: str, username: str):
    page = browser.new_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce").new_page()
    sign_in(page, site, username)
    return page


def _address(page, site: str) -> str:
    """The page of the demonstration's only meeting."""
    page.goto(f"{site}/meetings/")
    found = page.locator("main a[href^='/meetings/']").evaluate_all("links => links.map(link => link.pathname)")
    return site + next(path for path in found if len(path) == len("/meetings//") + len(str(uuid.UUID(int=0))))


def sizes(page, name: str, address: str, *, is_dark: bool = False) -> Iterator[tuple[str, bytes]]:
    page.goto(address)
    page.wait_for_selector("main")
    if is_dark:
        page.locator("[data-theme-toggle]").click()
    for suffix, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)
        yield f"{name}{suffix}", page.screenshot(animations="disabled")
    if is_dark:
        page.locator("[data-theme-toggle]").click()
