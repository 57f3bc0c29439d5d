"""Questions about the images: held for one person, lifted by late slices, and never above a doubt about whose they are."""

from collections import Counter
from datetime import date

import pytest
from django.urls import reverse

from imaging import selectors
from imaging.models import Instance, Job, Scan, Series, Upload
from imaging.outcomes import of_upload as report_of
from imaging.refused import Refused, sentence
from imaging.services import confirm_identity, detach_series, reject_identity
from imaging.services.identities import judge
from imaging.services.running import run_until_done
from patients.domain.roles import Role
from patients.models import AccessGrant, AuditEvent, Patient
from patients.services import create_patient, grant_access
from tests.imaging.dicom_files import ROOT, ct_slice, pet_slice, pixels, radiopharmaceutical, write, write_series

pytestmark = pytest.mark.django_db
HELD, ATTACHED, UNASSIGNED = Series.Identity.HELD, Series.Identity.ATTACHED, Series.Identity.UNASSIGNED


@pytest.fixture
def case(doctor, colleague):
    patient = create_patient(by=doctor, case_number="SYN-0001", sex_for_formulas="F", birth_date=date(1960, 1, 2))
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


@pytest.fixture
def paths(tmp_path):
    """Eight slices in the order of their positions."""
    return write_series(tmp_path / "pet", 8)[::-1]


def state_of(series: Series) -> tuple[str, str]:
    series.refresh_from_db()
    return series.identity, series.identity_reason


def outcomes(upload) -> Counter:
    return Counter(" ".join(filter(None, found)) for found in upload.items.values_list("outcome", "reason_code"))


def work_off() -> None:
    while waiting := list(Job.objects.filter(state=Job.State.QUEUED).values_list("pk", flat=True)):
        for pk in waiting:
            run_until_done(pk)


def derived(tmp_path):
    return write_series(tmp_path / "derived", 8, ImageType=["DERIVED", "PRIMARY"])


# --- held, and who may answer -------------------------------------------------------------------


def test_a_series_with_a_gap_is_held_and_in_no_chart(paths, case, import_files):
    upload = import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "ask_missing_slices")
    assert outcomes(upload) == {"held ask_missing_slices": 7}
    assert selectors.patient_of(series) is None and not Scan.objects.exists()
    event = AuditEvent.objects.get(action="hold_series")
    assert event.after["code"] == "ask_missing_slices" and event.patient == case


def test_who_brought_it_in_answers_alone_and_the_answer_is_recorded(paths, case, doctor, import_files):
    import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    assert series.uploaded_by == doctor
    scan = confirm_identity(by=doctor, series=series, patient=case, reason="the rest was never stored")
    assert scan.patient == case and state_of(series) == (ATTACHED, "")
    assert series.refusal_code == "missing_slices", "an answer builds no volume"
    event = AuditEvent.objects.get(action="attach_series")
    assert event.after["answered"] == ["ask_missing_slices"] and event.reason == "the rest was never stored"
    assert event.after["confirmed_against"] == "ask_missing_slices"


def test_without_the_right_or_a_reason_nobody_answers(paths, case, doctor, django_user_model, import_files):
    import_files(paths[:3] + paths[4:], patient=case)
    series, clerk = Series.objects.get(), django_user_model.objects.create_user("clerk", role=Role.DATA_ENTRY)
    grant_access(by=doctor, patient=case, user=clerk, kind=AccessGrant.Kind.CARE_TEAM)
    for by, reason, code in ((clerk, "sure", "not_permitted"), (doctor, " ", "reason_missing")):
        with pytest.raises(Refused) as refusal:
            confirm_identity(by=by, series=series, patient=case, reason=reason)
        assert refusal.value.code == code
    assert state_of(series) == (HELD, "ask_missing_slices")


def test_a_contradiction_of_identity_is_above_the_question_and_needs_a_second_person(
    paths, case, doctor, colleague, import_files
):
    Patient.objects.filter(pk=case.pk).update(sex_for_formulas="M")
    case.refresh_from_db()
    import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "identity_sex_differs")
    with pytest.raises(Refused) as refusal:
        confirm_identity(by=doctor, series=series, patient=case, reason="sure")
    assert refusal.value.code == "identity_second_person" and not Scan.objects.exists()
    confirm_identity(by=colleague, series=series, patient=case, reason="the chart is wrong")
    assert AuditEvent.objects.get(action="attach_series").after["answered"] == ["ask_missing_slices"]


