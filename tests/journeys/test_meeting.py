"""A meeting in two browsers: pair, run three cases, blank, what if, decide, sign, close; then its minutes and the chain."""

import io
import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect
from pypdf import PdfReader

from board.chain import link_of, verification_code
from board.drafts import draft_of, save_draft
from board.meetings import write_note
from board.models import AgendaItem, BoardDecision, Meeting
from demo.accounts import DEMO_PASSWORD
from imaging.models import Study
from patients.models import AuditEvent, Patient, User
from tests.journeys.conftest import RESULTS, serious_findings
from tests.journeys.room import QUESTIONS, opened_room, signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOTE = "ZQNOTE the family asks about travel"
SENTENCE = "PRRT not now: labs first, then again"


PASSWORD = "not-a-real-password"


@pytest.fixture
def opened(browser, live_server):
    """Opens the two browsers for a chair; both are closed before the database goes, and no script of theirs failed."""
    rooms, said = [], []

    def open_for(chair: User, password: str):
        found = opened_room(browser, live_server.url, chair, password)
        rooms.append(found)
        for page in (found.console, found.display):
            page.on("pageerror", lambda error: said.append(str(error)))
        found.begin()
        return found

    yield open_for
    for found in rooms:
        found.close()
    assert said == []


@pytest.fixture
def demonstration(demo_loaded, opened):
    return opened(User.objects.get(username="demo-chair"), DEMO_PASSWORD)


@pytest.fixture
def running(chair_of_three, opened):
    return opened(chair_of_three, PASSWORD)


def write(room, *, outcome: str, text: str, owner: str = "Oncology") -> None:
    form = room.console.locator("[data-decision-form]")
    room.press(outcome)
    form.get_by_label("Recommendation").fill(text)
    form.get_by_label("Next step", exact=True).select_option("labs")
    form.get_by_label("Within").select_option("14")
    form.get_by_label("Owner").fill(owner)
    form.get_by_label("Consensus").check()


def sign(room, password: str = DEMO_PASSWORD) -> None:
    room.console.keyboard.press("Control+Enter")
    expect(room.console.get_by_label("Your password")).to_be_focused()
    room.console.keyboard.type(password)
    room.console.keyboard.press("Control+Enter")


