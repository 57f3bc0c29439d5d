"""Cases 21 to 33: how values are written."""

import struct
from collections.abc import Callable
from io import BytesIO

import jpeg_ls
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSNearLossless,
)

from tests.imaging.dicom_files import pixels, radiopharmaceutical, to_bytes
from tests.imaging.zoo.box import Box, pet_series, pet_with, raw, recompressed, with_raw
from tests.imaging.zoo.expected import Case, control, of, pet, refused

DOUBTFUL = "character_set_doubtful"
UNREADABLE = "header_value_unreadable"
# Patient IDs of the case in other scripts; each was confirmed for it.
SCRIPTS = {
    "GB18030": "患者壹",
    "GBK": "患者贰",
    "ISO 2022 IR 87": "患者三",
    "ISO 2022 IR 149": "환자사",
    "ISO 2022 IR 58": "患者五",
    "ISO_IR 192": "Ωμέγα-6",
    "ISO_IR 144": "Пациент-7",
    "ISO_IR 166": "ผู้ป่วย-8",
}
# Names as a person confirmed them, each under an ID of its own, and as the header of the next scan writes them.
NAMES = {
    "five components": ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
    "trailing ^": ("DOE^JANE", "DOE^JANE^^^"),
    "100 characters": ("X" * 100, "X" * 100),
    "right to left": ("ENAJ^EOD", "\u202eENAJ^EOD"),
    "zero width and combining": ("DOE^JOSÉ", "DO\u200bE^JOSE\u0301"),
    "three groups": ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "only ideographic": ("=山田^太郎", "=山田^太郎"),
}
MARKED = ("NAME-MARKED", "Müller^Jürg")
LEARNED = {**{f"NAME-{n}": known for n, (known, _) in enumerate(NAMES.values())}, MARKED[0]: MARKED[1]}


def big_endian(box: Box) -> None:
    for k in range(3):
        ds = box.pet(k)
        ds.PixelData = pixels(k).astype(">i2").tobytes()
        box.add(f"{k}.dcm", to_bytes(ds, ExplicitVRBigEndian))


def in_script(charset: str, patient_id: str):
    if charset == "ISO 2022 IR 58":  # pydicom writes no escape
        encoded = b"\x1b$)A" + patient_id.encode("gb2312")
        return pet_with(lambda ds, _: raw(ds, 0x00100020, "LO", encoded), SpecificCharacterSet=["", charset])
    declared = ["", charset] if charset.startswith("ISO 2022") else charset
    return pet_series(SpecificCharacterSet=declared, PatientID=patient_id)


def named(n: int, name: str):
    return pet_series(SpecificCharacterSet="ISO_IR 192", PatientID=f"NAME-{n}", PatientName=name)


def undeclared(tag: int, vr: str, text: str, **changes: object):
    """UTF-8 that is not said to be."""
    return with_raw(tag, vr, text.encode(), **changes)


def other_vrs(ds: Dataset, _: int) -> None:
    """The weight as text, the position as UN, the dose as UN."""
    raw(ds, 0x00101030, "LO", b"70")
    raw(ds, 0x00200032, "UN", "\\".join(str(v) for v in ds.ImagePositionPatient).encode())
    raw(radiopharmaceutical(ds), 0x00181074, "UN", b"150000000")


def philips_as_un(ds: Dataset, _: int) -> None:
    ds.Manufacturer, ds.Units = "Philips Medical Systems", "CNTS"
    raw(ds, 0x70530010, "LO", b"Philips PET Private Group")
    raw(ds, 0x70531000, "UN", b"0.0005")


def philips_in_un(box: Box) -> None:
    """Pydicom knows the private dictionary and writes the VR of it, so UN is put in by hand."""
    as_written, as_sent = (struct.pack("<HH", 0x7053, 0x1000) + head for head in (b"DS\x06\0", b"UN\0\0\x06\0\0\0"))
    for k in range(3):
        ds = box.pet(k)
        philips_as_un(ds, k)
        data = to_bytes(ds)
        assert data.count(as_written) == 1
        box.add(f"{k}.dcm", data.replace(as_written, as_sent))


