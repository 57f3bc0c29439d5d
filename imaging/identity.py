"""Whose scan is it? A series reaches a chart only when nothing speaks against it; all else is held.

Agreement: the PatientID is the case number, under no issuer, or an identifier a person confirmed for this case; the
birth date is exactly that of the chart; the sex does not contradict it; and the name is like one that a person
confirmed under this ID, or is the ID itself. An ID alone is mistyped too easily. What is missing on one side agrees
with nothing. Names are compared by their prints (``domain.names``), and identifiers never read as numbers.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from imaging import name_prints
from imaging.domain import names
from imaging.domain.errors import Caution
from imaging.models import KnownName, Scan, Series
from imaging.reasons import caution
from patients.domain import dates
from patients.models import DatePrecision, Patient, PatientIdentifier

NOTHING = frozenset({"na", "none", "nil", "null", "id", "patientid"})
# Codes of what cannot be compared: one person with the right may confirm the series; a reason in the files comes first.
MISSING = frozenset(
    {
        "identity_birth_date_missing",
        "identity_chart_birth_date_missing",
        "identity_name_missing",
        "identity_name_unknown",
    }
)
# Codes of files that a person has to look at, whoever they are of.
TO_BE_LOOKED_AT = frozenset({"secondary_capture", "ultrasound_picture", "burned_in_annotation", "scan_in_future"})
# Codes that speak against the chosen case; the others only leave it open.
CONTRADICTIONS = frozenset(
    {
        "identity_id_of_other_case",
        "identity_birth_date_differs",
        "identity_sex_differs",
        "identity_name_differs",
        "identity_study_elsewhere",
        "series_uid_shared",
        "study_of_two_patients",
    }
)


@dataclass(frozen=True)
class DicomIdentity:
    """Who the header says it is; the digest keys a study, so two identities never share one."""

    patient_id: str = ""
    issuer: str = ""
    birth_date: date | None = None
    sex: str = ""
    name_print: str = ""

    @classmethod
    def of(cls, series: Series) -> "DicomIdentity":
        study = series.study
        who = (study.dicom_patient_id, study.dicom_issuer, study.dicom_birth_date, study.dicom_sex)
        return cls(*who, series.name_print)

    @property
    def digest(self) -> str:
        """Without the name, which two scanners may write in two ways in one study."""
        values = asdict(self) | {"birth_date": self.birth_date and self.birth_date.isoformat()}
        del values["name_print"]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def is_case_number_of(self, patient: Patient) -> bool:
        """Case numbers are given here: under an issuer's name the same text is another number."""
        return not self.issuer and self.patient_id == patient.case_number

    @property
    def has_usable_id(self) -> bool:
        """False for an empty ID, zeros only, and the words that stand for nobody."""
        bare = "".join(c for c in self.patient_id if c.isalnum()).casefold()
        words = "".join(c if c.isalpha() else " " for c in self.patient_id).casefold().split()
        return bool(bare.strip("0")) and bare not in NOTHING and not names.STAND_INS.intersection(words)


class Known:
    """To whom the IDs of some headers belong, read at once: by confirmed identifier and by case number."""

    def __init__(self, identities: Iterable[DicomIdentity]) -> None:
        values = {identity.patient_id for identity in identities}
        confirmed = PatientIdentifier.objects.filter(value__in=values)
        rows = list(confirmed.values_list("issuer", "value", "patient_id", "confirmed_at"))
        self._owners = {(issuer, value): pk for issuer, value, pk, _ in rows}
        since = {(issuer, value): at for issuer, value, _, at in rows}
        self._numbers = dict(Patient.objects.filter(case_number__in=values).values_list("case_number", "pk"))
        self._names: dict[tuple[str, str, int], list[str]] = defaultdict(list)
        prints = KnownName.objects.filter(value__in=values)
        fields = ("issuer", "value", "patient_id", "name_print", "confirmed_at")
        for issuer, value, pk, name_print, at in prints.values_list(*fields):
            is_number = not issuer and self._numbers.get(value) == pk
            is_of_this_confirmation = self._owners.get((issuer, value)) == pk and since[issuer, value] <= at
            if is_number or is_of_this_confirmation:
                self._names[issuer, value, pk].append(name_print)

    def is_confirmed(self, identity: DicomIdentity, patient: Patient) -> bool:
        return self._owners.get((identity.issuer, identity.patient_id)) == patient.pk

    def elsewhere(self, identity: DicomIdentity, patient: Patient) -> list[int]:
        """Keys of the other cases whose ID or case number this is."""
        found = {self._owners.get((identity.issuer, identity.patient_id)), self._numbers.get(identity.patient_id)}
        return sorted(pk for pk in found if pk not in (None, patient.pk))

    def is_elsewhere(self, identity: DicomIdentity, patient: Patient) -> bool:
        return bool(self.elsewhere(identity, patient))

    def names(self, identity: DicomIdentity, patient: Patient) -> list[str]:
        """Prints of the names confirmed for this case under the header's ID; none from before its ID was withdrawn."""
        return self._names[identity.issuer, identity.patient_id, patient.pk]