def test_a_whole_meeting(demonstration):
    room, console, display = demonstration, demonstration.console, demonstration.display
    assert Meeting.objects.get(pk=room.meeting.pk).state == "running"
    attendance(room)
    room.press("PageDown")
    room.shows("Case 1 of 3", QUESTIONS["0001"], "0001")
    views(room)
    room.press("b")
    expect(display.locator(".wall:visible")).not_to_contain_text("0001")
    room.press(".")
    room.shows(QUESTIONS["0001"])

    console.get_by_label("Minuted note on case 0001").fill(NOTE)
    write(room, outcome="y", text=SENTENCE)
    expect(console.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    assert SENTENCE not in display.locator("body").inner_text()
    room.press("s")
    room.shows(SENTENCE)
    sign(room, "not the password")
    expect(console.locator("[data-decision-refused]")).to_be_visible()
    console.get_by_label("Your password").fill("")
    sign(room)
    expect(console.locator(".console-signed")).to_contain_text("Verification code")
    expect(console.locator("a.agenda-item").first).to_contain_text("not yet, signed")
    room.shows("NOT YET")

    room.press("PageDown")
    room.shows("Case 2 of 3")
    expect(console.locator(".console-identity h2")).to_have_text("Case 0002")
    write(room, outcome="e", text="PRRT, four cycles")
    sign(room)
    expect(console.locator(".console-signed")).to_contain_text("Treat")

    room.press("PageDown")
    room.shows("Case 3 of 3")
    console.get_by_text("Close the meeting").click()
    expect(console.locator(".console-close")).to_contain_text("1 without a record")
    console.get_by_text("Put off with a reason").click()
    console.get_by_label("Why it is put off").fill("the body weight is asked for")
    console.get_by_role("button", name="Put off", exact=True).click()
    expect(console.locator("a.agenda-item").last).to_contain_text("put off")
    close(room)
    never_on_the_wall(room)
    minutes(room)


def attendance(room) -> None:
    for seat in ("Nuclear medicine", "Oncology", "Surgery", "Radiology"):
        room.console.get_by_role("button", name=seat).click()
        expect(room.console.get_by_role("button", name=seat)).to_have_attribute("aria-pressed", "true")
    expect(room.console.locator(".console-room .quorum")).to_contain_text("Pathology missing")


def views(room) -> None:
    """One key each; the mirror shows what the room sees."""
    for key, view in (
        ("t", "timeline"),
        ("l", "lesion"),
        ("h", "heatmap"),
        ("w", "what_if"),
        ("r", "previous"),
        ("o", "overview"),
    ):
        room.press(key)
        expect(room.display.locator(f".wall-{view}:visible")).to_be_visible(timeout=10_000)
        expect(room.console.locator(f"[data-mirror] .wall-{view}:visible")).to_be_visible(timeout=10_000)
        expect(room.console.locator("[data-views] [aria-pressed=true]")).to_have_count(1)


def close(room) -> None:
    if room.console.get_by_role("button", name="Close and write the minutes").is_hidden():
        room.console.get_by_text("Close the meeting").click()
    room.console.get_by_role("button", name="Close and write the minutes").click()
    room.console.wait_for_url("**/minutes/")
    expect(room.display.locator(".wall-closed:visible")).to_be_visible(timeout=10_000)


def never_on_the_wall(room) -> None:
    """In no frame of the whole meeting: who a patient is, who sits at the console, a note, a thing to press, nothing."""
    seen = room.watched()
    assert seen["frames"] > 20 and len(seen["texts"]) > 8
    assert (seen["pressable"], seen["empty"]) == ([], 0)
    words = "\n".join(seen["texts"])
    born = [patient.birth_date.isoformat() for patient in Patient.objects.exclude(birth_date=None)]
    identities = [study.dicom_patient_id for study in Study.objects.exclude(dicom_patient_id="")]
    for secret in (
        *born,
        *(i for i in identities if not i.isdigit()),
        NOTE,
        "demo-chair",
        "password",
        "Signed in",
        "Saved",
    ):
        assert secret not in words, secret


def minutes(room) -> None:
    """The PDF says what was decided, its hash and code are those of the chain, and the chain holds."""
    link = room.console.get_by_role("link", name=re.compile("PDF")).first
    answer = room.console.request.get(room.base + link.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages)
    squeezed = re.sub(r"\s+", "", text)
    written = Meeting.objects.get(pk=room.meeting.pk).minutes.get()
    sealed = link_of(written)
    for word in (
        SENTENCE,
        "PRRT, four cycles",
        "the body weight is asked for",
        NOTE,
        sealed.content_hash,
        verification_code(sealed),
    ):
        assert re.sub(r"\s+", "", word) in squeezed, word
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "minutes.pdf").write_bytes(answer.body())
    call_command("verify_chain")
    assert AgendaItem.objects.filter(meeting=room.meeting, state="listed").count() == 0
    assert BoardDecision.objects.filter(item__meeting=room.meeting).count() == 2


def test_without_a_network_the_text_stays_and_is_sent_once_when_it_is_back(running):
    room, console = running, running.console
    room.press("PageDown")
    room.shows("Case 1 of 3")
    item = AgendaItem.objects.get(meeting=room.meeting, patient__case_number="0001")
    console.context.set_offline(True)
    write(room, outcome="m", text="typed without a network")
    console.get_by_label("Minuted note on case 0001").fill("note without a network")
    expect(console.locator("[data-outbox]")).to_contain_text("will send", timeout=15_000)
    room.press("PageDown")
    room.press("b")
    room.press("b")
    assert room.display.locator(".wall:visible").inner_text().count("Case 1 of 3") == 1
    console.context.set_offline(False)
    room.shows("Case 2 of 3")
    expect(console.locator("[data-outbox]")).to_be_hidden(timeout=15_000)
    item.refresh_from_db()
    assert (item.draft.content["text"], item.minuted) == ("typed without a network", "note without a network")
    assert AuditEvent.objects.filter(action="write_note").count() == 1
    assert AuditEvent.objects.filter(action="screen_show").count() == 2
    assert console.evaluate("Object.keys(localStorage).filter((key) => /outbox|draft/.test(key))") == []


