"""Cases that a header might belong to, for the person who decides. Suggestions only: nothing here attaches anything.

Compared are patient ID, birth date and sex. A name can be compared under one ID only, so none finds a case by itself.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db.models import Q, QuerySet

from imaging import identity
from imaging.identity import DicomIdentity
from imaging.models import Series
from patients.models import Patient, User
from patients.selectors import visible_patients

LOOKED_AT = 200
SHOWN = 5
ALIKE = 0.6
FIRST_LETTERS = 3


@dataclass(frozen=True)
class Candidate:
    """``likeness``: of the header's ID to the nearest ID of this case, 0 to 1."""

    patient: Patient
    likeness: float
    has_same_id: bool
    birth_date: str
    sex: str

    @property
    def percent(self) -> int:
        return round(100 * self.likeness)

    @property
    def birth_words(self) -> tuple[str, str]:
        return identity.BIRTH_WORDS[self.birth_date]

    @property
    def differs(self) -> bool:
        return "differs" in (self.birth_date, self.sex)


def candidates(series: Series, user: User) -> list[Candidate]:
    """The likeliest first, among cases this user may see."""
    header = DicomIdentity.of(series)
    owner = identity.identifier_owner(header)
    found = [_compared(header, patient, owner) for patient in _near(header, visible_patients(user))]
    return sorted((one for one in found if _is_worth_showing(one)), key=_order)[:SHOWN]


def _near(header: DicomIdentity, visible: QuerySet[Patient]) -> list[Patient]:
    """The same ID or birth date first: however many numbers begin alike, they push none of these out."""
    rows = visible.prefetch_related("identifiers").order_by("case_number")
    same = list(rows.filter(_same(header)).distinct()[:LOOKED_AT])
    if not header.has_usable_id:
        return same
    start = header.patient_id[:FIRST_LETTERS]
    alike = Q(case_number__istartswith=start) | Q(identifiers__value__istartswith=start)
    others = rows.filter(alike).exclude(pk__in=[patient.pk for patient in same]).distinct()
    return same + list(others[: LOOKED_AT - len(same)])


def _same(header: DicomIdentity) -> Q:
    wanted = Q(birth_date=header.birth_date) if header.birth_date else Q(pk__in=[])
    if header.has_usable_id:
        wanted |= Q(case_number__iexact=header.patient_id) | Q(identifiers__value__iexact=header.patient_id)
    return wanted


def _compared(header: DicomIdentity, patient: Patient, owner: Patient | None) -> Candidate:
    known = [patient.case_number, *(row.value for row in patient.identifiers.all())]
    likeness = max(likeness_of(header.patient_id, one) for one in known) if header.has_usable_id else 0.0
    has_same_id = header.is_case_number_of(patient) or patient == owner
    born = identity.birth_word(header.birth_date, patient)
    return Candidate(patient, likeness, has_same_id, born, sex_word(header, patient))


def likeness_of(one: str, other: str) -> float:
    """How alike two IDs look, upper and lower case and punctuation aside; never read as numbers."""
    return SequenceMatcher(None, _bare(one), _bare(other), autojunk=False).ratio()


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).casefold()


def sex_word(header: DicomIdentity, patient: Patient) -> str:
    if not header.sex or patient.sex_for_formulas == Patient.Sex.UNKNOWN:
        return "missing"
    return "agrees" if header.sex == patient.sex_for_formulas else "differs"


def _is_worth_showing(one: Candidate) -> bool:
    return one.has_same_id or one.likeness >= ALIKE or one.birth_date == "agrees"


def _order(one: Candidate) -> tuple:
    return (not one.has_same_id, one.differs, one.birth_date != "agrees", -one.likeness, one.patient.case_number)
