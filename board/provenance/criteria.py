"""The last link: which criteria rest on a source, and the chain of one criterion."""

import datetime as dt
from collections.abc import Collection

from board import words
from board.chart import Chart
from board.provenance.chain import Chain, Link, facts
from board.provenance.facts import fact_link, lesion_links, source_link
from eligibility.loader import guideline
from eligibility.sensitivity import margins


def criterion_chain(chart: Chart, key: str, row_id: str, as_of: dt.date) -> Chain | None:
    """From the rows it rests on over each fact to the rule and its verdict."""
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
            ("Margin", _margin(chart, key, row_id, as_of)),
        ),
        is_broken=row.state == "unknown",
    )
    asked = [fact_link(chart, name, as_of) for name in dict.fromkeys(row.fact_names)]
    verdict = Link("Verdict", facts(("Asked", words.typeset(row.wanted_text)), ("Says", str(row.state))))
    sources = [source_link(chart, source) for source in row.sources]
    return Chain(row.title, (*sources, *lesion_links(chart, row.fact_names, as_of), *asked, value, rule, verdict))


def _margin(chart: Chart, key: str, row_id: str, as_of: dt.date) -> str:
    found = margins(guideline(key), chart.facts_on(as_of), as_of).get(row_id)
    return words.typeset(f"{found.text} ({found.source})" if found and found.source else found.text if found else "")


def used_by(chart: Chart, sources: Collection[str]) -> Link:
    """Every criterion of today that names one of these rows as its source."""
    found = [
        (f"{key} v{result.guideline_version}", f"{row.title}: {row.state}")
        for key, result in chart.assessed_on(chart.today).items()
        for row in result.rows
        if {source.id for source in row.sources}.intersection(sources)
    ]
    return Link("Criteria that rest on it today", tuple(found), note="" if found else "None.")
