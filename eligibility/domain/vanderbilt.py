"""Vanderbilt clinical score before PRRT: five items and their sum, with what is not known as a range. Never a gate.

Das et al., Endocr Relat Cancer 2021;28:203-212 (validated in JAMA Netw Open 2022); items as in the summary read,
R[S78]; hazard ratios R[S79], R[S80]. The summary gives no cut between low and high, so none is encoded. Points are
whole numbers from 0 to 9 in all. An item that nobody recorded is the range of all its values; silence is never 0.
"""

from dataclasses import dataclass

CITATION = "Das 2021, Endocr Relat Cancer 28:203-212; validated in JAMA Netw Open 2022"
EVIDENCE = "R[S78,S79,S80]"
MEANING = (
    "Each point went with a hazard ratio for progression of 2.0 (1.61 to 2.48) with three or four doses, and of 1.22 "
    "(0.91 to 1.65) untreated. Information, not a rule: the source gives no cut, and none is used here."
)
HIGHEST = {"treatments": 2, "prior": 2, "symptoms": 2, "burden": 2, "peritoneum": 1}
_NON_PANCREATIC = frozenset({"stomach", "duodenum", "small_bowel", "appendix", "colon", "rectum", "lung", "unknown"})
_SYSTEMIC_BEYOND_SSA = frozenset({"prrt", "targeted", "interferon"})


@dataclass(frozen=True)
class Points:
    """What an item may be worth, and why. Both ends are equal when it is known."""

    low: int
    high: int
    why: str

    @property
    def is_known(self) -> bool:
        return self.low == self.high

    @property
    def text(self) -> str:
        return str(self.low) if self.is_known else f"{self.low}–{self.high}"


@dataclass(frozen=True)
class Score:
    """Items in the order of the source, by name."""

    items: dict[str, Points]

    @property
    def low(self) -> int:
        return sum(item.low for item in self.items.values())

    @property
    def high(self) -> int:
        return sum(item.high for item in self.items.values())

    @property
    def text(self) -> str:
        """ "5", or "at least 3 (3–8)"."""
        return str(self.low) if self.low == self.high else f"at least {self.low} ({self.low}–{self.high})"


def score(treatments: Points, prior: Points, symptoms: Points, burden: Points, peritoneum: Points) -> Score:
    return Score(
        {"treatments": treatments, "prior": prior, "symptoms": symptoms, "burden": burden, "peritoneum": peritoneum}
    )


def unknown(item: str, why: str = "not recorded", *, low: int = 0) -> Points:
    """Anything from ``low`` to the item's highest value."""
    return Points(low, HIGHEST[item], why)


def other_treatments(site: str | None) -> Points:
    """Other treatments available for the tumour type: pancreatic 0, other than pancreatic and thymic 1, thymic 2."""
    if site == "pancreas":
        return Points(0, 0, "pancreatic primary")
    if site == "thymus":
        return Points(2, 2, "thymic primary")
    if site in _NON_PANCREATIC:
        return Points(1, 1, f"{site.replace('_', ' ')} primary" if site != "unknown" else "unknown primary")
    return unknown("treatments", "primary not recorded" if site is None else "the source does not list this primary")


def prior_therapy(classes: frozenset[str], *, chemotherapy: str | None = None, systemic: str | None = None) -> Points:
    """Prior systemic therapy: chemotherapy 2, other than analogues 1, analogues or none 0.

    ``classes``: of the lines on record. ``chemotherapy``, ``systemic`` (other than analogues): "yes" or "no" where a
    named person said so. Lines on record never say that nothing else was given.
    """
    if "chemo" in classes or chemotherapy == "yes":
        return Points(2, 2, "chemotherapy recorded")
    if classes & _SYSTEMIC_BEYOND_SSA or systemic == "yes":
        why = "systemic therapy other than an analogue"
        return (
            Points(1, 1, f"{why}, chemotherapy denied")
            if chemotherapy == "no"
            else unknown("prior", f"{why}; chemotherapy not stated", low=1)
        )
    if systemic == "no":
        return Points(0, 0, "nothing but analogues, by a named person")
    return unknown("prior", "that nothing but analogues was given has not been stated")


def peritoneal(state: str | None) -> Points:
    """Peritoneal carcinomatosis: yes 1, no 0."""
    if state == "yes":
        return Points(1, 1, "peritoneal metastases recorded")
    return Points(0, 0, "denied by a named person") if state == "no" else unknown("peritoneum")


def critical_burden(sites: frozenset[str]) -> Points:
    """Burden in critical organs, from recorded sites only: those the source lists as critical are 2."""
    critical = sorted(sites & {"heart", "orbit", "brain", "spinal_cord"})
    if critical:
        return Points(2, 2, f"metastases recorded: {', '.join(critical).replace('_', ' ')}")
    return unknown("burden", "share of liver, vessels, bones and airways not recorded")


def symptom_points(
    state: str | None, grades: tuple[int, ...], *, are_present: bool, was_relieved: bool = False
) -> Points:
    """Symptoms: none 0, grade 1 is 1, grade 2 or more is 2.

    ``state``: "yes" or "no" by a named person; ``grades`` as written with symptoms that were not relieved. Relief of
    one, ``was_relieved``, says nothing of others.
    """
    if grades:
        return Points(min(max(grades), 2), min(max(grades), 2), f"worst recorded grade {max(grades)}")
    if are_present and state == "no":
        return unknown("symptoms", "recorded and denied: contradictory")
    if are_present or state == "yes":
        return unknown("symptoms", "recorded without a grade", low=1)
    if state == "no":
        return Points(0, 0, "denied by a named person")
    return unknown("symptoms", "relieved ones recorded, others not stated" if was_relieved else "not recorded")
