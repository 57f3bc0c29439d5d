"""What has to be known before a case can be discussed, and what of it is: the ring of a nearly empty page."""

from dataclasses import dataclass

from board.chart import Chart
from patients.models import Diagnosis, PerformanceStatus

NEARLY_EMPTY = 0.5


@dataclass(frozen=True)
class Item:
    name: str
    is_known: bool


@dataclass(frozen=True)
class Completeness:
    items: tuple[Item, ...]

    @property
    def known(self) -> int:
        return sum(item.is_known for item in self.items)

    @property
    def percent(self) -> int:
        return round(100 * self.known / len(self.items))

    @property
    def missing(self) -> list[str]:
        return [item.name for item in self.items if not item.is_known]

    @property
    def is_nearly_empty(self) -> bool:
        return self.known < NEARLY_EMPTY * len(self.items)


def completeness(chart: Chart) -> Completeness:
    """Whether a value is on record, not whether it is recent: that is for the rule sets to say."""
    diagnosis, measured = chart.diagnosis, {lab.analyte for lab in chart.labs}
    known = {
        "primary site": diagnosis is not None and diagnosis.primary_site != Diagnosis.Site.UNKNOWN,
        "stage": diagnosis is not None and diagnosis.stage != Diagnosis.Stage.UNKNOWN,
        "histology with Ki-67": any(s.ki67_text for s in chart.specimens),
        "differentiation": any(s.differentiation != s.Differentiation.NOT_STATED for s in chart.specimens),
        "treatment lines": bool(chart.lines),
        "SSTR scan": any(view.is_sstr for view in chart.scans),
        "signed reading": any(view.reading for view in chart.scans),
        "blood count": {"hb", "platelets", "wbc"} <= measured,
        "kidney": bool(measured & {"creatinine", "egfr_reported", "crcl_measured"}),
        "liver values": "bilirubin_total" in measured,
        "performance status": any(not row.is_frailty for row in chart.of(PerformanceStatus)),
        "question to the board": chart.question is not None,
    }
    return Completeness(tuple(Item(name, is_known) for name, is_known in known.items()))
