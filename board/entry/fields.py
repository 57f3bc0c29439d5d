"""The six cards of the proforma and the fields on them: what is asked, in which words, and where it is stored."""

from dataclasses import dataclass, replace

from patients.domain.units import ANALYTES
from patients.models import (
    Diagnosis,
    HistologySpecimen,
    LabResult,
    Patient,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)

UNKNOWN = "unknown"
Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Field:
    """``kind``: text, long, date, day, number, ki67, choice, segments, many, regimen.

    ``need``: red blocks, core counts. ``is_in_front``: not behind "more", though it does not count.

    ``column`` is the model's; a field without one is stored by the rule of its card.
    """

    name: str
    label: str
    kind: str = "text"
    need: str = ""
    column: str = ""
    choices: Choices = ()
    unit: str = ""
    hint: str = ""
    suggest: str = ""
    is_wide: bool = False
    may_be_unknown: bool = True
    is_in_front: bool = False
    longest: int = 60

    @property
    def stored_in(self) -> str:
        return self.column or self.name


@dataclass(frozen=True)
class Card:
    """``model`` of its rows; ``many``: rows are added in place. ``own``: fields of the card beside its rows."""

    key: str
    title: str
    fields: tuple[Field, ...]
    model: type | None = None
    is_many: bool = False
    add: str = ""
    noun: str = ""
    own: tuple[Field, ...] = ()


def _without(choices, *left_out: str) -> Choices:
    return tuple((value, label) for value, label in choices if value not in left_out)


_YES_NO: Choices = (("asserted", "Yes"), ("denied", "No"), (UNKNOWN, "Unknown"))
_NOTE = Field(
    "note", "Note", hint="Source, or why an unusual value is right", is_wide=True, longest=300, may_be_unknown=False
)
_SITES: Choices = tuple(
    (word, word) for word in ("liver", "lymph nodes", "bone", "lung", "peritoneum", "brain", "none")
)
DAY_HINT = "2024-03-15, 03/2024 or 2024"

