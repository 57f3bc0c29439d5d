"""The tab "Change": the sentence, what is to be entered, both sizes and uptakes, readers' verdicts, blinded."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board.models import WatchState
from board.unsettled import are_agreed
from board.watching import keep_watch
from eligibility.models import ChangeVerdict
from imaging.models import Lesion, LesionFinding
from patients.models import AuditEvent, Patient, User
from patients.services import grant_access, record, revise
from tests.board.factories import FOLLOW_UP, add_scan
from tests.board.test_patient_page import MOST_QUERIES, page, text_of
from tests.eligibility.change_case import KEYS, answer, change_of, enter, illustrative_case, scan_of
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
TAB = "?tab=change"


@pytest.fixture(scope="module")
def made(once):
    user, patient = illustrative_case()
    return user.pk, patient.pk


@pytest.fixture
def case(made, client, today, db):
    user, patient = User.objects.get(pk=made[0]), Patient.objects.get(pk=made[1])
    client.force_login(user)
    return client, user, patient


def another(patient, role="nuclear_medicine"):
    user = make_user(role)
    grant_access(by=patient.recorded_by, patient=patient, user=user, kind="care_team", reason="reads along")
    found = Client()
    found.force_login(user)
    return found, user


def give(client, patient, *, verdict="confirmed", kind="true_change", comment="", **changes):
    found = change_of(patient)
    said = {"first": found.before.id, "second": found.after.id, "seen": found.digest}
    said |= {"verdict": verdict, "kind": kind, "comment": comment} | changes
    return client.post(reverse("board:change_verdict", args=[patient.case_number]), said)


def test_the_sentence_stands_on_top_with_the_banner_and_the_table(case):
    client, _, patient = case
    said = text_of(page(client, patient, TAB))
    assert "Undetermined whether SSTR uptake changed. 1 of 2 matched lesions rose" in said
    assert "Repeatability limits are borrowed from FDG" in said
    assert "SSTR gate krenning-gt2 v2" in said and "changed : Not met → Met" in said.replace("changed:", "changed :")
    assert "How the class is chosen" in said and "2 this one" in said
    assert "2 matched, 0 lost, 0 new" in said


def test_size_and_uptake_stand_side_by_side(case):
    client, user, patient = case
    for side in ("before", "after"):
        enter(user, patient, f"size_mm:L01:{side}")
    said = text_of(page(client, patient, TAB))
    assert "40 mm → 31 mm −22.5 % 9.09 → 11.47 +26.2 %" in said


def test_what_is_to_be_entered_is_listed_and_shortens(case):
    client, user, patient = case
    listed = page(client, patient, TAB).context["change"].to_enter
    assert len(listed) == len(KEYS) and all(item.href for item in listed)
    enter(user, patient, "uptake_min:before")
    shorter = page(client, patient, TAB).context["change"].to_enter
    assert {i.text for i in listed} - {i.text for i in shorter} == {
        "Uptake time of the scan of 2025-07-14: illustrative, not a fact of the case"
    }


def test_nothing_to_enter_is_not_said_while_a_check_stands_in_the_way(case):
    client, user, patient = case
    for key in KEYS:
        enter(user, patient, key)
    assert "Nothing: every hard item" in text_of(page(client, patient, TAB))
    answer(user, patient, FOLLOW_UP, quality="non_diagnostic", quality_note="motion", extravasation="none")
    response = page(client, patient, TAB)
    said = text_of(response)
    assert not response.context["change"].to_enter and "Nothing: every hard item" not in said
    assert "this stands in the way" in said and "Image quality : the signed reading of 2026-04-20" in said.replace(
        "quality:", "quality :"
    )


def test_nothing_to_enter_is_not_said_while_a_reader_has_to_settle_it(case):
    client, user, patient = case
    for key in KEYS:
        enter(user, patient, key)
    fresh = record(Lesion, by=user, patient=patient, label="L03", organ="bone", clinical_date=FOLLOW_UP)
    fact = {"by": user, "lesion": fresh, "status": "present"}
    record(LesionFinding, scan=scan_of(patient, FOLLOW_UP), **fact)
    response = page(client, patient, TAB)
    (item,) = response.context["change"].to_enter
    assert "L03 is lost, new or still there" in item.text and item.href
    assert "Undetermined" in text_of(response)


def test_the_desk_is_offered_only_to_those_who_may_use_it(case):
    client, user, patient = case
    assert all("/admin/" not in item.href for item in page(client, patient, TAB).context["change"].to_enter)
    user.is_staff = True
    user.save()
    hrefs = [item.href for item in page(client, patient, TAB).context["change"].to_enter]
    assert sum("/admin/imaging/scan/" in href for href in hrefs) == len(KEYS) - 2
    assert sum(href.endswith("/read/") for href in hrefs) == 2


def test_states_have_a_word_and_a_shape(case):
    client, _, patient = case
    body = page(client, patient, TAB).content.decode()
    said = text_of(page(client, patient, TAB))
    for word in ("Unknown, blocks", "OK", "Holds"):
        assert word in said
    assert 'href="#i-unknown"' in body and 'href="#i-met"' in body


def test_the_word_the_case_does_not_carry_is_not_printed(case):
    client, _, patient = case
    assert "redifferentiat" not in text_of(page(client, patient, TAB)).lower()


def test_the_overview_has_one_line_and_a_link(case):
    client, _, patient = case
    said = text_of(page(client, patient))
    assert "Undetermined UNKNOWN → RICH. By TA-SSTR-UP/1.0; it changes no verdict." in said
    assert 'href="?tab=change"' in page(client, patient).content.decode()


def test_the_scans_tab_gives_each_scan_its_class(case):
    client, _, patient = case
    said = text_of(page(client, patient, "?tab=scans"))
    assert "SSTR RICH" in said and "SSTR UNKNOWN" in said


def test_another_pair_can_be_asked_for_and_a_wrong_one_is_the_newest(case):
    client, user, patient = case
    later = add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=20))
    newest = page(client, patient, TAB).context["change"]
    assert newest.found.after.day == later.clinical_date and len(newest.pairs) == 2
    asked = page(client, patient, newest.pairs[1].href).context["change"]
    assert asked.found.after.day == FOLLOW_UP and asked.pairs[1].is_current
    for wrong in (
        "&first=x&second=y",
        f"&first={later.lineage}&second={later.lineage}",
        f"&first={uuid.uuid4()}&second={later.lineage}",
    ):
        assert page(client, patient, TAB + wrong).context["change"].found.digest == newest.found.digest


def test_one_scan_is_said_plainly(today, client, db):
    user = make_user("nuclear_medicine")
    from tests.patients.factories import make_patient

    patient = make_patient(by=user)
    add_scan(user, patient, FOLLOW_UP)
    client.force_login(user)
    assert "A change needs two dated SSTR scans" in text_of(page(client, patient, TAB))
    assert "Since the scan of" not in text_of(page(client, patient))


def test_the_tab_asks_no_query_for_each_verdict(case):
    client, _, patient = case
    for _n in range(4):
        give(another(patient)[0], patient)
    page(client, patient, TAB)
    with CaptureQueriesContext(connection) as found:
        page(client, patient, TAB)
    assert len(found) <= MOST_QUERIES, [q["sql"][:90] for q in found]


def test_a_tab_that_fails_leaves_the_page(case, monkeypatch):
    client, _, patient = case

    def fails(*args):
        raise ValueError("secret")

    monkeypatch.setattr("board.patient_page.change_tab", fails)
    response = page(client, patient, TAB)
    assert response.status_code == 200 and "secret" not in text_of(response)
    monkeypatch.setattr("board.chart.change_between", fails)
    assert "Case 0001" in text_of(page(client, patient))


def test_a_verdict_is_stored_with_what_was_seen(case):
    client, user, patient = case
    found = change_of(patient)
    response = give(client, patient, verdict="unsure", comment="Is the tracer batch the same?")
    assert response.status_code == 302 and "tab=change" in response["Location"]
    row = ChangeVerdict.objects.get()
    assert (row.reader, row.verdict, row.kind) == (user, "unsure", "true_change")
    assert (row.digest, row.sentence, row.change_class) == (found.digest, found.sentence, "UNDETERMINED")
    said = text_of(page(client, patient, TAB))
    assert "Unsure , true change" in said.replace("Unsure, ", "Unsure , ") and "Is the tracer batch the same?" in said
    event = AuditEvent.objects.filter(action="change_verdict").get()
    assert "unsure" not in str(event.after) and event.patient == patient


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"verdict": "unsure"}, "Say what you are unsure of"),
        ({"verdict": ""}, "This field is required"),
        ({"kind": ""}, "This field is required"),
        ({"seen": "x"}, "Not stored"),
        ({"first": str(uuid.uuid4())}, "no two SSTR scans of this case"),
    ],
)
def test_what_cannot_be_stored_is_said_and_the_text_is_kept(case, said, words):
    client, _, patient = case
    response = give(client, patient, **({"comment": "" if "verdict" in said else "kept words"} | said))
    assert response.status_code == 422 and words in text_of(response)
    if "verdict" not in said:
        assert 'value="kept words"' in response.content.decode()
    assert not ChangeVerdict.objects.exists()


def test_a_verdict_on_other_data_than_shown_is_refused_and_can_be_given_again(case):
    client, user, patient = case
    old = change_of(patient).digest
    enter(user, patient, "uptake_min:before")
    response = give(client, patient, seen=old)
    assert response.status_code == 409 and "has changed since you opened the page" in text_of(response)
    assert f'value="{change_of(patient).digest}"' in response.content.decode()
    assert not ChangeVerdict.objects.exists()
    assert give(client, patient).status_code == 302


def test_a_verdict_is_outdated_when_the_data_move(case):
    client, user, patient = case
    give(client, patient)
    enter(user, patient, "uptake_min:before")
    said = text_of(page(client, patient, TAB))
    assert "outdated: given on other data" in said


def test_the_second_reader_sees_the_first_verdict_after_the_own_one(case):
    client, _, patient = case
    give(client, patient, verdict="explained", comment="Analogue began in May.")
    second, _ = another(patient)
    before = text_of(page(second, patient, TAB))
    assert "Analogue began" not in before and "Explained" not in before.replace("explained by something else", "")
    assert "1 verdict of other readers is stored. You see it once you have given your own." in before
    assert "Analogue began" not in text_of(page(second, patient, "?tab=audit"))
    give(second, patient)
    after = text_of(page(second, patient, TAB))
    assert "Analogue began in May." in after and "are stored" not in after


def test_older_verdicts_of_others_stay_hidden_too(case):
    client, user, patient = case
    give(client, patient, verdict="explained", comment="Analogue began in May.")
    enter(user, patient, "uptake_min:before")
    assert "Analogue began" not in text_of(page(another(patient)[0], patient, TAB))


def test_who_gives_no_verdict_sees_all_and_no_form(case):
    client, _, patient = case
    give(client, patient, comment="Both lesions.")
    clinician, _ = another(patient, "clinician")
    response = page(clinician, patient, TAB)
    assert "Both lesions." in text_of(response) and response.context["change"].form is None
    assert give(clinician, patient).status_code == 403


def test_two_readers_confirm_what_is_probable(case):
    client, user, patient = case
    for key in KEYS:
        enter(user, patient, key)
    for day in ("before", "after"):
        date = dt.date(2025, 7, 14) if day == "before" else FOLLOW_UP
        revise(scan_of(patient, date), by=user, reason="images are real", is_illustrative=False)
    assert change_of(patient).name == "PROBABLE"
    give(client, patient)
    assert change_of(patient).name == "PROBABLE", "one reader is not two"
    give(client, patient, comment="again")
    assert change_of(patient).name == "PROBABLE", "the same reader twice is not two"
    give(another(patient)[0], patient)
    assert change_of(patient).name == "CONFIRMED"
    said = text_of(page(client, patient, TAB))
    assert "Confirmed treatment-associated increase in SSTR uptake." in said and "two readers confirm" in said


def watched(patient):
    keep_watch(patient)
    return {r["kind"]: r for r in WatchState.objects.get(patient=patient).reasons}


@pytest.mark.parametrize("verdict", ["unsure", "explained", "confirmed"])
def test_the_watch_list_says_the_same_whatever_the_first_reader_said(case, verdict):
    """A category moved, so two readers are asked for; a row that came with one verdict would tell the second reader."""
    client, _, patient = case
    before = watched(patient)["change_unsettled"]
    assert before["due"] and "two readers" in before["sentence"]
    assert give(client, patient, verdict=verdict, comment="uptake time").status_code == 302
    assert watched(patient)["change_unsettled"] == before


def test_a_change_is_watched_until_two_readers_agree_on_what_is_there_now(case):
    client, _, patient = case
    (second, _), (third, _) = another(patient), another(patient)
    give(client, patient, verdict="unsure", comment="uptake time of the first scan")
    give(second, patient, verdict="explained")
    assert "change_unsettled" in watched(patient), "the last word of anybody does not settle what another doubts"
    give(third, patient, verdict="explained")
    assert "change_unsettled" in watched(patient), "one is still unsure"
    give(client, patient, verdict="explained", comment="asked the site")
    assert "change_unsettled" not in watched(patient)
    revise(scan_of(patient, FOLLOW_UP), by=patient.recorded_by, reason="asked the site", uptake_min=61)
    assert "change_unsettled" in watched(patient), "a value that moved settles nothing"


def test_an_earlier_pair_stays_listed_when_a_scan_follows(case):
    client, user, patient = case
    give(client, patient, verdict="unsure", comment="uptake time")
    add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=90))
    found = watched(patient)["change_unsettled"]
    assert f"and {FOLLOW_UP.day} {FOLLOW_UP:%b %Y} is not settled" in found["sentence"]


def test_two_who_confirm_different_things_do_not_agree():
    def said(reader, verdict, kind="true_change"):
        return ChangeVerdict(reader_id=reader, verdict=verdict, kind=kind)

    assert are_agreed([said(1, "confirmed"), said(2, "confirmed")])
    assert are_agreed([said(1, "unsure"), said(2, "explained"), said(1, "explained", "optimisation")])
    assert not are_agreed([said(1, "confirmed"), said(2, "confirmed", "optimisation")])
    assert not are_agreed([said(1, "confirmed"), said(1, "confirmed")])
    assert not are_agreed([said(1, "unsure"), said(2, "unsure")])
    assert not are_agreed([said(1, "confirmed"), said(2, "confirmed"), said(2, "explained")])
