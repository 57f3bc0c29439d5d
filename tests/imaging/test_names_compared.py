"""Names are held against each other without being kept: what agrees, what is held, what is learned and forgotten."""

from datetime import date

import pytest
from django.test import override_settings

from imaging import name_prints
from imaging.domain import names
from imaging.identity import DicomIdentity
from imaging.models import KnownName, Scan, Series
from imaging.refused import Refused
from imaging.services.identities import confirm_identity, detach_series, judge
from patients.models import AccessGrant, AuditEvent, Patient, PatientIdentifier
from patients.services import create_patient, grant_access
from tests.imaging.test_identity import BORN, series_of

pytestmark = pytest.mark.django_db
ID, NAME = "HOSP-4711", "Müller-Canary^Anna"


@pytest.fixture
def case(doctor):
    found = create_patient(by=doctor, case_number="NET-0042", sex_for_formulas="F", birth_date=BORN)
    PatientIdentifier.objects.create(patient=found, value=ID, confirmed_by=doctor)
    return found


def judged(name: str, case: Patient, doctor, patient_id: str = ID, **changes) -> Series:
    who = DicomIdentity(patient_id, birth_date=BORN, sex="F", name_print=name_prints.of(name, patient_id, ""))
    return judge(by=doctor, series=series_of(who, doctor, **changes), patient=case)


@pytest.fixture
def confirmed(case, doctor) -> Series:
    """A first scan, that one person confirmed."""
    series = judged(NAME, case, doctor)
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, "identity_name_unknown")
    confirm_identity(by=doctor, series=series, patient=case, reason="seen on the request form")
    return Series.objects.get(pk=series.pk)


SAME = ("Müller-Canary^Anna", "Mu\u0308ller-Canary^Anna", "M\u200büller-Canary^Anna\u202e")
ALIKE = (
    "MUELLER-CANARY^ANNA",
    "Muller-Canary^Anna",
    "ANNA^MÜLLER-CANARY",
    "Müller Canary, Anna",
    "Müller-Canary^Anna^^Dr.^PhD",
    "Müller-Canary^Anna=金糸雀^安奈",
)
OTHERS = (
    "Canary^Anna", "Müller^Anna", "Schmidt-Canary^Anna", "Müller-Canary^Hanno", "Кан^Анна", "金糸雀^安奈", "Müller-Canary",
    "M\u00c3\u00bcller-Canary^Anna^Rosa", "X" * 100,
)  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_next_scan_under_the_confirmed_name_needs_nobody(confirmed, case, doctor, name):
    series = judged(name, case, doctor)
    assert (series.identity, series.warnings) == (Series.Identity.ATTACHED, [])


@pytest.mark.parametrize("name", ALIKE)
def test_the_same_name_in_another_spelling_is_attached_with_a_warning(confirmed, case, doctor, name):
    series = Series.objects.get(pk=judged(name, case, doctor).pk)
    assert series.identity == Series.Identity.ATTACHED
    assert [warning["code"] for warning in series.warnings] == ["identity_name_otherwise"]
    again = judge(by=doctor, series=series, patient=case)
    assert len(again.warnings) == 1


@pytest.mark.parametrize("name", OTHERS)
def test_another_name_under_the_same_id_waits_for_a_second_person(confirmed, case, doctor, colleague, name):
    series = judged(name, case, doctor)
    assert (series.identity, series.identity_reason) == (Series.Identity.HELD, "identity_name_differs")
    with pytest.raises(Refused, match="second person"):
        confirm_identity(by=doctor, series=series, patient=case, reason="she has married")


def test_another_name_weighs_more_than_what_is_missing(confirmed, case, doctor):
    """Else one person could attach it, as a header without a birth date."""
    who = DicomIdentity(ID, sex="F", name_print=name_prints.of("Schmidt^Hanno", ID, ""))
    assert judge(by=doctor, series=series_of(who, doctor), patient=case).identity_reason == "identity_name_differs"


@pytest.mark.parametrize("name", ["", "^", "ANON^", "Anonymous^Patient", "Unknown"])
def test_no_name_and_one_that_stands_for_nobody_are_held_each_time(confirmed, case, doctor, name):
    for _ in range(2):
        series = judged(name, case, doctor)
        assert (series.identity, series.identity_reason) == (Series.Identity.HELD, "identity_name_missing")
        confirm_identity(by=doctor, series=series, patient=case, reason="seen on the request form")
    assert KnownName.objects.count() == 1


def test_a_name_that_is_the_patient_id_says_no_more_than_the_id(case, doctor):
    assert judged(f"{ID}^", case, doctor).identity == Series.Identity.ATTACHED
    assert judged("NET-0043^", case, doctor).identity == Series.Identity.HELD


