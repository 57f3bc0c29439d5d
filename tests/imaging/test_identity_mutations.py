"""A thousand changed identities in real headers, read and judged as at import: none reaches a chart by itself.

What a standard-minded sender may write for the same identity (padding, another spelling of the name, no sex) reaches it.
"""

import os
import random
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from pydicom.dataset import Dataset

from imaging import dicom
from imaging.assemble import assemble
from imaging.identity import objection
from imaging.instances import ParsedInstance, from_json
from imaging.models import Scan, Series
from imaging.services.identities import confirm_identity, judge
from imaging.services.studies import identity_of, study_of
from patients.services import confirm_identifier, create_patient
from tests.imaging.dicom_files import pet_slice, to_bytes
from tests.imaging.people import make_doctor
from tests.imaging.zoo.box import raw
from tests.parts import sliced

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
ID, BIRTH, NAME = "NET-0042", "19610409", "CANARY^NAME"
ALIAS = ("CLINIC-A", "ÅS-1962-4711")
CONFIRMED, STORED_EACH, VARIED = (
    2,
    10,
    60,
)  # every tenth change goes on to the stored series; the others end at the same question
TWIN = "NET-0043"
UNKNOWN = {"identity_id_unknown"}
Change = tuple[str, set[str]]  # what was done, and the codes of which one must be given
# One person as senders write the name: order, marks, titles, other scripts beside it.
SAME_NAMES = (
    "NAME^CANARY",
    "Canary^Nàme",
    "CANARY^NAME^^DR",
    "CANARY^NAME^^^JR",
    "canary^name",
    "NAME CANARY",
    "CANARY^NAME^",
    "CANARY^NAME=金糸雀^名=かなりあ^な",
    "CA\u200bNARY^NA\u0301ME",
)
# Others, near and far, and names of nobody.
OTHER_NAMES = (
    "CANARY-OTHER^NAME",
    "CANARY^NAMES",
    "CANARI^NAME",
    "CANARY^N",
    "Кан^Н",
    "X" * 100,
    "Kanari^Neem=金糸雀^名",
    "=金糸雀^名=",
    "NAME",
    "CANARY^BABY OF",
    "OTHER^NAME",
)
NO_NAMES = ("", "^", "ANON^", "Anonymous", "UNKNOWN^UNKNOWN")
INVISIBLE = ("\u200b", "\u202e", "\x00", "\x1b", "\u00a0", "\ufeff")


def a_digit(rng: random.Random, text: str) -> str:
    place = rng.choice([k for k, c in enumerate(text) if c.isdigit()])
    return text[:place] + rng.choice([d for d in "0123456789" if d != text[place]]) + text[place + 1 :]


def swapped(rng: random.Random, text: str) -> str:
    k = rng.choice([k for k in range(len(text) - 1) if text[k] != text[k + 1]])
    return text[:k] + text[k + 1] + text[k] + text[k + 2 :]


def inserted(rng: random.Random, text: str, what: str) -> str:
    k = rng.randint(1, len(text) - 1)
    return text[:k] + what + text[k:]


OF_TEXT = {
    "a digit": a_digit,
    "two neighbours swapped": swapped,
    "a space inside": lambda rng, text: inserted(rng, text, " "),
    "case": lambda rng, text: text.lower(),
    "a letter with a mark": lambda rng, text: text.replace("E", "É", 1) if "E" in text else text.replace("S", "Š", 1),
    "something invisible": lambda rng, text: inserted(rng, text, rng.choice(INVISIBLE)),
    "cut short": lambda rng, text: text[: rng.randint(1, len(text) - 1)],
    "longer": lambda rng, text: text + rng.choice(["0", "X", "-2", "\\" + text, text * 9]),
    "leading zero": lambda rng, text: text.replace("-", "-0", 1),
    "full width": lambda rng, text: "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text),
    "for nobody": lambda rng, text: rng.choice(["", "ANON", "0000", "TEST 1", "N/A"]),
}


def identifier(rng: random.Random, ds: Dataset) -> Change:
    what = rng.choice(list(OF_TEXT))
    changed = OF_TEXT[what](rng, ds.PatientID)
    raw(ds, 0x00100020, "LO", changed.encode())
    return f"ID: {what}", {"identity_id_missing"} if what == "for nobody" else UNKNOWN


