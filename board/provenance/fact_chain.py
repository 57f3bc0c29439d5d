"""The chain of one fact: the rows it was made of, the fact, and every criterion that reads it."""

import datetime as dt

from board import words
from board.asked_days import name_of_day
from board.chart import Chart
from board.provenance.chain import Chain, Link
from board.provenance.facts import address, fact_link, lesion_links, source_link
from eligibility.domain.facts import Fact
from eligibility.domain.vocabulary import FACTS, label_of


def fact_chain(chart: Chart, name: str, as_of: dt.date) -> Chain | None:
    if name not in FACTS:
        return None
    fact = chart.facts_on(as_of).get(name) or Fact()
    sources = [source_link(chart, source) for source in fact.sources]
    links = (
        *sources,
        *lesion_links(chart, [name], as_of),
        fact_link(chart, name, as_of),
        *_readers(chart, name, as_of),
    )
    return Chain(words.typeset(words.sentence(label_of(name))), links)


def _readers(chart: Chart, name: str, as_of: dt.date) -> list[Link]:
    """One link per rule set that reads the fact, with what its rows say."""
    found = []
    for key, result in chart.assessed_on(as_of).items():
        rows = [row for row in result.rows if name in row.fact_names]
        if rows:
            said = tuple((row.title, str(row.state) if row.is_active else f"{row.state}, not active") for row in rows)
            href = address(chart, set=key, criterion=rows[0].id, as_of=name_of_day(chart, as_of))
            title = f"Read by {key} v{result.guideline_version}"
            found.append(Link(title, said, "", href, f"Open “{rows[0].title}”"))
    return found or [Link("Read by", note="No rule set reads this fact.")]
