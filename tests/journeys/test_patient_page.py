"""The patient page in a real browser: nothing overlaps, everything can be reached by keyboard, both themes are legible."""

import itertools

import pytest

from demo.people import demo_team
from demo.scale import load
from patients.models import Patient, User
from tests.board.factories import add_lab, published_case
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = """() => [...document.querySelectorAll('.timeline svg text')]
  .filter(t => t.textContent.trim())
  .map(t => { const r = t.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom, t.textContent.trim()]; })"""


def overlaps(a, b) -> bool:
    """Ink, not line boxes: three pixels of leading above and below hold no letters."""
    return a[0] < b[2] and b[0] < a[2] and a[1] + 3 < b[3] - 3 and b[1] + 3 < a[3] - 3


def rows_of_the_case() -> None:
    user, patient = published_case()
    add_lab(user, patient, analyte="cga", value=310, unit="ug/L", reference_high=100)
    add_lab(user, patient, value=104, reference_low=150, reference_high=400)


@pytest.fixture
def case(transactional_db, kept_rows, sign_in):
    kept_rows.bring(rows_of_the_case)
    user, patient = User.objects.get(username="reader-0001"), Patient.objects.get()
    sign_in(user, "/patients/0001/")
    return user, patient


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (683, 384)])
def test_no_word_of_the_timeline_covers_another(case, page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    drawn = page.evaluate(WORDS)
    assert len(drawn) > 15
    assert [(a[4], b[4]) for a, b in itertools.combinations(drawn, 2) if overlaps(a, b)] == []


def test_no_table_is_wider_than_its_box(case, page, shows_every_cell_whole):
    shows_every_cell_whole()


def test_no_table_of_a_synthetic_case_is_wider_than_its_box(page, live_server, sign_in, shows_every_cell_whole):
    by, team = demo_team()
    load(8, by=by, team=team)
    reader = make_user("nuclear_medicine")
    team.members.add(reader)
    sign_in(reader)
    seen = ""
    for number in range(8):
        page.goto(f"{live_server.url}/patients/SYN-{number:07d}/")
        shows_every_cell_whole()
        seen += page.locator(".matrix").inner_text()
    said = seen.replace("\N{SOFT HYPHEN}", "")
    assert all(verdict in said for verdict in ("Not eligible", "Cannot determine", "Contraindicated"))


def test_the_banner_stays_when_the_page_scrolls(case, page):
    page.evaluate("window.scrollTo(0, 900)")
    box = page.locator(".identity").bounding_box()
    assert box["y"] == pytest.approx(0, abs=1)


def test_the_theme_is_remembered_by_the_browser(case, page, live_server):
    page.get_by_role("button", name="Light or dark").click()
    page.goto(live_server.url + "/patients/")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_keys_act_outside_inputs_only(case, page, live_server):
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("gh?d")
    assert page.input_value("#search") == "gh?d"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    assert page.locator("#help").get_by_text("Record a decision").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url(live_server.url + "/patients/")


def test_single_letters_can_be_turned_off(case, page, live_server):
    page.keyboard.press("?")
    page.get_by_label("Single-letter keys on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.wait_for_timeout(300)
    assert page.url.endswith("/patients/0001/")


def test_every_mark_can_be_reached_and_says_its_whole_sentence(case, page):
    links = page.locator(".timeline svg a")
    names = [links.nth(i).get_attribute("aria-label") for i in range(links.count())]
    assert any("CAPTEM ×6" in name and "1 Sep 2025" in name for name in names)
    assert any("Krenning ≤1 to ?" in name for name in names)
    links.first.focus()
    assert page.evaluate("document.activeElement.closest('.timeline') !== null")


def test_skip_link_leads_to_the_content(case, page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_page_prints_with_its_picture(case, page):
    page.emulate_media(media="print")
    assert page.locator(".timeline svg").first.is_visible()
    assert not page.locator(".rail").is_visible()


def by_keys(page, label: str, words: str) -> None:
    """Tab until the field of this name has the focus, then type: as somebody without a mouse does."""
    field = page.get_by_label(label, exact=True)
    for _ in range(30):
        page.keyboard.press("Tab")
        if field.evaluate("found => found === document.activeElement"):
            return page.keyboard.type(words)
    raise AssertionError(f"{label} is not reached by Tab")


def test_a_decision_by_keyboard_alone(case, page, live_server):
    page.keyboard.press("d")
    page.wait_for_url(live_server.url + "/patients/0001/decide/")
    page.keyboard.press("y")
    page.keyboard.press("Tab")
    page.keyboard.type("Laboratory values first.")
    by_keys(page, "Next step", "laboratory")
    by_keys(page, "Within", "2 weeks")
    by_keys(page, "Owner of the next step", "Referring centre")
    by_keys(page, "Your password", "not-a-real-password")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/patients/0001/#decisions")
    assert page.locator(".timeline text", has_text="NOT YET").is_visible()
