"""A second file under one SOP Instance UID: held, told apart by the names of elements, and the first one untouched."""

import json
import random
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from imaging import outcomes, sandbox, store, store_check
from imaging.instances import FileRefusal
from imaging.models import Instance, Series, Study
from imaging.services.conflicts import differences
from patients.services import create_patient
from tests.imaging.dicom_files import pet_slice, pixels, radiopharmaceutical, to_bytes, write
from tests.imaging.object_files import blob, report, segmentation
from tests.imaging.people import make_doctor
from tests.parts import sliced

OWN = {"PatientID": "SYN-a", "PatientBirthDate": "19670302"}
# How a second file may differ, and the tag that must be named for it.
CHANGES = {
    "(0010,0010) PatientName": lambda ds, n: setattr(ds, "PatientName", f"ZQOTHER{n}^NAME"),
    "(0010,1030) PatientWeight": lambda ds, n: setattr(ds, "PatientWeight", str(71 + n)),
    "(7FE0,0010) PixelData": lambda ds, n: setattr(ds, "PixelData", pixels(100 + n).tobytes()),
    "(0010,4000) PatientComments": lambda ds, n: setattr(ds, "PatientComments", f"ZQCOMMENT{n}"),
    "(0009,1001) unnamed element": lambda ds, n: ds.private_block(9, "ZQMAKER", create=True).add_new(1, "LO", f"ZQ{n}"),
    "(0020,0013) InstanceNumber": lambda ds, _: delattr(ds, "InstanceNumber"),
    "(0054,0016) RadiopharmaceuticalInformationSequence": lambda ds, n: setattr(
        radiopharmaceutical(ds), "RadionuclideTotalDose", str(90_000_000 + n)
    ),
}


def named(item) -> set[str]:
    return {f"{one['tag']} {one['name'] or 'unnamed element'}" for one in item.differences}


def variant(number: int) -> tuple[Dataset, set[str]]:
    """One to three elements of the same object changed."""
    chosen = random.Random(number).sample(sorted(CHANGES), 1 + number % 3)
    ds = pet_slice(**OWN)
    for tag in chosen:
        CHANGES[tag](ds, number)
    creator = {"(0009,0010) unnamed element"} if "(0009,1001) unnamed element" in chosen else set()
    return ds, {*chosen} | creator


@pytest.mark.django_db
@pytest.mark.parametrize("count", sliced(7, 50))
def test_every_variant_is_held_with_what_differs_and_the_first_stays_as_it_was(
    tmp_path, phantom_case, doctor, import_files, client, count
):
    first = write(tmp_path / "first.dcm", pet_slice(**OWN))
    import_files([first], patient=phantom_case)
    kept, series = Instance.objects.get(), Series.objects.values().get()
    made = [variant(number) for number in range(count)]
    paths = [write(tmp_path / f"{number:02}.dcm", ds) for number, (ds, _) in enumerate(made)]
    upload = import_files(paths, patient=phantom_case)
    items = list(upload.items.order_by("label"))
    assert {(item.outcome, item.reason_code, item.series) for item in items} == {("held", "sop_uid_conflict", None)}
    assert [named(item) for item in items] == [expected for _, expected in made]
    assert (Instance.objects.get(), Series.objects.values().get()) == (kept, series)
    assert store.path(kept.sha256).read_bytes() == first.read_bytes()
    assert all(
        store.path(item.sha256).read_bytes() == path.read_bytes() for item, path in zip(items, paths, strict=True)
    )
    client.force_login(doctor)
    page = client.get(reverse("imaging:upload_detail", args=[upload.pk])).content.decode()
    report_json = json.dumps(outcomes.of_upload(upload))
    for tag in set().union(*(expected for _, expected in made[:7])):
        assert tag in page and tag.split()[0] in report_json
    assert "ZQ" not in page + report_json, "names of elements, never what is in them"


@pytest.mark.django_db
def test_what_is_held_is_no_orphan(tmp_path, import_files):
    for name, size in (("a", "1.70"), ("b", "1.80")):
        upload = import_files([write(tmp_path / f"{name}.dcm", pet_slice(PatientSize=size))])
    found = store_check.check(sample=None)[1]
    assert (found.orphans, found.trashed, found.wrong) == ([], [], set())
    assert store.exists(upload.items.get().sha256)


