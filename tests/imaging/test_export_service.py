"""Export of a scan: valid, the same for the same state, read back without loss, filed as the images are."""

import io
import json
import logging
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

from imaging import masks, sandbox, selectors
from imaging.domain import uptake
from imaging.instances import FileRefusal
from imaging.models import Proposal, Series, Voi
from imaging.services import (
    accept_as_lesion,
    confirm_identity,
    correct_suv_input,
    exporting,
    outlines,
    place_voi,
    score_lesion,
    start_reading,
)
from imaging.services.exporting import export_scan
from imaging.services.running import run_until_done
from patients.domain.roles import Capability, Role, role_may
from patients.models import AuditEvent
from patients.services import revise
from tests.imaging.phantom import two_bodies, write_pet
from tests.imaging.scan_rows import (
    BODY,
    OTHER_BODY,
    bring_scan,
    confirm_held,
    drawn,
    focus,
    fresh,
    new_lesion,
    refusal_of,
    volume_of,
    work_off,
)
from tests.imaging.signing import sign

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
DCIODVFY = Path(sys.executable).parent / "dciodvfy"
NUMBERS = ("suv_max", "suv_mean", "suv_peak_local", "suv_peak_global", "volume_ml")


@pytest.fixture
def scan(tmp_path, phantom_case, import_files, doctor):
    paths = write_pet(tmp_path / "a", paint=two_bodies, family_name="ZQCANARYNAME^ZQFIRST")
    import_files(paths, patient=phantom_case)
    return confirm_held(doctor, phantom_case)


@pytest.fixture
def lesions(scan, doctor):
    """L01 a proposal that was accepted, L02 drawn by hand; a liver reference."""
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    first, _, _ = accept_as_lesion(by=doctor, proposal=focus(scan), organ="liver")
    second = new_lesion(doctor, scan.patient, "L02", "bone")
    drawn(scan, second, doctor, OTHER_BODY)
    return first, second


@pytest.fixture
def signed(scan, lesions, doctor):
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesions[0], score_low=3, score_high=3)
    score_lesion(by=doctor, reading=reading, lesion=lesions[1], score_low=2, score_high=3, text="2 to 3")
    return sign(by=doctor, reading=reading)


def exported(scan, by, with_names: bool = False) -> dict[str, bytes]:
    return {file.name: file.data for file in export_scan(by=by, scan=fresh(scan), with_names=with_names)}


def unpacked(answer) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def uids(files) -> set[str]:
    return {dcmread(DicomBytesIO(data)).SOPInstanceUID for data in files.values()}


def written(folder: Path, files) -> dict[str, Path]:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in files}


@pytest.mark.skipif(not DCIODVFY.exists(), reason="dciodvfy (package dicom3tools) is not installed")
@pytest.mark.parametrize("with_reading", [True, False])
def test_dciodvfy_finds_no_error(tmp_path, scan, lesions, doctor, request, with_reading):
    if with_reading:
        request.getfixturevalue("signed")
    for path in written(tmp_path / "out", exported(scan, doctor)).values():
        done = subprocess.run([DCIODVFY, path], capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert [line for line in said if line.startswith("Error")] == [] and said, path.name


def test_what_goes_out_comes_back_through_the_import_without_loss(
    tmp_path, scan, lesions, signed, doctor, import_files
):
    files = written(tmp_path / "out", exported(scan, doctor))
    sent = {
        v.lesion.label: (v, masks.load(v.mask_sha256).mask)
        for v in Voi.objects.filter(scan=scan, role="lesion").order_by("lesion__label")
    }
    upload = import_files(list(files.values()), patient=scan.patient)
    outcomes = dict(upload.items.values_list("label", "reason_code"))
    assert outcomes["lesions-seg.dcm"] == outcomes["measurements-sr.dcm"] == "identity_name_missing"
    confirm_held(doctor, scan.patient)
    back = list(Proposal.objects.filter(scan=scan, kind="imported").order_by("number"))
    assert [row.lesion for row in back] == list(lesions), "the tracking UID leads to the same lesion"
    volume = volume_of(scan)
    for row in back:
        voi, mask = sent[row.lesion.label]
        assert row.mask_sha256 == voi.mask_sha256, "the same voxels, to the byte"
        assert uptake.measure(volume, masks.load(row.mask_sha256).mask) == uptake.measure(volume, mask)
    report = sandbox.read_object(files["measurements-sr.dcm"])
    for group, (_, mask) in zip(report.groups, sent.values(), strict=True):
        said = {value.role: value.value for value in group.measurements if value.role}
        found = uptake.measure(volume, mask)
        assert said == {name: getattr(found, name) for name in NUMBERS}


def test_the_same_state_gives_the_same_bytes(scan, lesions, signed, doctor, colleague):
    first = exported(scan, doctor)
    assert exported(scan, doctor) == first and exported(scan, colleague) == first, "the reader answers, not who asks"


def test_another_person_without_a_reading_is_another_object(scan, lesions, doctor, colleague):
    """Equal UIDs with another content would be a conflict in every archive."""
    mine, theirs = exported(scan, doctor), exported(scan, colleague)
    assert exported(scan, doctor) == mine
    assert mine["measurements-sr.dcm"] != theirs["measurements-sr.dcm"] and uids(mine).isdisjoint(uids(theirs))


def change_region(scan, lesions, doctor):
    outlines.widen(by=doctor, voi=Voi.objects.get(lesion=lesions[1]), by_mm=4.0, reason="too tight")


def change_weight(scan, lesions, doctor):
    job = correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed")
    run_until_done(job.pk)


def change_organ(scan, lesions, doctor):
    revise(lesions[1], by=doctor, reason="CT", organ="lymph_node")


def change_liver(scan, lesions, doctor):
    from imaging.services import move_voi

    move_voi(by=doctor, voi=Voi.objects.get(role="liver"), reason="x", centre_lps=(32, 8, -376))


def change_reading(scan, lesions, doctor):
    reading = start_reading(by=doctor, scan=scan)
    for lesion in lesions:
        score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=4, score_high=4)
    sign(by=doctor, reading=reading)


