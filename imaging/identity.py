"""Whose scan is it? A series reaches a chart only when nothing speaks against it; all else is held.

Agreement: the PatientID is the case number, under no issuer, or an identifier a person confirmed for this case; the
birth date is that of the chart, where the chart has one; and the sex does not contradict it. An ID alone is mistyped
too easily. Names are never compared and identifiers never read as numbers.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from imaging.models import Scan, Series, Study
from patients.domain import dates
from patients.models import DatePrecision, Patient, PatientIdentifier

STAND_INS = frozenset({"anon", "anonymous", "anonymized", "anonymised", "test", "unknown", "phantom"})
NOTHING = frozenset({"na", "none", "nil", "null", "id", "patientid"})
LEFT_OUT = "identity_birth_date_missing"
# Codes that speak against the chosen case; the others only leave it open.
CONTRADICTIONS = frozenset(
    {
        "identity_id_of_other_case",
        "identity_birth_date_differs",
        "identity_sex_differs",
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

    @classmethod
    def of(cls, study: Study) -> "DicomIdentity":
        return cls(study.dicom_patient_id, study.dicom_issuer, study.dicom_birth_date, study.dicom_sex)

    @property
    def digest(self) -> str:
        values = asdict(self) | {"birth_date": self.birth_date and self.birth_date.isoformat()}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    def is_case_number_of(self, patient: Patient) -> bool:
        """Case numbers are given here: under an issuer's name the same text is another number."""
        return not self.issuer and self.patient_id == patient.case_number

    @property
    def has_usable_id(self) -> bool:
        """False for an empty ID, zeros only, and the words that stand for nobody."""
        bare = "".join(c for c in self.patient_id if c.isalnum()).casefold()
        words = "".join(c if c.isalpha() else " " for c in self.patient_id).casefold().split()
        return bool(bare.strip("0")) and bare not in NOTHING and not STAND_INS.intersection(words)


class Known:
    """To whom the IDs of some headers belong, read at once: by confirmed identifier and by case number."""

    def __init__(self, identities: Iterable[DicomIdentity]) -> None:
        values = {identity.patient_id for identity in identities}
        confirmed = PatientIdentifier.objects.filter(value__in=values)
        rows = confirmed.values_list("issuer", "value", "patient_id")
        self._owners = {(issuer, value): pk for issuer, value, pk in rows}
        self._numbers = dict(Patient.objects.filter(case_number__in=values).values_list("case_number", "pk"))

    def is_confirmed(self, identity: DicomIdentity, patient: Patient) -> bool:
        return self._owners.get((identity.issuer, identity.patient_id)) == patient.pk

    def is_elsewhere(self, identity: DicomIdentity, patient: Patient) -> bool:
        found = {self._owners.get((identity.issuer, identity.patient_id)), self._numbers.get(identity.patient_id)}
        return bool(found - {None, patient.pk})


def objection(identity: DicomIdentity, study_uid: str, patient: Patient) -> str:
    """The code of what keeps this header from ``patient``, contradictions first; empty when it agrees."""
    known = Known([identity])
    if code := _contradiction(identity, study_uid, patient, known):
        return code
    if not identity.has_usable_id:
        return "identity_id_missing"
    if not identity.is_case_number_of(patient) and not known.is_confirmed(identity, patient):
        return "identity_id_unknown"
    is_half_known = identity.birth_date is None and patient.birth_date is not None
    return LEFT_OUT if is_half_known else ""


def _contradiction(identity: DicomIdentity, study_uid: str, patient: Patient, known: Known) -> str:
    if birth_dates_differ(identity.birth_date, patient):
        return "identity_birth_date_differs"
    if identity.sex and patient.sex_for_formulas not in (Patient.Sex.UNKNOWN, identity.sex):
        return "identity_sex_differs"
    if identity.has_usable_id and known.is_elsewhere(identity, patient):
        return "identity_id_of_other_case"
    if _study_is_elsewhere(identity, study_uid, patient):
        return "identity_study_elsewhere"
    return ""


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