def test_slices_that_come_late_do_not_lift_a_contradiction(paths, case, import_files):
    Patient.objects.filter(pk=case.pk).update(sex_for_formulas="M")
    case.refresh_from_db()
    import_files(paths[:3] + paths[4:], patient=case)
    import_files([paths[3]], patient=case)
    assert state_of(Series.objects.get()) == (HELD, "identity_sex_differs") and not Scan.objects.exists()


def test_what_is_left_out_says_so_in_its_own_words(paths, case, doctor, import_files):
    import_files(paths[:1], patient=case)
    series = Series.objects.get()
    reject_identity(by=doctor, series=series, reason="a scout")
    assert state_of(series) == (Series.Identity.REJECTED, "images_rejected")
    assert AuditEvent.objects.get(action="leave_out_series").reason == "a scout"
    import_files(paths[1:], patient=case)
    assert state_of(series) == (Series.Identity.REJECTED, "images_rejected") and not Scan.objects.exists()


# --- late slices --------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [[0, 1, 2, 4, 5, 6, 7], [3]])
def test_late_slices_answer_the_question(paths, case, import_files, first):
    """Slices missing, or one slice alone: what comes late completes the series, and nobody is asked."""
    import_files([paths[k] for k in first], patient=case)
    series = Series.objects.get()
    assert state_of(series)[0] == HELD
    late = import_files([path for k, path in enumerate(paths) if k not in first], patient=case)
    assert state_of(series) == (ATTACHED, "") and series.refusal_code == ""
    assert set(outcomes(late)) == {"stored"} and Scan.objects.get().patient == case
    assert selectors.current_suv(series).state == selectors.CURRENT


def test_late_slices_without_a_case_complete_the_series_of_the_case_that_was_chosen(paths, case, import_files):
    import_files(paths[:3] + paths[4:], patient=case)
    import_files([paths[3]])
    assert state_of(Series.objects.get()) == (ATTACHED, "") and Scan.objects.get().patient == case


def test_late_slices_that_leave_another_question_keep_the_series_held(tmp_path, case, import_files):
    def two_injections(k, **changes):
        ds = pet_slice(k, **changes)
        ds.RadiopharmaceuticalInformationSequence = [radiopharmaceutical(ds)] * 2
        return ds

    paths = write_series(tmp_path / "pet", 8, two_injections)[::-1]
    import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "ask_missing_slices")
    assert series.header["questions"] == ["ask_missing_slices", "ask_administrations"]
    import_files([paths[3]], patient=case)
    assert state_of(series) == (HELD, "ask_administrations") and not Scan.objects.exists()


def test_the_same_files_again_answer_nothing(paths, case, import_files):
    import_files(paths[:3] + paths[4:], patient=case)
    assert outcomes(import_files(paths[:3], patient=case)) == {"already": 3}
    assert state_of(Series.objects.get()) == (HELD, "ask_missing_slices")


def test_an_answered_question_is_not_asked_again(paths, case, doctor, import_files):
    import_files(paths[:2] + paths[4:7], patient=case)
    series = Series.objects.get()
    confirm_identity(by=doctor, series=series, patient=case, reason="all there is")
    late = import_files([paths[7]], patient=case)
    assert state_of(series) == (ATTACHED, "") and outcomes(late) == {"stored": 1}
    assert series.refusal_code == "missing_slices" and series.instance_count == 6
    assert series.header["answered"] == ["ask_missing_slices"], "kept with the new slices"
    detach_series(by=doctor, series=series, reason="to be judged anew")
    Series.objects.filter(pk=series.pk).update(identity=UNASSIGNED, identity_reason="", candidate_patient=None)
    assert judge(by=doctor, series=series, patient=case).identity == ATTACHED


def test_a_series_in_a_chart_stays_there_when_late_slices_ask(paths, case, import_files):
    import_files(paths[:4], patient=case)
    series = Series.objects.get()
    assert state_of(series) == (ATTACHED, "")
    import_files(paths[5:], patient=case)
    assert state_of(series) == (ATTACHED, "") and series.refusal_code == "missing_slices"
    assert Scan.objects.get().pet_series == series


def test_what_was_answered_does_not_put_a_detached_series_back(paths, case, doctor, import_files):
    import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    confirm_identity(by=doctor, series=series, patient=case, reason="all there is")
    detach_series(by=doctor, series=series, reason="wrong case")
    import_files([paths[3]], patient=case)
    assert state_of(series) == (HELD, "identity_taken_back")


def test_without_a_case_the_series_waits_for_one_and_is_asked_about_then(paths, case, import_files):
    import_files(paths[:3] + paths[4:])
    series = Series.objects.get()
    assert state_of(series) == (UNASSIGNED, "")
    import_files(paths[:1], patient=case)
    assert state_of(series) == (HELD, "ask_missing_slices")