def test_a_text_that_changed_meanwhile_is_shown_beside_the_one_typed_without_a_network(running):
    room, console = running, running.console
    room.press("PageDown")
    room.shows("Case 1 of 3")
    item = AgendaItem.objects.get(meeting=room.meeting, patient__case_number="0001")
    other = User.objects.get(username="coordinator")
    console.context.set_offline(True)
    console.locator("[data-decision-form]").get_by_label("Recommendation").fill("mine")
    console.get_by_label("Minuted note on case 0001").fill("my note")
    expect(console.locator("[data-outbox]")).to_contain_text("will send", timeout=15_000)
    save_draft(by=other, item=item, seen_version=draft_of(item).version, content={"text": "theirs"})
    write_note(by=other, item=item, text="their note", is_private=False)
    console.context.set_offline(False)
    conflict = console.locator("[data-conflict]")
    expect(conflict).to_be_visible(timeout=15_000)
    expect(conflict).to_contain_text("theirs")
    expect(conflict).to_contain_text("mine")
    expect(console.get_by_label("Minuted note on case 0001")).to_have_value(
        re.compile(r"their note[\s\S]*my note"), timeout=15_000
    )


def test_a_second_press_before_the_first_is_answered_goes_one_case_further(running):
    room, console = running, running.console
    late = []
    console.route(
        "**/screen/", lambda route: late.append(route) if route.request.method == "POST" else route.continue_()
    )
    room.press("PageDown")
    room.press("PageDown")
    console.wait_for_timeout(500)
    assert len(late) == 1
    console.unroute("**/screen/")  # what was held goes on
    room.shows("Case 2 of 3")


def test_no_key_reaches_the_form_of_the_last_case_while_the_next_one_opens(running):
    """The server answers late, the chair is quick: E after PageDown is about the case the room sees, or about none."""
    room, console = running, running.console
    room.press("PageDown")
    room.shows("Case 1 of 3")
    expect(console.locator(".console-identity h2")).to_have_text("Case 0001")
    late = []
    console.route("**/console/?item=*", lambda route, _request: late.append(route))
    room.press("PageDown")
    room.shows("Case 2 of 3")
    room.press("e")
    assert console.locator("[data-decision-form] :checked[name=outcome]").count() == 0
    assert late
    console.unroute("**/console/?item=*")  # what was held goes on
    expect(console.locator(".console-identity h2")).to_have_text("Case 0002")
    room.press("e")
    expect(console.locator("[data-decision-form] :checked[name=outcome]")).to_have_value("treat")


def test_one_window_moves_the_screen_and_taking_over_is_asked_and_written_down(running, browser):
    room, first = running, running.console
    room.press("PageDown")
    room.shows("Case 1 of 3")
    coordinator = User.objects.get(username="coordinator")
    second = signed_in(browser, room.base, f"/meetings/{room.meeting.pk}/console/", coordinator, PASSWORD)
    expect(second.locator("[data-control]")).to_have_text("chair controls the display")
    expect(second.get_by_role("button", name="Next case")).to_be_disabled()
    second.keyboard.press("PageDown")
    second.get_by_role("button", name="Take over").click()
    expect(second.get_by_role("dialog", name="Take over")).to_contain_text("chair moves the screen now")
    second.get_by_role("button", name="Leave it").click()
    expect(second.locator("[data-control]")).to_have_text("chair controls the display")
    second.get_by_role("button", name="Take over").click()
    second.get_by_role("dialog", name="Take over").get_by_role("button", name="Take over").click()
    expect(second.locator("[data-control]")).to_have_text("You control the display")
    expect(first.locator("[data-control]")).to_have_text("coordinator controls the display")
    room.shows("Case 1 of 3")
    second.keyboard.press("PageDown")
    room.shows("Case 2 of 3")
    expect(first.locator(".console-identity h2")).to_have_text("Case 0001")
    expect(first.locator("[data-elsewhere]")).to_contain_text("The room sees case 0002")
    assert AuditEvent.objects.filter(action="screen_control").count() == 2


def test_a_second_window_of_the_same_person_fits_its_bar(running, browser):
    running.press("PageDown")
    running.shows("Case 1 of 3")
    chair = User.objects.get(username="chair")
    second = signed_in(browser, running.base, f"/meetings/{running.meeting.pk}/console/", chair, PASSWORD)
    expect(second.locator("[data-control]")).to_have_text("You control the display in another window")
    for width in (1366, 1280):
        second.set_viewport_size({"width": width, "height": 768})
        assert second.evaluate(FITS) == [True, True], width


