"""One fact as the rules see it: value, unit, date and age, the rows it was made of, each lesion down to its voxel."""

import datetime as dt
from collections.abc import Iterable
from urllib.parse import urlencode

from django.urls import reverse

from board import words
from board.asked_days import name_of_day
from board.chart import Chart
from board.fact_lines import age_words
from board.provenance.chain import Link, facts
from eligibility.domain.facts import REASONS, Fact, LesionFact, Source, lesion_text
from eligibility.domain.margin import ratio_text
from eligibility.domain.vocabulary import label_of
from imaging.models import Reading

BY_HAND = "Entered by hand, no image source."


def fact_link(chart: Chart, name: str, as_of: dt.date) -> Link:
    fact = chart.facts_on(as_of).get(name) or Fact()
    on = fact.clinical_date
    said = facts(
        ("Value", words.typeset(fact.value_text)),
        ("Unit", words.unit(fact.unit)),
        ("Why unknown", REASONS[fact.reason] if fact.value is None else ""),
        ("Clinical date", on and words.day_words((on, on))),
        ("Age", f"{age_words(fact, as_of)} on {as_of.isoformat()}" if age_words(fact, as_of) else ""),
        ("Made of", f"{len(fact.sources)} record{'' if len(fact.sources) == 1 else 's'}" if fact.sources else ""),
    )
    title = f"Fact: {words.typeset(label_of(name))}"
    href = address(chart, fact=name, as_of=name_of_day(chart, as_of))
    return Link(title, said, "", href, "Open this fact", fact.value is None)


def source_link(chart: Chart, source: Source) -> Link:
    href = source_href(chart, source)
    note = "" if source.model.startswith("imaging.") else BY_HAND
    words_for_it = "Open the scan" if source.model in ("imaging.Scan", "imaging.Reading") else "Open its own chain"
    return Link("Source", facts(("Record", words.typeset(source.label))), note, href, words_for_it if href else "")


def lesion_links(chart: Chart, names: Iterable[str], as_of: dt.date) -> list[Link]:
    """One link per lesion of every fact about lesions, coldest measured first; each opens the chain to its voxel."""
    found = [chart.facts_on(as_of).get(name) for name in dict.fromkeys(names)]
    pairs = [(lesion, fact) for fact in found if fact and isinstance(fact.value, tuple) for lesion in fact.value]
    coldest_first = sorted(pairs, key=lambda pair: (pair[0].ratio is None, pair[0].ratio or 0))
    return [_lesion(chart, lesion, fact) for lesion, fact in coldest_first]


def _lesion(chart: Chart, lesion: LesionFact, fact: Fact) -> Link:
    scan = next((source.id for source in fact.sources if source.model == "imaging.Scan"), "")
    href = address(chart, lesion=lesion.source.id, scan=scan) if lesion.source and scan else ""
    said = facts(
        ("As read", words.typeset(lesion_text(lesion))),
        ("Ratio to liver", ratio_text(lesion) if lesion.ratio is not None else ""),
        ("Tolerance", lesion.tolerance),
        (
            "Long axis",
            f"{lesion.size_mm.normalize():f} mm" if lesion.size_mm is not None else REASONS[lesion.size_reason],
        ),
    )
    return Link(f"Lesion {lesion.label}", said, "", href, "Open scan, region and hottest voxel" if href else "")


def source_href(chart: Chart, source: Source) -> str:
    if source.model == "imaging.Scan":
        return reverse("imaging:scan", args=[source.id])
    if source.model == "imaging.Reading":
        reading = next((row for row in chart.of(Reading) if str(row.pk) == source.id), None)
        return reverse("imaging:scan", args=[reading.scan_id]) if reading else ""
    if source.model.startswith("imaging."):
        return f"{reverse('board:patient', args=[chart.patient.case_number])}#lesions"
    return address(chart, row=source.id)


def address(chart: Chart, **query: str) -> str:
    return f"{reverse('board:source', args=[chart.patient.case_number])}?{urlencode(query)}"
