"""Cases 1 to 20: the file and what it travels in."""

import struct
import zlib

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.imaging.dicom_files import radiopharmaceutical, to_bytes
from tests.imaging.object_files import report, segmentation, structure_set
from tests.imaging.zoo.archives import (
    bomb_in_zip,
    encrypted,
    hard_links,
    inside_each_other,
    links_in_folder,
    links_in_tar,
    links_in_zip,
    lying_size,
    many_entries,
    many_entries_by_zip64,
    named,
    overlapping,
    quine,
    twice,
    unknown_method,
    with_nul_name,
    zip_in_zip,
)
from tests.imaging.zoo.box import Box, edited, of_class, one_file, one_slice, pet_with, raw, recompressed
from tests.imaging.zoo.expected import Case, Expected, SeriesSeen, control, of, pet, picture, refused

FOLDER, BROWSER = ("folder",), ("browser",)
DEFLATED = "1.2.840.10008.1.2.1.99"
SEQUENCE = struct.pack("<HHIHHI", 0x0008, 0x1140, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
OPEN = SEQUENCE[:4] + b"SQ\0\0" + SEQUENCE[4:]
END = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
EXECUTABLE = b"MZ\x90\0".ljust(128, b"\0")


def before_name(element: bytes):
    """One slice in implicit VR with ``element`` in front of the patient's name."""

    def edit(data: bytes) -> bytes:
        cut = data.index(struct.pack("<HH", 0x0010, 0x0010))
        return data[:cut] + element + data[cut:]

    return edited(edit, ImplicitVRLittleEndian)


def nested(depth: int) -> bytes:
    """Items of defined length, one in the other."""
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    for _ in range(depth - 1):
        inner = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, len(item)) + item
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    return item


def in_radiopharmaceutical(depth: int):
    """So deep counted from the sequence itself, which is the first of them."""

    def tweak(ds: Dataset, _: int) -> None:
        raw(radiopharmaceutical(ds), 0x00081140, "SQ", nested(depth - 1))

    return pet_with(tweak)


def only_nested(data: bytes) -> bytes:
    """5,000 sequences in place of the radiopharmaceutical."""
    at = data.index(struct.pack("<HH2s", 0x0054, 0x0016, b"SQ")) + 8
    end = at + 4 + struct.unpack_from("<I", data, at)[0]
    deep = nested(5000)
    return data[:at] + struct.pack("<I", len(deep)) + deep + data[end:]


def huge_pixel_length(data: bytes) -> bytes:
    place = data.rindex(b"\xe0\x7f\x10\x00OW") + 8
    return data[:place] + struct.pack("<I", 0xFFFFFFFE) + data[place + 4 :]


def deflated(ds: Dataset, extra: int = 0) -> bytes:
    plain = to_bytes(ds, has_meta=False)
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = packer.compress(plain) + b"".join(packer.compress(bytes(1 << 20)) for _ in range(extra)) + packer.flush()
    return to_bytes(ds, DEFLATED)[: -len(plain)] + body


def without_preamble(box: Box) -> None:
    for k, syntax in enumerate((ImplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRLittleEndian)):
        box.add(f"{k}.dcm", to_bytes(box.pet(k), syntax, has_meta=False))


def trailing(box: Box) -> None:
    for k in range(3):
        box.add(f"{k}.dcm", to_bytes(box.pet(k)) + bytes(77 * k))


def odd_lengths(ds: Dataset, k: int) -> None:
    """A text of odd length, against the standard."""
    raw(ds, 0x0008103E, "LO", b"ab")
    element = ds.get_item(0x0008103E)
    ds[0x0008103E] = element._replace(value=b"abc", length=3)


def padding(ds: Dataset, _: int) -> None:
    raw(ds, 0xFFFCFFFC, "OB", bytes(64))


# --- other objects ---------------------------------------------------------------------------------
def dicomdir(box: Box) -> None:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.1.3.10", f"{box.uid}.3.1"
    item = Dataset()
    item.ReferencedFileID = ["..", "..", "ETC", "PASSWD"]
    ds.DirectoryRecordSequence = [item]
    data = to_bytes(ds)
    box.add("DICOMDIR", data)


def polyglot(box: Box) -> None:
    for k in range(3):
        box.add(f"{k}.dcm", EXECUTABLE + to_bytes(box.pet(k))[128:])


def objects(box: Box) -> None:
    """A segmentation, a structure set and a report, each a series of its own."""
    import numpy as np

    mask = np.zeros((8, 24, 20), bool)
    mask[1:2, 4:9, 4:9] = True
    made = (segmentation([mask]), structure_set({"GTV": []}), report([]))
    for n, ds in enumerate(made):
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = (f"{box.uid}.{m}" for m in (1, 20 + n, 30 + n))
        box.add(f"{n}.dcm", to_bytes(ds))


def other_size(ds: Dataset) -> None:
    ds.Rows, ds.Columns = ds.Columns, ds.Rows


