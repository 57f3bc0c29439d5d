"""Cases 81 to 96: whose it is, and text that means harm."""

from pydicom.dataset import Dataset

from tests.imaging.dicom_files import to_bytes
from tests.imaging.zoo.box import Box, edited, of_class, one_slice, pet_series, pet_with, raw
from tests.imaging.zoo.expected import Case, SeriesSeen, control, of, pet, picture, refused, several

CASE, OTHER = "SYN-0001", "SYN-0002"
LONG = ("LONG-1", "A" * 10_000)
UNKNOWN_SCRIPT = "<script>alert(2)</script>"
# Identifiers that persons confirmed before: (issuer, value) of each case.
ALIAS, OTHERS_ID = ("CLINIC-A", "MRN-4711"), ("", "HOSP-2")
EARLIER_STUDY = "2.25.7777.92"  # in the chart of the other case since before
CONFIRMED_STUDY = "2.25.7777.93"  # likewise, under an ID that was given to this case afterwards
NAMELESS = "MRN-4712"  # confirmed for the case by a letter: no scan has come under it
OTHERWISE = "identity_name_otherwise"
UNKNOWN = pet(held="identity_id_unknown")
ULTRASOUND = tuple(f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("6.1", "3.1", "6", "3", "6.2"))
PAYLOADS = (
    "<script>alert(1)</script>",
    "{{7*7}}{% debug %}",
    "'; DROP TABLE patients_patient; --",
    '=HYPERLINK("http://x","y")',
    "${jndi:ldap://x/y}",
)


def under(patient_id: str, issuer: str = ""):
    return pet_series(PatientID=patient_id, **({"IssuerOfPatientID": issuer} if issuer else {}))


def named(name: str):
    return pet_series(SpecificCharacterSet="ISO_IR 192", PatientName=name)


def dose_page(box: Box) -> None:
    """As two makers send it in the class of CT images: without a place in the patient, one of them in colour."""
    absent = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "PixelSpacing": None}
    types = (["DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT"], ["DERIVED", "SECONDARY", "DOSE_INFO"])
    for k, words in enumerate(types):
        box.add(f"{k}.dcm", to_bytes(box.ct(k, ImageType=words, SamplesPerPixel=1 + 2 * k, **absent)))


def other_ids(box: Box) -> None:
    """The case number stands among Other Patient IDs only."""

    def tweak(ds: Dataset, _: int) -> None:
        ds.PatientID = "MRN-9999"
        ds.add_new(0x00101000, "LO", CASE)

    box.series(tweak=tweak)


def other_ids_sequence(ds: Dataset, _: int) -> None:
    item = Dataset()
    item.PatientID, item.TypeOfPatientID = CASE, "TEXT"
    ds.PatientID, ds.OtherPatientIDsSequence = "MRN-9999", [item]


def other_authority(ds: Dataset, _: int) -> None:
    """The issuer is named in the qualifiers alone: the same text is another number."""
    item = Dataset()
    item.UniversalEntityID, item.UniversalEntityIDType = "2.25.4711", "ISO"
    ds.IssuerOfPatientIDQualifiersSequence = [item]


def two_names(ds: Dataset, k: int) -> None:
    ds.PatientName = "OTHER^PERSON" if k == 1 else ds.PatientName


def two_ids(box: Box) -> None:
    """A PET under one ID and its CT under another, in one study."""
    box.series()
    for k in range(3):
        box.add(f"ct{k}.dcm", to_bytes(box.ct(k, PatientID="MRN-9999")))


def study_of_the_other(box: Box) -> None:
    box.series(StudyInstanceUID=EARLIER_STUDY)


def confirmed_for_the_other(box: Box) -> None:
    """Under an ID of this case, in a study of which a series was confirmed for the other."""
    box.series(StudyInstanceUID=CONFIRMED_STUDY, PatientID=ALIAS[1], IssuerOfPatientID=ALIAS[0])


