import pytest
from django.db.models import Model

from eligibility import bundle
from eligibility.case_rows import _imaging, _versioned, fetch
from imaging.models import Lesion, LesionReading, Reading, Scan, Series, SuvResult, UptakeMeasurement, Voi
from patients.models import Diagnosis, HistologySpecimen, IhcResult, LabResult, Patient
from patients.selectors import primary_site
from patients.services import record, revise, withdraw
from tests.eligibility.cases import add_pet_series, add_uptake, complete_case

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


def values(row: Model) -> dict:
    return {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}


def measured_case():
    by, patient, scan, lesion, _ = complete_case()
    series = add_pet_series(by)
    scan.pet_series = series
    scan.save()
    add_uptake(by, scan, series, lesion=lesion, suv=9.087654321012346)
    return by, patient, scan, lesion


def test_rows_are_the_same_as_the_orm_returns(django_assert_num_queries):
    _, patient, _, _ = measured_case()
    with django_assert_num_queries(1):
        case = fetch(patient)
    for model, found in case.by_model.items():
        manager = model.objects
        assert {r.pk: values(r) for r in found} == {r.pk: values(r) for r in manager.all()}, model
    assert case.of(UptakeMeasurement) and case.of(Series) and case.of(IhcResult)


def test_rows_are_wired_without_further_queries(django_assert_num_queries):
    _, patient, _, _ = measured_case()
    case = fetch(patient)
    with django_assert_num_queries(0):
        (scan,) = case.of(Scan)
        assert scan.patient is patient
        assert scan.pet_series.suv_results.all()[0] is case.of(SuvResult)[0]
        assert [v.measurements.all()[0].suv_max for v in scan.vois.all()] == [9.087654321012346]
        assert case.of(Voi)[0].lesion is case.of(Lesion)[0]
        assert case.of(HistologySpecimen)[0].ihc_results.all()[0].marker == "synaptophysin"
        assert case.of(Reading)[0].lesions.all()[0] is case.of(LesionReading)[0]


def test_other_patients_do_not_leak():
    measured_case()
    _, other, _, _, _ = complete_case()
    case = fetch(other)
    assert len(case.of(Scan)) == 1
    assert not case.of(Series)
    assert {r.patient_id for r in case.of(LabResult)} == {other.pk}


def test_the_statement_kept_for_all_patients_is_the_one_compiled_for_each():
    """Every parameter too: one left at the stand-in would hide rows, one left at another patient would show theirs."""
    for _ in range(2):
        patient = complete_case()[1]
        builds = (_versioned, _imaging)
        kept = bundle._prepared(Patient, builds, bundle.connection.vendor).of(patient)
        fresh = bundle._compiled(bundle._querysets(patient, builds))
        assert (kept.sql, kept.parameters, kept.models) == (fresh.sql, fresh.parameters, fresh.models)


def test_a_queryset_that_asks_for_everybody_is_refused():
    with pytest.raises(ValueError, match=r"patients\.LabResult: the rows of every patients\.Patient"):
        bundle.bundle(complete_case()[1], lambda _patient: [LabResult.objects.all()])


def test_rows_as_they_were_known():
    by, patient, _, _ = measured_case()
    moment = max(
        row.recorded_at for rows in fetch(patient).by_model.values() for row in rows if hasattr(row, "lineage")
    )
    platelets = LabResult.objects.get(analyte="platelets")
    revise(platelets, by=by, reason="typing error", value=88)
    withdraw(LabResult.objects.get(analyte="hb"), by=by, reason="another patient's")
    now = {r.analyte: r.value for r in fetch(patient).of(LabResult)}
    then = {r.analyte: r.value for r in fetch(patient, known_at=moment).of(LabResult)}
    assert now["platelets"] == 88 and "hb" not in now
    assert then["platelets"] == 210 and then["hb"] == 12.5


def test_what_nobody_dated_is_never_taken_for_the_newest():
    """Whichever was recorded first: the last row counts as the newest, on both databases."""
    by, patient, _, _, _ = complete_case()
    dated = fetch(patient).of(HistologySpecimen)[-1]
    record(HistologySpecimen, by=by, patient=patient, ki67_text="60 %", stated_grade="G3")
    record(Diagnosis, by=by, patient=patient, primary_site="lung")
    case = fetch(patient)
    found = case.of(HistologySpecimen)
    assert [row.clinical_date is None for row in found] == [True] + [False] * (len(found) - 1)
    assert found[-1].pk == dated.pk
    assert case.of(Diagnosis)[-1].primary_site == primary_site(patient) != "lung"
