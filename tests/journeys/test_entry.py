"""A data clerk enters an outside patient on one page: counted in clicks, without a network, and with a second pair of hands."""

import uuid

import pytest
from playwright.sync_api import expect

from board.entry.drafts import draft_for, entry_of, own_draft, save_draft
from board.entry.submit import submit
from board.models import EntryDraft, ReturnAnswer
from patients.models import HistologySpecimen, LabResult, Patient, PrrtCycle, Team, TreatmentLine
from patients.services import create_patient, grant_access
from tests.board.entry.test_submit import WHOLE
from tests.journeys.conftest import HeldAnswer
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
READY = "form[data-is-ready]"
TABLE = "Parameter;28.04.2026;Einheit\nThrombozyten;1420;G/l\nHb;12,6;g/dl\nLeukozyten;4,2;/nl\nKreatinin;71;\nBilirubin ges.;<0,3;mg/dl\nAlbumin;41;g/l"
MOST_CLICKS = 16


@pytest.fixture
def expected_errors():
    return ["409", "422", "Failed to load resource", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]


@pytest.fixture
def clerk():
    team = Team.objects.create(name="Outside referrals")
    clerk, coordinator = make_user("data_entry", last_name="Clerk"), make_user("coordinator", last_name="Coordinator")
    for user in (clerk, coordinator):
        user.teams.add(team)
    clerk.coordinator = coordinator
    return clerk


class Hands:
    """Counts what J1 counts: a click, or a key that does what a click would. Typing and Tab are free."""

    def __init__(self, page):
        self.page, self.count, self.chosen = page, 0, 0

    def click(self, target):
        self.count += 1
        target.click()

    def press(self, key):
        self.count += 1
        self.page.keyboard.press(key)

    def fill(self, name, text):
        self.page.locator(f"[name$='{name}']:visible").last.fill(text)

    def choose(self, name, word):
        """A choice by its arrow keys or letters, reached by Tab."""
        self.chosen += 1
        found = self.page.locator(f"[name$='{name}']").last
        if found.evaluate("one => one.tagName") == "SELECT":
            found.select_option(word)
        else:
            self.page.locator(f"[name$='{name}'][value='{word}']").last.focus()
            self.page.keyboard.press("Space")


