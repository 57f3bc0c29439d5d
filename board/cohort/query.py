"""What is asked: choices in the address, in words, and by a digest that names the question."""

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from board.cohort.events import EVENTS
from patients.models import Diagnosis

SITES = dict(Diagnosis.Site.choices)
FUNCTIONAL = dict(Diagnosis.Functional.choices)
DIFFERENTIATION = {"well": "well differentiated", "poor": "poorly differentiated", "unknown": "not known"}
GRADES = {"G1": "G1", "G2": "G2", "G3": "G3", "NEC": "NEC", "unknown": "not known"}
SSA = {
    "none": "no analogue before either scan",
    "on": "analogue before both scans",
    "new": "analogue new before the second scan",
    "stopped": "analogue stopped before the second scan",
    "unknown": "not known for both scans",
}
WINDOWS = {"183": "6 months", "365": "12 months", "730": "24 months"}
MOST_SCANS = 5
LONGEST_CENTRE = 80
_CHOICES = {
    "event": EVENTS,
    "site": SITES,
    "differentiation": DIFFERENTIATION,
    "grade": GRADES,
    "ssa": SSA,
    "functional": FUNCTIONAL,
    "window": WINDOWS,
}


@dataclass(frozen=True)
class CohortQuery:
    """Every field as it stands in the address. "" is "any"; ``since`` and ``until`` bound day 0."""

    event: str = "captem"
    site: str = ""
    differentiation: str = ""
    grade: str = ""
    scans: str = "1"
    ssa: str = ""
    functional: str = ""
    since: str = ""
    until: str = ""
    centre: str = ""
    window: str = "365"

    @property
    def least_scans(self) -> int:
        return int(self.scans)

    @property
    def within(self) -> dt.timedelta:
        return dt.timedelta(days=int(self.window))

    @property
    def period(self) -> tuple[dt.date, dt.date]:
        first = dt.date.fromisoformat(self.since) if self.since else dt.date.min
        return first, dt.date.fromisoformat(self.until) if self.until else dt.date.max

    @property
    def coarse(self) -> "CohortQuery":
        """In whole years: by a shorter period the day 0 of a pseudonym could be found, and the shift of its dates."""
        since = f"{self.since[:4]}-01-01" if self.since else ""
        return replace(self, since=since, until=f"{self.until[:4]}-12-31" if self.until else "")

    @property
    def address(self) -> str:
        chosen = {name: value for name, value in asdict(self).items() if value != getattr(CohortQuery(), name)}
        return urlencode(chosen)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @property
    def text(self) -> str:
        return "; ".join(self._words())

    @property
    def text_without_centre(self) -> str:
        """For what leaves: that one centre was chosen, not which."""
        return replace(self, centre="one, not named here" if self.centre else "").text

    def _words(self) -> list[str]:
        found = [f"aligned on the first start of {EVENTS[self.event]}"]
        found += [f"primary site {SITES[self.site]}"] if self.site else []
        found += [f"differentiation: {DIFFERENTIATION[self.differentiation]}"] if self.differentiation else []
        found += [f"grade {GRADES[self.grade]}"] if self.grade else []
        found.append(f"at least {self.scans} SSTR scan{'s' if self.least_scans != 1 else ''}")
        found += [f"somatostatin analogue: {SSA[self.ssa]}"] if self.ssa else []
        found += [f"functional status: {FUNCTIONAL[self.functional]}"] if self.functional else []
        found += [f"day 0 from {self.since}"] if self.since else []
        found += [f"day 0 until {self.until}"] if self.until else []
        found += [f"centre: {self.centre}"] if self.centre else []
        return [*found, f"second scan within {WINDOWS[self.window]} of the end"]


def query_of(asked) -> CohortQuery:
    """From an address or a form; what is not known is not chosen."""
    plain = CohortQuery()
    values = {name: asked.get(name, "") for name in asdict(plain)}
    for name, choices in _CHOICES.items():
        if values[name] not in choices:
            values[name] = getattr(plain, name)
    if values["scans"] not in {str(n) for n in range(MOST_SCANS + 1)}:
        values["scans"] = plain.scans
    for name in ("since", "until"):
        values[name] = _day(values[name])
    values["centre"] = values["centre"].replace("\0", "").strip()[:LONGEST_CENTRE]
    return CohortQuery(**values)


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""
