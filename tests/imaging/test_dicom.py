"""Reading one DICOM file: the values we use of it, or the reason why not. The patient's name never comes along."""

import json
import os
import random
import struct
import zlib

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging import dicom
from imaging.instances import ParsedInstance, from_json
from imaging.reasons import FILE_CODES
from tests.imaging.dicom_files import CT, PET, ROOT, ct_slice, pet_slice, pixels, radiopharmaceutical, to_bytes

DEFLATED = "1.2.840.10008.1.2.1.99"


def parse(data: bytes) -> dict:
    """As the child does: through a descriptor, and through JSON."""
    descriptor = os.memfd_create("slice")
    try:
        os.write(descriptor, data)
        return json.loads(json.dumps(dicom.parse(descriptor), allow_nan=False))
    finally:
        os.close(descriptor)


def parsed(data: bytes) -> ParsedInstance:
    found = from_json(parse(data))
    assert isinstance(found, ParsedInstance), found
    return found


def code(data: bytes) -> str:
    found = parse(data)
    assert found.get("code") in FILE_CODES, found
    return found["code"]


def deflated(ds: Dataset, extra: bytes = b"") -> bytes:
    raw = to_bytes(ds, has_meta=False)
    head = to_bytes(ds, DEFLATED)[: -len(raw)]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return head + packer.compress(raw + extra) + packer.flush()


def insert_before_name(ds: Dataset, element: bytes) -> bytes:
    """A file in implicit VR with ``element`` in front of the patient's name."""
    data = to_bytes(ds, ImplicitVRLittleEndian)
    cut = data.index(struct.pack("<HH", 0x0010, 0x0010))
    return data[:cut] + element + data[cut:]


# --- what is read ----------------------------------------------------------------------------------
def test_a_pet_slice():
    found = parsed(to_bytes(pet_slice(3)))
    assert (found.kind, found.modality, found.sop_class_uid) == ("pet", "PT", PET)
    assert (found.study_uid, found.series_uid, found.sop_uid) == (f"{ROOT}.1", f"{ROOT}.2", f"{ROOT}.3.4")
    assert found.identity == ("SYN-0001", "", "1960-01-02", "F")
    assert (found.body_weight_kg, found.body_height_m, found.total_dose, found.half_life_s) == (70, 1.7, 150e6, 4062.6)
    assert (found.nuclide, found.tracer, found.administrations) == ("68Ga", "68Ga-DOTATATE", 1)
    assert (found.administered_at, found.administered_time) == ("2025-03-10T11:00:00", "11:00:00")
    assert found.series_at == found.acquired_at == "2025-03-10T12:00:00"
    assert (found.units, found.decay_correction, found.slope, found.intercept) == ("BQML", "START", 2.5, 0)
    assert found.corrected_image == ("NORM", "ATTN", "DECY", "SCAT")
    assert (found.position, found.pixel_spacing) == ((-40, -48, 12), (4, 4))
    assert found.problems == ()


def test_the_name_never_leaves_the_child():
    assert "CANARY" not in json.dumps(parse(to_bytes(pet_slice())))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_pixels_lie_where_it_says(syntax):
    ds = pet_slice(2)
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = pixels(2).astype(">i2").tobytes()
    data = to_bytes(ds, syntax)
    found = parsed(data)
    assert data[found.pixel_offset :][: found.pixel_length] == ds.PixelData
    assert not found.is_compressed and found.rows == 24 and found.is_signed


def test_a_ct_slice():
    found = parsed(to_bytes(ct_slice()))
    assert (found.kind, found.sop_class_uid, found.intercept, found.administrations) == ("ct", CT, -1024, 0)
    assert found.units == "" and found.tracer == ""


def test_a_long_header_is_read_to_its_end():
    ds = pet_slice()
    ds.add_new(0x00091002, "OB", b"\1" * 300_000)
    assert parsed(to_bytes(ds)).body_weight_kg == 70


def test_trailing_bytes_after_the_image_are_harmless():
    assert parsed(to_bytes(pet_slice()) + b"\0" * 77).rows == 24