def test_an_outside_patient_in_sixteen_clicks(page, sign_in, clerk, context, shoot, has_no_serious_finding):
    sign_in(clerk)
    hands = Hands(page)
    hands.press("n")
    page.wait_for_selector(READY)
    hands.fill("patient.case_number", "OUT-0388")
    hands.choose("patient.sex_for_formulas", "F")
    hands.fill("patient.birth_date", "1968")
    hands.fill("patient.question", "Is PRRT possible after CAPTEM?")
    hands.choose("tumour.primary_site", "pancreas")
    hands.fill("tumour.clinical_date", "Mar 2021")
    hands.choose("tumour.functional_status", "non_functional")
    hands.choose("tumour.stage", "metastatic")
    page.locator("[name='tumour.tnm']").focus()
    hands.click(page.get_by_role("button", name="Mark unknown"))
    hands.choose("tumour.metastatic_sites", "liver")
    page.locator("[data-rows=histology] [name$='clinical_date']").fill("2024-01-15")
    page.locator("[data-rows=histology] [name$='.site']").fill("liver")
    hands.fill("ki67_text", "18")
    hands.choose("differentiation", "well")
    first = page.locator("[data-rows=histology] > [data-prefix]").first
    expect(first.locator("[data-derived]")).to_have_text("G2 (WHO 2022)")
    hands.click(page.get_by_role("button", name="Add specimen"))
    page.locator("[data-rows=histology] [name$='clinical_date']").last.fill("2026-02-20")
    page.locator("[data-rows=histology] [name$='.site']").last.fill("liver")
    hands.fill("ki67_text", "8")
    hands.choose("differentiation", "well")
    expect(page.locator("[data-arrow]").nth(1)).to_have_text("Ki-67 18 to 8 %")
    line = page.locator("[data-rows=lines] > [data-prefix]")
    line.locator("[name$='regimen']").press_sequentially("capt")
    expect(line.locator("[role=option]").first).to_contain_text("alkylator")
    hands.press("Enter")
    assert line.locator("[name$='treatment_class']").input_value() == "chemo"
    line.locator("[name$='clinical_date']").fill("03/2024")
    line.locator("[name$='stop_date']").fill("2024-09")
    line.locator("[name$='cycles']").fill("6")
    hands.choose("best_response", "PR")
    expect(line.locator("[data-derived]")).to_have_text("alkylator")
    expect(line.locator("[data-entry-field$='clinical_date'] [data-said]")).to_contain_text("2024-03, month only")
    hands.choose("prior_systemic", "asserted")
    hands.choose("prior_prrt", "denied")
    hands.choose("prior_ssa", "denied")
    shoot("entry-typed")
    hands.click(page.get_by_role("button", name="Paste table"))
    page.locator("[data-paste-text]").fill(TABLE)
    unit = page.get_by_label("Unit of Kreatinin")
    expect(unit).to_have_value("")
    expect(page.locator("[data-paste-accept]")).to_be_disabled()
    hands.count += 1
    unit.select_option("umol/L")
    shoot("entry-paste")
    assert not LabResult.objects.exists()
    hands.click(page.locator("[data-paste-accept]"))
    platelets = page.locator("[data-rows=labs] > [data-prefix]").first
    expect(platelets).to_contain_text("is outside the plausible 5 to 1000 10^9/L. Keep?")
    hands.click(platelets.get_by_role("button", name="Keep, give a reason"))
    page.keyboard.type("Confirmed by telephone")
    page.locator("[name='status.clinical_date']").fill("2026-05-01")
    hands.fill("weight_kg", "71,5")
    hands.choose("status.ecog", "1")
    hands.choose("status.frailty", "3")
    hands.choose("status.pregnancy", "not_of_childbearing_potential")
    hands.choose("status.breast_feeding", "denied")
    hands.choose("status.self_care", "asserted")
    context.set_offline(True)
    hands.fill("status.preference", "Wants PRRT if possible")
    hands.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Not saved on server since")
    expect(page.locator("[data-state]")).to_contain_text("Kept on this computer.")
    shoot("entry-away")
    context.set_offline(False)
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    has_no_serious_finding()
    hands.click(page.get_by_role("button", name="Submit for check"))
    page.wait_for_url("**/patients/OUT-0388/", timeout=10_000)
    expect(page.get_by_text("On the coordinator's list: case OUT-0388.")).to_be_visible()
    print(
        f"J1: {hands.count} clicks (at most {MOST_CLICKS}); {hands.chosen} lists and choices answered by Tab and a key"
    )
    assert hands.count <= MOST_CLICKS
    patient = Patient.objects.visible_to(clerk.coordinator).get(case_number="OUT-0388")
    assert TreatmentLine.objects.get(patient=patient).clinical_date_precision == "month"
    assert HistologySpecimen.objects.filter(patient=patient).count() == 2
    assert LabResult.objects.filter(patient=patient).count() == 6
    assert LabResult.objects.get(analyte="platelets").note == "Confirmed by telephone"
    assert EntryDraft.objects.count() == 1
    page.goto(page.url + "?tab=labs")
    expect(page.get_by_text("Confirmed by telephone")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter(one => one.startsWith('prrt.entry.'))") == []


@pytest.fixture
def shared(clerk):
    patient = create_patient(by=clerk, case_number="TWO-1", sex_for_formulas="F", birth_date="1968-01-01")
    grant_access(by=clerk, patient=patient, user=clerk.coordinator, kind="care_team", reason="test")
    return patient


def test_a_second_clerk_and_no_word_is_lost(page, sign_in, clerk, shared, shoot, has_no_serious_finding):
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    theirs = draft_for(shared, clerk.coordinator)
    typed = {"patient.centre": "Centre North", "tumour.primary_site": "stomach", "histology.n7.ki67_text": "5"}
    save_draft(by=clerk.coordinator, draft=theirs, seen_version=entry_of(theirs).version, values=typed)
    page.locator("[name='patient.centre']").fill("Centre South")
    page.locator("[name='tumour.tnm']").fill("cT2 N1 M1")
    page.keyboard.press("Control+s")
    conflict = page.locator("[data-conflict]")
    expect(conflict).to_contain_text("Centre North")
    expect(conflict).to_contain_text("Centre South")
    expect(page.locator("[name='tumour.primary_site']")).to_have_value("stomach")
    expect(page.locator("[name='histology.n7.ki67_text']")).to_have_value("5")
    has_no_serious_finding()
    shoot("entry-conflict")
    conflict.get_by_role("button", name="Keep both").click()
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    kept = draft_for(shared, clerk).data["values"]
    assert kept["patient.centre"] == "Centre North; Centre South"
    assert (kept["tumour.tnm"], kept["histology.n7.ki67_text"]) == ("cT2 N1 M1", "5")


def test_words_that_were_kept_come_back_and_go_at_sign_out(page, sign_in, clerk, shared, context):
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    page.route("**/entry/save/", lambda route: route.abort())
    page.locator("[name='tumour.tnm']").fill("cT2")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Kept on this computer.")
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/entry/save/")
    page.evaluate("document.querySelector('form[data-entry]').remove()")
    page.goto(page.url)
    expect(page.locator("[data-kept]")).to_contain_text("TNM")
    page.get_by_role("button", name="Take it over").click()
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    assert draft_for(shared, clerk).data["values"] == {"tumour.tnm": "cT2"}
    page.evaluate("localStorage.setItem('prrt.entry.x', '1')")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/log*/**")
    assert page.evaluate("Object.keys(localStorage).filter(one => one.startsWith('prrt.entry.'))") == []


def test_what_is_typed_is_text(page, sign_in, clerk, shared):
    payload = "<img src=x onerror=alert(1)>"
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    for card in ("histology", "lines", "prrt", "ssa", "labs"):
        page.locator(f"[data-row-add={card}]").click()
    page.evaluate("document.querySelectorAll('form[data-entry] details').forEach(one => { one.open = true; })")
    for box in page.locator(
        "form[data-entry] input[data-kind]:visible:not([readonly]), form[data-entry] textarea[data-kind]:visible"
    ).all():
        box.fill(payload[: int(box.get_attribute("maxlength"))])
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    page.get_by_role("button", name="Paste table").click()
    page.locator("[data-paste-text]").fill(f"{payload}\t5\t{payload}\nHb\t5\t{payload}")
    expect(page.locator("[data-paste-rows] tr")).to_have_count(2)
    page.get_by_role("button", name="Submit for check").click()
    expect(page.locator("[data-errors]")).to_be_visible()  # until all is saved the page asks whether to leave it
    page.goto("/".join(page.url.split("/")[:3]) + "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    assert page.locator("img[src=x]").count() == 0 and said == []


def like_a_case_that_is_here(page):
    """Types what case TWO-1 has; returns where it is asked whether they are the same."""
    page.wait_for_selector(READY)
    page.locator("[name='patient.sex_for_formulas'][value=F]").check(force=True)
    page.locator("[name='patient.birth_date']").fill("1968")
    page.locator("[name='patient.case_number']").fill("TWO-01")
    alike = page.locator("[data-alike]")
    expect(alike).to_contain_text("Case TWO-1 may be the same")
    return alike


def test_a_case_that_is_here_already_is_shown_beside(page, sign_in, clerk, shared, shoot):
    create_patient(by=make_user("coordinator"), case_number="UNSEEN-9")
    sign_in(clerk, "/patients/new/")
    alike = like_a_case_that_is_here(page)
    shoot("entry-alike")
    alike.get_by_role("button", name="Different").click()
    expect(alike).to_be_hidden()
    page.locator("[name='patient.case_number']").fill("UNSEEN-9")
    expect(alike).to_contain_text("in use for a case that is not shared with you")
    assert "UNSEEN" not in alike.inner_text()


def test_an_entry_comes_back_with_a_question_and_goes_again_with_cycles_and_an_answer(
    page, sign_in, clerk, shoot, has_no_serious_finding
):
    draft = own_draft(clerk, uuid.uuid4())
    entry = save_draft(by=clerk, draft=draft, seen_version="0.0", values=WHOLE | {"prrt.prior_prrt": ""})
    more = {"seen_version": entry.version, "reason": "", "is_incomplete_meant": True, "team": clerk.teams.get()}
    submit(by=clerk, draft=entry.draft, **more)
    sign_in(clerk.coordinator)
    page.get_by_role("link", name="Return case E-0388").click()
    page.get_by_label("What is missing or unclear?").fill("Were there PRRT cycles abroad?")
    has_no_serious_finding()
    shoot("entry-return")
    page.get_by_role("button", name="Return it").click()
    expect(page.get_by_text("was returned to")).to_be_visible()
    shoot("entry-asked")
    page.get_by_role("button", name="Sign out").click()
    sign_in(clerk)
    expect(page.get_by_text("Were there PRRT cycles abroad?")).to_be_visible()
    shoot("entry-returned-home")
    page.get_by_role("link", name="E-0388 Returned to you").click()
    page.wait_for_selector(READY)
    page.get_by_role("button", name="Add cycle").click()
    cycle = page.locator("[data-rows=prrt] > [data-prefix]").first
    cycle.locator("[name$='.number']").fill("1")
    cycle.locator("[name$='.clinical_date']").fill("03/2023")
    cycle.locator("[name$='.activity_mbq']").fill("7.4")
    cycle.locator("[name$='.compound']").fill("177Lu-DOTATATE")
    expect(cycle).to_contain_text("Is it in GBq?")
    cycle.locator("[name$='.activity_mbq']").fill("7400")
    expect(cycle).not_to_contain_text("Is it in GBq?")
    cycle.scroll_into_view_if_needed()
    has_no_serious_finding()
    shoot("entry-returned-page")
    page.get_by_role("button", name="Submit for check").click()
    page.get_by_role("button", name="Answer", exact=True).click()
    page.keyboard.type("One, in 2023; added.")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    page.reload()
    page.wait_for_selector(READY)
    expect(page.get_by_label("Answer", exact=True)).to_have_value("One, in 2023; added.")
    shoot("entry-answer")
    page.get_by_role("button", name="Submit for check").click()
    page.locator("[data-submit-now]").click()
    page.wait_for_url("**/patients/E-0388/", timeout=20_000)
    assert PrrtCycle.objects.get().clinical_date_precision == "month"
    assert ReturnAnswer.objects.get().text == "One, in 2023; added."


def test_a_stop_before_its_start_is_kept_with_a_reason(page, sign_in, clerk, shared, shoot, has_no_serious_finding):
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    page.locator("[name='patient.question']").fill("Is PRRT possible?")
    page.locator("[name='tumour.primary_site']").select_option("pancreas")
    line = page.locator("[data-rows=lines] > [data-prefix]")
    line.locator("[name$='.regimen']").fill("CAPTEM")
    line.locator("[name$='.treatment_class']").select_option("chemo")
    line.locator("[name$='.clinical_date']").fill("2025-09-01")
    line.locator("[name$='.stop_date']").fill("2025-02-15")
    line.locator("[name$='.cycles']").fill("6")
    expect(line).to_contain_text("The line stops before it starts. Keep?")
    line.get_by_role("button", name="Keep, give a reason").click()
    page.keyboard.type("So in both letters")
    said = line.locator(".entry-said-kept")
    expect(said).to_have_text("The line stops before it starts. Kept, with the reason: So in both letters")
    shoot("entry-in-question")
    has_no_serious_finding()
    page.get_by_role("button", name="Submit for check").click()
    page.locator("[data-submit-now]").click()
    page.wait_for_url("**/patients/TWO-1/", timeout=10_000)
    stored = TreatmentLine.objects.get(patient=shared)
    assert (stored.note, str(stored.stop_date)) == ("So in both letters", "2025-02-15")
    row = page.locator(f"[id='row-{stored.lineage}']")
    expect(row).to_contain_text("in question The line stops before it starts.")
    expect(row).to_contain_text("So in both letters")
    shoot("patient-in-question")
    page.goto(page.url + "entry/")
    expect(page.locator("[data-rows=lines] .entry-said-kept")).to_contain_text(
        "Kept, with the reason: So in both letters"
    )


def test_a_value_that_is_offered_is_taken_by_key(page, sign_in, clerk, shared, shoot, has_no_serious_finding):
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    line = page.locator("[data-rows=lines] > [data-prefix]")
    line.locator("[name$='.regimen']").press_sequentially("captem")
    expect(line.locator("[role=option]").first).to_contain_text("capecitabine, temozolomide, 28 d")
    page.keyboard.press("Enter")
    line.locator("[name$='.clinical_date']").fill("2025-09-01")
    line.locator("[name$='.cycles']").fill("6")
    stop = line.locator("[name$='.stop_date']")
    stop.press_sequentially("2025-02-15")
    expect(line).to_contain_text("6 cycles of 28 days from 2025-09-01 end about 2026-02-15.")
    shoot("entry-offer")
    has_no_serious_finding()
    page.keyboard.press("Tab")
    use = line.get_by_role("button", name="Use 2026-02-15")
    expect(use).to_be_focused()
    page.wait_for_timeout(1000)  # what was typed is looked at once more, and the sentence is written anew
    expect(use).to_be_focused()
    page.keyboard.press("Enter")
    expect(stop).to_have_value("2026-02-15")
    expect(stop).to_be_focused()
    expect(line).not_to_contain_text("The line stops before it starts.")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    assert draft_for(shared, clerk).data["values"][stop.get_attribute("name")] == "2026-02-15"


def test_values_of_a_table_that_was_typed_over_do_not_come_back(page, sign_in, clerk, shared):
    """The first table is answered after the second: the values shown are those of the text that stands there."""
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    held = HeldAnswer(page, "**/new/paste/")
    page.get_by_role("button", name="Paste table").click()
    page.locator("[data-paste-text]").fill("Parameter;28.04.2026;Einheit\nHb;12,6;g/dl\nThrombozyten;142;G/l")
    held.wait()
    page.locator("[data-paste-text]").fill("Parameter;28.04.2026;Einheit\nHb;9,9;g/dl")
    rows = page.locator("[data-paste-rows] tr")
    expect(rows).to_have_count(1)
    held.let_go()
    expect(rows).to_have_count(1)
    expect(rows.locator("[data-part=value]")).to_have_value("9.9")


def kept_on_this_computer(page, sign_in, clerk):
    """TNM cT2 of case TWO-1, typed while the server does not answer; then it is back."""
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/entry/save/", lambda route: route.abort())
    page.locator("[name='tumour.tnm']").fill("cT2")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Kept on this computer.")
    page.unroute("**/entry/save/")


def test_words_that_were_kept_wait_for_an_answer_over_a_reload(page, sign_in, clerk, shared):
    """What the page saves by itself while it asks is no answer to what was asked."""
    kept_on_this_computer(page, sign_in, clerk)
    for _ in range(2):
        page.evaluate("document.querySelector('form[data-entry]').remove()")
        page.goto(page.url)
        page.wait_for_selector(READY)
        expect(page.locator("[data-kept]")).to_contain_text("TNM")
    page.locator("[name='tumour.tnm']").fill("cT3")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    page.get_by_role("button", name="Take it over").click()
    conflict = page.locator("[data-conflict]")
    expect(conflict).to_contain_text("cT2")
    expect(conflict).to_contain_text("cT3")


def test_kept_words_taken_while_a_save_is_on_its_way_are_compared_with_what_another_wrote(page, sign_in, clerk, shared):
    kept_on_this_computer(page, sign_in, clerk)
    theirs = draft_for(shared, clerk.coordinator)
    save_draft(by=clerk.coordinator, draft=theirs, seen_version=entry_of(theirs).version, values={"tumour.tnm": "cT9"})
    page.evaluate("document.querySelector('form[data-entry]').remove()")
    held = HeldAnswer(page, "**/entry/save/")
    page.goto(page.url)
    held.wait()
    page.get_by_role("button", name="Take it over").click()
    held.let_go()
    conflict = page.locator("[data-conflict]")
    expect(conflict).to_contain_text("cT2")
    expect(conflict).to_contain_text("cT9")
    assert draft_for(shared, clerk).data["values"] == {"tumour.tnm": "cT9"}


def test_a_case_that_was_called_different_is_not_asked_about_by_an_older_answer(page, sign_in, clerk, shared):
    sign_in(clerk, "/patients/new/")
    alike = like_a_case_that_is_here(page)
    expect(page.locator("[data-state]")).to_contain_text("Saved on the server", timeout=10_000)
    held = HeldAnswer(page, "**/new/look/")
    page.locator("[name='status.ecog']").first.check(force=True)
    held.wait()
    alike.get_by_role("button", name="Different").click()
    expect(alike).to_be_hidden()
    held.let_go()
    assert alike.is_hidden()


def test_what_is_submitted_is_what_stands_in_the_form_until_the_answer_comes(page, sign_in, clerk, shared):
    """A word typed after Submit would go nowhere: the next page comes with the answer."""
    page.route("**/entry/save/", with_nothing_missing)
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    held = HeldAnswer(page, "**/entry/submit/")
    page.get_by_role("button", name="Submit for check").click()
    held.wait()
    form, tnm = page.locator("form[data-entry]"), page.locator("[name='tumour.tnm']")
    tnm.focus()
    page.keyboard.type("cT2")
    assert tnm.input_value() == ""
    assert form.get_attribute("aria-busy") == "true"
    held.let_go()
    assert form.get_attribute("aria-busy") is None
    page.keyboard.press("Escape")
    tnm.focus()
    page.keyboard.type("cT2")
    assert tnm.input_value() == "cT2"


def with_nothing_missing(route) -> None:
    answer = route.fetch()
    said = answer.json()
    said["ring"]["missing"] = []
    route.fulfill(response=answer, json=said)


def test_words_that_wait_for_an_answer_are_not_overwritten_by_what_cannot_be_saved(page, sign_in, clerk, shared):
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/entry/save/", lambda route: route.abort())
    state, tnm = page.locator("[data-state]"), page.locator("[name='tumour.tnm']")
    tnm.fill("cT2")
    page.keyboard.press("Control+s")
    expect(state).to_contain_text("Kept on this computer.")
    page.evaluate("document.querySelector('form[data-entry]').remove()")
    page.goto(page.url)
    page.wait_for_selector(READY)
    expect(page.locator("[data-kept]")).to_contain_text("cT2")
    tnm.fill("cT3")
    page.keyboard.press("Control+s")
    expect(state).to_contain_text("Kept on this computer.")
    on_this_computer = page.evaluate("Object.values({...localStorage}).join()")
    assert "cT2" in on_this_computer and "cT3" in on_this_computer
    page.evaluate("document.querySelector('form[data-entry]').remove()")
    page.goto(page.url)
    page.wait_for_selector(READY)
    expect(page.locator("[data-kept]")).to_contain_text("cT2")
    expect(page.locator("[data-kept]")).to_contain_text("1 more after this")
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator("[data-kept]")).to_contain_text("cT3")
    assert "cT2" not in page.evaluate("Object.values({...localStorage}).join()")
    page.unroute("**/entry/save/")
    page.get_by_role("button", name="Take it over").click()
    expect(state).to_contain_text("Saved on the server", timeout=10_000)
    assert draft_for(shared, clerk).data["values"] == {"tumour.tnm": "cT3"}
    assert "cT3" not in page.evaluate("Object.values({...localStorage}).join()")


