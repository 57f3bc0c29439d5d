"""The Vanderbilt clinical score as the Eligibility tab shows it: items with their reason, the sum as a range."""

import datetime as dt
from dataclasses import dataclass

from board.chart import Chart
from eligibility.domain.vanderbilt import CITATION, EVIDENCE, HIGHEST, MEANING, Points
from eligibility.vanderbilt_facts import vanderbilt_score

_NAMES = {
    "treatments": "Other treatments for the tumour type",
    "prior": "Earlier systemic therapy",
    "symptoms": "Symptoms",
    "burden": "Tumour in critical organs",
    "peritoneum": "Peritoneal carcinomatosis",
}


@dataclass(frozen=True)
class ItemLine:
    name: str
    points: Points
    highest: int


@dataclass(frozen=True)
class VanderbiltPanel:
    total: str
    items: list[ItemLine]
    meaning: str = MEANING
    citation: str = CITATION
    evidence: str = EVIDENCE


def vanderbilt_panel(chart: Chart, as_of: dt.date) -> VanderbiltPanel:
    found = vanderbilt_score(chart.case, chart.facts_on(as_of), as_of)
    items = [ItemLine(_NAMES[name], points, HIGHEST[name]) for name, points in found.items.items()]
    return VanderbiltPanel(found.text, items)