def test_a_new_name_is_learned_when_a_second_person_confirms_it(confirmed, case, doctor, colleague):
    grant_access(by=doctor, patient=case, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    series = judged("Schmidt^Anna", case, doctor)
    confirm_identity(by=colleague, series=series, patient=case, reason="she has married")
    for name in ("Schmidt^Anna", NAME):
        assert judged(name, case, doctor).identity == Series.Identity.ATTACHED
    assert judged("Schmidt^Hanno", case, doctor).identity == Series.Identity.HELD


def test_a_name_counts_under_the_id_it_was_confirmed_with(confirmed, case, doctor):
    PatientIdentifier.objects.create(patient=case, value="OTHER-9", confirmed_by=doctor)
    assert judged(NAME, case, doctor, "OTHER-9").identity_reason == "identity_name_unknown"


def test_what_is_taken_out_of_the_chart_takes_its_name_along(confirmed, case, doctor):
    detach_series(by=doctor, series=confirmed, reason="wrong patient")
    assert not KnownName.objects.exists()
    assert judged(NAME, case, doctor).identity_reason == "identity_name_unknown"


@pytest.mark.parametrize(
    "initials, name, code",
    [
        ("AC", "Canary^Anna", "identity_name_unknown"),
        ("CA", "Canary^Anna", "identity_name_unknown"),
        ("ÄC", "Canary^Ägidius", "identity_name_unknown"),
        ("AC", "Canary^Anna^Rosa", "identity_name_unknown"),
        ("ARC", "Canary^Anna^Rosa", "identity_name_unknown"),
        ("AC", "金糸雀^安奈", "identity_name_unknown"),
        ("BC", "Canary^Anna", "identity_name_differs"),
        ("AC", "Schmidt^Anna", "identity_name_differs"),
    ],
)
def test_initials_of_the_chart_speak_against_another_name(case, doctor, initials, name, code):
    Patient.objects.filter(pk=case.pk).update(initials=initials)
    case.refresh_from_db()
    assert judged(name, case, doctor).identity_reason == code


def test_under_another_key_no_name_is_known(confirmed, case, doctor):
    with override_settings(NAME_KEY="another key of this installation"):
        assert judged(NAME, case, doctor).identity_reason == "identity_name_unknown"
    assert judged(NAME, case, doctor).identity == Series.Identity.ATTACHED


def test_what_was_imported_before_names_were_compared_is_held_and_teaches_no_name(case, doctor):
    who = DicomIdentity(ID, birth_date=BORN, sex="F")
    series = judge(by=doctor, series=series_of(who, doctor), patient=case)
    assert series.identity_reason == "identity_name_unknown"
    confirm_identity(by=doctor, series=series, patient=case, reason="seen on the request form")
    assert not KnownName.objects.exists() and Scan.objects.exists()


def test_the_trail_says_how_names_compared_and_holds_no_print(confirmed, case, doctor):
    series = judged("Schmidt^Anna", case, doctor)
    event = AuditEvent.objects.filter(action="hold_series").latest("pk")
    assert event.after["name"]["code"] == "identity_name_differs" and 0 < event.after["name"]["likeness"] < 0.9
    for one in AuditEvent.objects.all():
        assert series.name_print not in str(one.after) and confirmed.name_print not in str(one.after)


def test_two_patients_of_one_name_have_prints_with_nothing_in_common():
    one, other = (name_prints.of(NAME, patient_id, "") for patient_id in ("HOSP-1", "HOSP-2"))
    parts = [set(text.split(".")[1:]) for text in (one, other)]
    assert not parts[0] & parts[1]
    assert "uller" not in one.lower() and "anna" not in one.lower()


def test_a_case_of_a_day_that_is_not_exact_is_held_before_its_name_is_asked(case, doctor):
    Patient.objects.filter(pk=case.pk).update(birth_date=date(1961, 4, 1), birth_date_precision="month")
    case.refresh_from_db()
    assert judged(NAME, case, doctor).identity_reason == "identity_chart_birth_date_missing"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Öz^Ülkü", "OEZ^UELKUE"),
        ("Öz^Ülkü", "OZ^ULKU"),
        ("Ødegård^Åse", "OEDEGAARD^AASE"),
        ("Ødegård^Åse", "ODEGARD^ASE"),
        ("Groß^Jo", "GROSS^JO"),
    ],
)
def test_marks_written_out_or_dropped_are_the_same_name(one, other):
    """Short names, in which a spelling less would count as another person."""
    assert names.similarity(*(name_prints.of(name, ID, "") for name in (one, other))) == 1
