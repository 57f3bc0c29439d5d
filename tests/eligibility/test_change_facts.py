"""What the rows of a case say to a comparison: the published case, value by value, and what is never guessed."""

import datetime as dt
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eligibility.case_rows import fetch
from eligibility.change_facts import change_between, comparable_scans
from eligibility.selectors import assess_all
from imaging.models import Lesion, LesionFinding, Series
from imaging.services import correct_suv_input
from patients.models import HistologySpecimen, IhcResult, Patient, SsaInjection, TreatmentLine, User
from patients.services import record, revise
from tests.board.factories import BASELINE, FOLLOW_UP, TODAY, add_scan
from tests.eligibility.change_case import KEYS, answer, change_of, enter, illustrative_case, keys_of, scan_of
from tests.science.change_pairs import check_of, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture(scope="module")
def made(once):
    user, patient = illustrative_case()
    return user.pk, patient.pk


@pytest.fixture
def case(made, db):
    return User.objects.get(pk=made[0]), Patient.objects.get(pk=made[1])


def test_the_published_case_is_undetermined_and_lists_what_is_to_be_entered(case):
    _, patient = case
    found = change_of(patient)
    assert found.name == "UNDETERMINED" and found.row.number == 2
    assert keys_of(found) == set(KEYS)
    assert "1 of 2 matched lesions rose in score, from 2 or less to 3 or more (L02)" in found.sentence
    assert found.criteria["A"].truth is True


@pytest.mark.parametrize("key", KEYS)
def test_each_value_entered_alone_shortens_the_list_by_itself(case, key):
    user, patient = case
    enter(user, patient, key)
    found = change_of(patient)
    assert keys_of(found) == set(KEYS) - {key}
    assert found.name == "UNDETERMINED"


def test_all_of_them_make_it_probable(case):
    user, patient = case
    for left, key in zip(range(len(KEYS) - 1, -1, -1), KEYS, strict=True):
        enter(user, patient, key)
        assert len(change_of(patient).missing) == left
    found = change_of(patient)
    assert found.name == "PROBABLE" and found.label == "possible treatment-associated increase (unconfirmed)"
    assert {letter for letter, c in found.criteria.items() if c.truth} == set("ABCDEF")
    assert found.criteria["G"].truth is None, "the liver drawn is no fact"


def test_eligibility_is_the_same_whatever_the_change_is(case):
    user, patient = case
    before = {key: result.verdict for key, result in assess_all(patient, as_of=TODAY).items()}
    for key in KEYS:
        if not key.startswith("size_mm"):  # a size is a fact of the rules too
            enter(user, patient, key)
    assert {key: result.verdict for key, result in assess_all(patient, as_of=TODAY).items()} == before


def test_it_asks_the_database_nothing(case):
    rows = fetch(case[1])
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert change_between(rows) is not None
    assert len(seen) == 0


def test_real_scans_use_their_headers(case):
    user, patient = case
    for day, weight in ((BASELINE, 58.0), (FOLLOW_UP, 57.0)):
        scan = revise(scan_of(patient, day), by=user, reason="real images", is_illustrative=False)
        suv = {
            "body_weight_kg": {"value": weight, "source": "header"},
            "injected_activity_bq": {"value": 1.2e8, "source": "header"},
        }
        header = {"manufacturer": "Acme", "model_name": "PET 1", "reconstruction": "PSF+TOF 4i5s"}
        Series.objects.filter(pk=scan.pet_series_id).update(header=header | {"suv": suv})
    found = change_of(patient)
    assert (found.before.weight_kg, found.after.weight_kg) == (D(58), D(57))
    assert found.before.injected_mbq == D(120)
    assert found.before.scanner == "Acme PET 1" and found.before.uses_psf is True
    assert state_of(found, "scanner") == "ok"


def test_a_drawn_header_is_no_fact(case):
    _, patient = case
    header = {
        "manufacturer": "Acme",
        "reconstruction": "PSF 4i5s",
        "suv": {"body_weight_kg": {"value": 58.0, "source": "header"}},
    }
    Series.objects.filter(pet_of_scans__patient=patient).update(header=header)
    found = change_of(patient)
    for scan in (found.before, found.after):
        assert (scan.weight_kg, scan.scanner, scan.uses_psf, scan.uptake_min) == (None, "", None, None)


@pytest.mark.parametrize(("name", "value"), [("uptake_min", 0), ("uptake_min", -5), ("peptide_ug", 0)])
def test_a_stated_value_that_cannot_be_is_refused(case, name, value):
    user, patient = case
    with pytest.raises(ValidationError, match="above 0"):
        revise(scan_of(patient, BASELINE), by=user, reason="x", **{name: D(value)})


def test_a_drawn_header_counts_once_a_person_has_entered_the_value(case):
    user, patient = case
    series = scan_of(patient, BASELINE).pet_series
    assert change_of(patient).before.weight_kg is None
    correct_suv_input(by=user, series=series, name="body_weight_kg", value="61.5", reason="chart")
    assert change_of(patient).before.weight_kg == D("61.5")


