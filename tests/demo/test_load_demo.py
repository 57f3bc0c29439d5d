"""The cohort goes through the same import, jobs and services as real data, and measures to what was published."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from board.models import BoardDecision, CaseQuestion, Contact
from demo.case_discordant import DISCORDANT
from demo.case_lesion_loss import COLD
from demo.case_low_platelets import PLATELETS
from demo.case_published import ILLUSTRATIVE, SUV_MAX_BASELINE, SUV_MAX_FOLLOW_UP
from demo.loading import CASES
from eligibility.case_rows import fetch
from eligibility.change_facts import change_between
from eligibility.selectors import assess_all
from imaging.fdg_pairs import pair_of
from imaging.models import Job, LesionFinding, ProposalRun, Reading, Scan, Series, Upload, UploadItem, Voi
from imaging.selectors import CURRENT, REFUSED, current_suv, measurements, open_decisions, signed_reading
from patients.models import AuditEvent, LabResult, Patient, SsaInjection, TreatmentLine, User
from patients.selectors import visible_patients

INVENTED = ("0004", "0005", "0006", "0007", "0008")
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.one_engine]


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
    _no_lesion_takes_up_more_on_the_analogue(cohort["0004"])
    _only_cold_lesions_are_gone(cohort["0005"])
    _one_lesion_is_discordant(cohort["0006"])
    _platelets_are_just_enough(cohort["0007"])
    _nothing_is_booked(cohort["0008"])
    _nothing_waits_on_the_invented_cases(cohort)
    _every_case_has_its_question()
    _the_team_sees_it()
    _a_second_load_changes_nothing()


def _everything_was_imported_and_computed():
    assert not Job.objects.exclude(state=Job.State.DONE).exists()
    assert set(Upload.objects.values_list("state", "source")) == {(Upload.State.DONE, Upload.Source.DEMO)}
    assert set(UploadItem.objects.values_list("outcome", flat=True)) == {UploadItem.Outcome.STORED}
    assert Series.objects.filter(identity=Series.Identity.ATTACHED).count() == Series.objects.count() == 24
    assert not Scan.objects.filter(ct_series=None).exists()
    tracers = dict(Scan.objects.values_list("label", "tracer"))
    assert tracers.pop("FDG") == "18F-FDG"
    assert set(tracers.values()) == {"68Ga-DOTATATE"}
    assert ProposalRun.objects.count() == Scan.objects.count(), "each scan is looked at once, with its lesions"


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
        *((case, False) for case in ("0002", *INVENTED)),
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
    decision = BoardDecision.objects.get(patient=patient)
    assert decision.text.startswith("Illustrative, not from the publication")
    verdicts = {a.guideline_id: a.verdict for a in decision.assessments.all()}
    assert (verdicts["krenning-gt2"], verdicts["lutathera-smpc-eu"]) == ("not_met", "cannot_determine")
    assert not {"met", "eligible", "active_rows_met"} & set(verdicts.values())


def both_scans(patient):
    return Scan.objects.filter(patient=patient).order_by("clinical_date")


def scores(scan):
    return {s.lesion.label: (s.score_low, s.score_high) for s in signed_reading(scan).lesions.all()}


def verdicts_of(patient, day):
    return {name: found.verdict_code for name, found in assess_all(patient, as_of=day).items()}


def _no_lesion_takes_up_more_on_the_analogue(patient):
    """The liver falls to 0.78 of what it was, the lesions stay where they were, and the scores rise."""
    before, after = both_scans(patient)
    old, new = uptake(before), uptake(after)
    liver = new["liver"].measurement.suv_mean / old["liver"].measurement.suv_mean
    assert liver == pytest.approx(0.78, rel=0.03)
    for label in ("L01", "L02", "L03"):
        for name in ("suv_max", "suv_peak_local"):
            one, other = (getattr(found[label].measurement, name) for found in (old, new))
            assert other / one == pytest.approx(1.0, rel=0.03)
            assert other <= one * 1.001, "nothing to call a rise"
    assert set(scores(before).values()) == {(2, 2)} and set(scores(after).values()) == {(3, 3)}
    gates = [verdicts_of(patient, scan.clinical_date)["krenning-gt2"] for scan in (before, after)]
    assert gates == ["not_met", "met"]
    began = SsaInjection.objects.filter(patient=patient).earliest("clinical_date").clinical_date
    assert before.clinical_date < began < after.clinical_date
    assert [line.treatment_class for line in TreatmentLine.objects.filter(patient=patient)] == ["ssa"]
    assert [signed_reading(scan).ssa for scan in (before, after)] == ["none", "given"]


def _only_cold_lesions_are_gone(patient):
    """No lesion that is still there has risen; the coldest one is warmer only because two are not there any more."""
    before, after = both_scans(patient)
    old, new = uptake(before), uptake(after)
    lesions = [label for label in old if label.startswith("L")]
    assert [label for label in lesions if label not in new] == list(COLD)
    peaks = {
        label: [found[label].measurement.suv_peak_local for found in (old, new)] for label in new if label[0] == "L"
    }
    assert len(peaks) == 4
    assert [label for label, (one, other) in peaks.items() if other > one * 1.01] == []
    assert all(other == pytest.approx(one, rel=0.03) for one, other in peaks.values())
    found = dict(LesionFinding.objects.filter(scan=after).values_list("lesion__label", "status"))
    assert {label for label, status in found.items() if status == "resolved"} == set(COLD)
    coldest = [min(uptake(s)[label].measurement.suv_peak_local for label in scores(s)) for s in (before, after)]
    assert coldest[1] > 3 * coldest[0]
    assert {scores(before)[label] for label in COLD} == {(1, 1)} and set(scores(after).values()) == {(3, 3)}


def _one_lesion_is_discordant(patient):
    sstr, fdg = both_scans(patient)
    for scan in (sstr, fdg):
        pair = pair_of(scan)
        assert (pair.sstr_scan, pair.fdg_scan) == (sstr, fdg)
        assert pair.pairing.counts and pair.pairing.is_within
        assert [flag.label for flag in pair.discordant if flag.is_discordant] == [DISCORDANT]
        assert [flag.is_discordant for flag in pair.discordant].count(False) == 3
        assert pair.has_discordance is True
        assert pair.confirmed.netpet_class == "P5" and "P5" in pair.proposed.possible
    finding = LesionFinding.objects.get(scan=sstr, lesion__label=DISCORDANT)
    assert finding.long_axis_mm >= 15
    assert verdicts_of(patient, fdg.clinical_date)["lutathera-smpc-eu"] == "not_eligible"


def _platelets_are_just_enough(patient):
    last = LabResult.objects.filter(patient=patient, analyte="platelets").latest("clinical_date")
    assert str(last.value.normalize()) == PLATELETS == "78"
    assert verdicts_of(patient, last.clinical_date) == {
        **verdicts_of(patient, last.clinical_date),
        "krenning-gt2": "met",
        "lutathera-smpc-eu": "active_rows_met",
    }


def _nothing_is_booked(patient):
    """SSTR-poor, chemotherapy since, over for more than twelve weeks, and no date anywhere."""
    scan = Scan.objects.get(patient=patient)
    assert set(scores(scan).values()) == {(1, 1)}
    line = TreatmentLine.objects.get(patient=patient)
    assert line.regimen == "CAPTEM" and line.cycles >= 4 and line.clinical_date > scan.clinical_date
    assert timezone.localdate() - line.stop_date > dt.timedelta(weeks=12)
    assert not BoardDecision.objects.filter(patient=patient).exists()
    assert not Contact.objects.filter(patient=patient).exists()
    assert verdicts_of(patient, scan.clinical_date)["krenning-gt2"] == "not_met"


def _nothing_waits_on_the_invented_cases(cohort):
    """Foci and lesions of the scan before were gone through, and each case but the last one has a next date."""
    mine = Scan.objects.filter(patient__case_number__in=INVENTED)
    assert open_decisions(mine) == {}
    assert all(signed_reading(scan) for scan in mine)
    due = BoardDecision.objects.filter(due_date__gt=timezone.localdate(), patient__case_number__in=INVENTED)
    assert sorted(due.values_list("patient__case_number", flat=True)) == ["0004", "0005", "0006", "0007"]
    assert all(decision.text.startswith("Invented: ") for decision in due)


def _every_case_has_its_question():
    asked = {row.patient.case_number: row.text for row in CaseQuestion.objects.all()}
    assert asked == {number: CASES[number](dt.date(2026, 5, 14)).question for number in CASES}
    assert asked["0001"].startswith("Illustrative: is PRRT possible now")


def _the_team_sees_it():
    for name in ("demo", "demo-clinician", "demo-chair", "demo-observer"):
        assert visible_patients(User.objects.get(username=name)).count() == len(CASES) == 8
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


@pytest.mark.parametrize("number", INVENTED)
def test_every_new_case_says_that_it_is_invented(number):
    case = CASES[number](dt.date(2026, 5, 14))
    assert case.patient["demo_note"].startswith("Invented case")
    assert not case.has_illustrative_sizes
    assert all(seen.size_mm for scan in case.scans for seen in scan.lesions.values())
