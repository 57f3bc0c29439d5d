"""A reason that only a person lifts stays, whatever else is found meanwhile and in whatever order files come."""

from collections import Counter
from datetime import date

import pytest
from django.urls import reverse

from imaging.models import Series
from imaging.reasons import REASONS
from imaging.refused import Refused
from imaging.services import confirm_identity, detach_series, storing
from patients.models import AccessGrant
from patients.services import confirm_identifier, create_patient, grant_access
from tests.imaging.dicom_files import ct_slice, pet_slice, write
from tests.imaging.object_files import blob, contour, report, segmentation, square_mm, structure_set
from tests.imaging.people import make_doctor

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
HELD, ATTACHED, UNASSIGNED = Series.Identity.HELD, Series.Identity.ATTACHED, Series.Identity.UNASSIGNED
SCREEN = "1.2.840.10008.5.1.4.1.1.7"


def make_case(doctor, colleague, number="SYN-0001", **values):
    fields = {"sex_for_formulas": "F", "birth_date": date(1960, 1, 2)} | values
    patient = create_patient(by=doctor, case_number=number, **fields)
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


@pytest.fixture
def case(doctor, colleague):
    return make_case(doctor, colleague)


@pytest.fixture
def other(doctor, colleague):
    return make_case(doctor, colleague, "SYN-0002", sex_for_formulas="M")


def files(folder, count=8, make=pet_slice, **changes):
    folder.mkdir()
    return [write(folder / f"{k}.dcm", make(k, **changes)) for k in range(count)]


def state_of(series):
    series.refresh_from_db()
    return series.identity, series.identity_reason


def told(upload):
    return Counter(" ".join(filter(None, found)) for found in upload.items.values_list("outcome", "reason_code"))


@pytest.mark.parametrize(
    "count, changes, code",
    [(8, {"BurnedInAnnotation": "YES"}, "burned_in_annotation"), (1, {"SOPClassUID": SCREEN}, "secondary_capture")],
)
def test_a_wrong_case_first_lifts_no_reason_in_the_files(
    tmp_path, case, other, doctor, import_files, client, count, changes, code
):
    paths = files(tmp_path / "x", count, **changes)
    import_files(paths, patient=other)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "identity_sex_differs")
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert REASONS[code].sentence in page, "whoever confirms is told of it too"
    import_files(paths, patient=case)
    assert state_of(series) == (HELD, code)
    confirm_identity(by=doctor, series=series, patient=case, reason="looked at them")
    assert state_of(series) == (ATTACHED, "") and "held_for" not in series.header


def test_what_somebody_took_out_comes_back_by_no_detour(tmp_path, case, other, doctor, import_files):
    paths = files(tmp_path / "x", 9)
    import_files(paths[:8], patient=case)
    series = Series.objects.get()
    detach_series(by=doctor, series=series, reason="wrong patient")
    import_files(paths[:1], patient=other)
    assert state_of(series) == (HELD, "identity_sex_differs")
    import_files(paths, patient=case)
    assert state_of(series) == (HELD, "identity_taken_back") and series.instance_count == 9


@pytest.mark.parametrize("name", ["Berg^Anna", None])
def test_a_study_of_two_patients_takes_a_second_person_whatever_else_is_open(
    tmp_path, case, doctor, colleague, import_files, name
):
    """Two patients mixed up at the scanner: neither an unknown name nor an unknown ID is all that is to be said."""
    named = {"PatientName": name} if name else {}
    pet, ct = files(tmp_path / "x", **named), files(tmp_path / "y", make=ct_slice, PatientID="HOSP-1", **named)
    import_files([*pet, *ct], patient=case)
    for series in Series.objects.all():
        assert state_of(series) == (HELD, "study_of_two_patients")
        with pytest.raises(Refused, match="second person"):
            confirm_identity(by=doctor, series=series, patient=case, reason="sure")
        confirm_identity(by=colleague, series=series, patient=case, reason="seen on the request form")


def drawn(path, make, number, **changes):
    """An object in the study of ``files``."""
    ds = make()
    own = {"PatientID": "SYN-0001", "PatientName": "SYN-0001", "PatientBirthDate": "19600102", "PatientSex": "F"}
    uids = {"StudyInstanceUID": pet_slice(0).StudyInstanceUID, "SeriesInstanceUID": f"1.2.77.{number}"}
    for keyword, value in (own | uids | {"SOPInstanceUID": f"1.2.77.{number}.1"} | changes).items():
        setattr(ds, keyword, value)
    return write(path / f"drawn-{number}.dcm", ds)


OBJECTS = [
    lambda: segmentation([blob()]),
    lambda: report([]),
    lambda: structure_set({"liver": [contour(square_mm(0, 0, 9, 9, 1))]}),
]
HOSPITAL = {"PatientID": "HOSP-1", "PatientName": "HOSP-1"}


