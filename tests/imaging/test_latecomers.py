"""Files that come late for a series in a chart: of the same person they join it, of another one they do not."""

import json
from collections import Counter
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.urls import reverse

from imaging import store, store_check
from imaging.models import ForeignObject, Instance, Scan, Series, SuvResult
from imaging.services import confirm_identity, storing
from patients.models import AccessGrant, PatientIdentifier
from patients.services import create_patient, grant_access
from tests.imaging.dicom_files import pet_slice, write
from tests.imaging.object_files import blob, report, segmentation
from tests.imaging.people import make_doctor

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
ID, NAME = "HOSP-4711", "Müller-Canary^Anna"
OWN = {"SpecificCharacterSet": "ISO_IR 192", "PatientID": ID, "PatientName": NAME}
ATTACHED = Series.Identity.ATTACHED
OTHERS = ("Schmidt-Canary^Anna", "", "Anonymous", f"{ID}^", "Müller-Canary^Hanno")
ALIKE = ("MUELLER-CANARY^ANNA", "Anna^Müller-Canary", NAME)


def make_case(doctor, number="NET-0042"):
    return create_patient(by=doctor, case_number=number, sex_for_formulas="F", birth_date=date(1960, 1, 2))


@pytest.fixture
def case(doctor, colleague):
    patient = make_case(doctor)
    PatientIdentifier.objects.create(patient=patient, value=ID, confirmed_by=doctor)
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


@pytest.fixture
def files(tmp_path):
    """``files(name, *k, **changes)``: slices k of one series."""

    def made(name, *slices, **changes):
        return [write(tmp_path / f"{name}-{k}.dcm", pet_slice(k, **OWN | changes)) for k in slices]

    return made


@pytest.fixture
def here(files, case, doctor, import_files):
    """Eight slices of ten, that a person confirmed under their name."""
    import_files(files("first", *range(8)), patient=case)
    confirm_identity(by=doctor, series=Series.objects.get(), patient=case, reason="seen on the request form")
    return Series.objects.get()


def told(upload) -> Counter:
    return Counter(" ".join(filter(None, found)) for found in upload.items.values_list("outcome", "reason_code"))


def everything() -> list:
    rows = (Series, Scan, SuvResult, Instance)
    return [list(model.objects.order_by("pk").values()) for model in rows]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("of_case", [True, False])
def test_slices_under_another_name_are_held_beside_the_series(
    here, files, case, doctor, import_files, client, name, of_case
):
    before = everything()
    paths = files("late", 8, 9, PatientName=name)
    upload = import_files(paths, patient=case if of_case else None)
    assert told(upload) == {"held late_name_differs": 2}
    assert everything() == before
    assert {store.path(item.sha256).read_bytes() for item in upload.items.all()} == {p.read_bytes() for p in paths}
    client.force_login(doctor)
    page = client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode()
    assert "calls the patient by another name" in page and "Canary" not in page
    assert store_check.check(sample=None)[1].orphans == []


@pytest.mark.parametrize("name", ALIKE)
def test_slices_under_the_same_name_join_it(here, files, case, import_files, name):
    upload = import_files(files("late", 8, 9, PatientName=name), patient=case)
    series = Series.objects.get()
    assert told(upload) == {"stored": 2} and (series.instance_count, series.revision) == (10, 2)
    assert series.identity == ATTACHED


def test_of_one_upload_each_slice_counts_for_itself(here, files, case, import_files):
    own, other = files("own", 8), files("other", 9, PatientName=OTHERS[0])
    upload = import_files([*own, *other, *other, *own], patient=case, labels=["a", "b", "copy of b", "copy of a"])
    found = {item.label: (item.outcome, item.reason_code) for item in upload.items.all()}
    assert found == {
        "a": ("stored", ""),
        "copy of a": ("already", ""),
        "b": ("held", "late_name_differs"),
        "copy of b": ("held", "late_name_differs"),
    }
    assert Series.objects.get().instance_count == 9


def test_a_name_that_two_persons_confirmed_together_may_come_late(files, case, doctor, colleague, import_files):
    """The series was confirmed under two names; a third one is another."""
    import_files([*files("a", *range(4)), *files("b", *range(4, 8), PatientName=OTHERS[0])], patient=case)
    confirm_identity(by=colleague, series=Series.objects.get(), patient=case, reason="she married that day")
    assert told(import_files(files("late", 8, PatientName=OTHERS[0]), patient=case)) == {"stored": 1}
    third = import_files(files("late", 9, PatientName="Berg^Hanno"), patient=case)
    assert told(third) == {"held late_name_differs": 1}


def test_a_new_key_of_names_makes_no_stranger(here, files, case, import_files):
    with override_settings(NAME_KEY="another key"):
        assert told(import_files(files("late", 8), patient=case)) == {"stored": 1}
        other = import_files(files("late", 9, PatientName=OTHERS[0]), patient=case)
    assert told(other) == {"held late_name_differs": 1}


