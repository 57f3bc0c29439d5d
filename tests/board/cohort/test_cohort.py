"""The page of the cohort: whose cases, what is said of them, what is hidden, and what is kept of a question."""

import datetime as dt
import re
import uuid
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from board.cohort import figures, selection
from board.cohort.cases import CohortCase, Tumour
from board.cohort.changes import snapshot_of
from board.cohort.kpi import kpi
from board.cohort.outcome import Outcome
from board.cohort.page import Eyes, page_of
from board.cohort.picture import Shown, picture_of
from board.cohort.query import CohortQuery, query_of
from board.cohort.selection import Cohort, cohort_of
from board.domain.cohort_figures import Count
from board.domain.cohort_pairs import Given, ScanPair
from board.domain.cohort_swimmer import Point, Spell, Swim
from board.models import BoardDecision, CohortQuestion, DecisionFollowUp
from eligibility.change_facts import change_between
from eligibility.models import ChangeVerdict
from imaging.models import Scan
from patients.models import AccessEvent, AuditEvent, HistologySpecimen, TreatmentLine
from patients.selectors import visible_patients
from patients.services import grant_access, revise
from tests.board.factories import FOLLOW_UP, TODAY
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
START = dt.date(2025, 9, 1)
VERDICT_FIELDS = (
    "patient", "before_scan", "after_scan", "digest", "method_version", "change_class", "sentence", "verdict", "kind",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_kept():
    selection._kept.clear()


@pytest.fixture
def researcher(published):
    user = make_user("researcher")
    grant_access(by=published[0], patient=published[1], kind="care_team", user=user)
    return user


def found_by(user, **choices) -> Cohort:
    return cohort_of(user, query_of(choices), today=TODAY)


def only(user, **choices) -> CohortCase:
    (case,) = found_by(user, **choices).members
    return case


def test_the_published_course_is_one_case_with_its_pair(published):
    case = only(published[0])
    assert case.is_in and case.zero == START and case.event.cycles == 6
    assert (case.pair.before.day, case.pair.after.day) == (dt.date(2025, 7, 14), FOLLOW_UP)
    assert case.tumour == Tumour("stomach", "unknown", "well", "G2")
    assert case.outcome.unknown and not case.outcome.raw, "no score was stated at first: no class, so no rise"
    assert {"ssa", "functional", "response"} <= case.gaps


@pytest.mark.parametrize(
    "choices",
    [
        {"site": "stomach"}, {"differentiation": "well"}, {"grade": "G2"}, {"functional": "unknown"}, {"scans": "2"},
        {"event": "alkylator"}, {"ssa": "unknown"}, {"since": "2025-09-01", "until": "2025-09-01"},
    ],
)  # fmt: skip
def test_filters_that_the_case_meets(published, choices):
    assert len(found_by(published[0], **choices).members) == 1


@pytest.mark.parametrize(
    "choices",
    [
        {"site": "pancreas"}, {"differentiation": "poor"}, {"grade": "G3"}, {"functional": "functional"}, {"scans": "3"},
        {"event": "prrt"}, {"event": "ssa"}, {"ssa": "none"}, {"since": "2025-09-02"}, {"until": "2025-08-31"},
        {"centre": "elsewhere"},
    ],
)  # fmt: skip
def test_filters_that_it_does_not_meet(published, choices):
    assert found_by(published[0], **choices).members == []


def test_a_case_counts_only_for_whom_it_is_shared_with(published, researcher):
    assert len(found_by(researcher).members) == 1
    for role in ("researcher", "nuclear_medicine", "chair"):
        assert found_by(make_user(role)).members == []
    clinician = make_user("clinician")
    grant_access(by=published[0], patient=published[1], kind="care_team", user=clinician)
    assert found_by(clinician).members == [], "a role that does not see cohorts"


def test_a_researcher_opens_no_page_of_a_case(published, researcher, client):
    client.force_login(researcher)
    number = published[1].case_number
    assert client.get(reverse("board:patient", args=[number])).status_code == 404
    assert f">{number}<" not in client.get(reverse("board:patients")).content.decode()
    page = client.get(reverse("board:cohort")).content.decode()
    assert number not in re.sub(r"<(script|link|input)[^>]*>", "", page) and "rows by pseudonym are not drawn" in page
    assert "small=1" not in page and "hidden" in page
    assert "fewer than 5" in client.get(reverse("board:cohort") + "?small=1").content.decode()


def test_whoever_reads_the_case_may_see_small_numbers(case):
    client, _, patient = case
    hidden = client.get(reverse("board:cohort")).content.decode()
    assert "fewer than 5" in hidden and "Show small numbers" in hidden
    shown = client.get(reverse("board:cohort") + "?small=1&tab=conversion").content.decode()
    assert "0 of 1" in shown and "n too small for a curve: 1 included" in shown
    assert f'href="/patients/{patient.case_number}/"' in hidden, "the swimmer of who reads the cases has their numbers"
    assert "eligible" not in re.sub(r"says that a patient is eligible for a treatment", "", shown)


@pytest.mark.parametrize("tab", ["swimmer", "conversion", "kpi", "quality"])
def test_every_tab_answers_with_and_without_cases(case, tab):
    client, _, _ = case
    for address in (f"?tab={tab}", f"?tab={tab}&small=1", f"?tab={tab}&site=lung"):
        assert client.get(reverse("board:cohort") + address).status_code == 200
    assert "No patients match these filters" in client.get(reverse("board:cohort") + "?site=lung").content.decode()


def test_what_is_read_is_read_again_after_a_write(published):
    user, patient = published
    assert only(user).event.cycles == 6
    revise(TreatmentLine.objects.get(patient=patient), by=user, reason="test", cycles=4)
    assert only(user).event.cycles == 4


def test_what_is_not_read_in_time_is_said_and_no_figure_stands(published, monkeypatch):
    monkeypatch.setattr("board.cohort.page.PAGE_SECONDS", 0.0)
    page = page_of(published[0], {}, today=TODAY)
    assert page["found"].unread == 1 and page["found"].members == [] and page["read"] == 0


def scored(published, verdict="confirmed", readers=1):
    """The first scan scored as well, so that its class rose; then what readers say."""
    user, patient = published
    from imaging.models import Lesion
    from tests.board.factories import read

    lesions = {lesion.label: lesion for lesion in Lesion.objects.filter(patient=patient)}
    for scan in Scan.objects.filter(patient=patient):
        if scan.clinical_date != FOLLOW_UP:
            read(user, scan, lesions, {"L01": (1, 1, ""), "L02": (1, 1, "")})
    from eligibility.case_rows import fetch

    change = change_between(fetch(patient))
    for _ in range(readers):
        ChangeVerdict.objects.create(
            patient=patient, before_scan=change.before.id, after_scan=change.after.id, digest=change.digest,
            method_version=change.method_version, change_class=change.name, sentence=change.sentence, verdict=verdict,
            kind="true_change", reader=make_user("nuclear_medicine"),
        )  # fmt: skip
    (case,) = unblinded(user).members
    return case


def unblinded(user) -> Cohort:
    """As whoever gives no verdict sees it."""
    chair = make_user("chair")
    for patient in visible_patients(user):
        grant_access(by=user, patient=patient, kind="care_team", user=chair)
    return found_by(chair)


def test_a_class_that_rose_with_an_unknown_analogue_is_raw_only(published):
    case = scored(published)
    assert (case.outcome.before, case.outcome.after) == ("POOR", "RICH")
    assert case.outcome.raw and case.outcome.ssa_check == "unknown"
    assert not case.outcome.adjusted and not case.outcome.confirmed, "nobody recorded whether an analogue was given"


def test_a_reader_who_is_unsure_is_counted(published):
    assert scored(published, "unsure").outcome.unsure


def test_a_known_analogue_that_explains_nothing_and_a_reader_make_it_confirmed(published):
    user, patient = published
    for scan in Scan.objects.filter(patient=patient):
        revise(scan, by=user, reason="test", ssa_status="none")
    case = scored(published)
    assert case.outcome.ssa == "none" and case.outcome.adjusted and case.outcome.confirmed and not case.outcome.twice
    other = scored(published, "explained")
    assert other.outcome.adjusted and not other.outcome.confirmed, "one reader explains it otherwise"


@pytest.mark.parametrize("verdict", ["confirmed", "unsure"])
def test_a_second_reader_is_not_told_what_the_first_said(published, client, verdict):
    owner, patient = published
    for scan in Scan.objects.filter(patient=patient):
        revise(scan, by=owner, reason="test", ssa_status="none")
    first = make_user("nuclear_medicine")
    grant_access(by=owner, patient=patient, kind="care_team", user=first)
    before = {tab: cohort_page(client, first, tab) for tab in ("swimmer", "conversion")}
    scored(published, verdict)
    second = make_user("nuclear_medicine")
    grant_access(by=owner, patient=patient, kind="care_team", user=second)
    for tab in before:
        page = cohort_page(client, second, tab)
        assert "What readers said is hidden from you" in page.replace("\n", " "), tab
        assert f"{reverse('board:patient', args=[patient.case_number])}?tab=change" in page, "where to give one's own"
        assert AccessEvent.objects.filter(user=second, patient=patient).exists(), "and the case was shown"
        assert "rise, confirmed" not in page and "CONFIRMED</" not in page
    (case,) = found_by(second).members
    told = {line.key: line for line in figures.conversion(found_by(second), shows_all=True)}
    hidden = {key for key, line in told.items() if line.count.is_hidden}
    assert hidden == {"confirmed", "unsure", "twice"} and told["adjusted"].count.text == "1 of 1"
    assert not case.outcome.confirmed and not case.outcome.unsure and case.outcome.adjusted
    said = snapshot_of(found_by(second))
    scored(published, "explained")
    assert snapshot_of(found_by(second)) == said, "a kept question does not tell it either"
    chair = make_user("chair")
    grant_access(by=owner, patient=patient, kind="care_team", user=chair)
    assert not found_by(chair).is_blinded, "whoever gives no verdict sees all"


def test_whoever_has_said_it_sees_what_others_said(published):
    user, _ = published
    scored(published, "unsure")
    assert found_by(user).is_blinded
    other = ChangeVerdict.objects.get()
    values = {name: getattr(other, name) for name in VERDICT_FIELDS}
    ChangeVerdict.objects.create(**values, reader=user)
    AuditEvent.objects.create(action="change_verdict", patient=published[1], object_type="x", object_id="1", by=user)
    assert not found_by(user).is_blinded and only(user).outcome.unsure


def cohort_page(client, user, tab: str) -> str:
    client.force_login(user)
    return client.get(f"{reverse('board:cohort')}?tab={tab}&small=1").content.decode()


def test_an_illustrative_scan_leaves_the_case_out_with_its_reason(published):
    user, patient = published
    revise(Scan.objects.filter(patient=patient).first(), by=user, reason="test", is_illustrative=True)
    found = found_by(user)
    assert found.included == [] and found.exclusions() == {"header_illustrative": 1}
    (reason,) = figures.exclusions(found, shows_all=True)
    assert reason.number == 1 and "illustrative" in reason.sentence
    assert figures.exclusions(found, shows_all=False)[0].number is None


def test_n_is_always_included_and_excluded(published):
    found = Cohort(CohortQuery(), [made(n, excluded="no_scan_after" if n % 3 == 0 else "") for n in range(60)])
    told = figures.numbers(found, shows_all=False)
    assert (told.matched, told.included, told.excluded) == (60, 40, 20)
    few = Cohort(CohortQuery(), [made(n, excluded="no_scan_after" if n < 3 else "") for n in range(60)])
    told = figures.numbers(few, shows_all=False)
    assert (told.matched, told.included, told.excluded) == (None, 57, None)


def made(n: int, *, excluded: str = "", raw: bool = False) -> CohortCase:
    swim = Swim((Spell("CAPTEM", "chemo", 0, 168),), (Point("scan", -20 - n, "SSTR scan", "POOR", True),), 300 + n)
    return CohortCase(
        uuid.uuid5(uuid.NAMESPACE_OID, str(n)), f"C-{n}", "", Tumour(), 2, Given("CAPTEM", "chemo", (START, START)),
        ScanPair(excluded=excluded), Outcome(raw=raw, before="POOR", after="RICH", label="x"), swim,
    )  # fmt: skip


@pytest.mark.parametrize("number", [1, 40, 200, 260])
def test_a_swimmer_of_one_row_or_of_hundreds(number):
    user = make_user("nuclear_medicine")
    picture = picture_of(Cohort(CohortQuery(), [made(n) for n in range(number)]), user, Shown(True, True, True))
    assert len(picture.lines) == min(number, 200) and picture.more == max(0, number - 200)
    assert len({line.row.bars[0].x for line in picture.lines}) == 1, "day 0 is under day 0"
    assert all(line.row.marks[0].letter == "P" for line in picture.lines)


def of_care(patients, *, shows_all=False):
    found = Cohort(CohortQuery(), [replace(made(n), patient_id=patient.pk) for n, patient in enumerate(patients)])
    return kpi(found, today=TODAY, shows_all=shows_all)


def listed(by, patient, *, missing: int, ready: int) -> None:
    for gate in [["histology"]] * missing + [[]] * ready:
        make_item(make_meeting(by), patient, by, gate_missing=gate)


def decided(by, patient, *told: str, days: int = 200) -> None:
    decision = BoardDecision.objects.create(
        patient=patient, decided_on=TODAY - dt.timedelta(days=days), outcome="treat", next_step="prrt", text="Words.",
        recorded_by=by,
    )  # fmt: skip
    for kind in told:
        at = timezone.make_aware(dt.datetime.combine(decision.decided_on, dt.time(12))) + dt.timedelta(days=10)
        DecisionFollowUp.objects.create(decision=decision, kind=kind, recorded_by=by, recorded_at=at)


def test_a_figure_of_care_is_small_by_its_patients_and_not_by_its_rows():
    by = make_user("coordinator")
    patients = [make_patient(by=by) for _ in range(6)]
    listed(by, patients[0], missing=6, ready=0)
    for patient in patients[1:]:
        listed(by, patient, missing=0, ready=1)
    assert of_care(patients).prepared == "hidden", "6 listings without data are those of one person"
    assert of_care(patients, shows_all=True).prepared == "5 of 11 (45 %)"
    for patient in patients[1:5]:
        listed(by, patient, missing=1, ready=0)
    assert of_care(patients).prepared == "5 of 15 (33 %)", "five are in each"


def test_what_is_missing_of_the_larger_share_comes_first():
    """One of two is more than one of four, though both are one case."""
    orders = [Count("a", 1, 4), Count("b", 1, 2), Count("c", 2, 4), Count("d", 0, 4), Count("e", 0, 0)]
    hidden = Count("f", 3, 4, is_hidden=True)
    assert [one.key for one in sorted([hidden, *orders], key=figures.share_missing)] == ["c", "b", "a", "d", "e", "f"]


def test_so_are_the_figures_of_recommendations():
    by = make_user("coordinator")
    patients = [make_patient(by=by) for _ in range(6)]
    for patient in patients:
        decided(by, patient, "done")
    assert of_care(patients).done == "6 of 6 (n too small for a share)"
    for _ in range(5):
        decided(by, patients[0], "not_done")
        decided(by, patients[0])
        decided(by, patients[0], days=10)
    told = of_care(patients)
    assert (told.recorded, told.done, told.younger) == ("hidden", "hidden", 0)
    told = of_care(patients, shows_all=True)
    assert (told.recorded, told.done, told.younger) == ("11 of 16 (69 %)", "6 of 11 (55 %)", 5)


def test_pseudonyms_are_of_one_user_and_classes_go_with_hidden_figures():
    one, other = make_user("researcher"), make_user("researcher")
    found = Cohort(CohortQuery(), [made(n) for n in range(12)])
    names = [[line.name for line in picture_of(found, u, Shown(False, False, False)).lines] for u in (one, other)]
    assert len(set(names[0])) == 12 and not set(names[0]) & set(names[1])
    picture = picture_of(found, one, Shown(False, False, False))
    assert all(mark.klass == "none" and not mark.letter for line in picture.lines for mark in line.row.marks)
    assert {line.state for line in picture.lines} == {"in"} and not any(line.case_number for line in picture.lines)


def test_a_researcher_counts_no_hidden_figure_from_the_rows(published, researcher, monkeypatch):
    found = Cohort(CohortQuery(), [made(n, raw=n < 3) for n in range(30)])
    monkeypatch.setattr("board.cohort.page.cohort_of", lambda *args, **more: found)
    picture = page_of(researcher, {}, today=TODAY)["picture"]
    assert {line.state for line in picture.lines} == {"in"}
    reader = page_of(published[0], {}, today=TODAY)["picture"]
    assert [line.state for line in reader.lines].count("rise, raw only") == 3
    assert Eyes.of(researcher, {"small": "1"}).shows_all is False


def test_a_kept_question_says_what_has_changed_since(case):
    client, user, patient = case
    sent = {"question": "grade=G2", "name": "G2 only"}
    assert client.post(reverse("board:cohort_keep"), sent)["Location"] == "/cohort/?grade=G2"
    kept = CohortQuestion.objects.get()
    assert kept.digest == CohortQuery(grade="G2").digest and "grade G2" in kept.text and kept.user == user
    page = reverse("board:cohort") + "?grade=G2"
    assert "nothing has changed" in client.get(page).content.decode()
    revise(Scan.objects.filter(patient=patient).first(), by=user, reason="test", is_illustrative=True)
    assert "0 new, 0 gone, 1 changed" in client.get(page).content.decode()
    revise(HistologySpecimen.objects.get(patient=patient), by=user, reason="test", ki67_text="1 %", stated_grade="G1")
    assert "0 new, 1 gone, 0 changed" in client.get(page).content.decode()
    client.post(reverse("board:cohort_keep"), sent)
    assert "nothing has changed" in client.get(page).content.decode() and CohortQuestion.objects.count() == 1
    client.post(reverse("board:cohort_forget", args=[kept.pk]))
    assert not CohortQuestion.objects.exists()
    actions = AuditEvent.objects.filter(object_type="board.CohortQuestion").values_list("action", flat=True)
    assert list(actions) == ["keep_cohort_question"] * 2 + ["delete_cohort_question"]
    assert client.post(reverse("board:cohort_keep"), sent | {"name": " "}).status_code == 422


def test_the_live_count_says_numbers_and_nothing_else(case, researcher):
    client, _, _ = case
    assert client.get(reverse("board:cohort_count") + "?small=1").json()["words"] == "n = 1 (0 excluded)"
    client.force_login(researcher)
    answer = client.get(reverse("board:cohort_count") + "?small=1")
    assert answer.json() == {"words": "n = fewer than 5 (0 excluded)", "address": ""}
    assert client.get(reverse("board:cohort_count") + "?site=lung").json()["words"] == "No patients match"


def test_an_address_of_anything_asks_for_what_is_known():
    odd = {"event": "x", "site": "<b>", "scans": "-1", "since": "yesterday", "window": "1", "centre": "\0" + "c" * 200}
    query = query_of(odd)
    assert query == CohortQuery(centre="c" * 80)
    assert "not named here" in query.text_without_centre and "ccc" not in query.text_without_centre


def test_no_page_of_many_queries(published, django_assert_max_num_queries):
    user, _ = published
    for _ in range(3):
        grant_access(by=user, patient=make_patient(by=user), kind="care_team", user=user)
    page_of(user, {}, today=TODAY)
    with django_assert_max_num_queries(12):
        page_of(user, {}, today=TODAY)


def test_no_search_by_day_finds_the_day_0_of_a_pseudonym(published, researcher):
    for since, until in (("2025-08-31", "2025-09-02"), ("2025-09-02", "2025-09-03")):
        page = page_of(researcher, {"since": since, "until": until}, today=TODAY)
        assert (page["query"].since, page["query"].until) == ("2025-01-01", "2025-12-31")
        assert len(page["found"].members) == 1, "the same whether the day is in it or not"
    assert page_of(published[0], {"since": "2025-09-02"}, today=TODAY)["found"].members == []