def three_segments(ds: Dataset) -> None:
    (frame,) = generate_frames(ds.PixelData, number_of_frames=1)
    ds.PixelData = encapsulate([struct.pack("<I", 3) + frame[4:12] + frame[8:12] + frame[16:]])


OPENED = {"stored archive_opened": 1}
ULTRASOUND = "1.2.840.10008.5.1.4.1.1.6.1"
SCREEN = "1.2.840.10008.5.1.4.1.1.7"
SCREENS = {"secondary capture": "", "of one bit": ".1", "of bytes": ".2", "of words": ".3", "of many colours": ".4"}
NOT_USED = (
    "1.2.840.10008.5.1.4.1.1.11.1",  # presentation state
    "1.2.840.10008.5.1.4.1.1.88.59",  # key object selection
    "1.2.840.10008.5.1.4.1.1.104.1",  # encapsulated PDF
    "1.2.840.10008.5.1.4.1.1.66",  # raw data
)

CASES = [
    Case(1, "Not DICOM: PDF, JPEG, program, empty file", "R", (
        of("PDF", one_file("a.dcm", b"%PDF-1.7 ..."), refused("not_dicom")),
        of("JPEG", one_file("a.dcm", b"\xff\xd8\xff\xe0" + b"x" * 400), refused("not_dicom")),
        of("program", one_file("a.dcm", b"MZ" + bytes(400)), refused("not_dicom")),
        of("empty", one_file("a.dcm", b""), refused("file_empty")),
    )),
    Case(2, "No preamble", "H or R", (
        of("a dataset follows", without_preamble, pet()),
        of("something else follows", one_file("a.dcm", bytes(500)), refused("not_dicom")),
    )),
    Case(3, "Cut off", "R", (
        of("in the header", edited(lambda data: data[:700]), refused("pixel_data_missing")),
        of("in the image", edited(lambda data: data[:-100]), refused("file_truncated")),
    ), proof="tests/imaging/test_dicom.py::test_every_truncation_is_noticed"),
    Case(4, "A length of 4 GiB", "R", (
        of("of the image", edited(huge_pixel_length), refused("file_truncated")),
        of("of a text", before_name(struct.pack("<HHI", 0x0008, 0x4000, 0xFFFFFFFE)), refused("file_truncated")),
    )),
    Case(5, "Trailing bytes, padding, odd lengths", "H", (
        of("bytes behind the image", trailing, pet()),
        of("a value of odd length", pet_with(odd_lengths), pet()),
        of("padding behind the dataset", pet_with(padding), pet()),
    )),
    Case(6, "ZIP bombs", "R", (
        of("ratio over 100", bomb_in_zip, pet(more={**OPENED, "refused archive_bomb": 1})),
        of("nested", zip_in_zip, Expected({**OPENED, "refused archive_nested": 1})),
        of("unpacks to itself", quine, Expected({**OPENED, "refused archive_nested": 1})),
        of("200,000 entries", many_entries, refused("too_many_files")),
        of("a million entries by ZIP64", many_entries_by_zip64, refused("too_many_files")),
        of("lying table of contents", lying_size, Expected({**OPENED, "refused archive_damaged": 1})),
        of("overlapping entries", overlapping, Expected({**OPENED, "refused archive_damaged": 1,
           "refused archive_bomb": 2})),
        of("entries inside each other", inside_each_other, Expected({**OPENED, "refused archive_nested": 1,
           "refused archive_bomb": 11})),
    )),
    Case(7, "Names that point elsewhere", "R", (
        of("../, absolute, backslash, drive", named("../@a", "/etc/@b", "..\\@c", "C:/x/@d", "\\\\server\\@e"),
           Expected({**OPENED, "refused archive_unsafe_name": 5})),
        of("NUL inside", with_nul_name, Expected({**OPENED, "refused archive_unsafe_name": 1})),
        of("2,000 characters", named("@" + "a" * 2000), Expected({**OPENED, "refused archive_unsafe_name": 1})),
        of("the same but for case", twice, pet(more={**OPENED, "refused archive_name_twice": 2})),
    )),
    Case(8, "Links, devices, pipes", "R", (
        of("in a ZIP", links_in_zip, Expected({**OPENED, "refused archive_link": 3})),
        of("in a tar", links_in_tar, refused("not_dicom")),
        of("in a folder", links_in_folder, refused("not_a_regular_file", 4), FOLDER),
        of("a hard link", hard_links, pet(more={"refused hard_link": 2}), FOLDER),
    ), proof="tests/imaging/test_import_command.py::test_a_folder_that_becomes_a_link_while_it_is_imported_leads_nowhere"),
    Case(9, "Encrypted, or packed in another way", "R", (
        of("with a password", encrypted, Expected({**OPENED, "refused archive_encrypted": 1})),
        of("LZMA", unknown_method, Expected({**OPENED, "refused archive_method": 1})),
    )),
    Case(10, "Bomb in the deflated transfer syntax", "R", (
        of("80 MB of zeros", lambda box: box.add("a.dcm", deflated(box.pet(), 80)) and None,
           refused("inflates_too_large")),
    )),
    Case(11, "Sequences nested deeper than 32", "R", (
        of("40 deep", before_name(SEQUENCE * 40 + END * 40), refused("nesting_too_deep")),
        *(of(f"{depth} deep in the radiopharmaceutical, with lengths", in_radiopharmaceutical(depth),
             refused("nesting_too_deep", 3)) for depth in (33, 40)),
        of("5,000 deep in its place", edited(only_nested), refused("nesting_too_deep")),
        control("32 deep there", in_radiopharmaceutical(32), pet()),
        of("41 deep there, without lengths", pet_with(lambda ds, _: raw(
            radiopharmaceutical(ds), 0x00081140, "SQ", OPEN[12:] + OPEN * 39 + END * 39 + END[:8])),
           refused("nesting_too_deep", 3)),
    )),
    Case(12, "Too much in the header", "R", (
        of("300,000 elements", before_name(
            b"".join(struct.pack("<HHI", 0x0009, k & 0xFFFF, 2) + b"xx" for k in range(300_000))),
           refused("too_many_elements")),
        of("one text of 20 MB", before_name(struct.pack("<HHI", 0x0008, 0x4000, 20 << 20) + b"x" * (20 << 20)),
           refused("header_too_large")),
        of("a private block of 20 MB", before_name(struct.pack("<HHI", 0x0009, 0x1002, 20 << 20) + bytes(20 << 20)),
           refused("header_too_large")),
    )),
    Case(13, "Impossible image sizes", "R", (
        of("65535 x 65535", one_slice(Rows=65535, Columns=65535), refused("image_size")),
        of("a billion frames", one_slice(NumberOfFrames=1_000_000_000), refused("multiframe_unsupported")),
        of("Rows as UL", pet_with(lambda ds, _: raw(ds, 0x00280010, "UL", struct.pack("<I", 24)), 1),
           refused("image_header_invalid")),
    )),
    Case(14, "Compressed image of another size than its header", "R", (
        of("JPEG-LS", recompressed("JPEGLSLossless", edit=other_size), refused("pixels_disagree_with_header", 3)),
        of("JPEG 2000", recompressed("JPEG2000Lossless", edit=other_size), refused("pixels_disagree_with_header", 3)),
        of("JPEG", recompressed("JPEGLosslessProcess14_1", edit=other_size),
           refused("pixels_disagree_with_header", 3)),
        of("RLE, longer", recompressed("RLELossless", edit=lambda ds: setattr(ds, "Rows", 12)),
           refused("pixels_disagree_with_header", 3)),
        of("RLE, shorter", recompressed("RLELossless", edit=lambda ds: setattr(ds, "Columns", 21)),
           refused("pixels_disagree_with_header", 3)),
        of("RLE, with a segment for a third byte", recompressed("RLELossless", edit=three_segments),
           refused("pixels_disagree_with_header", 3)),
    )),
    Case(15, "DICOMDIR that points outside", "R", (of("any DICOMDIR", dicomdir, refused("not_used_here")),)),
    Case(16, "Something else in the preamble", "W", (
        of("a program", polyglot, pet("fact", "preamble_not_empty")),
    ), proof="tests/imaging/test_preamble.py::test_what_is_stored_begins_with_zeros_and_is_otherwise_what_was_sent"),
    Case(17, "A file that changes while it is read", "H or R",
         proof="tests/imaging/test_import_command.py::test_a_file_that_changes_while_it_is_read_is_refused"),
    Case(18, "Unreadable, locked, share gone", "R",
         proof="tests/imaging/test_import_command.py::test_a_file_nobody_may_read_and_one_whose_share_goes_are_named"),
    Case(19, "DICOM that is no image", "R or H", (
        of("segmentation, structure set, report", objects, Expected({"stored": 3}, (
            SeriesSeen(suv="", outlines=frozenset({"referenced_series_absent"})),) * 3)),
        of("presentation state, key object, PDF, raw data", of_class(*NOT_USED), refused("not_used_here", 4)),
        of("ultrasound that says it shows no text", one_slice(SOPClassUID=ULTRASOUND, BurnedInAnnotation="NO"),
           refused("not_used_here")),
    )),
    Case(20, "Picture of a screen", "Q", (
        *(of(what, of_class(SCREEN + end), picture("secondary_capture")) for what, end in SCREENS.items()),
        of("in colour", one_slice(SOPClassUID=SCREEN, SamplesPerPixel=3, PhotometricInterpretation="RGB"),
           picture("secondary_capture")),
        of("of a thousand frames", one_slice(SOPClassUID=SCREEN + ".4", NumberOfFrames=1000),
           picture("secondary_capture")),
        of("as PET", one_slice(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), picture("secondary_capture")),
    )),
]  # fmt: skip