def test_a_published_suv_counts_and_a_drawn_one_does_not(case):
    user, patient = case
    found = {lesion.label: lesion for lesion in change_of(patient).lesions}
    assert (found["L01"].before.suv_max, found["L01"].after.suv_max) == (D("9.09"), D("11.47"))
    assert found["L01"].before.ratio is None, "the liver is drawn"
    lesion = Lesion.objects.get(patient=patient, label="L01")
    revise(lesion, by=user, reason="x", note="Uptake illustrative, not from the publication.")
    assert {x.label: x for x in change_of(patient).lesions}["L01"].before.suv_max is None


def test_an_analogue_that_reader_and_scan_contradict_is_unknown(case):
    user, patient = case
    revise(scan_of(patient, BASELINE), by=user, reason="x", ssa_status="on")
    answer(user, patient, BASELINE, ssa="none", extravasation="unknown")
    found = change_of(patient)
    assert found.before.ssa == "" and "contradict" in check_of(found, "ssa").reason


@pytest.mark.parametrize(
    ("form", "given", "known"),
    [(True, None, ""), (None, None, ""), (False, None, "none"), (True, FOLLOW_UP - dt.timedelta(days=90), "none")],
)
def test_a_depot_without_a_date_contradicts_none(case, form, given, known):
    """It may have been given in the weeks before; a short-acting one says nothing of them."""
    user, patient = case
    revise(scan_of(patient, FOLLOW_UP), by=user, reason="x", ssa_status="none")
    record(SsaInjection, by=user, patient=patient, drug="lanreotide", is_long_acting=form, clinical_date=given)
    found = change_of(patient)
    assert found.after.ssa == known
    if not known:
        assert "lanreotide, date not recorded" in check_of(found, "ssa").reason


@pytest.mark.parametrize(("is_ongoing", "known"), [(True, ""), (False, "none")])
def test_a_line_of_it_without_a_start_that_goes_on_contradicts_none_too(case, is_ongoing, known):
    user, patient = case
    revise(scan_of(patient, FOLLOW_UP), by=user, reason="x", ssa_status="none")
    record(TreatmentLine, by=user, patient=patient, treatment_class="ssa", regimen="octreotide", is_ongoing=is_ongoing)
    assert change_of(patient).after.ssa == known


def test_a_new_analogue_is_named_with_its_drug_and_days(case):
    user, patient = case
    record(
        SsaInjection,
        by=user,
        patient=patient,
        drug="lanreotide",
        dose_mg=D(120),
        clinical_date=FOLLOW_UP - dt.timedelta(days=20),
    )
    revise(scan_of(patient, BASELINE), by=user, reason="x", ssa_status="none")
    revise(scan_of(patient, FOLLOW_UP), by=user, reason="x", ssa_status="on")
    found = change_of(patient)
    assert found.name == "NOT_COMPARABLE"
    assert "(lanreotide 120 mg, 20 days before)" in found.sentence


def test_a_lesion_marked_resolved_is_lost_and_one_marked_new_is_new(case):
    user, patient = case
    scan = scan_of(patient, FOLLOW_UP)
    finding = LesionFinding.objects.get(lesion__label="L02", scan=scan)
    revise(finding, by=user, reason="x", status="resolved")
    fresh = record(Lesion, by=user, patient=patient, label="L03", organ="bone", clinical_date=FOLLOW_UP)
    record(LesionFinding, by=user, lesion=fresh, scan=scan, status="new")
    found = change_of(patient)
    assert {x.label: x.status for x in found.lesions} == {"L01": "matched", "L02": "lost", "L03": "new"}
    assert found.counts == {"matched": 1, "lost": 1, "new": 1}


def test_a_lesion_gone_before_the_first_scan_is_no_part_of_it(case):
    user, patient = case
    old = record(Lesion, by=user, patient=patient, label="L09", organ="bone", clinical_date=BASELINE)
    record(LesionFinding, by=user, lesion=old, scan=scan_of(patient, BASELINE), status="resolved")
    record(LesionFinding, by=user, lesion=old, scan=scan_of(patient, FOLLOW_UP), status="resolved")
    assert "L09" not in {x.label for x in change_of(patient).lesions}


def test_the_newest_scan_is_compared_with_the_one_before_it(case):
    user, patient = case
    later = add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=90))
    fdg = add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=95), tracer="18F-FDG")
    rows = fetch(patient)
    assert str(fdg.lineage) not in [str(s.lineage) for s in comparable_scans(rows)]
    found = change_between(rows)
    assert (found.before.day, found.after.day) == (FOLLOW_UP, later.clinical_date)
    first, second = comparable_scans(rows)[:2]
    assert change_between(rows, first, second).after.day == FOLLOW_UP
    with pytest.raises(ValueError, match="before the first"):
        change_between(rows, second, first)
    with pytest.raises(ValueError, match="with itself"):
        change_between(rows, second, second)