def test_words_typed_while_kept_ones_are_offered_are_not_overwritten_when_those_are_taken(page, sign_in, clerk, shared):
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/entry/save/", lambda route: route.abort())
    state, tnm, edition = (
        page.locator(one) for one in ("[data-state]", "[name='tumour.tnm']", "[name='tumour.tnm_edition']")
    )
    tnm.fill("cT2")
    edition.evaluate("one => { one.closest('details').open = true; }")
    edition.fill("AJCC 7")
    page.keyboard.press("Control+s")
    expect(state).to_contain_text("Kept on this computer.")
    page.evaluate("document.querySelector('form[data-entry]').remove()")
    page.goto(page.url)
    page.wait_for_selector(READY)
    tnm.fill("cT3")
    page.keyboard.press("Control+s")
    expect(state).to_contain_text("Kept on this computer.")
    page.get_by_role("button", name="Submit for check").click()
    expect(page.locator("[data-errors]")).to_contain_text("take them over or discard them")
    page.get_by_role("button", name="Take it over").click()
    conflict = page.locator("[data-conflict]")
    expect(conflict).to_contain_text("An earlier page of yours")
    expect(conflict).to_contain_text("cT2")
    expect(conflict).to_contain_text("cT3")
    expect(tnm).to_have_value("cT3")
    expect(edition).to_have_value("AJCC 7")
    page.unroute("**/entry/save/")
    conflict.get_by_role("button", name="Keep mine").click()
    expect(state).to_contain_text("Saved on the server", timeout=10_000)
    assert draft_for(shared, clerk).data["values"] == {"tumour.tnm": "cT3", "tumour.tnm_edition": "AJCC 7"}
    assert page.evaluate("Object.keys(localStorage).filter(one => one.startsWith('prrt.entry.'))") == []