WATCH_THE_CLOCK = """() => {
  window.clocks = [];
  new MutationObserver(() => window.clocks.push(document.querySelector("[data-clock-case]").textContent))
    .observe(document.querySelector("[data-part=room]"), { childList: true, subtree: true });
}"""


def test_the_time_of_the_case_never_falls_back_to_nothing(running):
    room, console = running, running.console
    room.press("PageDown")
    room.shows("Case 1 of 3")
    expect(console.locator("[data-clock-case]")).to_have_text("0:02", timeout=10_000)
    console.evaluate(WATCH_THE_CLOCK)
    console.locator(".seat").last.click()
    console.wait_for_timeout(1500)
    said = console.evaluate("window.clocks")
    assert said and "0:00" not in said


def test_a_case_is_presented_from_its_own_page_with_one_key(running):
    room = running
    room.press("PageDown")
    room.shows("Case 1 of 3")
    page = room.console.context.new_page()
    page.goto(f"{room.base}/patients/0003/")
    page.keyboard.press("p")
    room.shows("Case 3 of 3")
    expect(page.get_by_role("status")).to_contain_text("The room sees case 0003 now")
    expect(room.console.locator(".console-identity h2")).to_have_text("Case 0003")


def test_keys_can_be_turned_off_and_a_presenter_s_remote_works_all_the_same(running):
    room, console = running, running.console
    console.keyboard.press("?")
    help_box = console.get_by_role("dialog", name="Keyboard")
    for words in ("Room: timeline", "Room: next case", "Room: blank", "Outcome: treat", "Displays dark or light"):
        expect(help_box).to_contain_text(words)
    help_box.get_by_label("Single-letter keys on").uncheck()
    help_box.get_by_role("button", name="Close").click()
    room.press("PageDown")
    room.shows("Case 1 of 3")
    room.press("b")
    room.press("t")
    console.get_by_label("Minuted note on case 0001").focus()
    console.keyboard.press("PageDown")
    room.shows("Case 2 of 3")
    assert room.display.locator(".wall-overview:visible").count() == 1
    assert AgendaItem.objects.get(meeting=room.meeting, patient__case_number="0001").meeting.screen.is_blank is False


SMALL = """() => [...document.querySelectorAll('.console button, .console a, .console input, .console select, .console summary, .console textarea, .console-bar button, .console-bar summary')]
  .filter(el => el.checkVisibility({ checkVisibilityCSS: true }) && !el.closest('.room-screen') && !['radio', 'checkbox', 'hidden'].includes(el.type))
  .map(el => [el.outerHTML.slice(0, 80), el.getBoundingClientRect()])
  .filter(([, box]) => box.height && box.height < 43.5 && box.width)
  .map(([html, box]) => [html, Math.round(box.width), Math.round(box.height)])"""
FITS = (
    "() => [document.scrollingElement.scrollWidth <= innerWidth, document.scrollingElement.scrollHeight <= innerHeight]"
)


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (1024, 768)], ids=str)
def test_it_fits_the_window_and_reads_well(running, size):
    room, console = running, running.console
    console.set_viewport_size({"width": size[0], "height": size[1]})
    room.press("PageDown")
    room.shows("Case 1 of 3")
    expect(console.locator("[data-mirror] .wall-overview:visible")).to_be_visible()
    expect(console.locator("[data-decision-form]")).to_be_visible()
    RESULTS.mkdir(exist_ok=True)
    for theme in ("light", "dark"):
        console.screenshot(path=RESULTS / f"console-{size[0]}x{size[1]}-{theme}.png")
        assert serious_findings(console) == [], theme
        console.locator("[data-theme-toggle]").click()
    assert console.evaluate(FITS) == [True, True]
    if size[0] == 1024:
        assert console.evaluate(SMALL) == []


def test_it_can_be_used_at_200_percent(running):
    """1366 x 768 at 200 % is 683 x 384 CSS pixels: it becomes a page that scrolls, in one direction."""
    console = running.console
    console.set_viewport_size({"width": 683, "height": 384})
    assert console.evaluate(FITS)[0]
    console.get_by_role("button", name="Next case").scroll_into_view_if_needed()
    console.get_by_role("button", name="Next case").click()
    running.shows("Case 1 of 3")
    expect(console.locator("[data-decision-form]")).to_contain_text("Outcome")
    assert console.evaluate(FITS)[0]
