"""Tracers, nuclides and the codes of the standard for them.

Half-lives: ICRP Publication 107. SCT and SRT codes: DICOM PS3.16 CID 4020, 4021, 18 and 25. Tracers without a code
in that release carry the private scheme 99PRRT.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Code:
    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Nuclide:
    """A radionuclide: ``half_life_s`` in seconds; ``usual_mbq`` and ``usual_uptake_min`` only raise warnings."""

    name: str
    half_life_s: float
    codes: frozenset[str] = frozenset()
    usual_mbq: tuple[float, float] | None = None
    usual_uptake_min: tuple[float, float] | None = None


class Tracer(StrEnum):
    GA68_DOTATATE = "68Ga-DOTATATE"
    GA68_DOTATOC = "68Ga-DOTATOC"
    GA68_DOTANOC = "68Ga-DOTANOC"
    CU64_DOTATATE = "64Cu-DOTATATE"
    F18_SITATE = "18F-SiTATE"
    IN111_PENTETREOTIDE = "111In-pentetreotide"
    TC99M_HYNIC_TOC = "99mTc-HYNIC-TOC"
    F18_FDG = "18F-FDG"
    OTHER = "other"


NUCLIDES: dict[str, Nuclide] = {
    n.name: n
    for n in (
        Nuclide("68Ga", 4062.6, frozenset({"35337001", "C-131A3", "C-131A1"}), (20, 500), (30, 120)),
        Nuclide("64Cu", 45720.0, frozenset({"3932008", "C-127A2"}), (50, 500), (30, 240)),
        Nuclide("18F", 6586.2, frozenset({"77004003", "C-111A1"}), (20, 1000), (30, 150)),
        Nuclide("111In", 242326.08, frozenset({"56609000", "C-145A4"}), (50, 400)),
        Nuclide("99mTc", 21654.0, frozenset({"72454006", "C-163A8"}), (100, 1500)),
        Nuclide("177Lu", 574300.8, frozenset({"447553000", "C-101ED"})),
        Nuclide("90Y", 230760.0, frozenset({"14691008", "C-162A7"})),
        Nuclide("177mLu", 13858560.0),
        Nuclide("161Tb", 596678.4),
        Nuclide("212Pb", 38304.0),
        Nuclide("225Ac", 864000.0),
    )
}

TRACER_CODES: dict[Tracer, Code] = {
    Tracer.GA68_DOTATATE: Code("724025002", "SCT", "Dotatate Ga^68^"),
    Tracer.GA68_DOTATOC: Code("C2713594", "UMLS", "Edotreotide Ga^68^"),
    Tracer.GA68_DOTANOC: Code("GA68-DOTANOC", "99PRRT", "DOTANOC Ga^68^"),
    Tracer.CU64_DOTATATE: Code("CU64-DOTATATE", "99PRRT", "Dotatate Cu^64^"),
    Tracer.F18_SITATE: Code("F18-SITATE", "99PRRT", "SiTATE F^18^"),
    Tracer.IN111_PENTETREOTIDE: Code("446800006", "SCT", "Indium^111^ pentetreotide"),
    Tracer.TC99M_HYNIC_TOC: Code("TC99M-HYNIC-TOC", "99PRRT", "HYNIC-TOC Tc^99m^"),
    Tracer.F18_FDG: Code("35321007", "SCT", "Fluorodeoxyglucose F^18^"),
}

NUCLIDE_CODES: dict[str, Code] = {
    "68Ga": Code("35337001", "SCT", "^68^Gallium"),
    "64Cu": Code("3932008", "SCT", "^64^Copper"),
    "18F": Code("77004003", "SCT", "^18^Fluorine"),
    "111In": Code("56609000", "SCT", "^111^Indium"),
    "99mTc": Code("72454006", "SCT", "^99m^Technetium"),
}

ORGAN_CODES: dict[str, Code] = {
    "liver": Code("10200004", "SCT", "Liver"),
    "spleen": Code("78961009", "SCT", "Spleen"),
    "kidney": Code("64033007", "SCT", "Kidney"),
    "stomach": Code("69695003", "SCT", "Stomach"),
}

SUV_UNITS: dict[str, str] = {
    "bw": "g/ml{SUVbw}",
    "lbm_james": "g/ml{SUVlbm}",
    "lbm_janmahasatian": "g/ml{SUVlbm(Janma)}",
    "bsa": "cm2/ml{SUVbsa}",
    "ibw": "g/ml{SUVibw}",
}

_SSTR = frozenset(Tracer) - {Tracer.F18_FDG, Tracer.OTHER}
_LEGACY_TRACER_CODES = {"C-B1031": Tracer.F18_FDG, "Y-X1743": Tracer.F18_FDG, "C-145AA": Tracer.IN111_PENTETREOTIDE}
_ELEMENTS = {
    "gallium": "68Ga", "ga68": "68Ga", "68ga": "68Ga",
    "copper": "64Cu", "cu64": "64Cu", "64cu": "64Cu",
    "fluor": "18F", "f18": "18F", "18f": "18F",
    "indium": "111In", "in111": "111In", "111in": "111In",
    "technetium": "99mTc", "tc99m": "99mTc", "99mtc": "99mTc",
    "lutetium": "177Lu", "lu177": "177Lu", "177lu": "177Lu",
}  # fmt: skip
_MASS_NUMBERS = {"68Ga": "68", "64Cu": "64", "18F": "18", "111In": "111", "99mTc": "99", "177Lu": "177"}
_AGENTS = (
    ("dotatate", {"68Ga": Tracer.GA68_DOTATATE, "64Cu": Tracer.CU64_DOTATATE}),
    ("netspot", {"68Ga": Tracer.GA68_DOTATATE}),
    ("detectnet", {"64Cu": Tracer.CU64_DOTATATE}),
    ("dotatoc", {"68Ga": Tracer.GA68_DOTATOC}),
    ("edotreotide", {"68Ga": Tracer.GA68_DOTATOC}),
    ("dotanoc", {"68Ga": Tracer.GA68_DOTANOC}),
    ("sitate", {"18F": Tracer.F18_SITATE}),
    ("pentetreotide", {"111In": Tracer.IN111_PENTETREOTIDE}),
    ("octreoscan", {"111In": Tracer.IN111_PENTETREOTIDE}),
    ("hynictoc", {"99mTc": Tracer.TC99M_HYNIC_TOC}),
    ("tektrotyd", {"99mTc": Tracer.TC99M_HYNIC_TOC}),
    ("fdg", {"18F": Tracer.F18_FDG}),
    ("fluorodeoxyglucose", {"18F": Tracer.F18_FDG}),
    ("fludeoxyglucose", {"18F": Tracer.F18_FDG}),
)


def is_sstr(tracer: str) -> bool:
    """True when the tracer binds somatostatin receptors; FDG, PSMA and unknown tracers do not count."""
    return tracer in _SSTR


def nuclide_of(tracer: str) -> str:
    """The nuclide a tracer's name starts with, or ``""`` for a tracer that is not in the list."""
    return tracer.split("-", 1)[0] if tracer in frozenset(Tracer) - {Tracer.OTHER} else ""


