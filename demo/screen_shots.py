"""Pictures of the room's screen: every view at the three sizes it is made for, and the card that pairs a device."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.utils import timezone

from board.domain.quorum import NET_QUORUM
from board.models import AgendaItem, DecisionDraft, Display, Meeting, ScreenState
from board.pairing import digest_of
from patients.models import Patient

SIZES = {"1920": (1920, 1080), "1280": (1280, 720), "1024": (1024, 768)}
CASE_OF = {"what_if": "0006", "heatmap": "0005"}
CARDS = ("waiting", "test", "blank", "closed")
SAID = {
    "outcome": "more_data",
    "text": "Laboratory values first, then decide on PRRT.",
    "owner": "Oncology",
    "next_step": "labs",
    "due_date": "2026-12-10",
}
PAINTED = "() => document.querySelector('[data-screen]').dataset.painted"


@dataclass(frozen=True)
class WallShot:
    name: str
    view: str
    case: str = ""
    has_sentence: bool = False


def wall_shots() -> list[WallShot]:
    views = [WallShot(f"display-{view}", view, CASE_OF.get(view, "0001")) for view in ScreenState.OF_A_CASE]
    more = [
        WallShot("display-no-suv", "overview", "0003"),
        WallShot("display-discordant", "overview", "0006"),
        WallShot("display-sentence", "overview", "0001", has_sentence=True),
    ]
    return [*views, *more, *(WallShot(f"display-{card}", card) for card in CARDS)]


def rooms() -> str:
    """Python for the site: a meeting with its display for each picture, so that nobody has to move a screen."""
    return f"import json; from demo.screen_shots import make_rooms; make_rooms(json.loads({_wanted()!r}))"


def make_rooms(wanted: list[dict]) -> None:
    from demo.people import demo_team

    by, _ = demo_team()
    for shot in wanted:
        _make_room(by, WallShot(**shot))


def _make_room(by, shot: WallShot) -> None:
    now, state = timezone.now(), Meeting.State.CLOSED if shot.view == "closed" else Meeting.State.RUNNING
    room = Meeting.objects.create(
        title="NET tumour board", starts_at=now, quorum=NET_QUORUM, created_by=by, state=state, started_at=now
    )
    for n, patient in enumerate(Patient.objects.order_by("case_number"), start=1):
        AgendaItem.objects.create(
            meeting=room, patient=patient, lane="discuss", position=n, why="referral", added_by=by
        )
    item = room.items.filter(patient__case_number=shot.case).first()
    if shot.has_sentence:
        DecisionDraft.objects.create(item=item, version=1, content=SAID)
    ScreenState.objects.create(
        meeting=room, item=item, view="waiting" if shot.view == "blank" else shot.view,
        is_blank=shot.view == "blank", shows_sentence=shot.has_sentence,
    )  # fmt: skip
    Display.objects.create(meeting=room, token_digest=digest_of(shot.name), code_until=now)


def _wanted() -> str:
    return json.dumps([asdict(shot) for shot in wall_shots()])


def take_wall(browser, site: str) -> Iterator[tuple[str, bytes]]:
    """Name and PNG of each picture."""
    yield from _at_each_size(browser, site, "display-pairing", "")
    for shot in wall_shots():
        yield from _at_each_size(browser, site, shot.name, shot.name)


def _at_each_size(browser, site: str, name: str, token: str) -> Iterator[tuple[str, bytes]]:
    context = browser.new_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
    if token:
        context.add_cookies([{"name": "room_display", "value": token, "url": f"{site}/display/"}])
    page = context.new_page()
    page.goto(f"{site}/display/")
    if token:
        page.wait_for_function(PAINTED)
    for label, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(200)
        yield f"{name}-{label}", page.screenshot(animations="disabled")
    context.close()
