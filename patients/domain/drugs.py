"""Regimens and the drugs in them; which drugs are alkylators (marrow risk before PRRT).

Regimen contents: standard abbreviations of the field. Platinum compounds bind DNA but are not counted as
alkylators here; streptozocin, dacarbazine and temozolomide are.
"""

from collections.abc import Iterable, Mapping

REGIMENS: dict[str, tuple[str, ...]] = {
    "CAPTEM": ("capecitabine", "temozolomide"),
    "STZ/5-FU": ("streptozocin", "fluorouracil"),
    "FOLFOX": ("fluorouracil", "folinic acid", "oxaliplatin"),
    "FOLFIRI": ("fluorouracil", "folinic acid", "irinotecan"),
    "FOLFIRINOX": ("fluorouracil", "folinic acid", "irinotecan", "oxaliplatin"),
    "XELOX": ("capecitabine", "oxaliplatin"),
    "cisplatin/etoposide": ("cisplatin", "etoposide"),
    "carboplatin/etoposide": ("carboplatin", "etoposide"),
    "everolimus": ("everolimus",),
    "sunitinib": ("sunitinib",),
    "cabozantinib": ("cabozantinib",),
    "lanreotide": ("lanreotide",),
    "octreotide LAR": ("octreotide",),
    "pasireotide": ("pasireotide",),
    "interferon alfa": ("interferon alfa",),
    "177Lu-DOTATATE": ("177Lu-DOTATATE",),
    "177Lu-edotreotide": ("177Lu-edotreotide",),
    "90Y-DOTATOC": ("90Y-DOTATOC",),
}
# Days of one cycle where the schedule is one; streptozocin is given every three or every six weeks.
CYCLE_DAYS: Mapping[str, int] = {
    "CAPTEM": 28,
    "FOLFOX": 14,
    "FOLFIRI": 14,
    "FOLFIRINOX": 14,
    "XELOX": 21,
    "cisplatin/etoposide": 21,
    "carboplatin/etoposide": 21,
}
ALKYLATORS = frozenset(
    {
        "bendamustine",
        "busulfan",
        "carmustine",
        "chlorambucil",
        "cyclophosphamide",
        "dacarbazine",
        "ifosfamide",
        "lomustine",
        "melphalan",
        "mitomycin",
        "procarbazine",
        "streptozocin",
        "temozolomide",
        "treosulfan",
    }
)
# Cytotoxic drugs besides the alkylators.
CYTOTOXIC = frozenset(
    {"capecitabine", "fluorouracil", "oxaliplatin", "irinotecan", "cisplatin", "carboplatin", "etoposide"}
)
LONG_ACTING_SSA = ("lanreotide", "pasireotide", "lar", "autogel", "depot")
# Words in the name of a local treatment that say what it was; a SIRT is not counted as an embolisation.
LOCAL_WORDS: Mapping[str, tuple[str, ...]] = {
    "surgery": ("surgery", "ectomy", "resection", "debulking", "whipple", "transplant"),
    "sirt": ("sirt", "radioembol", "y-90 microsph", "90y microsph"),
    "embolisation": ("tace", "tae", "embol"),
    "ablation": ("ablation", "rfa", "mwa"),
}
# Words in the name of a radioligand therapy, and the nuclides that make the same peptide a tracer.
PRRT_WORDS = ("dotatate", "dotatoc", "edotreotide", "oxodotreotide", "lutathera", "prrt")
TRACER_WORDS = ("68ga", "ga-68", "ga68", "64cu", "cu-64", "cu64", "111in", "in-111", "netspot", "detectnet")
_KNOWN_DRUGS = ALKYLATORS | {drug for drugs in REGIMENS.values() for drug in drugs}
_BY_NAME = {name.lower(): drugs for name, drugs in REGIMENS.items()}
_DAYS_BY_NAME = {name.lower(): days for name, days in CYCLE_DAYS.items()}


def drugs_of(regimen: str) -> tuple[str, ...]:
    """The drugs of a known regimen, in any case; empty for an unknown one."""
    return _BY_NAME.get(regimen.strip().lower(), ())


def cycle_days(regimen: str) -> int | None:
    """Days of one cycle of a known regimen, in any case; None where there is no one schedule."""
    return _DAYS_BY_NAME.get(regimen.strip().lower())


def contains_alkylator(regimen: str, drugs: Iterable[str]) -> bool | None:
    """Whether an alkylator was among the drugs; None when no drug, or one outside the vocabulary, is named."""
    named = {drug.strip().lower() for drug in drugs} or {drug.lower() for drug in drugs_of(regimen)}
    if named & ALKYLATORS:
        return True
    known = {drug.lower() for drug in _KNOWN_DRUGS}
    return False if named and named <= known else None


def is_chemotherapy(regimen: str, drugs: Iterable[str]) -> bool:
    """Whether a cytotoxic drug is named, alone or in a known regimen; a name that says nothing is no chemotherapy."""
    named = {str(drug).strip().lower() for drug in (*drugs, regimen, *drugs_of(regimen))}
    return bool(named & (ALKYLATORS | CYTOTOXIC))


def is_long_acting_ssa(regimen: str) -> bool | None:
    """True for a name of a depot form; None where the name does not say."""
    return True if set(LONG_ACTING_SSA) & set(regimen.lower().replace("-", " ").split()) else None


def is_prrt(names: Iterable[str]) -> bool:
    """Whether a regimen or drug among ``names`` is a radioligand therapy, whatever class it was filed under."""
    return any(
        any(word in name for word in PRRT_WORDS) and not any(word in name for word in TRACER_WORDS)
        for name in map(str.lower, names)
    )


def local_kinds(name: str) -> frozenset[str]:
    """What kind of local treatment the name says it was (keys of LOCAL_WORDS); empty where it does not say."""
    text = name.lower()
    found = {kind for kind, words in LOCAL_WORDS.items() if any(word in text for word in words)}
    return frozenset(found - {"embolisation"} if "sirt" in found else found)