def find_nuclide(code_value: str = "", text: str = "") -> str:
    """Name of the nuclide (a key of ``NUCLIDES``) from its code, else from the text; ``""`` if unknown."""
    for nuclide in NUCLIDES.values():
        if code_value and code_value.strip() in nuclide.codes:
            return nuclide.name
    plain = _plain(text)
    for word, name in _ELEMENTS.items():
        if word in plain and _MASS_NUMBERS[name] in plain:
            return name
    return ""


def find_tracer(code_value: str = "", text: str = "", nuclide: str = "") -> str:
    """The tracer from its code, else from its free text; ``Tracer.OTHER`` if neither is known.

    A text without a nuclide ("DOTATATE") takes ``nuclide``; if that is unknown too, no isotope is guessed.
    """
    code = code_value.strip()
    for tracer, known in TRACER_CODES.items():
        if code and code == known.value:
            return tracer
    if code in _LEGACY_TRACER_CODES:
        return _LEGACY_TRACER_CODES[code]
    plain = _plain(text)
    isotope = find_nuclide(text=text) or nuclide
    for agent, by_nuclide in _AGENTS:
        if agent in plain:
            only = next(iter(by_nuclide.values())) if len(by_nuclide) == 1 and not isotope else Tracer.OTHER
            return by_nuclide.get(isotope, only)
    return Tracer.OTHER


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