def test_a_double_press_of_submit_submits_once(page, sign_in, clerk, shared):
    page.route("**/entry/save/", with_nothing_missing)
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    sent = []
    page.on(
        "request",
        lambda request: sent.append(request.post_data_json) if request.url.endswith("/entry/submit/") else None,
    )
    held = HeldAnswer(page, "**/entry/submit/")
    button = page.get_by_role("button", name="Submit for check")
    button.dblclick()
    held.wait()
    page.evaluate("document.querySelector('[data-submit-open]').click()")
    held.let_go()
    page.wait_for_timeout(300)
    assert len(sent) == 1, "one press more is none"


def test_a_press_after_a_lost_answer_has_the_same_key(page, sign_in, clerk, shared):
    page.route("**/entry/save/", with_nothing_missing)
    sign_in(clerk, "/patients/TWO-1/entry/")
    page.wait_for_selector(READY)
    keys = []

    def lost(route):
        keys.append(route.request.post_data_json["key"])
        route.abort()

    page.route("**/entry/submit/", lost)
    for _ in range(2):
        page.get_by_role("button", name="Submit for check").click()
        expect(page.locator("[data-state]")).to_contain_text("Press again: it is submitted only once.")
        page.wait_for_function("!document.querySelector('form[data-entry]').hasAttribute('aria-busy')")
        page.locator("[data-state]").evaluate("one => { one.textContent = ''; }")
    assert len(keys) == 2 and len(set(keys)) == 1
    page.locator("[name='tumour.tnm']").fill("cT2")
    page.get_by_role("button", name="Submit for check").click()
    expect(page.locator("[data-state]")).to_contain_text("Press again")
    assert len(set(keys)) == 2, "other words are another submission"


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_no_label_touches_what_is_said_beside_it(page, sign_in, clerk, shared, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    sign_in(clerk, "/patients/new/")
    page.wait_for_selector(READY)
    page.locator("[data-row-add=prrt]").click()
    for name in ("patient.birth_date", "tumour.clinical_date"):
        page.locator(f"[name='{name}']").fill("03/1958")
    for card in ("histology", "lines", "prrt"):
        page.locator(f"[name^='{card}.'][name$='.clinical_date']").first.fill("03/1958")
    expect(page.locator("[data-entry-field='patient.birth_date'] [data-said]")).to_have_text("1958-03, month only")
    expect(page.locator("[data-rows=prrt] .entry-said-word")).to_have_count(1)
    gaps = page.evaluate(GAPS)
    assert len(gaps) >= 2 and {name: gap for name, gap in gaps if gap < 6} == {}


# Between the letters of a label and a word on the same line.
GAPS = """() => [...document.querySelectorAll(".field:has(.entry-said-word)")].flatMap((field) => {
  const letters = document.createRange();
  letters.selectNodeContents(field.querySelector("label, legend"));
  const label = letters.getBoundingClientRect();
  const word = field.querySelector(".entry-said-word").getBoundingClientRect();
  const isBeside = label.width > 1 && word.top < label.bottom - 1 && word.bottom > label.top + 1;
  return isBeside ? [[field.dataset.entryField, word.left - label.right]] : [];
})"""
