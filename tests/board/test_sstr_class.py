"""The SSTR class in the list of patients: kept with the watch state, found by chips, the same words as in the case."""

import datetime as dt
import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from board import nightly
from board.chart import Chart
from board.domain.sstr_class import ANY, SstrClass, possible_classes
from board.freshness import edition
from board.models import WatchCheck, WatchState
from board.nightly import is_check_due
from board.patient_filters import CLASSES, Filters, narrowed
from board.patient_list import patient_page
from board.sstr_state import sstr_values
from board.tasks import look_again_at_all, read_news
from board.watching import keep_watch
from eligibility.lesion_facts import newest_sstr_scan, sstr_facts
from imaging.models import Lesion, LesionFinding, Reading, Scan
from patients.models import Patient
from patients.selectors import visible_patients
from patients.services import record, withdraw
from tests.eligibility.cases import DAY, add_finding, add_lesion, add_reading, add_scan
from tests.imaging.signing import sign
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
LIST = "/patients/"
TODAY = timezone.localdate()


@pytest.fixture
def user(client):
    found = make_user("nuclear_medicine")
    client.force_login(found)
    return found


@pytest.fixture
def patient(user):
    return make_patient(by=user, case_number="S-1")


def read_scan(user, patient, *scores, on=DAY, **answers):
    """A scan with one lesion of 22 mm for each score, read and signed."""
    scan = add_scan(user, patient, on=on)
    lesions = {add_lesion(user, patient, f"{on:%y%m%d}-{n}"): score for n, score in enumerate(scores)}
    for lesion in lesions:
        add_finding(user, lesion, scan, size="22")
    reading = add_reading(user, scan, lesions, is_signed=False)
    for name, value in ({"state": Reading.State.SIGNED, "signed_at": timezone.now()} | answers).items():
        setattr(reading, name, value)
    reading.save()
    return scan


def line(user, case_number="S-1"):
    page = patient_page(visible_patients(user), today=TODAY)
    return next(line for line in page.lines if line.case_number == case_number)


def kept(patient) -> tuple[str, dt.date | None]:
    state = keep_watch(patient)
    return state.sstr_class, state.sstr_scan_day


@pytest.mark.parametrize(
    ("scores", "cold", "name"),
    [
        ([(3, 3), (4, 4)], "none", "RICH"),
        ([(3, 3), (2, 2)], "none", "MIXED"),
        ([(1, 1), (2, 2)], "none", "POOR"),
        ([(3, 3), None], "none", "UNKNOWN"),
        ([(2, 3)], "none", "UNKNOWN"),
        ([(3, 3)], "not_assessed", "UNKNOWN"),
        ([], "none", "UNKNOWN"),
    ],
)
def test_the_chip_says_the_class_of_the_signed_reading(client, user, patient, scores, cold, name):
    read_scan(user, patient, *scores, cold_lesions=cold)
    assert kept(patient) == (name, DAY)
    assert (line(user).sstr.scan, line(user).sstr.klass) == ("20 Apr 2026, 68Ga-DOTATATE", name)
    said = client.get(LIST).content.decode()
    assert f">{name}</span>" in said and "not looked at yet" not in said


def test_a_scan_nobody_has_read_is_unknown_and_never_poor(user, patient):
    add_scan(user, patient)
    assert kept(patient) == ("UNKNOWN", DAY)


def test_images_that_cannot_be_judged_are_unknown_whatever_was_scored(user, patient):
    read_scan(user, patient, (1, 1), quality="non_diagnostic")
    assert kept(patient) == ("UNKNOWN", DAY)


def test_a_draft_says_nothing(user, patient):
    lesion = add_lesion(user, patient, "L01")
    add_reading(user, add_scan(user, patient), {lesion: (1, 1)}, is_signed=False)
    assert kept(patient) == ("UNKNOWN", DAY)


def test_only_the_newest_sstr_scan_counts_and_fdg_is_none(client, user, patient):
    add_scan(user, patient, tracer="18F-FDG", on=DAY)
    assert kept(patient) == ("NO_SCAN", None)
    said = client.get(LIST).content.decode()
    assert "no SSTR scan" in said and "not looked at yet" not in said
    read_scan(user, patient, (3, 3), on=DAY - dt.timedelta(days=300))
    newest = read_scan(user, patient, (1, 1), on=DAY - dt.timedelta(days=30))
    assert kept(patient) == ("UNKNOWN", DAY - dt.timedelta(days=30)), (
        "the lesion of the scan before is not answered for"
    )
    gone = Lesion.objects.exclude(findings__scan_id=newest.lineage).get()
    add_finding(user, gone, newest, size="22", status=LesionFinding.Status.RESOLVED)
    assert kept(patient) == ("POOR", DAY - dt.timedelta(days=30))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tracer": "", "clinical_date": DAY}, "20 Apr 2026, tracer not stated"),
        ({"tracer": "68Ga-DOTATATE", "clinical_date": None}, "date unknown, 68Ga-DOTATATE"),
    ],
)
def test_a_scan_without_tracer_or_date_is_no_missing_scan(user, patient, values, said):
    record(Scan, by=user, patient=patient, **values)
    assert kept(patient) == ("UNKNOWN", values["clinical_date"])
    assert (line(user).sstr.scan, line(user).sstr.klass) == (said, "UNKNOWN")


