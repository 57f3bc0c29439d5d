"""Pictures of a screen and of ultrasound: kept and held, and after a person's word still neither shown nor measured."""

import pytest
from django.urls import reverse

from board.export_patient.tables import rows_of
from board.export_patient.withheld import withheld_from
from imaging import folder, sandbox
from imaging.instances import ParsedInstance, ParsedObject
from imaging.models import ForeignObject, ImageProduct, Job, Scan, Series
from imaging.refused import Refused
from imaging.services import confirm_identity, detach_series, reject_identity
from tests.imaging.dicom_files import ct_slice, pet_slice, write

SCREEN, ULTRASOUND = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6.1"
OWN = {"PatientID": "SYN-a", "PatientBirthDate": "19670302"}
PROMISE = "It is never shown, measured or exported here"


@pytest.fixture
def picture(tmp_path, phantom_case, import_files):
    """Says of itself that it is a PET; the case it was sent for is the right one."""
    import_files([write(tmp_path / "screen.dcm", pet_slice(SOPClassUID=SCREEN, **OWN))], patient=phantom_case)
    return Series.objects.get()


@pytest.mark.django_db
def test_it_is_held_though_its_identity_agrees_and_shows_nothing_when_a_person_confirms_it(
    picture, phantom_case, colleague, client
):
    assert (picture.modality, picture.identity, picture.identity_reason) == ("SC", "held", "secondary_capture")
    client.force_login(colleague)
    assert confirm_identity(by=colleague, series=picture, patient=phantom_case, reason="his dose page") is None
    picture.refresh_from_db()
    assert picture.identity == "attached" and not Scan.objects.exists() and not ImageProduct.objects.exists()
    assert set(Job.objects.values_list("kind", flat=True)) == {Job.Kind.IMPORT}
    assert not ForeignObject.objects.exists()
    page = client.get(reverse("imaging:series", args=[picture.pk])).content.decode()
    assert PROMISE in page and "<img" not in page and "SUV not" not in page
    assert client.get(reverse("imaging:mip", args=[picture.pk])).status_code == 404


@pytest.mark.django_db
def test_a_person_rejects_it_with_a_reason(picture, colleague, client):
    with pytest.raises(Refused, match="reason"):
        reject_identity(by=colleague, series=picture, reason=" ")
    reject_identity(by=colleague, series=picture, reason="another patient's name is on it")
    picture.refresh_from_db()
    assert (picture.identity, picture.identity_reason) == ("rejected", "identity_rejected")


@pytest.mark.django_db
def test_the_page_of_what_is_held_says_what_it_is(picture, doctor, client):
    client.force_login(doctor)
    page = client.get(reverse("imaging:held")).content.decode()
    assert "This is a picture of a screen" in page and "Picture of a screen of 10 Mar 2025" in page


@pytest.mark.django_db
def test_the_archive_of_the_case_holds_no_picture_and_says_so(picture, phantom_case, colleague):
    confirm_identity(by=colleague, series=picture, patient=phantom_case, reason="his dose page")
    withheld = withheld_from(colleague, phantom_case)
    own = rows_of("imaging.Instance", phantom_case)
    assert own.count() == 1 and not own.exclude(pk__in=withheld.of("imaging.Instance")).exists()
    assert [(line["rows"], line["code"]) for line in withheld.said()] == [(1, "picture")]


@pytest.mark.django_db
def test_the_next_picture_of_a_series_is_held_as_well_and_the_same_one_is_here_already(
    picture, phantom_case, tmp_path, import_files
):
    files = [
        write(tmp_path / "b.dcm", pet_slice(1, SOPClassUID=SCREEN, **OWN)),
        write(tmp_path / "c.dcm", pet_slice(SOPClassUID=SCREEN, **OWN)),
    ]
    upload = import_files(files, patient=phantom_case)
    assert list(upload.items.values_list("outcome", "reason_code")) == [("held", "secondary_capture"), ("already", "")]
    picture.refresh_from_db()
    assert (picture.instance_count, picture.identity) == (2, "held")


@pytest.mark.django_db
def test_the_next_picture_of_a_series_in_a_chart_is_kept_apart(
    picture, phantom_case, colleague, tmp_path, import_files
):
    """Whoever confirmed the series saw one picture; the next one may have another name on it."""
    confirm_identity(by=colleague, series=picture, patient=phantom_case, reason="his dose page")
    first, second = (write(tmp_path / f"{k}.dcm", pet_slice(k, SOPClassUID=SCREEN, **OWN)) for k in (0, 1))
    upload = import_files([first, second], patient=phantom_case)
    found = list(upload.items.order_by("label").values_list("outcome", "reason_code", "series"))
    assert found == [("already", "", picture.pk), ("held", "late_not_looked_at", None)]
    picture.refresh_from_db()
    assert (picture.instance_count, picture.instances.count(), picture.identity) == (1, 1, "attached")
    detach_series(by=colleague, series=picture, reason="to look at both")
    again = import_files([second], patient=phantom_case)
    assert list(again.items.values_list("outcome", flat=True)) == ["held"]
    picture.refresh_from_db()
    assert (picture.instance_count, picture.identity) == (2, "held")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"PixelData": None}, "pixel_data_missing"), ({"StudyInstanceUID": None}, "uid_invalid")],
)
def test_a_picture_that_is_none_is_refused(tmp_path, changes, code):
    (found,) = sandbox.parse_files([write(tmp_path / "a.dcm", pet_slice(SOPClassUID=SCREEN, **changes))])
    assert found.code == code


def test_a_picture_that_was_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "a.dcm", pet_slice(SOPClassUID=ULTRASOUND))
    path.write_bytes(path.read_bytes()[:-10])
    (found,) = sandbox.parse_files([path])
    assert found.code == "file_truncated"


TYPES = {
    "ORIGINAL|PRIMARY|AXIAL|CT_SOM5 SPI": False,
    "ORIGINAL|PRIMARY|LOCALIZER|CT_SOM5 TOP": False,
    "DERIVED|SECONDARY|REFORMATTED|AVERAGE": False,
    "ORIGINAL|PRIMARY|AXIAL|LOW DOSE": False,
    "DERIVED|SECONDARY|OTHER|CT_SOM5 PROT": True,
    "DERIVED|SECONDARY|DOSE_INFO": True,
    "ORIGINAL|SECONDARY|Dose Report": True,
    "DERIVED|SECONDARY|SCREEN SAVE": True,
}


@pytest.mark.parametrize(("words", "is_picture"), TYPES.items())
def test_the_image_type_tells_a_page_from_a_slice(tmp_path, words, is_picture):
    (found,) = sandbox.parse_files([write(tmp_path / "a.dcm", ct_slice(ImageType=words.split("|")))])
    assert type(found) is (ParsedObject if is_picture else ParsedInstance)
    assert found.kind == ("sc" if is_picture else "ct")


def test_a_folder_that_is_read_in_place_counts_it_and_leaves_it_out(tmp_path):
    write(tmp_path / "a.dcm", pet_slice(SOPClassUID=SCREEN))
    write(tmp_path / "b.dcm", pet_slice(1, SOPClassUID=ULTRASOUND))
    found = folder.read_folder(tmp_path)
    assert (found.series, found.objects) == ([], [])
    assert found.left_out == {"secondary_capture": 1, "ultrasound_picture": 1}
