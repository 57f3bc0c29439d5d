"""Which editions of the rule sets were in force at a moment, as far as decisions have kept it.

Files of earlier editions are not kept: criteria of an earlier day are evaluated by the files of now, and the page says
where that is another edition than the one of then, or where nobody can tell.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max, Min

from eligibility.loader import guidelines
from eligibility.models import Assessment

SAME = "Judged by the same editions of the rule sets as then."


@dataclass(frozen=True)
class Edition:
    """One edition with the first and the last moment at which a decision was judged by it."""

    key: str
    version: str
    sha256: str
    first: dt.datetime
    last: dt.datetime


def rules_then(moment: dt.datetime) -> list[str]:
    """Sentences; one query. Says nothing of any case."""
    kept = _editions()
    changed, unknown = [], []
    for key, rules in sorted(guidelines().items()):
        then = in_force(kept.get(key, ()), moment)
        if then is None:
            unknown.append(key)
        elif then.sha256 != rules.sha256:
            changed.append(f"{key}: v{then.version} by the last decision until then, judged here by v{rules.version}")
    return _sentences(changed, unknown, len(guidelines()))


def in_force(editions: Iterable[Edition], moment: dt.datetime) -> Edition | None:
    """The one used around the moment, or last before it; None where none had been used yet."""
    begun = [edition for edition in editions if edition.first <= moment]
    return max(begun, key=lambda edition: (min(edition.last, moment), edition.first), default=None)


def _sentences(changed: list[str], unknown: list[str], number: int) -> list[str]:
    found = [f"Another edition then. {'; '.join(changed)}."] if changed else []
    if len(unknown) == number:
        found.append("Which editions of the rule sets were in force is not recorded; judged here by those of today.")
    elif unknown:
        found.append(f"Edition of then not recorded, judged here by that of today: {', '.join(unknown)}.")
    return found or [SAME]


def _editions() -> dict[str, list[Edition]]:
    names = ("guideline_id", "guideline_version", "guideline_sha256")
    found = Assessment.objects.order_by().values_list(*names).annotate(first=Min("known_at"), last=Max("known_at"))
    kept: dict[str, list[Edition]] = {}
    for row in found:
        kept.setdefault(row[0], []).append(Edition(*row))
    return kept
