"""Numbers of the whole scan in words: each with its method, its open ends, and what it was not added up from."""

from imaging.domain.lesion_uptake import Quantity
from imaging.domain.ratios import is_suv
from imaging.fdg_pairs import FdgPair
from imaging.models import LesionReading
from imaging.scan_numbers import ScanNumbers

NAMES = {
    "fraction_above_liver_by_count": "Lesions above liver, by count",
    "fraction_above_liver_by_volume": "Lesions above liver, by volume",
    "coldest_assessable_lesion": "Coldest assessable lesion",
    "hottest_lesion": "Hottest lesion",
    "sstr_tumour_volume": "SSTR tumour volume",
    "total_lesion_sstr_expression": "Total lesion SSTR expression",
}
UNITS = {"g/ml{SUVbw}": "SUV", "ml": "mL", "ml.g/ml{SUVbw}": "SUV × mL", "{ratio}": ""}
ANY_DISCORDANT = {
    True: "yes, at least one lesion",
    False: "no",
    None: "unknown: a lesion is not fully read, or lesions without uptake were not looked for",
}
RATIOS = (("liver", "× liver"), ("spleen", "× spleen"))


def numbers(found: ScanNumbers) -> dict:
    if found.burden is None:
        return {"rows": [], "ratios": [], "refusal": found.refusal, "basis": found.basis, "method": ""}
    rows = [_row(name, found) for name in NAMES]
    labels = sorted({label for label, _ in (*found.burden.ratios, *found.burden.ratios_absent)})
    return {
        "rows": rows,
        "ratios": [_ratios(label, found) for label in labels],
        "refusal": "",
        "basis": found.basis,
        "method": found.burden.method_version,
        "is_without_suv": bool(found.unit) and not is_suv(found.unit),
        "unit": found.unit,
    }


def _row(name: str, found: ScanNumbers) -> dict:
    quantity, absent = found.burden.numbers.get(name), found.burden.absent.get(name)
    if quantity is None:
        return {"name": NAMES[name], "value": "–", "method": "", "notes": [absent.message] if absent else []}
    return {
        "name": NAMES[name],
        "value": _shown(quantity, is_share=name.startswith("fraction")),
        "method": _method(quantity.method, found.unit),
        "notes": _notes(name, quantity),
    }


def _method(words: str, unit: str) -> str:
    """What is not in SUV is not called SUV."""
    return words if not unit or unit.startswith("g/ml{SUV") else words.replace("SUV", "")


def _shown(quantity: Quantity, *, is_share: bool) -> str:
    unit = UNITS.get(quantity.unit, quantity.unit)
    scale, digits = (100, 0) if is_share else (1, 2)
    low = f"{scale * quantity.low:.{digits}f}"
    tail = f" {'%' if is_share else unit}".rstrip()
    if quantity.is_known:
        return low + tail
    if quantity.high is None:
        return f"at least {low}{tail}"
    return f"{low} to {scale * quantity.high:.{digits}f}{tail}"


def _notes(name: str, quantity: Quantity) -> list[str]:
    said = [", ".join(quantity.labels)] if name in {"coldest_assessable_lesion", "hottest_lesion"} else []
    if quantity.unknown:
        said.append(f"open because of {', '.join(quantity.unknown)}")
    return [*said, *(note.message for note in quantity.cautions)]


def _ratios(label: str, found: ScanNumbers) -> dict:
    cells = []
    for organ, words in RATIOS:
        quantity = found.burden.ratios.get((label, organ))
        absent = found.burden.ratios_absent.get((label, organ))
        text = f"{quantity.low:.2f} {words}" if quantity else "–"
        said = _method(quantity.method, found.unit) if quantity else absent.message if absent else ""
        cells.append({"text": text, "note": said})
    return {"label": label, "cells": cells}


def fdg(pair: FdgPair | None) -> dict | None:
    """The FDG panel in words; None where there is no FDG scan to speak of."""
    if pair is None:
        return None
    flags = {flag.label: flag for flag in pair.discordant}
    words = dict(LesionReading.FdgRelation.choices)
    return {
        "fdg_scan": pair.fdg_scan,
        "sstr_scan": pair.sstr_scan,
        "refusal": pair.refusal,
        "days": _days(pair),
        "cautions": [note.message for note in pair.pairing.cautions] if pair.pairing else [],
        "lesions": [
            {
                "label": lesion.label,
                "sstr": ", ".join(sorted(lesion.relation)) if lesion.relation else "not read",
                "fdg": ", ".join(sorted(lesion.fdg)) if lesion.fdg else "not read",
                "flag": _flag(flags[lesion.label].is_discordant),
                "reason": flags[lesion.label].reason,
            }
            for lesion in pair.lesions
        ],
        "discordance": ANY_DISCORDANT[pair.has_discordance],
        "possible": pair.proposed.possible if pair.proposed else (),
        "reason": pair.proposed.reason if pair.proposed else pair.why_not_proposed,
        "confirmed": pair.confirmed,
        "words": words,
    }


def _days(pair: FdgPair) -> str:
    if pair.pairing is None:
        return ""
    days, limit = abs(pair.pairing.days), pair.pairing.limit_days
    within = "within" if pair.pairing.is_within else "beyond"
    return f"{days} days apart, {within} {limit} days"


def _flag(is_discordant: bool | None) -> str:
    return {True: "discordant", False: "not discordant", None: "unknown"}[is_discordant]
