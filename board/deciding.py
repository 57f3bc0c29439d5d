"""A decision outside a meeting: signed like any other, without draft and quorum."""

import datetime as dt
from typing import Any

from django.http import HttpRequest

from board.confirming import confirm
from board.decision_content import complete
from board.models import BoardDecision, CaseQuestion
from board.once import answer_to, once, refuse_other_words
from board.services import check_may_decide, record_decision
from patients.domain.sealed import hash_of
from patients.models import Patient

DECIDE = "decide"


def decide(
    *,
    by,
    patient: Patient,
    decided_on: dt.date,
    content: dict[str, Any],
    supersedes: BoardDecision | None = None,
    password: str,
    code: str = "",
    key: str,
    request: HttpRequest | None = None,
) -> BoardDecision:
    """The same key again gives the same one. Raises PermissionDenied, ValidationError, WrongPassword, or Conflict."""
    check_may_decide(by, patient)
    words = hash_of(
        {"content": content, "decided_on": decided_on.isoformat(), "supersedes": str(supersedes and supersedes.pk)}
    )
    if (told := answer_to(by=by, key=key, kind=DECIDE)) is None:
        values = complete(content, decided_on=decided_on)
        subject = hash_of({"kind": DECIDE, "key": key, "patient": str(patient.pk), "words": words})
        confirm(by=by, password=password, code=code, request=request, subject=subject)
        question = CaseQuestion.objects.filter(patient=patient).last()

        def act() -> dict[str, Any]:
            stored = record_decision(
                by=by,
                patient=patient,
                decided_on=decided_on,
                supersedes=supersedes,
                question=question.text if question else "",
                **values,
            )
            return {"decision": str(stored.pk), "words": words}

        told = once(by=by, key=key, kind=DECIDE, act=act)
    refuse_other_words(told, words)
    return BoardDecision.objects.get(pk=told["decision"])