def nearly_jpeg_ls(values: np.ndarray) -> bytes:
    values[0, 0] = 0xFFFF  # its encoder writes no more bits than it sees
    return bytes(jpeg_ls.encode(values, lossy_error=5))


def irreversible_jpeg_2000(values: np.ndarray) -> bytes:
    out = BytesIO()
    options = {"irreversible": True, "quality_mode": "rates", "quality_layers": [4], "no_jp2": True}
    Image.fromarray(values).save(out, "JPEG2000", **options)
    return out.getvalue()


def packed_with_loss(syntax: str, pack: Callable[[np.ndarray], bytes]):
    """A true lossy codestream, of which the header says nothing."""

    def make(box: Box) -> None:
        for k in range(3):
            ds = box.pet(k, PixelRepresentation=0)
            ds.PixelData = encapsulate([pack(pixels(k, dtype="<u2"))])
            ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
            box.add(f"{k}.dcm", to_bytes(ds, syntax))

    return make


def weight(value: bytes):
    return with_raw(0x00101030, "DS", value)


def series_time(value: bytes):
    """As the time of series and acquisition both."""

    def tweak(ds: Dataset, _: int) -> None:
        raw(ds, 0x00080031, "TM", value)
        raw(ds, 0x00080032, "TM", value)

    return pet_with(tweak)


def scan_date(value: bytes):
    def tweak(ds: Dataset, _: int) -> None:
        raw(ds, 0x00080021, "DA", value)
        raw(ds, 0x00080022, "DA", value)

    return pet_with(tweak)


def all_dates(day: str):
    """Every date of the scan, injection too."""

    def tweak(ds: Dataset, _: int) -> None:
        ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = day
        radiopharmaceutical(ds).RadiopharmaceuticalStartDateTime = f"{day}110000"

    return pet_with(tweak)


def injected_with_offset(ds: Dataset, _: int) -> None:
    radiopharmaceutical(ds).RadiopharmaceuticalStartDateTime = "20250310110000+0100"


LOSSLESS = ("RLELossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless")
OFF_THE_LIST = ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.102", "1.2.3.4")
NO_TIME = pet("reference_time_missing", UNREADABLE)
NO_WEIGHT = pet("patient_weight_missing", UNREADABLE)

