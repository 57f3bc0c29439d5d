"""A correction reaches everything that rests on it; what was superseded stays, and nothing out of date is shown."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from imaging import digests, selectors
from imaging.models import Job, Scan, SuvInput, SuvResult, UptakeMeasurement, Voi
from imaging.refused import Refused
from imaging.services import (
    correct_suv_input,
    move_voi,
    place_voi,
    remove_voi,
    withdraw_suv_input,
)
from imaging.services.running import run, run_until_done
from patients.domain.roles import Role
from patients.models import BodyMeasure
from patients.services import record
from tests.imaging.phantom import write_pet

pytestmark = pytest.mark.django_db
HOT = (-24.0, 0.0, -376.0)  # index (10, 16, 6) of the phantom's grid
BODY = (16.0, 0.0, -376.0)


@pytest.fixture
def scan(tmp_path, phantom_case, import_files):
    import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    return Scan.objects.get()


@pytest.fixture
def lesion(scan, doctor):
    from imaging.models import Lesion

    return record(Lesion, by=doctor, patient=scan.patient, label="L01", organ="liver", clinical_date=scan.clinical_date)


def place(scan, by, role="lesion", **values):
    shape = {"method": "sphere", "centre_lps": HOT, "radius_mm": 10} | values
    voi, job = place_voi(by=by, scan=scan, role=role, **shape)
    run_until_done(job.pk)
    return voi


def shown(scan):
    return {item.voi.pk: item for item in selectors.measurements(Scan.objects.get(pk=scan.pk))}


def test_a_corrected_weight_recomputes_suv_and_every_measurement(scan, lesion, doctor):
    hot = place(scan, doctor, lesion=lesion)
    liver = place(scan, doctor, "liver", centre_lps=BODY, radius_mm=14)
    old = {pk: item.measurement for pk, item in shown(scan).items()}
    old_suv = selectors.current_suv(scan.pet_series).result
    job = correct_suv_input(
        by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed before the scan"
    )
    assert selectors.current_suv(scan.pet_series).state == selectors.RECOMPUTING
    assert {item.state for item in shown(scan).values()} == {selectors.RECOMPUTING}
    assert all(item.measurement is None for item in shown(scan).values())
    run_until_done(job.pk)
    found = selectors.current_suv(scan.pet_series)
    assert found.result.factors["bw"] == pytest.approx(old_suv.factors["bw"] * 1.5)
    assert found.result.inputs["body_weight_kg"]["value"] == 90
    assert found.result.inputs["body_weight_kg"]["source"].startswith("entered by doctor, ")
    new = shown(scan)
    for pk in (hot.pk, liver.pk):
        assert new[pk].measurement.suv_max == pytest.approx(old[pk].suv_max * 1.5, rel=1e-6)
    old_suv.refresh_from_db()
    assert old_suv.superseded_at is not None
    assert UptakeMeasurement.objects.filter(superseded_at__isnull=False).count() == 2
    for row in old.values():
        kept = UptakeMeasurement.objects.get(pk=row.pk)
        assert (kept.suv_max, kept.suv_result_id) == (row.suv_max, old_suv.pk)


def test_going_back_to_the_first_weight_is_a_new_computation(scan, doctor):
    for value in ("90", "60", "90"):
        job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value=value, reason="again")
        run_until_done(job.pk)
    assert SuvResult.objects.count() == 4
    assert SuvResult.objects.filter(superseded_at__isnull=True).count() == 1
    job = withdraw_suv_input(by=doctor, correction=SuvInput.objects.get(), reason="was right in the header")
    run_until_done(job.pk)
    found = selectors.current_suv(Scan.objects.get(pk=scan.pk).pet_series)
    assert found.state == selectors.CURRENT
    assert found.result.inputs["body_weight_kg"] == {"value": 60.0, "source": "header (0010,1030)"}
    assert SuvResult.objects.count() == 5


def test_a_weight_in_the_chart_is_never_used_silently(tmp_path, phantom_case, doctor, import_files):
    record(BodyMeasure, by=doctor, patient=phantom_case, kind="weight_kg", value=60, clinical_date=dt.date(2026, 5, 3))
    import_files(write_pet(tmp_path / "a", body_weight_kg=None), patient=phantom_case)
    scan = Scan.objects.get()
    found = selectors.current_suv(scan.pet_series)
    assert (found.state, found.code) == (selectors.REFUSED, "patient_weight_missing")
    voi = place(scan, doctor, "liver", centre_lps=BODY)
    item = shown(scan)[voi.pk]
    assert (item.state, item.measurement.refusal_code) == (selectors.REFUSED, "patient_weight_missing")
    job = correct_suv_input(
        by=doctor, series=scan.pet_series, name="body_weight_kg", value="60", reason="from the chart, same day"
    )
    run_until_done(job.pk)
    assert shown(scan)[voi.pk].state == selectors.CURRENT


def test_a_dose_in_mbq_is_provisional_until_a_person_confirms_it(tmp_path, phantom_case, doctor, import_files):
    import pydicom

    paths = write_pet(tmp_path / "a")
    for path in paths:
        ds = pydicom.dcmread(path)
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "150"
        ds.save_as(path)
    import_files(paths, patient=phantom_case)
    series = Scan.objects.get().pet_series
    found = selectors.current_suv(series)
    assert found.result.is_provisional and not found.is_fact
    job = correct_suv_input(
        by=doctor, series=series, name="injected_activity_bq", value="150000000", reason="150 MBq on the worksheet"
    )
    run_until_done(job.pk)
    after = selectors.current_suv(series)
    assert after.is_fact and after.result.factors["bw"] == pytest.approx(found.result.factors["bw"])


def test_a_moved_region_is_measured_again_and_the_old_number_kept(scan, lesion, doctor):
    voi = place(scan, doctor, lesion=lesion)
    first = shown(scan)[voi.pk].measurement
    moved, job = move_voi(by=doctor, voi=voi, reason="was beside it", centre_lps=BODY)
    assert shown(scan)[voi.pk].state == selectors.RECOMPUTING
    run_until_done(job.pk)
    second = shown(scan)[voi.pk].measurement
    assert moved.pk == voi.pk and second.suv_max < first.suv_max
    assert UptakeMeasurement.objects.get(pk=first.pk).superseded_at is not None
    _, job = move_voi(by=doctor, voi=moved, reason="back again", centre_lps=HOT)
    run_until_done(job.pk)
    assert shown(scan)[voi.pk].measurement.suv_max == first.suv_max
    assert UptakeMeasurement.objects.filter(voi=voi).count() == 3


def test_a_liver_based_contour_follows_its_liver(scan, lesion, doctor):
    hot = place(scan, doctor, lesion=lesion, method="liver_based", radius_mm=20)
    assert shown(scan)[hot.pk].measurement.refusal_code == "liver_reference_missing"
    liver = place(scan, doctor, "liver", centre_lps=BODY, radius_mm=14)
    assert shown(scan)[hot.pk].state == selectors.CURRENT
    first = shown(scan)[hot.pk].measurement
    sphere = place(scan, doctor, "spleen", centre_lps=BODY)
    assert shown(scan)[hot.pk].measurement.pk == first.pk, "another organ changes nothing"
    _, job = move_voi(by=doctor, voi=liver, reason="higher", radius_mm=10)
    assert shown(scan)[hot.pk].state == selectors.RECOMPUTING
    assert shown(scan)[sphere.pk].state == selectors.CURRENT
    run_until_done(job.pk)
    assert shown(scan)[hot.pk].state == selectors.CURRENT
    assert shown(scan)[hot.pk].measurement.pk != first.pk
    run_until_done(remove_voi(by=doctor, voi=Voi.objects.get(pk=liver.pk), reason="wrong organ").pk)
    assert shown(scan)[hot.pk].measurement.refusal_code == "liver_reference_missing"


def test_an_older_computation_that_ends_late_does_not_become_current(scan, doctor):
    series = scan.pet_series
    older = correct_suv_input(by=doctor, series=series, name="body_weight_kg", value="90", reason="one")
    newer = correct_suv_input(by=doctor, series=series, name="body_weight_kg", value="70", reason="two")
    run_until_done(newer.pk)
    Job.objects.filter(pk=older.pk).update(state=Job.State.QUEUED)
    run_until_done(older.pk)
    found = selectors.current_suv(series)
    assert found.result.inputs["body_weight_kg"]["value"] == 70


def test_a_correction_made_while_the_job_runs_wins(scan, doctor, monkeypatch):
    from imaging.services import series as series_service

    series = scan.pet_series
    first = correct_suv_input(by=doctor, series=series, name="body_weight_kg", value="90", reason="one")
    real, later = series_service._compute, []

    def compute(*args):
        computed = real(*args)
        if not later:
            later.append(correct_suv_input(by=doctor, series=series, name="body_weight_kg", value="70", reason="two"))
        return computed

    monkeypatch.setattr(series_service, "_compute", compute)
    run(first.pk)
    assert selectors.current_suv(series).state == selectors.RECOMPUTING
    assert not SuvResult.objects.filter(inputs__body_weight_kg__value=90).exists()
    run_until_done(later[0].pk)
    assert selectors.current_suv(series).result.inputs["body_weight_kg"]["value"] == 70


def test_a_region_placed_while_the_job_runs_is_measured_by_the_next(scan, lesion, doctor, monkeypatch):
    from imaging.services import series as series_service

    real = series_service._compute

    def compute(*args):
        computed = real(*args)
        place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, method="sphere", centre_lps=HOT, radius_mm=9)
        return computed

    job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="one")
    monkeypatch.setattr(series_service, "_compute", compute)
    run_until_done(job.pk)
    assert {item.state for item in shown(scan).values()} == {selectors.CURRENT}


@pytest.mark.parametrize(
    "name, value",
    [
        ("body_weight_kg", "60000"),
        ("body_weight_kg", "0"),
        ("body_weight_kg", "nan"),
        ("body_weight_kg", "sixty"),
        ("body_height_m", "165"),
        ("injected_activity_bq", "150"),
        ("half_life_s", "68"),
        ("sex", "X"),
        ("administered_at", "yesterday"),
        ("suv_type", "SUL?"),
    ],
)
def test_a_value_in_the_wrong_unit_is_refused(scan, doctor, name, value):
    with pytest.raises(Refused) as refusal:
        correct_suv_input(by=doctor, series=scan.pet_series, name=name, value=value, reason="typed")
    assert refusal.value.code == "suv_input_invalid"
    assert not SuvInput.versions.exists()


def test_only_the_entitled_correct_measure_and_give_a_reason(scan, lesion, doctor, django_user_model):
    clinician = django_user_model.objects.create_user("c", role=Role.CLINICIAN)
    for by, reason, code in ((clinician, "x", "not_permitted"), (doctor, " ", "reason_missing")):
        with pytest.raises(Refused) as refusal:
            correct_suv_input(by=by, series=scan.pet_series, name="body_weight_kg", value="60", reason=reason)
        assert refusal.value.code == code
    with pytest.raises(Refused):
        place_voi(by=clinician, scan=scan, role="liver", method="sphere", centre_lps=HOT, radius_mm=10)


@pytest.mark.parametrize(
    "values, code",
    [
        ({"radius_mm": 0}, "voi_size_invalid"),
        ({"radius_mm": float("nan")}, "voi_size_invalid"),
        ({"centre_lps": (float("inf"), 0, 0)}, "voi_size_invalid"),
        ({"method": "percent_of_max"}, "voi_parameter_invalid"),
        ({"method": "percent_of_max", "parameter": 0.41}, "voi_parameter_invalid"),
        ({"method": "fixed_suv", "parameter": -1}, "voi_parameter_invalid"),
        ({"role": "lesion"}, "voi_without_lesion"),
    ],
)
def test_regions_that_make_no_sense_are_refused(scan, doctor, values, code):
    shape = {"role": "liver", "method": "sphere", "centre_lps": HOT, "radius_mm": 10} | values
    with pytest.raises(Refused) as refusal:
        place_voi(by=doctor, scan=scan, **shape)
    assert refusal.value.code == code


def test_a_region_outside_the_images_says_so(scan, doctor):
    voi = place(scan, doctor, "spleen", centre_lps=(900, 900, 900))
    assert shown(scan)[voi.pk].measurement.refusal_code == "voi_outside_volume"


def test_the_computed_krenning_score_stands_beside_and_is_not_shown_from_old_numbers(scan, lesion, doctor):
    place(scan, doctor, lesion=lesion)
    assert selectors.krenning_proposals(scan)[0].code == "liver_reference_unusable"
    place(scan, doctor, "liver", centre_lps=BODY, radius_mm=14)
    found = selectors.krenning_proposals(scan)[0]
    assert (found.proposal.relation, found.proposal.text) == ("above", "3 or more")
    correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="x")
    assert selectors.krenning_proposals(Scan.objects.get(pk=scan.pk))[0].proposal is None


@pytest.mark.slow
@pytest.mark.one_engine
def test_no_order_of_changes_shows_a_number_of_other_inputs(scan, lesion, doctor):
    """F26: after any sequence of corrections, placements and (late, repeated) jobs."""

    class Desk(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.jobs = []
            self.example = transaction.atomic()
            self.example.__enter__()

        def teardown(self):
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

        @rule(weight=st.sampled_from([50, 60, 75, 90]))
        def correct(self, weight):
            self.jobs.append(
                correct_suv_input(
                    by=doctor, series=scan.pet_series, name="body_weight_kg", value=str(weight), reason="r"
                ).pk
            )

        @rule(role=st.sampled_from(["liver", "lesion"]), liver_based=st.booleans(), radius=st.integers(5, 20))
        def draw(self, role, liver_based, radius):
            method = "liver_based" if liver_based and role == "lesion" else "sphere"
            centre = HOT if role == "lesion" else BODY
            existing = Voi.objects.filter(scan=scan, role=role).first()
            if existing:
                job = move_voi(by=doctor, voi=existing, reason="r", radius_mm=radius, method=method)[1]
            else:
                values = {"lesion": lesion if role == "lesion" else None}
                job = place_voi(
                    by=doctor, scan=scan, role=role, method=method, centre_lps=centre, radius_mm=radius, **values
                )[1]
            self.jobs.append(job.pk)

        @rule()
        def take_away(self):
            voi = Voi.objects.filter(scan=scan).first()
            if voi:
                self.jobs.append(remove_voi(by=doctor, voi=voi, reason="r").pk)

        @precondition(lambda self: self.jobs)
        @rule(data=st.data())
        def work(self, data):
            run(data.draw(st.sampled_from(self.jobs)))

        @rule()
        def work_off(self):
            while waiting := list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
                run(waiting[0])
            assert all(i.state in {selectors.CURRENT, selectors.REFUSED} for i in shown(scan).values())

        @invariant()
        def nothing_stale(self):
            fresh = Scan.objects.get(pk=scan.pk)
            weight = SuvInput.objects.filter(name="body_weight_kg").first()
            found = selectors.current_suv(fresh.pet_series)
            if found.result is not None:
                assert found.result.inputs["body_weight_kg"]["value"] == float(weight.value if weight else 60)
            vois = list(Voi.objects.filter(scan=fresh))
            for item in selectors.measurements(fresh):
                if item.measurement is not None:
                    expected = digests.of_measurement(item.voi, found.result, digests.liver_reference(vois))
                    assert item.measurement.input_digest == expected
                    assert item.measurement.suv_result_id == found.result.pk
            assert SuvResult.objects.filter(superseded_at__isnull=True).count() <= 1

    run_state_machine_as_test(
        Desk,
        settings=budget(max_examples=15, stateful_step_count=15, suppress_health_check=list(HealthCheck)),
    )
