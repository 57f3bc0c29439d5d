"""An entry becomes a chart: whole or not at all, unknown apart from empty, nothing overwritten unseen."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from board.bulk.taking import take_tables
from board.case_data import case_points
from board.chart import Chart
from board.completeness import completeness
from board.entry.answers import look, with_typed
from board.entry.drafts import EntryConflict, draft_for, entry_of, own_draft, save_draft
from board.entry.submit import NEEDS_REASON, Incomplete, submit
from board.identity import identity_of
from board.models import CaseQuestion, EntryDraft, StatedUnknown
from patients.bulk.reading import read
from patients.models import (
    AuditEvent,
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    Patient,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)
from patients.services import grant_access, revise
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db

WHOLE = {
    "patient.case_number": "E-0388",
    "patient.initials": "A. B.",
    "patient.sex_for_formulas": "F",
    "patient.birth_date": "1968",
    "patient.centre": "unknown",
    "patient.question": "Is PRRT possible after CAPTEM?",
    "tumour.primary_site": "pancreas",
    "tumour.clinical_date": "Mar 2021",
    "tumour.functional_status": "unknown",
    "tumour.stage": "metastatic",
    "tumour.tnm": "unknown",
    "tumour.metastatic_sites": "liver, bone",
    "histology.n1.clinical_date": "2024-01-15",
    "histology.n1.site": "liver",
    "histology.n1.ki67_text": "18",
    "histology.n1.differentiation": "well",
    "histology.n2.clinical_date": "2026-02-20",
    "histology.n2.site": "liver",
    "histology.n2.ki67_text": "7-8 %",
    "histology.n2.differentiation": "well",
    "lines.n1.regimen": "CAPTEM",
    "lines.n1.treatment_class": "chemo",
    "lines.n1.clinical_date": "03/2024",
    "lines.n1.stop_date": "2024-09",
    "lines.n1.cycles": "6",
    "lines.n1.best_response": "PR",
    "prrt.prior_prrt": "denied",
    "ssa.prior_ssa": "denied",
    "labs.n1.analyte": "platelets",
    "labs.n1.value": "214",
    "labs.n1.unit": "10^9/L",
    "labs.n1.clinical_date": "2026-04-28",
    "labs.n2.analyte": "bilirubin_total",
    "labs.n2.value": "<0,3",
    "labs.n2.unit": "mg/dL",
    "labs.n2.clinical_date": "2026-04-28",
    "status.clinical_date": "2026-05-01",
    "status.ecog": "1",
    "status.frailty": "3",
    "status.weight_kg": "71,5",
    "status.pregnancy": "not_of_childbearing_potential",
    "status.breast_feeding": "denied",
    "status.self_care": "asserted",
    "status.preference": "Wants PRRT if possible",
}


@pytest.fixture
def clerk():
    return make_user("data_entry")


def typed(by, values, draft=None):
    draft = draft or own_draft(by, uuid.uuid4())
    return save_draft(by=by, draft=draft, seen_version=entry_of(draft).version, values=values)


def sent(by, entry, reason="", meant=True):
    return submit(by=by, draft=entry.draft, seen_version=entry.version, reason=reason, is_incomplete_meant=meant)


def test_a_name_is_not_taken_for_initials(clerk):
    with pytest.raises(ValidationError) as refused:
        sent(clerk, typed(clerk, WHOLE | {"patient.initials": "Erika"}))
    assert "initials only" in refused.value.message_dict["patient.initials"][0]
    assert not Patient.objects.exists()


def test_a_new_case_is_stored_whole(clerk):
    done = sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.visible_to(clerk).get(case_number="E-0388")
    assert (patient.birth_date.year, patient.birth_date_precision, patient.initials) == (1968, "year", "AB")
    assert Diagnosis.objects.get(patient=patient).clinical_date_precision == "month"
    old, new = HistologySpecimen.objects.filter(patient=patient)
    assert (str(old.ki67_low), str(new.ki67_low), str(new.ki67_high)) == ("18.00", "7.00", "8.00")
    line = TreatmentLine.objects.get(patient=patient)
    assert (line.drugs, line.cycles, line.clinical_date_precision) == (["capecitabine", "temozolomide"], 6, "month")
    assert LabResult.objects.get(patient=patient, analyte="bilirubin_total").comparator == "<"
    assert CaseQuestion.objects.get(patient=patient).text.startswith("Is PRRT")
    scales = PerformanceStatus.objects.filter(patient=patient)
    assert sorted(scales.values_list("instrument", "value")) == [("CFS", 3), ("ECOG", 1)]
    assert ClinicalAssertion.objects.get(patient=patient, kind="prior_ssa").state == "denied"
    assert ClinicalAssertion.objects.get(patient=patient, kind="preference").note == "Wants PRRT if possible"
    assert done.missing == 4  # haemoglobin, leucocytes, creatinine, albumin
    shown = entry_of(draft_for(patient, clerk))
    assert {name: shown.values[name] for name in WHOLE if name.startswith(("histology", "lines", "status"))} == {
        name: text.replace("03/2024", "2024-03").replace("71,5", "71.5")
        for name, text in WHOLE.items()
        if name.startswith(("histology", "lines", "status"))
    }
    assert shown.typed == {}


def test_unknown_is_an_answer_and_empty_is_not(clerk):
    sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.get(case_number="E-0388")
    stated = set(StatedUnknown.objects.filter(patient=patient, is_unknown=True).values_list("name", flat=True))
    assert stated == {"patient.centre", "functional_status", "tnm"}
    entry = entry_of(draft_for(patient, clerk))
    assert entry.values["tumour.functional_status"] == "unknown"
    assert entry.values["tumour.syndrome"] == ""
    missing = {one["name"] for one in look(entry, clerk)["ring"]["missing"]}
    assert "tumour.tnm" not in missing
    cleared = typed(clerk, {"tumour.tnm": ""}, entry.draft)
    assert "tumour.tnm" in {one["name"] for one in look(cleared, clerk)["ring"]["missing"]}
    sent(clerk, cleared, reason="typing error")
    assert entry_of(draft_for(patient, clerk)).values["tumour.tnm"] == ""


def test_one_wrong_field_and_nothing_is_stored(clerk):
    entry = typed(clerk, WHOLE | {"lines.n1.stop_date": "2023", "labs.n1.value": "1420"})
    with pytest.raises(ValidationError) as refused:
        sent(clerk, entry)
    assert set(refused.value.message_dict) == {"lines.n1.stop_date", "labs.n1.value"}
    assert not Patient.objects.filter(case_number="E-0388").exists()
    assert not LabResult.objects.exists()


def test_an_improbable_value_stays_with_its_reason(clerk):
    entry = typed(clerk, WHOLE | {"labs.n1.value": "1420"})
    asked = next(c for c in look(entry, clerk)["checks"] if c["name"] == "labs.n1.value")
    assert (asked["level"], asked["note"]) == ("red", "labs.n1.note")
    assert asked["text"] == "Platelets 1420 10^9/L is outside the plausible 5 to 1000 10^9/L. Keep?"
    entry = typed(clerk, {"labs.n1.note": "Essential thrombocythaemia"}, entry.draft)
    assert next(c for c in look(entry, clerk)["checks"] if c["name"] == "labs.n1.value")["level"] == "kept"
    sent(clerk, entry)
    assert LabResult.objects.get(analyte="platelets").note == "Essential thrombocythaemia"


def test_a_change_asks_why_and_keeps_the_old_version(clerk):
    sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.get(case_number="E-0388")
    entry = typed(clerk, {"histology.n2.ki67_text": "9"}, draft_for(patient, clerk))
    with pytest.raises(ValidationError, match="Say why") as refused:
        sent(clerk, entry)
    assert refused.value.message_dict == {"reason": [NEEDS_REASON]}
    sent(clerk, entry, reason="pathology re-read")
    assert HistologySpecimen.versions.filter(patient=patient).count() == 3
    assert AuditEvent.objects.filter(action="revise", reason="pathology re-read").count() == 1


def test_incomplete_is_asked_and_red_blocks(clerk):
    entry = typed(clerk, WHOLE)
    with pytest.raises(Incomplete) as asked:
        sent(clerk, entry, meant=False)
    assert [one.label for one in asked.value.ring.missing][:2] == ["Haemoglobin", "Leucocytes"]
    entry = typed(clerk, {"patient.question": ""}, entry.draft)
    with pytest.raises(ValidationError) as refused:
        sent(clerk, entry)
    assert "patient.question" in refused.value.message_dict


def test_who_is_behind_is_shown_what_stands_and_nothing_is_lost(clerk):
    patient = make_patient(by=clerk, case_number="E-2")
    other = make_user("coordinator")
    grant_access(by=clerk, patient=patient, user=other, kind="care_team", reason="test")
    mine = entry_of(draft_for(patient, clerk))
    typed(other, {"tumour.primary_site": "pancreas", "status.ecog": "1"}, draft_for(patient, other))
    with pytest.raises(EntryConflict) as behind:
        save_draft(by=clerk, draft=draft_for(patient, clerk), seen_version=mine.version, values={"status.ecog": "2"})
    assert behind.value.current.values["status.ecog"] == "1"
    assert draft_for(patient, clerk).data["values"]["status.ecog"] == "1"


def test_a_correction_on_the_desk_under_a_draft_is_a_choice(clerk):
    patient = make_patient(by=clerk, case_number="E-3")
    sent(clerk, typed(clerk, {"patient.question": "PRRT?", "patient.sex_for_formulas": "F", "patient.birth_date": "1970",
                              "tumour.primary_site": "stomach", "tumour.stage": "localised"}, draft_for(patient, clerk)), "new")  # fmt: skip
    entry = typed(clerk, {"tumour.stage": "metastatic"}, draft_for(patient, clerk))
    row = Diagnosis.objects.get(patient=patient)
    revise(row, by=clerk, reason="desk", stage="locoregional")
    entry = entry_of(draft_for(patient, clerk))
    assert entry.clashes == {"tumour.stage": "locoregional"}
    with pytest.raises(ValidationError):
        sent(clerk, entry, reason="x")
    entry = typed(clerk, {"tumour.stage": "metastatic"}, draft_for(patient, clerk))
    assert entry.clashes == {}
    sent(clerk, entry, reason="PET of May")
    assert Diagnosis.objects.get(patient=patient).stage == "metastatic"


def test_looking_stores_nothing(clerk):
    look(with_typed(entry_of(own_draft(clerk, uuid.uuid4())), WHOLE), clerk)
    assert not EntryDraft.objects.exists() and not Patient.objects.exists()


def test_an_observer_enters_nothing():
    with pytest.raises(PermissionDenied):
        typed(make_user("observer"), WHOLE)


def test_the_key_of_another_opens_nothing_of_theirs(clerk):
    entry = typed(clerk, WHOLE)
    assert entry_of(own_draft(make_user("data_entry"), entry.draft.key)).values == {}


def test_a_new_day_is_a_new_assessment_and_the_same_day_a_correction(clerk):
    sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.get(case_number="E-0388")
    sent(clerk, typed(clerk, {"status.ecog": "2"}, draft_for(patient, clerk)), reason="typing error")
    assert [row.value for row in PerformanceStatus.objects.filter(patient=patient, instrument="ECOG")] == [2]
    sent(clerk, typed(clerk, {"status.ecog": "3", "status.clinical_date": "2026-06-01"}, draft_for(patient, clerk)))
    assert [row.value for row in PerformanceStatus.objects.filter(patient=patient, instrument="ECOG")] == [2, 3]


def test_a_row_taken_away_is_withdrawn_with_the_reason(clerk):
    sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.get(case_number="E-0388")
    sent(clerk, typed(clerk, {"lines.n1.gone": "yes"}, draft_for(patient, clerk)), reason="belongs to another case")
    assert not TreatmentLine.objects.filter(patient=patient).exists()
    assert TreatmentLine.versions.filter(patient=patient).count() == 1


def test_a_value_is_corrected_under_its_own_day_and_never_stored_without_one(clerk):
    """A weight of another day is a row beside the old one; "unknown" of a later day takes nothing true away."""
    sent(clerk, typed(clerk, WHOLE))
    patient = Patient.objects.get(case_number="E-0388")
    later = {"status.clinical_date": "2026-06-01", "status.weight_kg": "69", "status.ecog": "unknown"}
    sent(clerk, typed(clerk, later, draft_for(patient, clerk)), reason="new visit")
    assert [str(row.value) for row in BodyMeasure.objects.filter(patient=patient).order_by("clinical_date")] == [
        "71.50", "69.00",
    ]  # fmt: skip
    assert [row.value for row in PerformanceStatus.objects.filter(patient=patient, instrument="ECOG")] == [1]
    undated = {"status.clinical_date": "", "status.ecog": "2"}
    with pytest.raises(ValidationError, match="which day"):
        sent(clerk, typed(clerk, undated, draft_for(patient, clerk)), reason="new visit")


@pytest.mark.parametrize("name", ["lines.n1.cycles", "prrt.n1.number"])
@pytest.mark.parametrize("text", ["six", "4,5"])
def test_where_whole_numbers_are_asked_the_example_is_one(clerk, name, text):
    with pytest.raises(ValidationError) as refused:
        sent(clerk, typed(clerk, WHOLE | {"prrt.n1.clinical_date": "2024-05", "prrt.n1.compound": "177Lu", name: text}))
    (said,) = refused.value.message_dict[name]
    assert "whole number" in said and "6" in said and "12.6" not in said


def test_a_number_of_cycles_that_cannot_be_read_is_not_called_missing(clerk):
    entry = typed(clerk, WHOLE | {"lines.n1.cycles": "4,5"})
    said = [one["text"] for one in look(entry, clerk)["checks"] if one["name"] == "lines.n1.cycles"]
    assert said == ["A whole number is needed here, for example 6."]


@pytest.mark.parametrize("text", ["1,234", "<1,234"])
def test_one_comma_and_three_digits_is_asked_about(clerk, text):
    with pytest.raises(ValidationError, match="thousands or decimals"):
        sent(clerk, typed(clerk, WHOLE | {"labs.n1.value": text}))


@pytest.mark.parametrize(("typed_form", "stored"), [("", None), ("unknown", None), ("yes", True), ("no", False)])
def test_the_form_of_an_injection_that_nobody_gave_stays_unknown(clerk, typed_form, stored):
    given = {"ssa.n1.drug": "octreotide", "ssa.n1.clinical_date": "2026-04-01", "ssa.n1.is_long_acting": typed_form}
    sent(clerk, typed(clerk, WHOLE | given))
    row = SsaInjection.objects.get()
    assert row.is_long_acting is stored
    assert entry_of(draft_for(row.patient, clerk)).values["ssa.n1.is_long_acting"] == typed_form


def test_unknown_from_a_table_is_the_row_that_the_page_would_write(clerk):
    names = "case_number,date,primary_site,functional_status,syndrome,stage,tnm,metastatic_sites\n"
    lines = "case_number,start,treatment_class,regimen,stop,cycles,best_response\n"
    for table in (
        "case_number,sex_for_formulas,birth_date,centre\nE-0388,U,1968,unknown\n",
        f"{names}E-0388,unknown,unknown,unknown,Unknown,unknown,unknown,unknown\n",
        f"{lines}E-0388,unknown,chemo,CAPTEM,unknown,unknown,unknown\n",
    ):
        take_tables(by=clerk, found=read(table.encode()))
    unknown = ["centre"], [n.replace("date", "clinical_date") for n in names.strip().split(",")[1:]], [
        "clinical_date", "stop_date", "cycles", "best_response",
    ]  # fmt: skip
    typed_in = {
        f"{card}.{name}": "unknown"
        for card, found in zip(("patient", "tumour", "lines.n1"), unknown, strict=True)
        for name in found
    }
    sent(clerk, typed(clerk, WHOLE | typed_in | {"patient.case_number": "XQ-77"}))
    by_table, by_page = (Patient.objects.get(case_number=number) for number in ("E-0388", "XQ-77"))
    of_page = _stated(by_page)
    assert _stated(by_table) == of_page and len(of_page) == 11
    row, same = (Diagnosis.objects.get(patient=one) for one in (by_table, by_page))
    for name in ("clinical_date", "primary_site", "functional_status", "syndrome", "stage", "tnm", "metastatic_sites"):
        assert getattr(row, name) == getattr(same, name), name
    shown = entry_of(draft_for(by_table, clerk)).values
    assert {shown[name] for name in typed_in if not name.startswith("lines")} == {"unknown"}


def _stated(patient):
    kinds = {row.lineage: type(row).__name__ for model in (Diagnosis, TreatmentLine) for row in model.objects.all()}
    return {(kinds.get(one.lineage), one.name) for one in StatedUnknown.objects.filter(patient=patient)}


CYCLE = {
    "prrt.n1.number": "1",
    "prrt.n1.clinical_date": "2025-03",
    "prrt.n1.activity_mbq": "7400",
    "prrt.n1.compound": "177Lu-DOTATATE",
    "lines.n2.regimen": "PRRT",
    "lines.n2.treatment_class": "prrt",
    "lines.n2.clinical_date": "2025-03-03",
    "lines.n2.stop_date": "ongoing",
}


def test_a_prrt_cycle_is_the_row_that_the_desk_makes_and_rests_on_its_line(clerk):
    done = sent(clerk, typed(clerk, WHOLE | CYCLE | {"prrt.prior_prrt": ""}))
    patient = done.patient
    cycle = PrrtCycle.objects.get(patient=patient)
    assert (cycle.number, str(cycle.activity_mbq), cycle.compound) == (1, "7400.0", "177Lu-DOTATATE")
    assert (cycle.clinical_date_precision, cycle.line.regimen) == ("month", "PRRT")
    entry = typed(clerk, {"prrt.n1.activity_mbq": "unknown"}, draft_for(patient, clerk))
    with pytest.raises(ValidationError, match="Say why"):
        sent(clerk, entry)
    sent(clerk, entry, reason="not in the letter")
    entry = entry_of(draft_for(patient, clerk))
    assert entry.values["prrt.n1.activity_mbq"] == "unknown"
    assert PrrtCycle.objects.get(patient=patient).activity_mbq is None and PrrtCycle.versions.count() == 2
    both = {"prrt.n1.gone": "yes", "lines.n2.gone": "yes"}
    sent(clerk, typed(clerk, both, draft_for(patient, clerk)), reason="belongs to another case")
    assert not PrrtCycle.objects.exists() and TreatmentLine.objects.get(patient=patient).regimen == "CAPTEM"


def test_cycles_are_asked_for_until_there_are_rows_or_an_answer(clerk):
    entry = typed(clerk, WHOLE | {"prrt.prior_prrt": ""})

    def open_fields(entry):
        return {one["name"] for one in look(entry, clerk)["ring"]["missing"] if one["name"].startswith("prrt")}

    assert open_fields(entry) == {"prrt.prior_prrt"}
    lines = {name: text for name, text in CYCLE.items() if name.startswith("lines")}
    entry = typed(clerk, lines, entry.draft)
    assert open_fields(entry) == {"prrt.add"}
    assert not open_fields(with_typed(entry, {"prrt.prior_prrt": "unknown"}))
    begun = with_typed(entry, {"prrt.n1.number": "1"})
    assert open_fields(begun) == {"prrt.n1.clinical_date", "prrt.n1.activity_mbq", "prrt.n1.compound"}


def test_an_activity_in_gbq_is_seen_and_is_kept_only_with_a_reason(clerk):
    entry = typed(clerk, WHOLE | CYCLE | {"prrt.n1.activity_mbq": "7.4"})
    asked = next(one for one in look(entry, clerk)["checks"] if one["name"] == "prrt.n1.activity_mbq")
    assert (asked["level"], asked["note"]) == ("amber", "prrt.n1.note") and "GBq" in asked["text"]
    other = with_typed(entry, {"prrt.n1.compound": "225Ac-DOTATATE"})
    assert not [one for one in look(other, clerk)["checks"] if one["name"] == "prrt.n1.activity_mbq"]


def test_the_response_has_its_day_and_its_words(clerk):
    said = {"lines.n1.best_response_date": "2024-09-20", "lines.n1.response_text": "smaller on CT"}
    month = typed(clerk, WHOLE | said | {"lines.n1.best_response_date": "2024-09"})
    with pytest.raises(ValidationError, match="whole day"):
        sent(clerk, month)
    patient = sent(clerk, typed(clerk, said, month.draft)).patient
    line = TreatmentLine.objects.get(patient=patient)
    assert (str(line.best_response_date), line.response_text) == ("2024-09-20", "smaller on CT")
    shown = entry_of(draft_for(patient, clerk)).values
    assert {name: shown[name] for name in said} == said
    entry = typed(clerk, {"lines.n1.best_response_date": "unknown"}, draft_for(patient, clerk))
    sent(clerk, entry, reason="not in the letter")
    assert TreatmentLine.objects.get(patient=patient).best_response_date is None
    assert entry_of(draft_for(patient, clerk)).values["lines.n1.best_response_date"] == "unknown"


@pytest.mark.parametrize("score", ["0", "10", "mild"])
def test_frailty_runs_from_one_to_nine(clerk, score):
    with pytest.raises(ValidationError) as refused:
        sent(clerk, typed(clerk, WHOLE | {"status.frailty": score}))
    assert set(refused.value.message_dict) == {"status.frailty"}


def test_frailty_is_no_performance_status_and_may_be_unknown(clerk):
    values = {"status.ecog": "unknown", "status.frailty": "4"}
    patient = sent(clerk, typed(clerk, WHOLE | values)).patient
    chart = Chart(patient, timezone.localdate())
    assert not [fact.text for fact in identity_of(chart).facts if "Frailty" in fact.text]
    assert not next(one for one in completeness(chart).items if one.name == "performance status").is_known
    assert next(one for one in case_points(chart, question="PRRT?") if one.key == "status").state.value == "missing"
    later = {"status.frailty": "unknown"}
    sent(clerk, typed(clerk, later, draft_for(patient, clerk)), reason="not assessed")
    assert not PerformanceStatus.objects.filter(patient=patient).exists()
    assert entry_of(draft_for(patient, clerk)).values["status.frailty"] == "unknown"


def test_a_stored_specimen_keeps_its_grade_on_the_page(clerk):
    patient = sent(clerk, typed(clerk, WHOLE)).patient
    derived = look(entry_of(draft_for(patient, clerk)), clerk)["derived"]
    assert {one["text"] for name, one in derived.items() if name.startswith("histology")} == {"G2 (WHO 2022)"}