def test_a_file_without_preamble_must_look_like_dicom():
    for syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian):
        assert parsed(to_bytes(pet_slice(), syntax, has_meta=False)).body_weight_kg == 70
    assert parsed(to_bytes(pet_slice())[132:]).body_weight_kg == 70  # file meta information without preamble


@pytest.mark.parametrize("block", [0x10, 0x12])
def test_ge_decay_time_is_found_by_its_creator(block):
    ds = pet_slice(Manufacturer="GE MEDICAL SYSTEMS")
    ds.add_new(0x00090000 | block, "LO", "GEMS_PETD_01")
    ds.add_new(0x0009000D | block << 8, "DT", "20250310121500.00")
    assert parsed(to_bytes(ds)).ge_decay_at == "2025-03-10T12:15:00"


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("vr", ["DS", "UN"])
@pytest.mark.parametrize("has_creator", [True, False])
def test_philips_factors_with_and_without_creator_and_as_un(syntax, vr, has_creator):
    ds = pet_slice(Manufacturer="Philips Medical Systems", Units="CNTS")
    if has_creator:
        ds.add_new(0x70530010, "LO", "Philips PET Private Group")
    for tag, value in ((0x70531000, "0.0005"), (0x70531009, "1.25 ")):
        ds.add_new(tag, vr, value if vr == "DS" else value.encode())
    found = parsed(to_bytes(ds, syntax))
    assert (found.philips_suv_factor, found.philips_activity_factor) == (0.0005, 1.25)


def test_philips_factors_of_another_creator_are_not_taken():
    ds = pet_slice(Manufacturer="Philips Medical Systems")
    ds.add_new(0x70530010, "LO", "SOMEBODY ELSE")
    ds.add_new(0x70531000, "DS", "0.5")
    assert parsed(to_bytes(ds)).philips_suv_factor is None
    other = pet_slice(Manufacturer="SIEMENS")
    other.add_new(0x70531000, "DS", "0.5")
    assert parsed(to_bytes(other)).philips_suv_factor is None


def test_unusable_values_are_missing_and_named():
    ds = pet_slice(PatientWeight="9876")
    radiopharmaceutical(ds).RadionuclideTotalDose = "5432"
    found = parsed(to_bytes(ds).replace(b"9876", b"NaN ").replace(b"5432", b"1,5 "))
    assert found.body_weight_kg is None and found.total_dose is None
    assert set(found.problems) == {"(0010,1030)", "(0018,1074)"}


def test_an_identifier_in_another_character_set_is_decoded():
    found = parsed(to_bytes(pet_slice(SpecificCharacterSet="ISO_IR 100", PatientID="Å-17")))
    assert found.patient_id == "Å-17"


def test_scripts_and_control_characters_are_only_text():
    ds = pet_slice(PatientID="<script>{{7*7}}")
    ds.add_new(0x0008103E, "LO", "A\x1b[31mB")
    found = parsed(to_bytes(ds))
    assert found.patient_id == "<script>{{7*7}}" and found.series_description == "A[31mB"


# --- what is refused -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7 ...", b"\xff\xd8\xff\xe0" + b"x" * 400, b"MZ" + b"\0" * 400, b"PK\3\4" + b"\0" * 40, b"\0" * 500],
)
def test_other_files(data):
    assert code(data) == "not_dicom"


CUT_OFF = {
    "not_dicom",
    "file_truncated",
    "transfer_syntax_missing",
    "uid_invalid",
    "pixel_data_missing",
    "dicom_damaged",
}