# --- what is asked ------------------------------------------------------------------------------


def test_derived_images_are_measured_once_a_person_has_said_so(tmp_path, case, doctor, import_files):
    import_files(derived(tmp_path), patient=case)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "ask_derived")
    found = selectors.current_suv(series)
    assert (found.state, found.code) == (selectors.REFUSED, "derived_unconfirmed")
    confirm_identity(by=doctor, series=series, patient=case, reason="resampled by our own PACS")
    work_off()
    series.refresh_from_db()
    found = selectors.current_suv(series)
    assert found.state == selectors.CURRENT and found.is_fact and found.result.statistics["bw"]["max"] > 0
    assert [warning["code"] for warning in series.warnings] == ["derived_images"]
    assert Scan.objects.get().patient == case


def test_the_weights_of_pet_and_ct_are_compared_in_whatever_order_they_come(tmp_path, case, import_files):
    pet = write_series(tmp_path / "pet", 4)
    ct = write_series(tmp_path / "ct", 4, ct_slice, PatientWeight="95")
    import_files([*pet, *ct], patient=case)
    assert set(Series.objects.values_list("modality", "identity_reason")) == {
        ("PT", "ask_weights"),
        ("CT", "ask_weights"),
    }
    assert not Scan.objects.exists()


def test_a_ct_of_another_weight_that_comes_later_is_held_and_the_pet_stays(tmp_path, case, doctor, import_files):
    import_files(write_series(tmp_path / "pet", 4), patient=case)
    import_files(write_series(tmp_path / "ct", 4, ct_slice, PatientWeight="95"), patient=case)
    assert set(Series.objects.values_list("modality", "identity", "identity_reason")) == {
        ("PT", "attached", ""),
        ("CT", "held", "ask_weights"),
    }
    assert Scan.objects.get().ct_series is None
    confirm_identity(by=doctor, series=Series.objects.get(modality="CT"), patient=case, reason="typed wrongly")
    assert Scan.objects.get().ct_series.modality == "CT"


@pytest.mark.parametrize("weight", ["70.4", None, "0"])
def test_weights_that_are_one_rounded_or_not_stated_are_no_question(tmp_path, case, import_files, weight):
    pet = write_series(tmp_path / "pet", 4)
    import_files([*pet, *write_series(tmp_path / "ct", 4, ct_slice, PatientWeight=weight)], patient=case)
    assert set(Series.objects.values_list("identity", flat=True)) == {"attached"}
    assert Scan.objects.get().ct_series is not None


def test_a_weight_is_compared_within_one_study(tmp_path, case, import_files):
    other = write_series(
        tmp_path / "ct",
        4,
        ct_slice,
        PatientWeight="95",
        StudyInstanceUID=f"{ROOT}.77",
        FrameOfReferenceUID=f"{ROOT}.78",
    )
    import_files([*write_series(tmp_path / "pet", 4), *other], patient=case)
    assert set(Series.objects.values_list("identity", flat=True)) == {"attached"}


@pytest.mark.parametrize(
    ("injected", "held"),
    [
        ({"RadiopharmaceuticalStartDateTime": "20250310123000"}, True),
        ({"RadiopharmaceuticalStartDateTime": "20250310130000"}, True),
        ({"RadiopharmaceuticalStartDateTime": "20250310130001"}, False),
        ({"RadiopharmaceuticalStartDateTime": "", "RadiopharmaceuticalStartTime": "123000"}, True),
        ({"RadiopharmaceuticalStartDateTime": "", "RadiopharmaceuticalStartTime": "180000"}, False),
        ({"RadiopharmaceuticalStartDateTime": "20250310115500"}, False),
    ],
)
def test_an_injection_up_to_an_hour_after_the_scan_is_a_clock_to_ask_about(
    tmp_path, case, import_files, injected, held
):
    def slice_of(k, **changes):
        ds = pet_slice(k, **changes)
        for name, value in injected.items():
            setattr(radiopharmaceutical(ds), name, value)
        return ds

    import_files(write_series(tmp_path / "pet", 4, slice_of), patient=case)
    series = Series.objects.get()
    assert (state_of(series) == (HELD, "ask_injection_time")) is held
    assert held or series.identity == ATTACHED


def test_a_scout_of_one_slice_is_no_question(tmp_path, case, import_files):
    import_files([write(tmp_path / "scout.dcm", ct_slice(0))], patient=case)
    assert state_of(Series.objects.get()) == (ATTACHED, "")