@pytest.mark.parametrize("make", OBJECTS)
@pytest.mark.parametrize("comes", ["after", "with"])
def test_an_object_of_a_study_of_two_patients_is_held_as_its_images_are(
    tmp_path, case, doctor, colleague, import_files, make, comes
):
    """Both IDs are of this case by themselves; that one study has the two is for a second person."""
    confirm_identifier(by=doctor, patient=case, value="HOSP-1", reason="letter")
    images, other = files(tmp_path / "x"), drawn(tmp_path, make, 1, **HOSPITAL)
    for group in [[*images, other]] if comes == "with" else [images, [other]]:
        import_files(group, patient=case)
    series = Series.objects.exclude(modality="PT").get()
    assert state_of(series) == (HELD, "study_of_two_patients")
    with pytest.raises(Refused, match="second person"):
        confirm_identity(by=doctor, series=series, patient=case, reason="sure")
    confirm_identity(by=colleague, series=series, patient=case, reason="seen on the request form")


@pytest.mark.parametrize("make", OBJECTS)
def test_objects_of_two_patients_that_come_together_are_both_held(tmp_path, case, doctor, import_files, make):
    confirm_identifier(by=doctor, patient=case, value="HOSP-1", reason="letter")
    import_files([drawn(tmp_path, make, 1), drawn(tmp_path, make, 2, **HOSPITAL)], patient=case)
    assert {state_of(one) for one in Series.objects.all()} == {(HELD, "study_of_two_patients")}


@pytest.mark.parametrize("make", OBJECTS)
def test_an_object_of_one_patient_is_attached(tmp_path, case, import_files, make):
    import_files([*files(tmp_path / "x"), drawn(tmp_path, make, 1)], patient=case)
    assert {state_of(one) for one in Series.objects.all()} == {(ATTACHED, "")}


def test_a_second_patient_that_came_later_counts_for_what_waits(tmp_path, case, doctor, import_files):
    pet = files(tmp_path / "x")
    import_files(pet)
    import_files(files(tmp_path / "y", make=ct_slice, PatientID="HOSP-1"))
    series = Series.objects.get(modality="PT")
    assert state_of(series) == (UNASSIGNED, "")
    with pytest.raises(Refused, match="second person"):
        confirm_identity(by=doctor, series=series, patient=case, reason="sure")
    import_files(pet, patient=case)
    assert state_of(series) == (HELD, "study_of_two_patients")


@pytest.mark.parametrize("name", ["SYN-0001^", "Berg^Anna"])
def test_who_may_not_open_the_case_brings_nothing_into_it_and_learns_no_name(tmp_path, case, import_files, name):
    paths = files(tmp_path / "x")
    import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    assert state_of(series) == (HELD, "ask_missing_slices")
    late = write(tmp_path / "late.dcm", pet_slice(3, PatientName=name))
    assert told(import_files([late], by=make_doctor("stranger"))) == {"held late_series_elsewhere": 1}
    assert state_of(series) == (HELD, "ask_missing_slices") and series.instance_count == 7


def test_a_late_slice_with_burned_in_text_joins_no_series_in_a_chart(tmp_path, case, doctor, import_files):
    import_files(files(tmp_path / "x", make=ct_slice), patient=case)
    series = Series.objects.get()
    late = write(tmp_path / "late.dcm", ct_slice(8, BurnedInAnnotation="YES"))
    assert told(import_files([late], patient=case)) == {"held late_not_looked_at": 1}
    assert state_of(series) == (ATTACHED, "") and series.instance_count == 8
    detach_series(by=doctor, series=series, reason="to look at all of it")
    assert told(import_files([late], patient=case)) == {"held identity_taken_back": 1}
    confirm_identity(by=doctor, series=series, patient=case, reason="looked: no name")
    more = write(tmp_path / "more.dcm", ct_slice(9, BurnedInAnnotation="YES"))
    assert told(import_files([more], patient=case)) == {"stored": 1}


def test_a_series_that_enters_the_chart_meanwhile_gets_no_such_slice(tmp_path, case, doctor, import_files, monkeypatch):
    import_files(files(tmp_path / "x", make=ct_slice))
    assemble, done = storing._assemble, []

    def confirmed_meanwhile(*args):
        if not done:
            confirm_identity(by=doctor, series=Series.objects.get(), patient=case, reason="seen on the request form")
            done.append(True)
        return assemble(*args)

    monkeypatch.setattr(storing, "_assemble", confirmed_meanwhile)
    late = write(tmp_path / "late.dcm", ct_slice(8, BurnedInAnnotation="YES"))
    assert told(import_files([late], patient=case)) == {"held late_not_looked_at": 1}
    assert Series.objects.get().instance_count == 8


@pytest.mark.parametrize("named", [1, 3])
def test_an_import_for_a_case_it_contradicts_takes_no_series_from_the_one_it_waits_for(
    tmp_path, case, other, import_files, named
):
    paths = files(tmp_path / "x")
    import_files(paths[:3] + paths[4:], patient=case)
    series = Series.objects.get()
    import_files(paths[:named], patient=other)
    assert state_of(series) == (HELD, "ask_missing_slices") and series.candidate_patient == case
    import_files(paths[3:4], patient=case)
    assert state_of(series) == (ATTACHED, "")


def test_the_page_of_an_import_says_which_other_case_a_series_is_in(
    tmp_path, case, other, doctor, import_files, client
):
    paths = files(tmp_path / "x")
    import_files(paths, patient=case)
    upload = import_files(paths, patient=other)
    client.force_login(doctor)
    page = client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode()
    assert "attached (case SYN-0001)" in page
    own = client.get(reverse("imaging:upload_detail", args=[import_files(paths, patient=case).pk])).content.decode()
    assert "(case" not in own