def test_every_truncation_is_noticed():
    data = to_bytes(pet_slice())
    for percent in range(100):
        found = parse(data[: len(data) * percent // 100])
        assert found.get("code") in CUT_OFF, (percent, found)


def test_a_length_of_four_gigabytes():
    data = to_bytes(pet_slice())
    place = data.rindex(b"\xe0\x7f\x10\x00OW") + 8
    assert code(data[:place] + struct.pack("<I", 0xFFFFFFFE) + data[place + 4 :]) == "file_truncated"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"PixelData": None}, "pixel_data_missing"),
        ({"PixelData": b"\0" * 100}, "pixel_data_length"),
        ({"PixelData": b"\0" * 24 * 20 * 4}, "pixel_data_length"),
        ({"Rows": 0}, "image_size"),
        ({"Rows": 65535, "Columns": 65535}, "image_size"),
        ({"Rows": None}, "image_header_invalid"),
        ({"BitsAllocated": 24}, "image_header_invalid"),
        ({"HighBit": 16}, "image_header_invalid"),
        ({"PixelRepresentation": 7}, "image_header_invalid"),
        ({"NumberOfFrames": 1_000_000_000}, "multiframe_unsupported"),
        ({"SamplesPerPixel": 3}, "colour_image"),
        ({"PhotometricInterpretation": "RGB"}, "colour_image"),
        ({"RescaleSlope": None}, "rescale_unusable"),
        ({"RescaleSlope": "0"}, "rescale_unusable"),
        ({"RescaleSlope": "-1"}, "rescale_unusable"),
        ({"ImagePositionPatient": None}, "position_missing"),
        ({"ImagePositionPatient": [1, 2]}, "position_missing"),
        ({"ImageOrientationPatient": None}, "orientation_invalid"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.998, 0]}, "orientation_invalid"),
        ({"PixelSpacing": [4, 0]}, "pixel_spacing_invalid"),
        ({"PixelSpacing": [-4, 4]}, "pixel_spacing_invalid"),
        ({"PixelSpacing": None}, "pixel_spacing_invalid"),
        ({"SOPInstanceUID": None}, "uid_invalid"),
        ({"StudyInstanceUID": None}, "uid_invalid"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.5"}, "not_used_here"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, "not_used_here"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.130"}, "enhanced_unsupported"),
    ],
)  # fmt: skip
def test_images_we_do_not_use(changes, expected):
    assert code(to_bytes(pet_slice(**changes))) == expected


@pytest.mark.parametrize("uid", [b"../../../etc/cron.d/x", b"1.2.x", b"1" * 66])
def test_a_malformed_uid_names_no_object(uid):
    placeholder = "2.25." + "9" * (len(uid) - 5)
    data = to_bytes(pet_slice(SOPInstanceUID=placeholder), MediaStorageSOPInstanceUID="1.2")
    assert code(data.replace(placeholder.encode(), uid)) == "uid_invalid"


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.102", "1.2.3.4"]
)
def test_syntaxes_off_the_list(syntax):
    found = parse(to_bytes(pet_slice(), TransferSyntaxUID=syntax))
    assert (found["code"], found["detail"]) == ("transfer_syntax_unsupported", syntax)


def test_file_meta_information_that_contradicts_the_image():
    assert code(to_bytes(pet_slice(), MediaStorageSOPInstanceUID="1.2.3")) == "uid_contradicted"
    assert code(to_bytes(pet_slice(), MediaStorageSOPClassUID=CT)) == "uid_contradicted"
    assert code(to_bytes(pet_slice(), TransferSyntaxUID=None)) == "transfer_syntax_missing"


def test_a_syntax_that_lies():
    assert (
        code(to_bytes(pet_slice(), ImplicitVRLittleEndian, TransferSyntaxUID=ExplicitVRLittleEndian))
        == "transfer_syntax_contradicted"
    )
    assert (
        code(to_bytes(pet_slice(), ExplicitVRLittleEndian, TransferSyntaxUID=ImplicitVRLittleEndian))
        == "transfer_syntax_contradicted"
    )


def test_native_syntax_with_encapsulated_pixels_and_the_reverse():
    data = to_bytes(pet_slice())
    place = data.rindex(b"\xe0\x7f\x10\x00OW") + 8
    assert code(data[:place] + struct.pack("<I", 0xFFFFFFFF) + data[place + 4 :]) == "pixel_data_length"
    assert code(to_bytes(pet_slice(), TransferSyntaxUID="1.2.840.10008.1.2.5")) == "pixel_data_length"


