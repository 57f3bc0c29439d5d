"""States of the patient page: a failed panel, nearly empty, newer data, tabs, roles, neighbours, and its queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board.chart import Chart
from board.completeness import completeness
from board.tabs import LABELS
from imaging.models import Job, Series
from imaging.services import correct_suv_input
from patients.models import HistologySpecimen, PerformanceStatus
from patients.services import grant_access, record
from tests.board.factories import FOLLOW_UP, TODAY, add_lab, add_scan
from tests.board.test_patient_page import MOST_QUERIES, page, text_of
from tests.patients.factories import audit_numbered, make_patient, make_user

MOST_OF_AUDIT = 16  # also who may read the case, and who saw it by person and day

PANELS = {
    "draw": "Timeline",
    "lesion_table": "Lesions over time",
    "ledger": "Alkylator ledger",
    "decision_lines": "Decisions",
    "matrix": "Eligibility",
}


@pytest.mark.parametrize(("broken", "name"), PANELS.items())
def test_a_panel_that_fails_leaves_the_others(case, monkeypatch, caplog, broken, name):
    client, _, patient = case

    def fails(*args):
        raise ValueError(f"secret of {patient.case_number}")

    monkeypatch.setattr(f"board.patient_page.{broken}", fails)
    response = page(client, patient)
    said = text_of(response)
    assert response.status_code == 200
    assert said.count("This part could not be read.") == 1
    assert all(f" {title} " in said for title in PANELS.values())
    reference = caplog.records[-1].getMessage().split("reference ")[1][:8]
    assert f"quote reference {reference}" in said
    assert "secret" not in caplog.text and "secret" not in said


def test_a_nearly_empty_case_shows_what_is_missing_and_how_to_add_it(db, client, today):
    user = make_user("coordinator", is_staff=True)
    patient = make_patient(by=user)
    client.force_login(user)
    response = page(client, patient)
    said = text_of(response)
    assert "0 of 12 known before this case can be discussed" in said
    assert "Add histology" in said
    record(HistologySpecimen, by=user, patient=patient, ki67_text="5 %", clinical_date=dt.date(2026, 1, 1))
    assert completeness(Chart(patient, TODAY)).known == 1
    assert "histology with Ki-67" not in text_of(page(client, patient)).split("Missing:")[1].split(".")[0]


def test_who_may_not_add_is_told_who_may(db, client, today):
    opener = make_user("coordinator")
    patient = make_patient(by=opener)
    reader = make_user("observer")
    grant_access(by=opener, patient=patient, user=reader, kind="care_team", reason="reads along")
    client.force_login(reader)
    assert "coordinators and data entry may add what is missing" in text_of(page(client, patient))


def test_a_case_that_is_known_well_has_no_ring(case):
    client, user, patient = case
    for code, unit in (("platelets", "10^9/L"), ("hb", "g/dL"), ("wbc", "10^9/L"), ("creatinine", "umol/L")):
        add_lab(user, patient, analyte=code, value=12 if code == "hb" else 100 if code == "creatinine" else 9, unit=unit,
                note="checked")  # fmt: skip
    assert "before this case can be discussed" not in text_of(page(client, patient))


@pytest.mark.parametrize("tab", LABELS)
def test_every_tab_is_a_link_that_answers(case, tab):
    client, user, patient = case
    add_lab(user, patient)
    overview = page(client, patient).content.decode()
    if tab != "overview":
        assert f'href="/patients/0001/?tab={tab}"' in overview
    response = page(client, patient, f"?tab={tab}")
    html = response.content.decode()
    assert response.status_code == 200
    assert f'aria-current="page">{LABELS[tab]}</a>' in html.replace("\n", "")


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("scans", "No SSTR scan yet. Upload or import."),
        ("histology", "No specimen recorded yet."),
        ("lines", "No treatment line recorded yet."),
        ("labs", "No value recorded yet."),
        ("decisions", "No decision yet"),
    ],
)
def test_an_empty_tab_says_what_belongs_there(db, client, today, tab, words):
    user = make_user("nuclear_medicine")
    patient = make_patient(by=user)
    client.force_login(user)
    assert words in text_of(page(client, patient, f"?tab={tab}"))


def test_a_tab_nobody_knows_is_the_overview(case):
    client, _, patient = case
    assert page(client, patient, "?tab=../etc").context["tab"] == "overview"


def test_tabs_show_their_rows(case):
    client, user, patient = case
    add_lab(user, patient, value=88, reference_low=150, reference_high=400)
    said = {tab: text_of(page(client, patient, f"?tab={tab}")) for tab in ("scans", "histology", "lines", "labs")}
    assert "20 Apr 2026 after 6 × CAPTEM 68Ga-DOTATATE computed signed, KR-ORIG" in said["scans"]
    assert "7-8 %" in said["histology"] and "G2" in said["histology"]
    assert "CAPTEM ×6" in said["lines"]
    assert "88 10⁹/L low 150 to 400 10⁹/L" in said["labs"]


def test_the_trail_says_who_did_what(case):
    client, user, patient = case
    said = text_of(page(client, patient, "?tab=audit"))
    assert f"{user.username} recorded: histology specimen" in said
    assert "Ki-67 / MIB1: 7-8 %" in said


def test_the_trail_goes_on_where_the_page_before_ended(case):
    client, user, patient = case
    for n in range(60):
        add_lab(user, patient, day=dt.date(2025, 1, 1) + dt.timedelta(days=n))
    first = page(client, patient, "?tab=audit").context["trail"]
    second = page(client, patient, f"?tab=audit&before={first.older}").context["trail"]
    assert len(first.entries) == 50
    assert second.entries[0].event.id < first.entries[-1].event.id == first.older
    assert page(client, patient, "?tab=audit&before=99999999999999999999").status_code == 200


@pytest.mark.parametrize("role", ["observer"])
def test_who_only_reads_is_told_who_reads_the_trail(case, role):
    client, user, patient = case
    reader = make_user(role)
    grant_access(by=user, patient=patient, user=reader, kind="care_team", reason="reads along")
    client.force_login(reader)
    said = text_of(page(client, patient, "?tab=audit"))
    assert "Nuclear medicine, clinicians, coordinators, the chair and data entry do." in said
    assert user.username not in said


def test_the_version_moves_with_every_write_and_with_a_finished_job(case):
    client, user, patient = case

    def version():
        return client.get(reverse("board:state", args=["0001"])).json()["version"]

    seen = [version()]
    assert page(client, patient).context["version"] == seen[0]
    add_lab(user, patient)
    seen.append(version())
    series = Series.objects.get(pet_of_scans__clinical_date=FOLLOW_UP)
    correct_suv_input(by=user, series=series, name="body_weight_kg", value="61", reason="weighed again")
    seen.append(version())
    for hour in (8, 9):  # a job that ran again leaves as many open as before
        finished = dt.datetime(2026, 5, 14, hour, tzinfo=dt.UTC)
        Job.objects.filter(patient=patient).update(state=Job.State.DONE, finished_at=finished)
        seen.append(version())
    assert len(set(seen)) == len(seen)
    assert version() == seen[-1]


def test_the_version_moves_with_a_write_that_commits_after_a_later_one(case):
    client, user, patient = case
    audit_numbered(user, patient, ahead=5)
    seen = page(client, patient).context["version"]
    audit_numbered(user, patient, ahead=-2)
    assert client.get(reverse("board:state", args=["0001"])).json()["version"] != seen


def test_brackets_walk_the_cases_one_may_see(case):
    client, user, _ = case
    make_patient(by=user, case_number="0002")
    make_patient(by=make_user("chair"), case_number="0001-hidden")
    assert client.get(reverse("board:next", args=["0001"]))["Location"] == "/patients/0002/"
    assert client.get(reverse("board:previous", args=["0002"]))["Location"] == "/patients/0001/"
    last = client.get(reverse("board:next", args=["0002"]), follow=True)
    assert "This is the last case of the list." in text_of(last)


def test_performance_status_and_change_of_ki67_are_in_the_banner(case):
    client, user, patient = case
    record(HistologySpecimen, by=user, patient=patient, ki67_text="3 %", clinical_date=dt.date(2026, 3, 1))
    record(PerformanceStatus, by=user, patient=patient, instrument="ECOG", value=1, clinical_date=FOLLOW_UP)
    said = text_of(page(client, patient))
    assert "Ki-67 7-8 % → 3 %" in said and "ECOG 1" in said


def test_without_access_the_answer_names_who_gives_it(db, client):
    client.force_login(make_user("clinician"))
    response = client.get("/patients/NO-SUCH/")
    assert response.status_code == 404
    assert "the coordinator or the chair gives it" in text_of(response)


def test_a_case_says_that_images_brought_in_for_it_are_held(case):
    client, user, patient = case
    study = Series.objects.first().study

    def bring(*states: str) -> None:
        for state in states:
            Series.objects.create(
                study=study,
                series_uid=f"1.2.9.{Series.objects.count()}",
                modality="PT",
                sop_class_uid="1",
                identity=state,
                candidate_patient=patient,
                uploaded_by=user,
            )

    bring("rejected", "attached")
    assert "brought in for this case" not in text_of(page(client, patient))
    bring("held", "held")
    said = "Images of 1 study brought in for this case wait for a person to decide. Nothing of them counts here."
    shown = page(client, patient)
    assert said in text_of(shown) and reverse("imaging:held") in shown.content.decode()
    reader = make_user("observer")
    grant_access(by=patient.recorded_by, patient=patient, user=reader, kind="care_team", reason="reads along")
    client.force_login(reader)
    shown = page(client, patient)
    assert said in text_of(shown) and reverse("imaging:held") not in shown.content.decode()


@pytest.mark.parametrize("tab", LABELS)
@pytest.mark.parametrize("scans", [3, 30])
def test_few_or_many_scans_cost_the_same_queries(case, scans, tab):
    client, user, patient = case
    for n in range(scans - 2):
        add_scan(user, patient, dt.date(2023, 1, 1) + dt.timedelta(days=20 * n))
    page(client, patient)
    with CaptureQueriesContext(connection) as found:
        assert page(client, patient, f"?tab={tab}").status_code == 200
    most = MOST_OF_AUDIT if tab == "audit" else MOST_QUERIES
    assert len(found) <= most, [q["sql"][:90] for q in found]