def hostile(payload: str, patient_id: str = ""):
    """In every text; the payload is the patient ID as well, which was confirmed for the case, where it fits."""

    def tweak(ds: Dataset, _: int) -> None:
        ds.PatientID = patient_id or payload
        for tag, vr in ((0x0008103E, "LO"), (0x00081010, "SH"), (0x00100010, "PN"), (0x00080070, "LO")):
            raw(ds, tag, vr, payload.encode())

    return pet_with(tweak)


def personal(ds: Dataset, _: int) -> None:
    """The name where no name belongs."""
    ds.PatientComments = ds.ImageComments = ds.ProtocolName = "CANARY^NAME"
    ds.add_new(0x00090010, "LO", "SOME VENDOR")
    ds.add_new(0x00091001, "LO", "CANARY^NAME")


def other_uid(uid: bytes):
    placeholder = "2.25." + "9" * (len(uid) - 5)

    def make(box: Box) -> None:
        data = to_bytes(box.pet(SOPInstanceUID=placeholder), MediaStorageSOPInstanceUID="1.2")
        box.add("a.dcm", data.replace(placeholder.encode(), uid))

    return make


def leading_zero(box: Box) -> None:
    box.series(StudyInstanceUID=f"{box.uid}.01")


def padded_uid(ds: Dataset, _: int) -> None:
    raw(ds, 0x0020000D, "UI", ds.StudyInstanceUID.encode() + b" \0")