def birth_date(rng: random.Random, ds: Dataset) -> Change:
    day = date(1961, 4, 9)
    another = date.fromordinal(day.toordinal() + rng.choice([-1, 1]) * rng.randint(1, 20000))
    unreadable = rng.choice(["1961-04-09", "00000000", "19610231", "9.4.1961", "1961"])
    made = {
        "another day": (f"{another:%Y%m%d}", {"identity_birth_date_differs"}),
        "day and month swapped": ("19610904", {"identity_birth_date_differs"}),
        "two digits swapped": (swapped(rng, BIRTH), {"identity_birth_date_differs", "identity_unreadable"}),
        "unreadable": (unreadable, {"identity_unreadable"}),
        "missing": (rng.choice(["", "  "]), {"identity_birth_date_missing"}),
    }
    what = rng.choice(list(made))
    value, codes = made[what]
    raw(ds, 0x00100030, "DA", value.encode())
    return f"birth date: {what}", codes


def sex(rng: random.Random, ds: Dataset) -> Change:
    said = rng.choice(["F", "O", "W", "X", "FEMALE"])
    raw(ds, 0x00100040, "CS", said.encode())
    return "sex", {"identity_sex_differs"} if said in "FO" else {"identity_unreadable"}


def issuer(rng: random.Random, ds: Dataset) -> Change:
    """Another one, in its own element or, where there was none, in the qualifiers that stand in for it."""
    if "IssuerOfPatientID" not in ds and rng.random() < 0.5:
        authority = Dataset()
        authority.UniversalEntityID, authority.UniversalEntityIDType = (
            rng.choice(["2.25.4711", "clinic.example"]),
            "ISO",
        )
        ds.IssuerOfPatientIDQualifiersSequence = [authority]
        return "issuer: in the qualifiers", UNKNOWN
    ds.IssuerOfPatientID = rng.choice(["CLINIC-B", "clinic-a", "CLINIC A", "CLINIC-A2"])
    return "issuer", UNKNOWN


def other_ids(rng: random.Random, ds: Dataset) -> Change:
    """The right ID only where a sender notes further ones."""
    item, own = Dataset(), ds.PatientID
    item.PatientID, item.TypeOfPatientID = own, "TEXT"
    ds.PatientID = f"MRN-{rng.randint(1000, 9999)}"
    if rng.random() < 0.5:
        ds.OtherPatientIDsSequence = [item]
    else:
        raw(ds, 0x00101000, "LO", own.encode())
    return "other IDs", UNKNOWN


def relative(rng: random.Random, ds: Dataset) -> Change:
    """Somebody near: of the same birth date, or under the same number."""
    what = rng.choice(["twin", "namesake born the same day", "newborn under the mother's number", "newborn"])
    if what == "twin":
        ds.PatientID, ds.IssuerOfPatientID = TWIN, ""
        raw(ds, 0x00100010, "PN", b"CANARY^NAMES")
        return "relative: twin", {"identity_id_of_other_case"}
    if what == "namesake born the same day":
        ds.PatientID = f"NET-{rng.randint(100, 9999)}-N"
        return f"relative: {what}", UNKNOWN
    ds.PatientBirthDate = "20250309"
    raw(ds, 0x00100010, "PN", rng.choice([b"CANARY^BABY OF", b"BABY BOY^CANARY", b"CANARY^NN"]))
    if what == "newborn":
        ds.PatientID = f"{ds.PatientID}-{rng.choice('AB1')}"
    return f"relative: {what}", {"identity_birth_date_differs"}


def name(rng: random.Random, ds: Dataset) -> Change:
    said = rng.choice(OTHER_NAMES + NO_NAMES)
    raw(ds, 0x00100010, "PN", said.encode())
    return "name", {"identity_name_missing"} if said in NO_NAMES else {"identity_name_differs"}


def several(rng: random.Random, ds: Dataset) -> Change:
    raw(ds, 0x00100010, "PN", b"OTHER^PERSON")
    made = [change(rng, ds) for change in rng.sample([identifier, birth_date, sex, issuer], 2)]
    return " and ".join(what for what, _ in made), made[0][1] | made[1][1] | {"identity_name_differs"}


MUTATIONS = (
    [identifier] * 6 + [birth_date] * 3 + [relative] * 2 + [name] * 2 + [sex, issuer, issuer, other_ids, several]
)


def padded(rng: random.Random, ds: Dataset) -> str:
    raw(
        ds,
        0x00100020,
        "LO",
        b" " * rng.randint(0, 3) + ds.PatientID.encode() + rng.choice([b" ", b"   ", b"\0", b" \0"]),
    )
    return "padding"


def another_name(rng: random.Random, ds: Dataset) -> str:
    raw(ds, 0x00100010, "PN", rng.choice(SAME_NAMES).encode())
    return "name"