@pytest.mark.parametrize("change", [change_region, change_weight, change_organ, change_liver, change_reading])
def test_whatever_changes_in_them_changes_their_uids(scan, lesions, signed, doctor, change):
    before = exported(scan, doctor)
    change(scan, lesions, doctor)
    work_off()
    after = exported(scan, doctor)
    assert after["measurements-sr.dcm"] != before["measurements-sr.dcm"]
    assert uids(before).isdisjoint(uids(after))


def test_only_a_score_that_is_one_number_is_stated(tmp_path, scan, lesions, signed, doctor):
    report = sandbox.read_object(written(tmp_path / "out", exported(scan, doctor))["measurements-sr.dcm"])
    said = [[e.value.meaning for e in group.evaluations if e.value] for group in report.groups]
    assert any("3" in words for words in said[0]) and not any("2" in words or "3" in words for words in said[1])


FILED_BY = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription"),
    *("AccessionNumber", "ReferringPhysicianName"),
)


def with_header(folder: Path, **changes) -> list[Path]:
    paths = write_pet(folder, "a", paint=two_bodies)
    for path in paths:
        ds = dcmread(path)
        for name, value in changes.items():
            setattr(ds, name, value)
        ds.save_as(path)
    return paths


@pytest.mark.parametrize(
    "changes",
    [
        {
            "PatientName": "ZQCANARYNAME^ZQFIRST^^Dr",
            "AccessionNumber": "ZQACC-1",
            "ReferringPhysicianName": "ZQREF^Doc",
            "StudyID": "S-7",
            "StudyDescription": "PET/CT whole body",
            "StudyTime": "085501.250000",
            "IssuerOfPatientID": "HOSPITAL",
        },
        {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Åsa=山田^太郎"},
        {"SpecificCharacterSet": ["", "ISO 2022 IR 87"], "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう"},
        {"PatientName": "ZQCANARYNAME"},
        {"PatientName": "", "StudyTime": "", "StudyID": ""},
    ],
    ids=["everything", "unicode", "japanese", "one word", "de-identified"],
)
def test_an_archive_files_them_with_the_images(tmp_path, phantom_case, doctor, import_files, changes):
    """An archive holds back an object of which patient or study differ from those it has."""
    paths = with_header(tmp_path / "p", **changes)
    upload = import_files(paths, patient=phantom_case)
    if changes.get("IssuerOfPatientID"):
        assert set(upload.items.values_list("outcome", flat=True)) <= {"stored", "held"}
    series = Series.objects.get()
    if series.identity != Series.Identity.ATTACHED:
        confirm_identity(by=doctor, series=series, patient=phantom_case, reason="request form")
        work_off()
    scan = phantom_case.scan_rows.get()
    drawn(scan, new_lesion(doctor, phantom_case), doctor)
    theirs = dcmread(paths[0])
    for name, data in exported(scan, doctor, with_names=True).items():
        ours = dcmread(DicomBytesIO(data))
        for element in FILED_BY:
            assert str(ours.get(element) or "") == str(theirs.get(element) or ""), (name, element)


@pytest.mark.parametrize("name", ["ZQCANARYNAME^ZQFIRST", "ZQCANARYNAME", "ZQCANARYNAME" * 9])
def test_the_name_goes_into_the_objects_and_nowhere_else(
    tmp_path, phantom_case, doctor, import_files, caplog, recwarn, capfd, client, name
):
    """Libraries warn about names that are not as they like them, with the name in the warning."""
    caplog.set_level(logging.DEBUG)
    import_files(with_header(tmp_path / "p", PatientName=name, ReferringPhysicianName=name), patient=phantom_case)
    scan = confirm_held(doctor, phantom_case)
    drawn(scan, new_lesion(doctor, phantom_case), doctor)
    recwarn.clear()
    unasked = export_scan(by=doctor, scan=fresh(scan))
    assert not any(b"ZQCANARY" in file.data for file in unasked)
    files = export_scan(by=doctor, scan=fresh(scan), with_names=True)
    assert all(b"ZQCANARY" in file.data for file in files), "or nothing was tested"
    client.force_login(doctor)
    unasked = client.post(reverse("imaging:export", args=[scan.pk]))
    assert not any(b"ZQCANARY" in data for data in unpacked(unasked).values())
    answer = client.post(reverse("imaging:export", args=[scan.pk]), {"names": "with"})
    assert all(b"ZQCANARY" in data for data in unpacked(answer).values())
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    said = [str(answer.headers), *packed.namelist(), *(file.name for file in files)]
    said += [caplog.text, *(str(warning.message) for warning in recwarn), *capfd.readouterr()]
    said += [repr(exporting._source(fresh(scan), True))]
    assert not [text for text in said if "ZQCANARY" in text]
    for model in apps.get_models():
        assert "ZQCANARY" not in json.dumps(list(model._base_manager.values()), default=str), model._meta.label


def test_images_whose_header_is_no_longer_read_are_not_written_without_it(scan, lesions, doctor, monkeypatch):
    monkeypatch.setattr(exporting.sandbox, "read_filing", lambda path: FileRefusal("parser_timeout"))
    assert refusal_of(export_scan, by=doctor, scan=scan) == "export_header_unreadable"


def test_without_lesion_without_suv_without_right(tmp_path, scan, doctor, import_files, django_user_model):
    assert refusal_of(export_scan, by=doctor, scan=scan) == "export_without_lesions"
    for role in Role:
        if not role_may(role, Capability.MEASURE):
            by = django_user_model.objects.create_user(f"u-{role}", role=role)
            assert refusal_of(export_scan, by=by, scan=scan) == "not_permitted"
    blind = bring_scan(import_files, tmp_path, scan.patient, "b", body_weight_kg=None)
    assert refusal_of(export_scan, by=doctor, scan=blind) == "scan_without_suv"
    assert not AuditEvent.objects.filter(action="export_dicom").exists()


def test_a_lesion_that_cannot_be_measured_is_not_left_out_in_silence(scan, lesions, doctor):
    """A segmentation without it would say that it is not there."""
    from imaging import store

    voi = Voi.objects.get(lesion=lesions[1])
    store.path(voi.mask_sha256).unlink()
    assert refusal_of(export_scan, by=doctor, scan=scan) == "export_lesion_unmeasured"


def test_a_provisional_suv_does_not_go_out(tmp_path, phantom_case, doctor, import_files):
    """A dose in MBq waits for a person: an archive could not take the number back."""
    paths = write_pet(tmp_path / "m", "a", paint=two_bodies)
    for path in paths:
        ds = dcmread(path)
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = "150"
        ds.save_as(path)
    import_files(paths, patient=phantom_case)
    scan = phantom_case.scan_rows.get()
    assert selectors.current_suv(scan.pet_series).result.is_provisional
    drawn(scan, new_lesion(doctor, phantom_case), doctor)
    assert refusal_of(export_scan, by=doctor, scan=scan) == "export_provisional"


def test_it_is_on_record_who_sent_what_out(scan, lesions, doctor):
    exported(scan, doctor)
    event = AuditEvent.objects.get(action="export_dicom")
    assert (event.by, event.patient, event.after["lesions"]) == (doctor, scan.patient, 2)
    assert event.after["with_names"] is False
    exported(scan, doctor, with_names=True)
    assert AuditEvent.objects.filter(action="export_dicom", after__with_names=True).count() == 1


def test_with_and_without_names_are_other_objects(scan, lesions, doctor):
    assert not uids(exported(scan, doctor)) & uids(exported(scan, doctor, with_names=True))
