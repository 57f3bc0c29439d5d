"""Immunohistochemistry as a pathologist writes it: "CgA +, SSTR2A positive (IRS 9), ATRX retained, p53 -"."""

import re
from dataclasses import dataclass

RESULTS: dict[str, str] = {
    "positive": "positive",
    "pos": "positive",
    "pos.": "positive",
    "+": "positive",
    "++": "positive",
    "+++": "positive",
    "negative": "negative",
    "neg": "negative",
    "neg.": "negative",
    "-": "negative",
    "\u2212": "negative",
    "\u2013": "negative",
    "focal": "focal",
    "focally positive": "focal",
    "(+)": "focal",
    "lost": "lost",
    "loss": "lost",
    "retained": "retained",
    "unknown": "unknown",
    "?": "unknown",
}
_WORDS = "|".join(re.escape(word) for word in sorted(RESULTS, key=len, reverse=True))
_ONE = re.compile(
    rf"(?P<marker>[^,;()]*?[A-Za-z0-9])\s*(?P<result>{_WORDS})(?:\s*\((?P<score>[^()]+)\))?", re.IGNORECASE
)


class IhcRefused(ValueError):
    """The text is no list of stains; ``str()`` is a sentence for the person who typed it."""

    code = "ihc_not_understood"


@dataclass(frozen=True)
class Stain:
    """``result`` is one of the values of RESULTS; ``score`` is verbatim (IRS, HER2-style, percent)."""

    marker: str
    result: str
    score: str = ""


def parse_ihc(text: str) -> list[Stain]:
    """Stains separated by commas or semicolons. Raises IhcRefused with the part that was not understood."""
    stains = [_stain(part) for part in re.split(r"[,;](?![^(]*\))", text) if part.strip()]
    markers = [stain.marker.lower() for stain in stains]
    twice = {marker for marker in markers if markers.count(marker) > 1}
    if twice:
        raise IhcRefused(f"The marker {', '.join(sorted(twice))} stands there twice.")
    return stains


def write_ihc(stains: list[Stain]) -> str:
    """The inverse of ``parse_ihc``."""
    return ", ".join(f"{s.marker} {s.result}{f' ({s.score})' if s.score else ''}" for s in stains)


def _stain(part: str) -> Stain:
    match = _ONE.fullmatch(part.strip())
    if match is None:
        raise IhcRefused(
            f"“{part.strip()}” is not understood. Write marker and result, such as SSTR2A positive (IRS 9); "
            "results are positive, negative, focal, lost, retained, unknown."
        )
    plus = match["result"] if set(match["result"]) == {"+"} and len(match["result"]) > 1 else ""
    return Stain(match["marker"].strip(), RESULTS[match["result"].lower()], match["score"] or plus)