def left_out(rng: random.Random, ds: Dataset) -> str:
    raw(ds, 0x00100040, "CS", b"")
    return "sex left out"


def small_sex(rng: random.Random, ds: Dataset) -> str:
    raw(ds, 0x00100040, "CS", rng.choice([b"m", b"m ", b"M\0", b"U"]))
    return "sex in small letters, or unknown"


VARIANTS = [padded, another_name, left_out, small_sex]


@pytest.fixture
def doctor(db):
    return make_doctor("doctor")


@pytest.fixture
def case(doctor):
    found = create_patient(by=doctor, case_number=ID, sex_for_formulas="M", birth_date=date(1961, 4, 9))
    create_patient(by=doctor, case_number=TWIN, sex_for_formulas="M", birth_date=date(1961, 4, 9))
    confirm_identifier(by=doctor, patient=found, issuer=ALIAS[0], value=ALIAS[1], reason="letter")
    for number, who in ((-1, {"PatientID": ID}), (-2, {"IssuerOfPatientID": ALIAS[0], "PatientID": ALIAS[1]})):
        series = judged(header(number, random.Random(number), **who), doctor, found)
        assert series.identity_reason == "identity_name_unknown"
        confirm_identity(by=doctor, series=series, patient=found, reason="seen on the request form")
    return found


def header(number: int, rng: random.Random, **changes: str) -> Dataset:
    """Of this case: under its number, or under the identifier that was confirmed for it."""
    uid = f"2.25.42.{1000 + number}"
    ds = pet_slice(
        0, SpecificCharacterSet="ISO_IR 192", StudyInstanceUID=f"{uid}.1", SeriesInstanceUID=f"{uid}.2",
        SOPInstanceUID=f"{uid}.3", PatientID=ID, PatientBirthDate=BIRTH, PatientSex="M",
        PatientName=NAME,
    )  # fmt: skip
    if changes:
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        return ds
    if rng.random() < 0.4:
        ds.IssuerOfPatientID, ds.PatientID = ALIAS
    if rng.random() < 0.5:
        raw(ds, 0x00100010, "PN", rng.choice(SAME_NAMES).encode())
    return ds


def read(ds: Dataset) -> tuple[ParsedInstance, str]:
    """As at import, without files; and what in the file itself holds it."""
    descriptor = os.memfd_create("slice")
    os.write(descriptor, to_bytes(ds))
    parsed = from_json(dicom.parse(descriptor))
    os.close(descriptor)
    assert isinstance(parsed, ParsedInstance), parsed
    (part,) = assemble([("a", parsed)])
    return parsed, part.hold


def objected(ds: Dataset, case) -> set[str]:
    parsed, hold = read(ds)
    who = replace(identity_of(parsed), name_print=parsed.name_print)
    return {objection(who, parsed.study_uid, case), hold} - {""}


def judged(ds: Dataset, doctor, case) -> Series:
    parsed, hold = read(ds)
    series = Series.objects.create(
        study=study_of(parsed), series_uid=parsed.series_uid, modality="PT", sop_class_uid=parsed.sop_class_uid,
        name_print=parsed.name_print, instance_count=1, uploaded_by=doctor,
    )  # fmt: skip
    return judge(by=doctor, series=series, patient=case, hold=hold)


@pytest.mark.parametrize("mutations", sliced(300, 1000))
def test_mutations_of_real_headers_and_none_attached(doctor, case, mutations):
    rng, kinds = random.Random(20261126), Counter()
    for number in range(mutations):
        ds = header(number, rng)
        what, codes = rng.choice(MUTATIONS)(rng, ds)
        if number % STORED_EACH:
            assert objected(ds, case) & codes, (number, what)
        else:
            series = judged(ds, doctor, case)
            assert series.identity == Series.Identity.HELD and series.identity_reason in codes, (number, what)
        kinds[what.split(":")[0].split(" and ")[0]] += 1
    assert Scan.objects.count() == CONFIRMED
    for kind in ("ID", "name", "birth date", "sex", "issuer", "other IDs", "relative"):
        assert kinds[kind] >= mutations / 40, kind


def test_ways_of_writing_the_same_identity_do_not_stop_it(doctor, case):
    rng = random.Random(20261127)
    for number in range(VARIED):
        ds = header(number, rng)
        what = VARIANTS[number % len(VARIANTS)](rng, ds)
        assert judged(ds, doctor, case).identity == Series.Identity.ATTACHED, (number, what)
    assert Scan.objects.count() == CONFIRMED + VARIED
