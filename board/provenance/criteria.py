"""The last link: which criteria rest on a source, and the chain of one criterion."""

import datetime as dt
from collections.abc import Collection
from urllib.parse import urlencode

from django.urls import reverse

from board import words
from board.chart import Chart
from board.provenance.chain import Chain, Link, facts
from eligibility.domain.facts import Source


def criterion_chain(chart: Chart, key: str, row_id: str, as_of: dt.date) -> Chain | None:
    result = chart.assessed_on(as_of).get(key)
    row = next((found for found in result.rows if found.id == row_id), None) if result else None
    if result is None or row is None:
        return None
    rule = Link(
        "Criterion",
        facts(
            ("Rule set", f"{result.guideline_id} v{result.guideline_version}, {result.guideline_title}"),
            ("What it says", row.text),
            ("Source", row.citation),
            ("Evidence", row.evidence),
            ("File of the rule set", f"SHA-256 {result.guideline_sha256[:16]}…"),
        ),
        note="" if row.is_active else "Not active: shown, and never part of the verdict.",
    )
    value = Link(
        "Value",
        facts(
            ("Value", words.typeset(row.value_text)),
            ("Why unknown", words.typeset(row.reason_text)),
            ("Clinical date", row.clinical_date and words.day_words((row.clinical_date, row.clinical_date))),
            ("Age", None if row.age_days is None else f"{row.age_days} days on {as_of.isoformat()}"),
        ),
        is_broken=row.state == "unknown",
    )
    verdict = Link("Verdict", facts(("Asked", words.typeset(row.wanted_text)), ("Says", str(row.state))))
    return Chain(row.title, (*[_source(chart, source) for source in row.sources], value, rule, verdict))


def used_by(chart: Chart, sources: Collection[str]) -> Link:
    """Every criterion of today that names one of these rows as its source."""
    found = [
        (f"{key} v{result.guideline_version}", f"{row.title}: {row.state}")
        for key, result in chart.assessed_on(chart.today).items()
        for row in result.rows
        if {source.id for source in row.sources}.intersection(sources)
    ]
    return Link("Criteria that rest on it today", tuple(found), note="" if found else "None.")


def _source(chart: Chart, source: Source) -> Link:
    href = source_href(chart, source)
    note = "" if source.model.startswith("imaging.") else "Entered by hand, no image source."
    return Link(
        "Source", facts(("Record", words.typeset(source.label))), note, href, "Open its own chain" if href else ""
    )


def source_href(chart: Chart, source: Source) -> str:
    if source.model == "imaging.Scan":
        return reverse("imaging:scan", args=[source.id])
    if source.model.startswith("imaging."):
        return ""
    path = reverse("board:source", args=[chart.patient.case_number])
    return f"{path}?{urlencode({'row': source.id})}"
