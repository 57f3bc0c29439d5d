"""What became of each resource of a bundle, in words."""

from collections import Counter
from dataclasses import dataclass, field

from board.fhir.mapping.drafts import NotTaken

RECORDED, ALREADY_HERE = "recorded", "already here"

TAKEN: dict[str, tuple[str, str]] = {
    "recorded": (RECORDED, "A new row."),
    "case_opened": (RECORDED, "A new case."),
    "same_case": (ALREADY_HERE, "Case number, birth date and sex agree; the case itself is not changed."),
    "case_differs": (ALREADY_HERE, "It is this case. Stated differently in the bundle, and not changed here: {}."),
    "already_here": (ALREADY_HERE, "The same is recorded already."),
    "corrected_since": (ALREADY_HERE, "It was recorded here and has been corrected since: the correction stands."),
    "withdrawn_since": (ALREADY_HERE, "It was recorded here and withdrawn: it does not come back by a bundle."),
}


@dataclass(frozen=True)
class Line:
    """One resource: ``label`` is its id or place, ``what`` the row it became or was found to be."""

    kind: str
    label: str
    outcome: str
    code: str
    sentence: str
    what: str = ""

    @property
    def is_refused(self) -> bool:
        return self.outcome == "refused"


@dataclass
class Report:
    """Of the whole bundle, in its order. ``is_trial``: nothing was stored."""

    sha256: str
    case_number: str
    is_trial: bool
    is_new_case: bool = False
    lines: list[Line] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in (RECORDED, ALREADY_HERE, "skipped", "refused")}

    @property
    def in_words(self) -> str:
        """How many of what, as a person says it: "42 to be recorded, 13 skipped"."""
        found = [f"{number} {self.word(outcome)}" for outcome, number in self.counts.items() if number]
        return ", ".join(found) or "no resource"

    def word(self, outcome: str) -> str:
        return "to be recorded" if outcome == RECORDED and self.is_trial else outcome

    @property
    def as_json(self) -> dict:
        return {
            "case": self.case_number,
            "is_new_case": self.is_new_case,
            "is_trial": self.is_trial,
            "sha256": self.sha256,
            "counts": self.counts,
            "resources": [vars(line) for line in self.lines],
        }


def taken(code: str, about: str = "", said: str = "") -> tuple[str, str, str]:
    """Outcome, code and sentence of a resource that is, or was, taken over."""
    outcome, sentence = TAKEN[code]
    return outcome, code, " ".join(part for part in (sentence.replace("{}", about), said) if part)


def not_taken(reason: NotTaken) -> tuple[str, str, str]:
    return reason.outcome, reason.code, reason.sentence