def test_a_scan_of_a_day_to_come_is_not_the_last(user, patient):
    read_scan(user, patient, (3, 3))
    add_scan(user, patient, on=TODAY + dt.timedelta(days=9))
    assert kept(patient) == ("RICH", DAY)


def test_a_month_is_said_as_a_month(user, patient):
    add = {"clinical_date": dt.date(2026, 4, 1), "clinical_date_precision": "month", "tracer": "68Ga-DOTATATE"}
    record(Scan, by=user, patient=patient, **add)
    assert kept(patient) == ("UNKNOWN", dt.date(2026, 4, 1))
    assert (line(user).sstr.scan, line(user).sstr.klass) == ("Apr 2026, 68Ga-DOTATATE", "UNKNOWN")


def test_a_case_without_a_state_is_not_looked_at_yet(client, user, patient):
    add_scan(user, patient)
    assert not WatchState.objects.exists()
    said = client.get(LIST).content.decode()
    assert "not looked at yet" in said and ">UNKNOWN</span>" not in said


def test_that_there_was_no_scan_is_not_the_class_of_one_that_came(user, patient):
    keep_watch(patient)
    record(Scan, by=user, patient=patient, tracer="68Ga-DOTATATE", clinical_date=None)
    assert (line(user).sstr.scan, line(user).sstr.klass) == ("date unknown, 68Ga-DOTATATE", "")


def test_the_class_of_an_older_scan_is_never_said_of_a_newer_one(user, patient):
    read_scan(user, patient, (3, 3))
    keep_watch(patient)
    newer = add_scan(user, patient, on=DAY + dt.timedelta(days=90))
    assert (line(user).sstr.scan, line(user).sstr.klass) == ("19 Jul 2026, 68Ga-DOTATATE", "")
    withdraw(newer, by=user, reason="of another patient")
    assert line(user).sstr.klass == "RICH"


def test_a_newly_signed_reading_reaches_the_list_by_the_news(client, user, patient):
    scan = add_scan(user, patient)
    lesion = add_lesion(user, patient, "L01")
    add_finding(user, lesion, scan, size="22")
    read_news()
    assert (line(user).sstr.klass, found(user, "UNKNOWN")) == ("UNKNOWN", ["S-1"])
    mark = client.get(LIST)["ETag"]
    draft = add_reading(user, scan, {lesion: (3, 3)}, is_signed=False)
    sign(by=user, reading=draft)
    read_news()
    assert (line(user).sstr.klass, found(user, "UNKNOWN"), found(user, "RICH")) == ("RICH", [], ["S-1"])
    assert client.get(LIST, headers={"if-none-match": mark}).status_code == 200


def found(user, name):
    chosen = narrowed(visible_patients(user), Filters(sstr_class=name), TODAY)
    return [patient.case_number for patient in chosen.order_by("case_number")]


def test_each_class_is_a_chip_that_narrows(client, user):
    for n, scores in enumerate([[(3, 3)], [(3, 3), (1, 1)], [(1, 1)], [None]]):
        case = make_patient(by=user, case_number=f"S-{n}")
        read_scan(user, case, *scores)
        keep_watch(case)
    keep_watch(make_patient(by=user, case_number="S-4"))
    make_patient(by=user, case_number="S-5")
    assert [found(user, name) for name in CLASSES] == [["S-0"], ["S-1"], ["S-2"], ["S-3"]]
    answer = client.get(LIST, {"class": "MIXED", "captem": "1"})
    chips = {chip.label: chip for chip in answer.context["chips"] if chip.group == "SSTR class"}
    assert list(chips) == ["RICH", "MIXED", "POOR", "UNKNOWN"]
    assert chips["MIXED"].is_on and chips["MIXED"].href == "?captem=1"
    assert chips["POOR"].href == "?captem=1&class=POOR"
    assert "Remove <em>CAPTEM yes</em> to see 1." in answer.content.decode()
    assert not client.get(LIST, {"class": "NO_SCAN"}).context["chosen"].is_any