CASES = [
    Case(21, "Explicit big endian", "H", (of("a series", big_endian, pet()),)),
    Case(22, "Compressed without loss", "H", tuple(of(name, recompressed(name), pet()) for name in LOSSLESS)),
    Case(23, "PET compressed with loss", "B+W", (
        of("says so itself", pet_series(LossyImageCompression="01"), pet(volume="lossy_compression")),
        of("JPEG-LS that is near lossless", packed_with_loss(JPEGLSNearLossless, nearly_jpeg_ls), pet(volume="lossy_compression")),
        of("JPEG 2000, silent about it", packed_with_loss(JPEG2000, irreversible_jpeg_2000), pet(volume="lossy_compression")),
    )),
    Case(24, "Unknown transfer syntax, JPEG XL, HTJ2K, video", "R", tuple(
        of(uid, lambda box, uid=uid: box.add("a.dcm", to_bytes(box.pet(), TransferSyntaxUID=uid)) and None,
           refused("transfer_syntax_unsupported")) for uid in OFF_THE_LIST)),
    Case(25, "File header and dataset disagree", "R", (
        of("SOP Instance UID", lambda box: box.add("a.dcm", to_bytes(box.pet(), MediaStorageSOPInstanceUID="1.2.3"))
           and None, refused("uid_contradicted")),
        of("implicit in explicit", lambda box: box.add("a.dcm", to_bytes(
            box.pet(), ImplicitVRLittleEndian, TransferSyntaxUID=ExplicitVRLittleEndian)) and None,
           refused("transfer_syntax_contradicted")),
        of("explicit in implicit", lambda box: box.add("a.dcm", to_bytes(
            box.pet(), ExplicitVRLittleEndian, TransferSyntaxUID=ImplicitVRLittleEndian)) and None,
           refused("transfer_syntax_contradicted")),
    )),
    Case(26, "No group length, wrong VR, UN for known tags", "H", (
        of("no group length", lambda box: box.series(), pet()),
        of("other VRs", pet_with(other_vrs), pet()),
        of("Philips factor as UN", philips_in_un, pet()),
    )),
    Case(27, "Character sets", "H", tuple(
        of(charset, in_script(charset, text), pet()) for charset, text in SCRIPTS.items()),
         proof="tests/imaging/zoo/test_zoo.py::test_names_keep_their_groups"),
    Case(28, "Character set missing or wrong", "W or Q", (
        of("an ID in UTF-8 that is not declared", undeclared(0x00100020, "LO", SCRIPTS["ISO_IR 192"]),
           pet("fact", DOUBTFUL, held="identity_id_unknown")),
        of("an ID in UTF-8 declared as Latin 1", undeclared(
            0x00100020, "LO", SCRIPTS["ISO_IR 192"], SpecificCharacterSet="ISO_IR 100"),
           pet("fact", DOUBTFUL, held="identity_id_unknown")),
        of("a name that is misread", undeclared(0x00100010, "PN", MARKED[1], PatientID=MARKED[0]),
           pet("fact", DOUBTFUL, held="identity_name_differs")),
        control("a name that is read", pet_series(
            SpecificCharacterSet="ISO_IR 100", PatientID=MARKED[0], PatientName=MARKED[1]), pet()),
        of("the description alone", undeclared(0x0008103E, "LO", "Köpfe"), pet("fact", DOUBTFUL)),
    )),
    Case(29, "Names in every shape", "H", tuple(
        of(what, named(n, written), pet()) for n, (what, (_, written)) in enumerate(NAMES.items()))),
    Case(30, "Control characters, ANSI escapes", "H", (
        of("in the description", with_raw(0x0008103E, "LO", b"A\x1b[31m\r\nB\0C"), pet()),
        of("in the name", with_raw(0x00100010, "PN", b"CAN\r\nARY^NA\0ME\x7f"), pet()),
    )),
    Case(31, "Numbers that are none", "B or W", (
        *(of(value.decode(), weight(value), NO_WEIGHT) for value in (b"NaN", b"inf", b"1,5", b"1e400", b"7O", b"70\\71")),
        of("17 characters", weight(b"70.00000000000001"), NO_WEIGHT),
        control("16 characters", weight(b"70.0000000000001"), pet()),
        of("as instance number", with_raw(0x00200013, "IS", b"one"), pet("fact", UNREADABLE)),
        of("an instance number of 13 digits", with_raw(0x00200013, "IS", b"0000000000001"), pet("fact", UNREADABLE)),
    )),
    Case(32, "Dates that are none", "B or Q", (
        *(of(value.decode(), scan_date(value), NO_TIME) for value in (b"00000000", b"2026.01.05", b"20260230")),
        of("birth date 19600231", with_raw(0x00100030, "DA", b"19600231"),
           pet("fact", UNREADABLE, held="identity_unreadable")),
        of("in the future", all_dates("20990310"), pet(held="scan_in_future")),
        of("1900, patient born 1960", all_dates("19000310"),
           pet("fact", "dates_deidentified", held="identity_scan_before_birth")),
    )),
    Case(33, "Times that are none", "B or H", (
        *(of(value.decode(), series_time(value), NO_TIME) for value in (b"240000", b"12:00", b"1200-1300", b"120000+01")),
        of("12", series_time(b"12"), pet()),
        of("1200", series_time(b"1200"), pet()),
        of("120000.123456", series_time(b"120000.123456"), pet()),
        of("injection with an offset", pet_with(injected_with_offset), pet("fact", "time_zone_partly_known")),
    )),
]  # fmt: skip
