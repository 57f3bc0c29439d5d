"""Rows that the pages do not show yet to whoever asks: the archive hides the same ones, and says how many and why."""

from dataclasses import dataclass, field
from typing import Any

from eligibility.case_rows import fetch
from eligibility.change_facts import verdicts_hidden_from
from imaging.models import Instance, Series
from patients.domain.roles import Capability
from patients.models import Patient

BLINDED, PICTURE = "blinded", "picture"
CODES = {"eligibility.ChangeVerdict": BLINDED, "imaging.Instance": PICTURE}
SENTENCES = {
    PICTURE: "Pictures of a screen or of ultrasound, which may have another person's name burned in. Nobody has seen "
    "them here, so they are not passed on.",
    BLINDED: "Verdicts of other readers on the change between two scans. Whoever asked for this archive may sign "
    "readings and had not given an own verdict on these scans as they are: the page hides them until then.",
}


@dataclass(frozen=True)
class Withheld:
    """Keys by table."""

    keys: dict[str, frozenset[Any]] = field(default_factory=dict)

    def of(self, label: str) -> frozenset[Any]:
        return self.keys.get(label, frozenset())

    def said(self) -> list[dict[str, str | int]]:
        return [
            {"table": label, "rows": len(keys), "code": CODES[label], "sentence": SENTENCES[CODES[label]]}
            for label, keys in self.keys.items()
            if keys
        ]


def withheld_from(user, patient: Patient) -> Withheld:
    may_read = user.may(Capability.SIGN_READING)
    hidden = verdicts_hidden_from(user.pk, fetch(patient), may_read=may_read)
    pictures = Instance.objects.filter(series__candidate_patient=patient, series__modality__in=Series.PICTURES)
    return Withheld(
        {
            "eligibility.ChangeVerdict": frozenset(hidden),
            "imaging.Instance": frozenset(pictures.values_list("pk", flat=True)),
        }
    )