PATIENT = Card(
    "patient",
    "Patient and question",
    (
        Field("case_number", "Case number", need="red", longest=32, may_be_unknown=False),
        Field("initials", "Initials", hint="AB", longest=20,
              may_be_unknown=False),
        Field("sex_for_formulas", "Sex used in formulas", "segments", "red",
              choices=(("F", "Woman"), ("M", "Man"), ("O", "Other"), ("U", "Unknown"))),
        Field("birth_date", "Born", "date", "red", hint="1968 or 1968-04"),
        Field("centre", "Referring centre", longest=80),
        Field("question", "Question to the board", "long", "red", hint="One sentence", is_wide=True, longest=200,
              may_be_unknown=False),
        Field("note", "Note, or why an unusual date is right", hint="As in the letter", is_wide=True, longest=300,
              may_be_unknown=False),
    ),
    Patient,
)  # fmt: skip
TUMOUR = Card(
    "tumour",
    "Tumour",
    (
        Field("primary_site", "Primary site", "choice", "red", choices=tuple(Diagnosis.Site.choices)),
        Field("clinical_date", "Diagnosed", "date", "core", hint=DAY_HINT),
        Field("functional_status", "Functional status", "segments", "core",
              choices=(("non_functional", "No"), ("functional", "Yes"), (UNKNOWN, "Unknown"))),
        Field("syndrome", "Syndrome", suggest="syndrome", longest=40, hint="Carcinoid, insulinoma, ..."),
        Field("stage", "Stage", "choice", "core", choices=tuple(Diagnosis.Stage.choices)),
        Field("tnm", "TNM", need="core", longest=40, hint="cT2 N1 M1a"),
        Field("tnm_edition", "TNM edition", suggest="tnm_edition", longest=20),
        Field("metastatic_sites", "Metastases", "many", "core", choices=_SITES, is_wide=True, longest=200),
        _NOTE,
    ),
    Diagnosis,
)  # fmt: skip
HISTOLOGY = Card(
    "histology",
    "Histology",
    (
        Field("clinical_date", "Date", "date", "core", hint=DAY_HINT),
        Field("site", "Sampled site", need="core", suggest="metastatic_sites"),
        Field("ki67_text", "Ki-67 (MIB1)", "ki67", "core", unit="%", hint="18, 7-8 or <1", longest=40),
        Field("differentiation", "Differentiation", "segments", "core",
              choices=(("well", "Well"), ("poor", "Poor"), ("minen", "MiNEN"), (UNKNOWN, "Unknown")), is_wide=True),
        Field("procedure", "Procedure", "choice", choices=tuple(HistologySpecimen.Procedure.choices)),
        Field("mitoses_per_2mm2", "Mitoses per 2 mm²", "number"),
        Field("ki67_method", "Counting method", suggest="ki67_method", longest=40),
        Field("stated_grade", "Grade in the report", "choice",
              choices=_without(HistologySpecimen.Grade.choices, "")),
        _NOTE,
    ),
    HistologySpecimen, True, "Add specimen", "Specimen",
)  # fmt: skip
LINES = Card(
    "lines",
    "Treatment lines",
    (
        Field("regimen", "Regimen", "regimen", "core", may_be_unknown=False, is_wide=True),
        Field("treatment_class", "Class", "choice", "core", choices=tuple(TreatmentLine.TreatmentClass.choices),
              may_be_unknown=False),
        Field("drugs", "Drugs", longest=200, hint="Filled in for a known regimen", may_be_unknown=False),
        Field("clinical_date", "Start", "date", "core", hint=DAY_HINT),
        Field("stop_date", "Stop", "date", "core", hint="A date, or “ongoing”"),
        Field("cycles", "Cycles given", "number", "core"),
        Field("best_response", "Best response", "choice", "core",
              choices=_without(TreatmentLine.Response.choices, "")),
        Field("best_response_date", "Day of the response", "day", hint="2024-09-20", is_in_front=True),
        Field("response_text", "Response as reported", longest=80, hint="Lesions smaller on CT"),
        Field("stop_reason", "Why stopped", "choice", choices=_without(TreatmentLine.StopReason.choices, "")),
        _NOTE,
    ),
    TreatmentLine, True, "Add line", "Line",
    (Field("prior_systemic", "Systemic treatment other than somatostatin analogues so far", "segments", "core",
           choices=_YES_NO, is_wide=True),),
)  # fmt: skip
PRRT = Card(
    "prrt",
    "PRRT cycles",
    (
        Field("number", "Cycle number", "number", "core", may_be_unknown=False),
        Field("clinical_date", "Given on", "date", "core", hint=DAY_HINT),
        Field("activity_mbq", "Activity", "number", "core", unit="MBq", hint="7400"),
        Field("compound", "Compound", need="core", suggest="compound", longest=40, hint="177Lu-DOTATATE",
              may_be_unknown=False),
        _NOTE,
    ),
    PrrtCycle, True, "Add cycle", "Cycle",
    (Field("prior_prrt", "PRRT so far", "segments", "core", choices=_YES_NO, is_wide=True),),
)  # fmt: skip
SSA = Card(
    "ssa",
    "Somatostatin analogue",
    (
        Field("drug", "Drug", need="core", suggest="ssa_drug", longest=40, may_be_unknown=False),
        Field("clinical_date", "Injected", "date", "core", hint=DAY_HINT),
        Field("dose_mg", "Dose", "number", unit="mg"),
        Field("is_long_acting", "Form", "segments",
              choices=(("yes", "Depot"), ("no", "Short"), (UNKNOWN, "Unknown"))),
        _NOTE,
    ),
    SsaInjection, True, "Add injection", "Injection",
    (Field("prior_ssa", "Somatostatin analogue so far", "segments", "core", choices=_YES_NO, is_wide=True),),
)  # fmt: skip
LABS = Card(
    "labs",
    "Laboratory",
    (
        Field("analyte", "Test", "choice", choices=tuple((a.code, a.label) for a in ANALYTES.values()),
              may_be_unknown=False),
        Field("value", "Value", "number", may_be_unknown=False),
        Field("unit", "Unit", longest=20, may_be_unknown=False),
        Field("clinical_date", "Drawn", "date", may_be_unknown=False),
        Field("reference_low", "Lower limit", "number", may_be_unknown=False),
        Field("reference_high", "Upper limit", "number", may_be_unknown=False),
        replace(_NOTE, label="Note, or why it is right"),
    ),
    LabResult, True, "Add value", "Value",
)  # fmt: skip
STATUS = Card(
    "status",
    "Status and wishes",
    (
        Field("clinical_date", "Assessed on", "date", hint="2024-03-15 or “today”", may_be_unknown=False),
        Field("weight_kg", "Weight", "number", "core", unit="kg"),
        Field("ecog", "ECOG", "segments", "core", choices=(*((str(n), str(n)) for n in range(5)), (UNKNOWN, "Unknown")),
              is_wide=True),
        Field("frailty", "Clinical Frailty Scale, 1 very fit to 9 terminally ill", "segments", "core",
              choices=(*((str(n), str(n)) for n in range(1, 10)), (UNKNOWN, "Unknown")), is_wide=True),
        Field("pregnancy", "Pregnancy", "choice", "core", choices=(
            ("negative_test", "Excluded by test"), ("not_of_childbearing_potential", "Not of childbearing potential"),
            ("not_excluded", "Not excluded"), ("pregnant", "Pregnant"), (UNKNOWN, "Unknown"))),
        Field("height_cm", "Height", "number", unit="cm"),
        Field("breast_feeding", "Breast-feeding", "segments", "core", choices=_YES_NO, is_wide=True),
        Field("self_care", "Continent and self-caring", "segments", "core", choices=_YES_NO, is_wide=True),
        Field("preference", "Patient preference", need="core", is_wide=True, longest=300,
              hint="Wants PRRT if possible"),
        replace(_NOTE, label="Note, or why it is right"),
    ),
)  # fmt: skip
SIX = (TUMOUR, HISTOLOGY, LINES, SSA, LABS, STATUS)
CARDS = (PATIENT, TUMOUR, HISTOLOGY, LINES, PRRT, SSA, LABS, STATUS)
PART_OF = {PRRT.key: LINES}  # drawn inside another card
BY_KEY = {card.key: card for card in CARDS}
# Of an entry that came back; drawn beside the question, of no card.
ANSWER = "returned.answer"
ANSWER_FIELD = Field("answer", "Answer", "long", longest=300, may_be_unknown=False)
FOR_WOMEN = frozenset({"status.pregnancy", "status.breast_feeding"})


def field_of(name: str) -> Field | None:
    """The field a value belongs to: "tumour.stage" or "lines.<row>.regimen"; None for a name that is none."""
    if name == ANSWER:
        return ANSWER_FIELD
    card_key, _, rest = name.partition(".")
    card = BY_KEY.get(card_key)
    if card is None:
        return None
    row, _, last = rest.rpartition(".")
    if bool(row) and card.is_many:
        return _FIELDS.get((card_key, last))
    return None if row else (_OWN if card.is_many else _FIELDS).get((card_key, last))


_GONE = Field("gone", "Taken away", may_be_unknown=False)
_FIELDS = {(card.key, field.name): field for card in CARDS for field in card.fields}
_FIELDS |= {(card.key, "gone"): _GONE for card in CARDS if card.is_many}
_OWN = {(card.key, field.name): field for card in CARDS for field in card.own}