@pytest.mark.django_db
def test_who_may_not_open_the_first_one_learns_nothing_of_it(tmp_path, phantom_case, colleague, import_files):
    """Else a UID would be enough to ask for a name by guessing it."""
    import_files([write(tmp_path / "first.dcm", pet_slice(**OWN))], patient=phantom_case)
    stranger = make_doctor("stranger")
    own = create_patient(by=stranger, case_number="OTHER")
    upload = import_files([write(tmp_path / "b.dcm", pet_slice(PatientName="GUESS"))], by=stranger, patient=own)
    item = upload.items.get()
    assert (item.outcome, item.differences, item.detail) == ("held", [], "not compared with the first one")
    assert Study.objects.count() == 1


@pytest.mark.django_db
def test_two_in_one_upload_are_compared_though_none_was_here_before(tmp_path, import_files):
    paths = [write(tmp_path / "a.dcm", pet_slice()), write(tmp_path / "b.dcm", pet_slice(PatientWeight="90"))]
    upload = import_files(paths)
    item = upload.items.get(outcome="held")
    assert (named(item), item.detail) == ({"(0010,1030) PatientWeight"}, "1 element differs")


@pytest.mark.django_db
def test_a_second_outline_or_report_is_held_likewise(tmp_path, import_files):
    for number, make in enumerate((lambda: segmentation([blob()]), lambda: report([]))):
        first, second = make(), make()
        second.ContentDate, second.SeriesDescription = "20200101", "ZQ"
        import_files([write(tmp_path / f"{number}a.dcm", first)])
        upload = import_files([write(tmp_path / f"{number}b.dcm", second)])
        item = upload.items.get()
        assert (item.outcome, item.series) == ("held", None)
        assert {"(0008,0023) ContentDate", "(0008,103E) SeriesDescription"} <= named(item)


@pytest.mark.django_db
def test_the_command_prints_it(tmp_path, doctor, import_files):
    import_files([write(tmp_path / "first.dcm", pet_slice())])
    folder = tmp_path / "second"
    write(folder / "b.dcm", pet_slice(PatientWeight="90"))
    out = StringIO()
    call_command("import_dicom", str(folder), "--user", "doctor", "--json", stdout=out)
    (file,) = json.loads(out.getvalue())["files"]
    assert (file["outcome"], file["differences"]) == ("held", [{"tag": "(0010,1030)", "name": "PatientWeight"}])
    assert "same SOP Instance UID" in file["sentence"]


def compared(tmp_path, first: bytes, second: bytes):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, data in zip(paths, (first, second), strict=True):
        path.write_bytes(data)
    return differences(*sandbox.read_digests(paths))


def test_the_way_it_is_written_is_no_difference(tmp_path):
    """Padding, undefined lengths of sequences, what lies behind the image; of another encoding only its name."""
    plain = to_bytes(pet_slice(PatientName="CANARY^NAME"))
    assert compared(tmp_path, plain, plain + bytes(20)) == []
    assert compared(tmp_path, plain, b"MZ" + plain[2:]) == []
    assert compared(tmp_path, plain, plain.replace(b"CANARY^NAME ", b"CANARY^NAME\0")) == []
    assert compared(tmp_path, plain, plain.replace(b"CANARY^NAME ", b"CANARY^NAMES")) != []
    ds = pet_slice(PatientName="CANARY^NAME")
    ds["RadiopharmaceuticalInformationSequence"].is_undefined_length = True
    assert to_bytes(ds) != plain and compared(tmp_path, plain, to_bytes(ds)) == []
    implicit = to_bytes(pet_slice(PatientName="CANARY^NAME"), ImplicitVRLittleEndian)
    assert compared(tmp_path, plain, implicit) == [{"tag": "(0002,0010)", "name": "TransferSyntaxUID"}]


def test_a_file_that_cannot_be_read_stops_nothing(tmp_path):
    good = write(tmp_path / "good.dcm", pet_slice())
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no DICOM at all")
    found = list(sandbox.read_digests([good, bad, tmp_path / "absent", good]))
    assert [isinstance(one, FileRefusal) for one in found] == [False, True, True, False]
    assert differences(found[0], found[1]) is None and differences(found[0], found[3]) == []