CASES = [
    Case(81, "ID, name and birth date agree", "H", (of("the case number", pet_series(), pet()),)),
    Case(82, "ID of another patient, uploaded from this chart", "Q", (
        of("nobody's here", under("MRN-9999"), UNKNOWN),
        of("a script that nobody knows", under(UNKNOWN_SCRIPT), UNKNOWN),
        of("another case's number", under(OTHER), pet(held="identity_id_of_other_case")),
        of("confirmed for another case", under(OTHERS_ID[1]), pet(held="identity_id_of_other_case")),
    ), proof="tests/imaging/test_identity.py::test_a_contradiction_needs_a_second_person"),
    Case(83, "Another name", "W or Q", (
        of("family and given swapped", named("NAME^CANARY"), pet("fact", OTHERWISE)),
        of("diacritics", named("CÁNARY^NAMÉ"), pet("fact", OTHERWISE)),
        of("suffix", named("CANARY^NAME^^^JR"), pet("fact", OTHERWISE)),
        of("married", named("OTHER^NAME"), pet(held="identity_name_differs")),
        of("transliterated", named("KANARI^NEJM"), pet(held="identity_name_differs")),
        of("no name", named(""), pet(held="identity_name_missing")),
        of("a name under an ID that never had one", pet_series(PatientID=NAMELESS, PatientName="DOE^JANE"),
           pet(held="identity_name_unknown")),
        of("two names in one series", pet_with(two_names), pet(held="identity_name_differs")),
    )),
    Case(84, "Birth date or sex differ", "Q", (
        of("day and month swapped", pet_series(PatientBirthDate="19600201"), pet(held="identity_birth_date_differs")),
        of("no birth date to compare", pet_series(PatientBirthDate=""), pet(held="identity_birth_date_missing")),
        of("sex", pet_series(PatientSex="M"), pet(held="identity_sex_differs")),
        of("a sex nobody can read", pet_with(lambda ds, _: raw(ds, 0x00100040, "CS", b"X")),
           pet("fact", "header_value_unreadable", held="identity_unreadable")),
    )),
    Case(85, "Another ID of the same patient", "Q or H", (
        of("confirmed before", under(ALIAS[1], ALIAS[0]), pet()),
        of("not confirmed yet", under("MRN-0815", "CLINIC-B"), UNKNOWN),
    ), proof="tests/imaging/test_identity.py::test_confirming_an_unknown_id_remembers_it_and_records_both_identities"),
    Case(86, "One ID of two patients, without issuer", "Q", (
        of("confirmed for the other", under(OTHERS_ID[1]), pet(held="identity_id_of_other_case")),
        of("without its issuer", under(ALIAS[1]), UNKNOWN),
    )),
    Case(87, "No ID, or one that stands for nobody", "Q", tuple(
        of(text.strip() or ("blank" if text else "empty"), under(text), pet(held="identity_id_missing"))
        for text in ("", "   ", "ANON", "0000", "TEST", "Anonymous^"))),
    Case(88, "Leading zeros, spaces, case", "Q or H", (
        of("leading zero", under("SYN-00001"), UNKNOWN),
        of("number alone", under("0001"), UNKNOWN),
        of("lower case", under("syn-0001"), UNKNOWN),
        of("space inside", under("SYN- 0001"), UNKNOWN),
        of("spaces around, as padding", pet_with(lambda ds, _: raw(ds, 0x00100020, "LO", b" SYN-0001  ")), pet()),
        of("a control character", pet_with(lambda ds, _: raw(ds, 0x00100020, "LO", b"SYN\x1b-0001")), UNKNOWN),
        of("an invisible character", pet_series(SpecificCharacterSet="ISO_IR 192", PatientID="SYN-\u200b0001"), UNKNOWN),
        of("more than 64 characters", pet_with(lambda ds, _: raw(ds, 0x00100020, "LO", b"SYN-0001" * 9)), UNKNOWN),
    )),
    Case(89, "The right ID among other IDs", "Q", (
        of("Other Patient IDs", other_ids, UNKNOWN),
        of("in the sequence of other IDs", pet_with(other_ids_sequence), UNKNOWN),
        of("the case number of another authority", pet_with(other_authority), UNKNOWN),
    )),
    Case(90, "Renamed after the import", "H", proof="tests/imaging/zoo/test_zoo.py::test_a_renamed_case_keeps_its_scans"),
    Case(91, "One study, two patient IDs", "Q", (
        of("PET and CT", two_ids, several(SeriesSeen(held="study_of_two_patients"),
           SeriesSeen(held="study_of_two_patients", suv=""))),
    )),
    Case(92, "Study of another patient's chart", "Q", (
        of("same study UID, this case's ID", study_of_the_other, pet(held="study_of_two_patients")),
        of("this case's ID, that a person found to be the other's", confirmed_for_the_other,
           pet(held="identity_study_elsewhere")),
    )),
    Case(93, "Text burned into the image", "Q", (
        of("says so", pet_series(BurnedInAnnotation="YES"), pet(held="burned_in_annotation")),
        of("secondary capture", of_class("1.2.840.10008.5.1.4.1.1.7"), picture("secondary_capture")),
        of("secondary capture that says there is none", one_slice(
            SOPClassUID="1.2.840.10008.5.1.4.1.1.7", BurnedInAnnotation="NO"), picture("secondary_capture")),
        of("CT dose page", dose_page, picture("secondary_capture", 2)),
        of("ultrasound, silent about it", of_class(*ULTRASOUND), picture("ultrasound_picture", len(ULTRASOUND))),
        of("ultrasound that says so", one_slice(SOPClassUID=ULTRASOUND[0], BurnedInAnnotation="YES"),
           picture("ultrasound_picture")),
    )),
    Case(94, "Names in comments, private elements, protocol", "H", (of("all of them", pet_with(personal), pet()),),
         proof="tests/imaging/zoo/test_zoo.py::test_no_name_is_kept"),
    Case(95, "Text that wants to run", "H", (
        *(of(payload, hostile(payload), pet()) for payload in PAYLOADS),
        of("10 KB", hostile(LONG[1], LONG[0]), pet()),
    ), proof="tests/imaging/zoo/test_zoo.py::test_hostile_text_is_text"),
    Case(96, "UIDs that are none", "R or W", (
        *(of(uid.decode(), other_uid(uid), refused("uid_invalid")) for uid in (b"../../../etc/cron.d/x", b"1.2.x/y")),
        of("66 characters", other_uid(b"1" * 66), refused("uid_invalid")),
        of("empty", edited(lambda data: data, SOPInstanceUID=""), refused("uid_invalid")),
        control("padded with NUL and space", pet_with(padded_uid), pet()),
        of("leading zero", leading_zero, pet("fact", "uid_irregular")),
    )),
]  # fmt: skip
