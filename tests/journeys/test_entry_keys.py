"""The same outside patient without a mouse: nothing is typed twice, and what has the focus is never behind something."""

import pytest
from playwright.sync_api import expect

from board.entry.drafts import draft_for
from patients.models import LabResult, Patient, PrrtCycle, Team
from patients.services import create_patient, grant_access
from tests.journeys.test_entry import READY, TABLE
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
MOST_KEYS, MOST_TABS = 20, 105
# Whether something else is drawn where the middle of the focused element is; the bar and the banner hide nothing of themselves.
HIDDEN = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const label = one.closest('label');
  return one !== document.body && !(at && (one.contains(at) || at.contains(one) || label?.contains(at)));
}"""
NAME = "() => document.activeElement.name || document.activeElement.textContent.trim()"


@pytest.fixture
def clerk():
    team = Team.objects.create(name="Outside referrals")
    clerk, coordinator = make_user("data_entry", last_name="Clerk"), make_user("coordinator")
    for user in (clerk, coordinator):
        user.teams.add(team)
    return clerk


class Keys:
    """``keys``: what does something; ``tabs``: what goes on; characters of a text are counted by nobody."""

    def __init__(self, page):
        self.page, self.keys, self.tabs, self.hidden = page, 0, 0, []

    def press(self, key):
        self.keys += 1
        self.page.keyboard.press(key)

    def type(self, text):
        self.page.keyboard.type(text)

    def to(self, name, most=45):
        """By Tab to the next field, or button, whose name ends so."""
        for _ in range(most):
            if self.page.evaluate(NAME).endswith(name) or self.page.evaluate(NAME).startswith(name):
                return
            self.tab()
        raise AssertionError(f"{name} is not reached by {most} tabs, but {self.page.evaluate(NAME)}")

    def tab(self):
        self.tabs += 1
        self.page.keyboard.press("Tab")
        if self.page.evaluate(HIDDEN):
            self.hidden.append(self.page.evaluate(NAME))

    def say(self, name, text):
        self.to(name)
        self.type(text)

    def answer(self, name, key):
        self.to(name)
        self.press(key)


def test_an_outside_patient_by_keys_alone(page, sign_in, clerk):
    sign_in(clerk)
    keys = Keys(page)
    keys.press("n")
    page.wait_for_selector(READY)
    expect(page.locator("[name='patient.case_number']")).to_be_focused()
    keys.type("KEYS-1")
    keys.answer("patient.sex_for_formulas", "Space")
    keys.say("patient.birth_date", "1968")
    keys.say("patient.question", "Is PRRT possible after CAPTEM?")
    keys.say("tumour.primary_site", "pan")
    keys.say("tumour.clinical_date", "Mar 2021")
    keys.answer("tumour.functional_status", "Space")
    keys.say("tumour.stage", "distant")
    keys.say("tumour.tnm", "unknown")
    keys.answer("tumour.metastatic_sites", "Space")
    keys.tab()
    keys.say(".clinical_date", "2024-01-15")
    keys.say(".site", "liver")
    keys.say(".ki67_text", "18")
    keys.answer(".differentiation", "Space")
    keys.say(".regimen", "capt")
    expect(page.locator("[data-combobox] [role=option]").first).to_contain_text("CAPTEM")
    keys.press("Enter")
    keys.say(".clinical_date", "03/2024")
    keys.say(".stop_date", "2024-09")
    keys.say(".cycles", "6")
    keys.say(".best_response", "part")
    keys.answer("prior_prrt", "ArrowRight")
    keys.answer("prior_ssa", "ArrowRight")
    keys.answer("Paste table", "Enter")
    page.keyboard.insert_text(TABLE)
    expect(page.get_by_label("Unit of Kreatinin")).to_be_focused()
    keys.press("ArrowDown")
    keys.answer("Accept 6 values", "Enter")
    expect(page.locator("[data-rows=labs]")).to_contain_text("outside the plausible 5 to 1000")
    keys.answer("Keep, give a reason", "Enter")
    keys.type("Confirmed by telephone")
    keys.say("status.clinical_date", "2026-05-01")
    keys.say("weight_kg", "71,5")
    keys.answer("ecog", "ArrowRight")
    keys.answer("frailty", "ArrowRight")
    keys.say("pregnancy", "Not of")
    keys.answer("breast_feeding", "ArrowRight")
    keys.answer("self_care", "Space")
    keys.say("preference", "Wants PRRT if possible")
    expect(page.locator("[data-ring-words]")).to_have_text("35 of 35 core fields answered")
    keys.answer("Submit for check", "Enter")
    page.wait_for_url("**/patients/KEYS-1/", timeout=20_000)
    print(f"J1 by keys: {keys.keys} that do something (at most {MOST_KEYS}), {keys.tabs} tabs (at most {MOST_TABS})")
    assert keys.hidden == []
    assert keys.keys <= MOST_KEYS and keys.tabs <= MOST_TABS
    patient = Patient.objects.get(case_number="KEYS-1")
    assert LabResult.objects.filter(patient=patient).count() == 6
    assert LabResult.objects.get(patient=patient, analyte="creatinine").unit == "umol/L"


def test_a_cycle_takes_number_and_compound_from_what_was_said_and_only_with_a_day(page, sign_in, clerk):
    patient = create_patient(by=clerk, case_number="TWO-2", sex_for_formulas="F", birth_date="1968-01-01")
    grant_access(by=clerk, patient=patient, user=clerk, kind="care_team", reason="test")
    sign_in(clerk, "/patients/TWO-2/entry/")
    page.wait_for_selector(READY)
    line = page.locator("[data-rows=lines] > [data-prefix]")
    line.locator("[name$='.regimen']").fill("177Lu-DOTATATE")
    line.locator("[name$='.treatment_class']").select_option("prrt")
    cycles = page.locator("[data-rows=prrt] > [data-prefix]")
    said = []
    for day in ("2025-01-07", "2025-03-04"):
        page.get_by_role("button", name="Add cycle").click()
        page.keyboard.press("Tab")
        expect(cycles.last.locator("[name$='.compound']")).to_have_value("")
        page.keyboard.type(day)
        page.keyboard.press("Tab")
        expect(cycles.last.locator("[name$='.compound']")).to_have_value("177Lu-DOTATATE")
        said.append(cycles.last.locator("[name$='.number']").input_value())
    page.get_by_role("button", name="Add cycle").click()
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    assert said == ["1", "2"]
    empty = cycles.last.get_attribute("data-prefix")
    values = draft_for(patient, clerk).data["values"]
    assert not [name for name, text in values.items() if name.startswith(f"{empty}.") and text]
    assert not PrrtCycle.objects.exists()
