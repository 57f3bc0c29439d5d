"""The cohort goes through the same import, jobs and services as real data, and measures to what was published."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from board.models import BoardDecision, CaseQuestion
from demo.case_published import ILLUSTRATIVE, SUV_MAX_BASELINE, SUV_MAX_FOLLOW_UP
from demo.loading import CASES
from eligibility.case_rows import fetch
from eligibility.change_facts import change_between
from eligibility.selectors import assess_all
from imaging.models import Job, LesionFinding, Reading, Scan, Series, Upload, UploadItem, Voi
from imaging.selectors import CURRENT, REFUSED, current_suv, measurements
from patients.models import AuditEvent, LabResult, Patient, User
from patients.selectors import visible_patients

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cohort(request, settings, tmp_path):
    if connection.vendor == "sqlite":
        request.getfixturevalue("demo_loaded")
    else:
        settings.FILE_STORE_DIR = tmp_path / "store"
        call_command("load_demo", "--inline", stdout=StringIO())
    return {p.case_number: p for p in Patient.objects.all()}


def uptake(scan):
    return {m.voi.lesion.label if m.voi.lesion else m.voi.role: m for m in measurements(scan)}


def test_the_cohort(cohort):
    """One load, many questions: loading is the slow part."""
    _everything_was_imported_and_computed()
    _published_numbers_come_out(cohort["0001"])
    _sizes_of_the_published_case_are_marked(cohort)
    _readings_hold_published_scores_only(cohort["0001"])
    _rule_sets_say_what_the_issue_expects(cohort)
    _the_change_of_the_published_case_is_undetermined(cohort["0001"])
    _no_suv_without_weight(cohort["0003"])
    _the_invented_decision_says_so(cohort["0001"])
    _every_case_has_its_question()
    _the_team_sees_it()
    _a_second_load_changes_nothing()


def _everything_was_imported_and_computed():
    assert not Job.objects.exclude(state=Job.State.DONE).exists()
    assert set(Upload.objects.values_list("state", "source")) == {(Upload.State.DONE, Upload.Source.DEMO)}
    assert set(UploadItem.objects.values_list("outcome", flat=True)) == {UploadItem.Outcome.STORED}
    assert Series.objects.filter(identity=Series.Identity.ATTACHED).count() == Series.objects.count() == 8
    assert not Scan.objects.filter(ct_series=None).exists()
    assert set(Scan.objects.values_list("tracer", flat=True)) == {"68Ga-DOTATATE"}


def _published_numbers_come_out(patient):
    baseline, follow_up = Scan.objects.filter(patient=patient).order_by("clinical_date")
    for scan, wanted in ((baseline, SUV_MAX_BASELINE), (follow_up, SUV_MAX_FOLLOW_UP)):
        found = uptake(scan)
        assert {m.state for m in found.values()} == {CURRENT}
        assert found["L01"].measurement.suv_max == pytest.approx(wanted, rel=0.005)
        assert 8.5 <= found["liver"].measurement.suv_mean <= 10.2
    assert "not from the publication" in baseline.note
    assert not LabResult.objects.filter(patient=patient).exists()


def _sizes_of_the_published_case_are_marked(cohort):
    assert set(LesionFinding.objects.values_list("lesion__patient__case_number", "is_illustrative")) == {
        ("0001", True),
        ("0002", False),
    }


def _readings_hold_published_scores_only(patient):
    baseline, follow_up = Reading.objects.filter(scan__patient=patient).order_by("scan__clinical_date")
    scores = {s.lesion.label: (s.score_low, s.score_high, s.text) for s in baseline.lesions.select_related("lesion")}
    assert scores["L01"] == (None, None, "low uptake")
    assert {scores[label][:2] for label in ("L02", "L03", "L04")} == {(0, 1)}
    assert set(follow_up.lesions.values_list("score_low", "score_high")) == {(3, 3)}
    assert {baseline.state, follow_up.state} == {Reading.State.SIGNED}


def _rule_sets_say_what_the_issue_expects(cohort):
    def verdicts(case_number):
        days = (
            Scan.objects.filter(patient=cohort[case_number])
            .order_by("clinical_date")
            .values_list("clinical_date", flat=True)
        )
        return [{k: r.verdict_code for k, r in assess_all(cohort[case_number], as_of=day).items()} for day in days]

    assert [v["krenning-gt2"] for v in verdicts("0001")] == ["not_met", "met"]
    assert [v["lutathera-smpc-eu"] for v in verdicts("0001")] == ["cannot_determine", "cannot_determine"]
    day = Scan.objects.get(patient=cohort["0002"]).clinical_date + dt.timedelta(days=7)
    equal = assess_all(cohort["0002"], as_of=day)
    assert equal["krenning-gt2"].verdict_code == "not_met"
    states = {row.id: row.state for row in equal["lutathera-smpc-eu"].rows}
    assert states["SSTR.UPTAKE"] == "met"
    assert "unknown" not in {states[name] for name in ("DATA.LABS", "IND.PROGRESSION", "IND.GRADE", "CI.RENAL")}
    assert [v["krenning-gt2"] for v in verdicts("0003")] == ["unknown"]


def _the_change_of_the_published_case_is_undetermined(patient):
    """The gate changed; what the images say of timing, machine and size is drawn, so none of it is a fact."""
    found = change_between(fetch(patient))
    assert found.name == "UNDETERMINED" and found.patterns == ()
    fields = ("uses_psf", "uptake_min", "ssa", "extravasation")
    sizes = {f"size_mm:L0{n}:{side}" for n in (1, 2, 3, 4) for side in ("before", "after")}
    assert {m.key for m in found.missing} == sizes | {f"{f}:{side}" for f in fields for side in ("before", "after")}
    assert "SUVmax +26.2" in found.sentence and "within the repeatability limits" in found.sentence
    assert [lesion.label for lesion in found.lesions if lesion.rose] == ["L02", "L03", "L04"]


def _no_suv_without_weight(patient):
    scan = Scan.objects.get(patient=patient)
    found = current_suv(scan.pet_series)
    assert (found.state, found.code) == (REFUSED, "patient_weight_missing")
    assert found.message
    assert {m.state for m in measurements(scan)} == {REFUSED}


def _the_invented_decision_says_so(patient):
    decision = BoardDecision.objects.get()
    assert decision.patient == patient
    assert decision.text.startswith("Illustrative, not from the publication")
    assert {a.verdict for a in decision.assessments.all()} == {"not_met", "cannot_determine"}


def _every_case_has_its_question():
    asked = {row.patient.case_number: row.text for row in CaseQuestion.objects.all()}
    assert asked == {number: CASES[number](dt.date(2026, 5, 14)).question for number in CASES}
    assert asked["0001"].startswith("Illustrative: is PRRT possible now")


def _the_team_sees_it():
    for name in ("demo", "demo-clinician", "demo-chair", "demo-observer"):
        assert visible_patients(User.objects.get(username=name)).count() == 3
    assert not visible_patients(User.objects.get(username="demo-system-admin")).exists()


def _a_second_load_changes_nothing():
    before = (AuditEvent.objects.count(), Voi.objects.count(), Series.objects.count())
    said = StringIO()
    call_command("load_demo", "--inline", stdout=said)
    assert "already loaded" in said.getvalue()
    assert (AuditEvent.objects.count(), Voi.objects.count(), Series.objects.count()) == before


@pytest.mark.parametrize("number", sorted(CASES))
def test_no_demonstration_case_says_a_thing_twice(number):
    rows = CASES[number](dt.date(2026, 5, 14)).rows
    assert [row for row in rows if rows.count(row) > 1] == []


def test_every_lesion_with_invented_uptake_says_so():
    notes = {lesion.label: lesion.note for lesion in CASES["0001"](dt.date(2026, 5, 14)).lesions}
    assert notes.pop("L01") == ""
    assert all("uptake" in note and ILLUSTRATIVE in note for note in notes.values())