def test_who_names_another_case_adds_nothing(here, files, doctor, import_files):
    before = everything()
    upload = import_files(files("late", 8), patient=make_case(doctor, "NET-0043"))
    assert told(upload) == {"held late_series_elsewhere": 1} and everything() == before


def test_who_may_not_open_the_chart_adds_nothing_and_learns_nothing_of_the_name(
    here, files, case, import_files, client
):
    """Else whoever knows the UIDs could ask for the name by guessing it."""
    stranger, before = make_doctor("stranger"), everything()
    for number, name in enumerate((NAME, OTHERS[0])):
        upload = import_files(files(f"late{number}", 8 + number, PatientName=name), by=stranger)
        assert told(upload) == {"held late_series_elsewhere": 1}
    assert everything() == before
    client.force_login(stranger)
    page = client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode()
    assert "NET-0042" not in page and str(here.pk) not in page


def test_a_series_that_comes_into_another_chart_meanwhile_gets_nothing(files, case, doctor, import_files, monkeypatch):
    """Between the plan and the write somebody confirms the series for a case that is not the chosen one."""
    import_files(files("first", *range(8)))
    other, assemble, before = make_case(doctor, "NET-0043"), storing._assemble, []

    def confirmed_meanwhile(*args):
        if not before:
            confirm_identity(by=doctor, series=Series.objects.get(), patient=case, reason="seen on the request form")
            before.append(everything())
        return assemble(*args)

    monkeypatch.setattr(storing, "_assemble", confirmed_meanwhile)
    upload = import_files(files("late", 8), patient=other)
    assert told(upload) == {"held late_series_elsewhere": 1} and everything() == before[0]


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"no DICOM"), lambda path: path.unlink()])
def test_a_stored_file_that_cannot_be_read_costs_no_other_series(here, files, tmp_path, case, import_files, harm):
    path = store.path(Instance.objects.first().sha256)
    path.chmod(0o600)
    harm(path)
    before = everything()
    other = files("other", 0, 1, SeriesInstanceUID=f"{here.series_uid}.7")
    for k, one in enumerate(other):
        write(one, pet_slice(k, **OWN | {"SeriesInstanceUID": f"{here.series_uid}.7", "SOPInstanceUID": f"1.2.3.{k}"}))
    upload = import_files([*files("late", 8), *other], patient=case)
    assert told(upload)["held late_series_unreadable"] == 1 and upload.items.filter(series=None).count() == 1
    assert Series.objects.exclude(pk=here.pk).get().instance_count == 2
    assert Series.objects.filter(pk=here.pk).values().get() == before[0][0]


@pytest.mark.parametrize("make", [lambda: segmentation([blob()]), lambda: report([])])
def test_a_second_object_of_a_series_likewise(tmp_path, case, doctor, import_files, make):
    def one(number, name, **changes):
        ds = make()
        for keyword, value in (OWN | {"PatientName": name, "PatientBirthDate": "19600102"} | changes).items():
            setattr(ds, keyword, value)
        ds.SOPInstanceUID = f"{ds.SOPInstanceUID}.{number}"
        return write(tmp_path / f"{number}.dcm", ds)

    import_files([one(1, NAME)], patient=case)
    confirm_identity(by=doctor, series=Series.objects.get(), patient=case, reason="seen on the request form")
    assert told(import_files([one(2, OTHERS[0])], patient=case)) == {"held late_name_differs": 1}
    assert told(import_files([one(3, NAME)], patient=make_case(doctor, "NET-0043"))) == {
        "held late_series_elsewhere": 1
    }
    assert ForeignObject.objects.count() == Series.objects.get().instance_count == 1
    with override_settings(NAME_KEY="another key"):
        assert told(import_files([one(4, ALIKE[0])], patient=case)) == {"stored": 1}
    assert Series.objects.get().instance_count == 2


def test_the_held_page_lists_them_by_import_and_reason_without_a_word_of_the_case(
    here, files, case, doctor, import_files, client
):
    upload = import_files(files("late", 8, 9, PatientName=OTHERS[0]), patient=case)
    client.force_login(doctor)
    page = client.get(reverse("imaging:held")).content.decode()
    section = page[page.index("Files in no series") :]
    assert reverse("imaging:upload_detail", args=[upload.pk]) in section and "another name" in section
    assert '<td class="number">2</td>' in section and "Canary" not in section and "NET-0042" not in section
    client.force_login(make_doctor("stranger"))
    assert "Files in no series" not in client.get(reverse("imaging:held")).content.decode()


def test_the_command_prints_it(here, files, tmp_path):
    path = files("late", 8, PatientName=OTHERS[0])[0]
    out = StringIO()
    call_command("import_dicom", str(path), "--user", "doctor", "--case", "NET-0042", "--json", stdout=out)
    (file,) = json.loads(out.getvalue())["files"]
    assert file["outcome"] == "held" and "another name" in file["sentence"]