def test_each_part_of_a_split_series_is_asked_about_by_itself(tmp_path, case, doctor, import_files):
    whole = write_series(tmp_path / "a", 4)
    other = write_series(
        tmp_path / "b", 4, lambda k, **c: pet_slice(k, SOPInstanceUID=f"{ROOT}.6.{k}", **c), PixelSpacing=[2, 2]
    )
    import_files([*whole, *other], patient=case)
    first, second = Series.objects.all()
    assert state_of(first) == state_of(second) == (HELD, "ask_series_split")
    confirm_identity(by=doctor, series=first, patient=case, reason="the clinical one")
    assert (state_of(first)[0], state_of(second)[0]) == (ATTACHED, HELD) and Scan.objects.count() == 1


# --- one image under two UIDs -------------------------------------------------------------------


def again(tmp_path, **changes):
    return write(tmp_path / "again.dcm", pet_slice(3, SOPInstanceUID=f"{ROOT}.3.99", **changes))


def test_the_same_image_under_another_uid_is_used_once_and_noted(tmp_path, paths, case, import_files, client):
    upload = import_files([*paths, again(tmp_path)], patient=case)
    series = Series.objects.get()
    assert outcomes(upload) == {"stored": 8, "stored slice_repeated": 1}
    assert state_of(series) == (ATTACHED, "") and series.geometry["shape"][0] == series.instance_count == 8
    assert series.warnings == [] and Instance.objects.count() == 9
    said = sentence("slice_repeated")
    assert [f["sentence"] for f in report_of(upload)["files"] if f["label"] == "again.dcm"] == [said]
    client.force_login(upload.by)
    assert said in client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode()


def test_the_same_image_that_comes_later_changes_nothing(tmp_path, paths, case, import_files):
    import_files(paths, patient=case)
    before = Series.objects.values().get()
    assert outcomes(import_files([again(tmp_path)], patient=case)) == {"stored slice_repeated": 1}
    assert Series.objects.values().get() == before
    assert outcomes(import_files([again(tmp_path)], patient=case)) == {"already": 1}


@pytest.mark.parametrize(
    "changes", [{"PixelData": pixels(7).tobytes()}, {"RescaleSlope": "3"}, {"AcquisitionTime": "120500"}]
)
def test_another_image_at_the_same_place_is_a_question(tmp_path, paths, case, import_files, changes):
    upload = import_files([*paths, again(tmp_path, **changes)], patient=case)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "ask_slices_at_one_place") and series.refusal_code == "duplicate_slices"
    assert outcomes(upload) == {"held ask_slices_at_one_place": 9}


# --- frames of reference of PET and CT ----------------------------------------------------------


def codes(modality: str = "PT") -> list[str]:
    return [warning["code"] for warning in Series.objects.get(modality=modality).warnings]


@pytest.mark.parametrize("is_pet_first", [True, False])
def test_a_pet_whose_ct_lies_in_another_frame_says_so_until_one_of_its_own_comes(
    tmp_path, case, doctor, client, import_files, is_pet_first
):
    pet = write_series(tmp_path / "pet", 4)
    apart = write_series(tmp_path / "ct", 4, ct_slice, FrameOfReferenceUID=f"{ROOT}.99")
    for files in (pet, apart) if is_pet_first else (apart, pet):
        import_files(files, patient=case)
    assert codes() == ["pet_ct_frames_differ"] and codes("CT") == []
    client.force_login(doctor)
    of_pet = Upload.objects.get(items__series__modality="PT", items__label="001.dcm")
    for name, pk in (("imaging:scan", Scan.objects.get().pk), ("imaging:upload_detail", of_pet.pk)):
        shown = client.get(reverse(name, args=[pk])).content.decode()
        assert "PET and CT do not share a frame of reference" in shown, name
    assert Scan.objects.get().ct_series is None
    own = write_series(
        tmp_path / "own",
        4,
        lambda k, **c: ct_slice(k, SOPInstanceUID=f"{ROOT}.66.{k}", SeriesInstanceUID=f"{ROOT}.67", **c),
    )
    import_files(own, patient=case)
    assert codes() == [] and Scan.objects.get().ct_series.series_uid == f"{ROOT}.67"


def test_other_warnings_stay_beside_it(tmp_path, case, import_files):
    import_files(write_series(tmp_path / "pet", 4, RescaleIntercept="5"), patient=case)
    import_files(write_series(tmp_path / "ct", 4, ct_slice, FrameOfReferenceUID=f"{ROOT}.99"), patient=case)
    assert codes() == ["rescale_intercept_in_pet", "pet_ct_frames_differ"]