@dataclass(frozen=True)
class NameCompared:
    """``code``: of the objection, or "". ``likeness``: to the nearest known name, 0 to 1; None where none compares."""

    code: str
    likeness: float | None = None
    is_written_otherwise: bool = False


def compare_names(identity: DicomIdentity, patient: Patient, known: Known | None = None) -> NameCompared:
    """``known``: where it has been read already."""
    if identity.name_print == names.DISAGREE:
        return NameCompared("identity_name_differs")
    if identity.name_print == names.STANDS_FOR_ID:
        return NameCompared("")
    prints = (known or Known([identity])).names(identity, patient)
    if nearest := names.nearest(identity.name_print, prints):
        likeness, is_same = nearest
        return NameCompared("" if likeness >= names.ALIKE else "identity_name_differs", likeness, not is_same)
    who = (identity.patient_id, identity.issuer)
    if name_prints.initials_agree(identity.name_print, patient.initials, *who) is False:
        return NameCompared("identity_name_differs")
    is_left_out = identity.name_print == names.NOT_STATED
    return NameCompared("identity_name_missing" if is_left_out else "identity_name_unknown")


def name_remark(found: NameCompared) -> Caution | None:
    """What to say of a name that is the known one in another spelling."""
    if found.code or not found.is_written_otherwise:
        return None
    return caution("identity_name_otherwise", percent=round(100 * (found.likeness or 0)))


def objection(identity: DicomIdentity, study_uid: str, patient: Patient) -> str:
    """The code of what keeps this header from ``patient``, contradictions first; empty when it agrees."""
    known = Known([identity])
    if code := _contradiction(identity, study_uid, patient, known):
        return code
    if not identity.has_usable_id:
        return "identity_id_missing"
    if not identity.is_case_number_of(patient) and not known.is_confirmed(identity, patient):
        return "identity_id_unknown"
    if patient.birth_date is None or patient.birth_date_precision != DatePrecision.DAY:
        return "identity_chart_birth_date_missing"
    if identity.birth_date is None:
        return "identity_birth_date_missing"
    return compare_names(identity, patient, known).code


def _contradiction(identity: DicomIdentity, study_uid: str, patient: Patient, known: Known) -> str:
    if birth_dates_differ(identity.birth_date, patient):
        return "identity_birth_date_differs"
    if sexes_differ(identity.sex, patient):
        return "identity_sex_differs"
    if identity.has_usable_id and known.is_elsewhere(identity, patient):
        return "identity_id_of_other_case"
    if _study_is_elsewhere(identity, study_uid, patient):
        return "identity_study_elsewhere"
    name = compare_names(identity, patient, known).code
    return name if name in CONTRADICTIONS else ""


def identifier_owner(identity: DicomIdentity) -> Patient | None:
    """The case this identifier has been confirmed for."""
    found = PatientIdentifier.objects.filter(issuer=identity.issuer, value=identity.patient_id)
    row = found.select_related("patient").first()
    return row.patient if row else None


def birth_dates_differ(header: date | None, patient: Patient) -> bool:
    chart = patient.birth_date
    if header is None or chart is None or patient.birth_date_precision == DatePrecision.UNKNOWN:
        return False
    if header.year != chart.year:
        return True
    if patient.birth_date_precision == DatePrecision.YEAR:
        return False
    if header.month != chart.month:
        return True
    return patient.birth_date_precision == DatePrecision.DAY and header.day != chart.day


def sexes_differ(header: str, patient: Patient) -> bool:
    return bool(header) and patient.sex_for_formulas not in (Patient.Sex.UNKNOWN, header)


# The verdict and the words of each answer of ``birth_word``, for every page that compares.
BIRTH_WORDS = {
    "missing": ("unknown", "missing on one side"),
    "differs": ("not_met", "differs"),
    "month": ("unknown", "agrees to the month"),
    "year": ("unknown", "agrees to the year"),
    "agrees": ("met", "agrees"),
}


def birth_word(header: date | None, patient: Patient) -> str:
    """ "missing", "differs" or "agrees"; "month" or "year" where the chart knows no more and that much agrees."""
    precision = patient.birth_date_precision
    if header is None or patient.birth_date is None or precision == DatePrecision.UNKNOWN:
        return "missing"
    if birth_dates_differ(header, patient):
        return "differs"
    return "agrees" if precision == DatePrecision.DAY else str(precision)


def is_before_birth(day: date | None, patient: Patient) -> bool:
    """True for images that cannot be of this patient: no chart takes them, whoever says so."""
    return day is not None and dates.is_surely_before((day, day), patient.birth_span)


def _study_is_elsewhere(identity: DicomIdentity, study_uid: str, patient: Patient) -> bool:
    attached = Series.objects.filter(
        study__study_uid=study_uid, study__identity_digest=identity.digest, identity=Series.Identity.ATTACHED
    )
    if attached.exclude(candidate_patient=patient).exists():
        return True
    return Scan.objects.filter(pet_series__in=attached).exclude(patient=patient).exists()
