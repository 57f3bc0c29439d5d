"""Two browsers at once: the console of the chair and the display of the room, which is watched at every frame."""

from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect

from board.models import Meeting
from patients.models import Patient, User
from patients.services import grant_access
from tests.board.factories import published_case
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_user

QUESTIONS = {
    "0001": "Eligible for PRRT after CAPTEM?",
    "0002": "Uptake equals liver: PRRT or wait?",
    "0003": "Repeat the scan with a body weight?",
}
NOT_ON_A_WALL = "form, input, button, select, textarea, a[href], dialog, [role=alert], .notice, [contenteditable]"
# Every frame in which the page has changed: what stands there, whether anything could be pressed, whether it is empty.
WATCH = """
window.seen = { texts: new Set(), pressable: new Set(), empty: 0, frames: 0 };
addEventListener("DOMContentLoaded", () => {
  let changed = true;
  new MutationObserver(() => { changed = true; })
    .observe(document.documentElement, { subtree: true, childList: true, attributes: true, characterData: true });
  const look = () => {
    if (changed) {
      changed = false;
      window.seen.frames += 1;
      window.seen.texts.add(document.body.innerText);
      for (const el of document.querySelectorAll("PRESSABLE")) window.seen.pressable.add(el.outerHTML.slice(0, 120));
      const shown = [...document.querySelectorAll(".wall")].filter((el) => !el.hidden && getComputedStyle(el).visibility !== "hidden");
      if (shown.length === 0) window.seen.empty += 1;
    }
    requestAnimationFrame(look);
  };
  look();
});
""".replace("PRESSABLE", NOT_ON_A_WALL)


@dataclass
class Room:
    console: Page
    display: Page
    meeting: Meeting
    base: str

    def close(self) -> None:
        """Both browsers, before the database goes: they ask as long as they live."""
        for context in self.console.context.browser.contexts:
            context.close()

    def begin(self) -> None:
        self.pair()
        self.console.get_by_role("button", name="Start the meeting").click()
        expect(self.console.get_by_role("button", name="Start the meeting")).to_be_hidden()
        expect(self.console.get_by_role("button", name="Next case")).to_be_enabled()

    def shows(self, *words: str) -> None:
        """The display has painted a frame that says this."""
        wall = self.display.locator(".wall:visible")
        for word in words:
            expect(wall).to_contain_text(word, timeout=10_000)

    def press(self, key: str) -> None:
        """As a presenter's remote or the keyboard does, with no field in focus."""
        self.console.evaluate("document.activeElement?.blur()")
        self.console.keyboard.press(key)

    def watched(self) -> dict:
        """What the display has shown in all its frames so far."""
        return self.display.evaluate("({ ...seen, texts: [...seen.texts], pressable: [...seen.pressable] })")

    def pair(self) -> None:
        code = self.display.locator("[data-code]").inner_text()
        self.console.locator("[data-displays] summary").click()
        self.console.get_by_label("Code on the display").fill(code)
        self.console.get_by_role("button", name="Pair").click()
        expect(self.console.locator("[data-displays-text]")).to_have_text("Room display connected", timeout=15_000)


def planned_meeting(chair: User, **values) -> Meeting:
    """A meeting about three cases, not begun, its seats expected."""
    meeting = make_meeting(chair, present=False, **values)
    for number, question in QUESTIONS.items():
        make_item(meeting, Patient.objects.get(case_number=number), chair, question=question)
    return meeting


def small_board() -> User:
    """Three cases without pictures, a coordinator and the chair who both see them; quick to make."""
    chair, coordinator = make_user("chair", username="chair"), make_user("coordinator", username="coordinator")
    for number in QUESTIONS:
        reader, patient = published_case(number)
        for user in (chair, coordinator):
            grant_access(by=reader, patient=patient, user=user, kind="board", reason="sits on the board")
    return chair


def signed_in(browser: Browser, base: str, path: str, user: User, password: str) -> Page:
    page = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="UTC").new_page()
    page.goto(base + path)
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(base + path)
    return page


def opened_room(browser: Browser, base: str, chair: User, password: str) -> Room:
    meeting = planned_meeting(chair)
    display = browser.new_context(viewport={"width": 1280, "height": 720}, timezone_id="UTC").new_page()
    display.add_init_script(WATCH)
    display.goto(f"{base}/display/")
    console = signed_in(browser, base, f"/meetings/{meeting.pk}/console/", chair, password)
    return Room(console, display, meeting, base)