def test_a_class_finds_no_case_of_others(client, user, patient):
    read_scan(user, patient, (3, 3))
    keep_watch(patient)
    client.force_login(make_user("clinician"))
    said = client.get(LIST, {"class": "RICH"}).content.decode()
    assert "No patient matches." in said and "to see" not in said


def test_a_class_is_found_through_its_index(user):
    asked = WatchState.objects.filter(sstr_class="RICH").values("patient")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "sstr_cl" in asked.explain()
    if connection.vendor == "sqlite":
        plan = Patient.objects.filter(pk__in=asked).explain()
        assert "SCAN board_watchstate" not in plan and "SCAN U0" not in plan


def test_sixty_cases_cost_the_queries_of_one(client, user, patient):
    keep_watch(patient)

    def queries(query):
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(LIST, query)
        return len(captured), len(answer.context["page"].lines)

    few = [queries(query)[0] for query in ({}, {"class": "UNKNOWN"})]
    for n in range(60):
        case = make_patient(by=user, case_number=f"T-{n:02}")
        add_scan(user, case)
        if n % 2:
            keep_watch(case)
    many, narrow = queries({}), queries({"class": "UNKNOWN"})
    assert (many[1], narrow[1]) == (50, 30)
    assert many[0] == few[0], "no case without a state asks for it"
    assert narrow[0] <= many[0] + 1, "the count of what was found"


# --- states made before classes were kept -------------------------------------------------------------------


def test_states_of_the_release_before_are_made_again_though_no_row_was_written(user, patient):
    """They are there with an empty class after the migration, and the last check was under the mark of its time."""
    read_scan(user, patient, (3, 3))
    keep_watch(patient)
    WatchState.objects.update(sstr_class="", sstr_scan_day=None, digest="of-before")
    now, before = timezone.now(), hashlib.sha256(str(edition()).encode()).hexdigest()
    WatchCheck.objects.create(started_at=now, alive_at=now, finished_at=now, edition=before)
    assert line(user).sstr.klass == ""
    assert is_check_due()
    look_again_at_all()
    assert line(user).sstr.klass == "RICH" and not is_check_due()


def test_a_state_that_says_more_makes_a_check_due(user, patient, monkeypatch):
    nightly.check_everybody()
    assert not is_check_due()
    monkeypatch.setattr(nightly, "EDITION", "watch/next")
    assert is_check_due()


# --- one meaning --------------------------------------------------------------------------------------------


def both(patient):
    """The class of the list, and the classes the watch rules hold possible."""
    chart = Chart(Patient.objects.get(pk=patient.pk), TODAY)
    assert newest_sstr_scan(chart.case, TODAY) is not None
    value = sstr_facts(chart.case, TODAY)["sstr_relation_to_liver"].value
    return sstr_values(chart)["sstr_class"], ANY if value is None else possible_classes(value)


SCORES = [(3, 3), (2, 2), (2, 3), None, "above", "below"]


@pytest.mark.parametrize("cold", ["none", "listed", "not_assessed"])
@pytest.mark.parametrize("first", SCORES)
def test_a_known_class_is_one_the_watch_rules_hold_possible(user, first, cold):
    """And where they hold only one possible, it is that one or unknown."""
    for second in SCORES:
        case = make_patient(by=user)
        read_scan(user, case, first, second, cold_lesions=cold)
        name, possible = both(case)
        assert name == "UNKNOWN" or SstrClass(name.lower()) in possible
        if len(possible) == 1:
            assert name.lower() in possible


@pytest.mark.parametrize(
    ("status", "name", "possible"),
    [
        (None, "UNKNOWN", {SstrClass.RICH, SstrClass.MIXED}),
        (LesionFinding.Status.RESOLVED, "RICH", {SstrClass.RICH}),
        (LesionFinding.Status.NOT_ASSESSABLE, "RICH", {SstrClass.RICH}),
        (LesionFinding.Status.PRESENT, "UNKNOWN", {SstrClass.RICH, SstrClass.MIXED}),
    ],
)
def test_a_lesion_of_the_scan_before_has_to_be_answered_for(user, patient, status, name, possible):
    """Both ask after a lesion of an earlier scan that nobody answered for on this one."""
    earlier = add_scan(user, patient, on=DAY - dt.timedelta(days=200))
    old = add_lesion(user, patient, "L09")
    add_finding(user, old, earlier, size="22")
    add_reading(user, earlier, {old: (1, 1)})
    scan = read_scan(user, patient, (3, 3))
    if status:
        add_finding(user, old, scan, size="22", status=status)
    assert both(patient) == (name, possible)
