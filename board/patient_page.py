"""Everything the patient page shows, composed from one chart. A panel that fails leaves the others standing."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from board import tabs
from board.asked_days import day_of_name, name_of_day
from board.audit_tab import Trail, may_read_trail, trail
from board.change_tab import change_tab
from board.changed_criteria import outline, sets_changed
from board.chart import Chart
from board.completeness import completeness
from board.contacts import contact_lines
from board.criteria_view import all_keys, gate_changes, matrix, moments, own_keys, panels
from board.decision_view import decision_lines
from board.domain.timeline import draw
from board.eligibility_tab import NO_CHOICE, Choice, eligibility_tab, other_sets
from board.fhir.exporting import may_export
from board.forms import ContactForm
from board.freshness import version_of
from board.guarded import guarded
from board.history import history
from board.identity import identity_of
from board.ledger import ledger
from board.lesion_view import SORTS, lesion_table
from board.meeting_list import meetings_without
from board.models import CaseClosing, DecisionFollowUp
from board.next_due import next_due
from board.presenting import presentable
from board.record_table import record_rows
from board.seen_by import EVERYTHING, SeenAsked, seen_by
from board.watch_strip import assignable, watch_strip
from imaging.chart_questions import by_code
from imaging.models import Series, Study
from patients.domain.roles import Capability


@dataclass(frozen=True)
class Asked:
    """What the address asks for. A day, tab or order that does not exist is today, the overview, by organ."""

    as_of: dt.date
    tab: str = "overview"
    sort: str = "organ"
    before: str = ""
    scans: tuple[str, str] = ("", "")
    choice: Choice = NO_CHOICE
    seen: SeenAsked = EVERYTHING

    @classmethod
    def of(cls, query: Mapping[str, str], chart: Chart) -> "Asked":
        day = day_of_name(chart, query.get("as_of", ""))
        tab, sort = tabs.chosen(query.get("tab", "")), query.get("sort", "")
        scans = query.get("first", ""), query.get("second", "")
        sort = sort if sort in SORTS else "organ"
        return cls(day, tab, sort, query.get("before", ""), scans, Choice.of(query), SeenAsked.of(query))


def patient_context(chart: Chart, user, asked: Asked) -> dict:
    return _frame(chart, user, asked) | (
        _overview(chart, asked) if asked.tab == "overview" else _tab(chart, user, asked)
    )


def _frame(chart: Chart, user, asked: Asked) -> dict[str, Any]:
    return {
        "patient": chart.patient,
        "case_url": reverse("board:patient", args=[chart.patient.case_number]),
        "source_url": reverse("board:source", args=[chart.patient.case_number]),
        "identity": identity_of(chart),
        "question": chart.question,
        "asked_by": chart.names.get(chart.question.recorded_by_id) if chart.question else "",
        "tab": asked.tab,
        "tabs": tabs.LABELS,
        "as_of": asked.as_of,
        "as_of_name": name_of_day(chart, asked.as_of),
        "now": timezone.localtime(),
        "version": version_of(chart.patient),
        "next_due": next_due(chart),
        "has_open_jobs": chart.has_open_jobs,
        **_images(chart),
        "may_see_held": user.may(Capability.IMPORT_SCAN) or user.may(Capability.RESOLVE_IDENTITY),
        "may_decide": user.may(Capability.RECORD_DECISION),
        "may_follow_up": user.may(Capability.FOLLOW_UP),
        "may_edit": user.may(Capability.EDIT_CLINICAL),
        "may_import": user.may(Capability.IMPORT_SCAN),
        "presented": presentable(user, chart.patient),
        "may_export": may_export(user),
        "what_happened": list(DecisionFollowUp.OUTCOMES),
        "watch": guarded("watch", watch_strip, chart),
        "closing": chart.closing,
        "closed_by": chart.names.get(chart.closing.recorded_by_id) if chart.closing else "",
        "closing_reasons": CaseClosing.Reason.choices,
        "listings": chart.listings,
        "may_list": user.may(Capability.PREPARE_MEETING) and not chart.is_over,
        "meetings_to_list_on": cache(partial(meetings_without, chart.listings)),
        "assignable": cache(partial(assignable, chart.patient)),
    }


def _images(chart: Chart) -> dict[str, Any]:
    """Studies that wait for a person, and images in the chart that are in question: read where there are any."""
    if not chart.of(Study):
        return {}
    held = Series.objects.filter(candidate_patient=chart.patient, identity=Series.Identity.HELD)
    return {
        "held_studies": held.values("study").distinct().count(),
        "images_asked": by_code(chart.images_asked),
    }


def _overview(chart: Chart, asked: Asked) -> dict[str, Any]:
    records = record_rows(chart)
    decisions = guarded("decisions", decision_lines, chart)
    return {
        "picture": guarded("timeline", lambda: draw(history(chart))),
        "records": records,
        "is_illustrative": any(row.is_illustrative for row in records),
        "lesions": guarded("lesions", lesion_table, chart, asked.sort),
        "sorts": _sorts(asked, name_of_day(chart, asked.as_of)),
        "decisions": decisions,
        "change": guarded("change", lambda: chart.change),
        "ledger": guarded("ledger", ledger, chart),
        "completeness": guarded("completeness", completeness, chart),
        **guarded_eligibility(chart, asked.as_of, decisions),
    }


def guarded_eligibility(chart: Chart, as_of: dt.date, decisions) -> dict[str, Any]:
    """Matrix, gates and criteria come from the same assessments: they are there together or not at all."""
    found = guarded("eligibility", _eligibility, chart, as_of, [] if hasattr(decisions, "is_unreadable") else decisions)
    return found if isinstance(found, dict) else {"eligibility": found, "rule_sets": [], "gates": []}


def _eligibility(chart: Chart, as_of: dt.date, decisions) -> dict[str, Any]:
    days, own = moments(chart, as_of), own_keys()
    others = [key for key in all_keys() if key not in own]
    return {
        "moments": days,
        "chosen": next(moment for moment in days if moment.is_chosen),
        "matrix": matrix(chart, days, own),
        "gates": gate_changes(chart, own),
        "rule_sets": outline(panels(chart, as_of, own), decisions),
        "other_sets": other_sets(chart, as_of, others, sets_changed(decisions)),
    }


def _tab(chart: Chart, user, asked: Asked) -> dict[str, Any]:
    if asked.tab == "eligibility":
        return eligibility_tab(chart, asked.as_of, asked.choice)
    if asked.tab == "decisions":
        return {"decisions": guarded("decisions", decision_lines, chart)}
    if asked.tab == "change":
        return {"change": guarded("change", change_tab, chart, user, asked.scans)}
    if asked.tab == "contacts":
        return {
            "contacts": guarded("contacts", contact_lines, chart),
            "contact_form": ContactForm(initial={"contacted_on": chart.today}),
        }
    if asked.tab == "audit":
        is_allowed = may_read_trail(user)
        found = guarded("audit", _trail, chart, asked) if is_allowed else None
        is_now = chart.case.known_at is None
        seen = guarded("audit", seen_by, chart.patient, asked.seen) if is_allowed and is_now else None
        return {"trail": found, "seen": seen, "asked": asked.seen, "may_read_trail": is_allowed}
    return {"table": guarded(asked.tab, tabs.table_tab, asked.tab, chart)}


def _trail(chart: Chart, asked: Asked) -> Trail:
    return trail(chart.patient, asked.before, asked.seen, known_at=chart.case.known_at)


def _sorts(asked: Asked, day_name: str) -> list[dict[str, Any]]:
    day = {"as_of": day_name} if day_name else {}
    return [
        {"label": label, "href": f"?{urlencode(day | {'sort': key})}#lesions", "is_current": key == asked.sort}
        for key, label in SORTS.items()
    ]