def test_a_scan_of_an_unknown_tracer_does_not_hide_the_known_pair(case):
    user, patient = case
    untyped = add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=90), tracer="")
    rows = fetch(patient)
    assert change_between(rows).after.day == FOLLOW_UP
    first = comparable_scans(rows)[0]
    rows.by_model[type(first)] = [first, untyped]
    assert change_between(rows).after.day == untyped.clinical_date, "better than nothing"


def test_one_scan_has_nothing_to_be_compared_with(case):
    rows = fetch(case[1])
    rows.by_model[type(comparable_scans(rows)[0])] = comparable_scans(rows)[:1]
    assert change_between(rows) is None


def test_what_was_known_earlier_is_compared_as_it_was(case):
    user, patient = case
    from django.utils import timezone

    then = timezone.now()
    enter(user, patient, "uptake_min:before")
    rewound = change_between(fetch(patient, known_at=then))
    assert keys_of(rewound) == set(KEYS)


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        ({"stated_grade": "G2"}, True),
        ({"stated_grade": "NEC"}, False),
        ({"stated_grade": ""}, None),
        ({"stated_grade": "G2", "differentiation": "poor"}, False),
        ({"stated_grade": "G3", "ki67_text": "30 %"}, None),
        ({"stated_grade": "G3", "ki67_text": "30 %", "classification_edition": "WHO 2019"}, True),
        ({"stated_grade": "", "differentiation": "well"}, True),
        ({"stated_grade": "G1", "ki67_text": "1 %"}, False),
    ],
)
def test_population_from_the_specimen(case, values, truth):
    user, patient = case
    specimen = HistologySpecimen.objects.get(patient=patient)
    revise(specimen, by=user, reason="x", **values)
    assert change_of(patient).criteria["A"].truth is truth


@pytest.mark.parametrize(
    ("values", "truth"),
    [
        ({"cycles": 1}, False),
        ({"cycles": None}, None),
        ({"clinical_date": BASELINE - dt.timedelta(days=30)}, False),
        ({"clinical_date": dt.date(2025, 7, 1), "clinical_date_precision": "month"}, None),
        ({"clinical_date": None}, None),
    ],
)
def test_exposure_from_the_line(case, values, truth):
    user, patient = case
    for side in ("before", "after"):
        enter(user, patient, f"ssa:{side}")
    assert change_of(patient).criteria["B"].truth is True
    revise(TreatmentLine.objects.get(patient=patient), by=user, reason="x", **values)
    assert change_of(patient).criteria["B"].truth is truth


def test_prrt_that_ran_on_over_the_first_scan_counts_as_between(case):
    user, patient = case
    for side in ("before", "after"):
        enter(user, patient, f"ssa:{side}")
    began = BASELINE - dt.timedelta(days=60)
    line = {"treatment_class": "prrt", "regimen": "177Lu-DOTATATE", "clinical_date": began}
    record(TreatmentLine, by=user, patient=patient, **line, is_ongoing=True)
    assert change_of(patient).criteria["B"].truth is False


def test_prrt_is_known_by_its_name_whatever_it_was_filed_under(case):
    user, patient = case
    for side in ("before", "after"):
        enter(user, patient, f"ssa:{side}")
    line = {"treatment_class": "other", "regimen": "Lutathera", "clinical_date": BASELINE + dt.timedelta(days=20)}
    record(TreatmentLine, by=user, patient=patient, **line)
    found = change_of(patient).criteria["B"]
    assert found.truth is False and "PRRT" in found.reason


def test_chemotherapy_filed_as_other_is_exposure_by_its_drugs(case):
    user, patient = case
    for side in ("before", "after"):
        enter(user, patient, f"ssa:{side}")
    revise(TreatmentLine.objects.get(patient=patient), by=user, reason="x", treatment_class="other")
    assert change_of(patient).criteria["B"].truth is True


def test_paired_receptor_stains_are_found(case):
    user, patient = case
    first = HistologySpecimen.objects.get(patient=patient)
    record(IhcResult, by=user, specimen=first, marker="SSTR2A", result="negative")
    second = record(
        HistologySpecimen, by=user, patient=patient, stated_grade="G2", clinical_date=FOLLOW_UP - dt.timedelta(days=9)
    )
    record(IhcResult, by=user, specimen=second, marker="sstr-2", result="positive")
    found = change_of(patient)
    assert state_of(found, "C12") == "ok" and state_of(found, "clone") == "ok"


def test_the_site_s_own_repeatability_is_used(case, settings):
    settings.WITHIN_SUBJECT_CV = "0.08"
    found = change_of(case[1])
    assert not found.limits.is_borrowed and round(100 * found.limits.upper, 1) == D("24.8")
    assert "outside the repeatability limits" in found.sentence


@pytest.mark.parametrize("text", ["12", "-0.1", "0", "twelve", "NaN"])
def test_a_repeatability_that_cannot_be_is_refused_at_start(settings, text):
    from eligibility.checks import check_within_subject_cv

    settings.WITHIN_SUBJECT_CV = text
    (error,) = check_within_subject_cv(None)
    assert error.id == "eligibility.E004" and text in error.msg
    settings.WITHIN_SUBJECT_CV = "0.10"
    assert check_within_subject_cv(None) == []