def test_a_huge_value_is_not_remembered_for_the_files_behind_it():
    """Values are cached between slices: one file with 10 MB where a number belongs must not fill that memory."""
    ds = pet_slice(PatientWeight=None)
    ds.add_new(0x00101030, "UN", b"7" * 10_000_000)
    descriptor = os.memfd_create("slice")
    os.write(descriptor, to_bytes(ds))
    source = dicom.open_source(descriptor)
    os.close(descriptor)
    assert len(dicom.RawElements(source.dataset, True, "").get(0x00101030)) <= dicom.MAX_VALUE_BYTES
    assert parsed(to_bytes(ds)).body_weight_kg is None


# --- hostile structure -----------------------------------------------------------------------------
SEQUENCE = struct.pack("<HHI", 0x0008, 0x1140, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


@pytest.mark.parametrize("depth", [33, 200, 2000])
def test_nesting_is_limited(depth):
    assert code(insert_before_name(pet_slice(), SEQUENCE * depth + END * depth)) == "nesting_too_deep"


def test_ordinary_nesting_is_read():
    assert parsed(insert_before_name(pet_slice(), SEQUENCE * 20 + END * 20)).body_weight_kg == 70


def test_elements_are_counted_while_reading():
    many = b"".join(struct.pack("<HHI", 0x0009, k & 0xFFFF, 2) + b"xx" for k in range(300_000))
    assert code(insert_before_name(pet_slice(), many)) == "too_many_elements"


def test_one_element_of_100_megabytes():
    element = struct.pack("<HHI", 0x0008, 0x4000, 100_000_000) + b"x" * 100_000_000
    assert code(insert_before_name(pet_slice(), element)) == "header_too_large"


def test_a_stray_delimiter_does_not_hide_the_rest():
    assert code(insert_before_name(pet_slice(), struct.pack("<HHI", 0xFFFE, 0xE00D, 0))) == "dicom_damaged"


def test_deflated_files_are_inflated_to_a_limit():
    ds = pet_slice(1)
    assert parsed(deflated(ds)).is_compressed
    assert code(deflated(ds, b"\0" * (65 << 20))) == "inflates_too_large"
    assert code(deflated(ds)[:-20]) == "file_truncated"
    assert code(deflated(ds)[:-200] + b"\xff" * 200) in {"dicom_damaged", "file_truncated"}


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_raises_and_never_leaks_a_name(seed):
    rng, whole = random.Random(seed), to_bytes(pet_slice(), [ImplicitVRLittleEndian, ExplicitVRLittleEndian][seed % 2])
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(132, 1600)
            if rng.random() < 0.5:
                data[place] = rng.randrange(256)
            elif rng.random() < 0.5:
                del data[place : place + rng.randint(1, 12)]
            else:
                data[place:place] = rng.randbytes(rng.randint(1, 12))
        found = parse(bytes(data))
        assert found["code"] in FILE_CODES if "code" in found else isinstance(from_json(found), ParsedInstance)


def test_the_model_of_the_scanner_is_read_where_the_header_has_it():
    assert parsed(to_bytes(pet_slice(ManufacturerModelName="Biograph 64"))).model_name == "Biograph 64"
    assert parsed(to_bytes(pet_slice())).model_name == ""


def deep(depth: int) -> Dataset:
    """Sequences one in the other, as pydicom writes them: each with its length."""
    inner = Dataset()
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedImageSequence = [inner]
        inner = outer
    return inner


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("where", ["ReferencedImageSequence", "RadiopharmaceuticalInformationSequence"])
def test_sequences_with_lengths_are_refused_beyond_32_levels(syntax, where):
    for depth, expected in ((32, None), (33, "nesting_too_deep"), (60, "nesting_too_deep")):
        data = to_bytes(pet_slice(**{where: [deep(depth - 1)]}), syntax)
        assert parse(data).get("code") == expected, depth


def test_many_items_that_are_not_nested_are_no_depth():
    one = Dataset()
    one.ReferencedSOPInstanceUID = "1.2.3"
    assert parsed(to_bytes(pet_slice(ReferencedImageSequence=[one] * 300))).body_weight_kg == 70
