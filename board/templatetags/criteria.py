"""The tables of criteria, of which a page holds dozens of rows. They are composed here: as nodes of a template the same
rows take a third of the page's time (`bench/assess.py`). Every part goes through ``format_html``.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from board.criteria_view import CriterionLine, SourceLink, Text
from board.templatetags.frame import verdict
from eligibility.domain.rules import RowResult

register = template.Library()
NOTHING = SafeString("")


@register.simple_tag(takes_context=True)
def criterion_lines(context, lines: Iterable[CriterionLine], key: str) -> SafeString:
    """``key``: the rule set the lines are of."""
    elsewhere, source, day = _elsewhere(context), context["source_url"], context["as_of_name"]
    return format_html_join("\n", "{}", ((_line(line, key, elsewhere, source, day),) for line in lines))


def _line(line: CriterionLine, key: str, elsewhere: str, source: str, day: str) -> SafeString:
    return format_html(
        "<tr{}>{}<td>{}</td><td>{}{}"
        '<a class="tiny source" href="{}?set={}&amp;criterion={}&amp;as_of={}" data-source data-focus-key="i">source'
        '<span class="visually-hidden"> of {}</span></a></td></tr>',
        SafeString(' class="is-changed"') if line.changed else NOTHING,
        _head(line.row),
        _value(line, elsewhere),
        _state(str(line.row.state), line.row.is_active, line.wanted),
        _margin(line),
        *(source, key, line.row.id, day, line.row.title),
    )


def _head(row: RowResult) -> SafeString:
    is_to_be_verified = row.verify_before_release and row.is_active
    return _head_of(row.title, row.evidence, is_to_be_verified, row.text, row.citation)


@lru_cache(maxsize=2048)
def _head_of(title: str, evidence: str, is_to_be_verified: bool, text: str, citation: str) -> SafeString:
    """Title, evidence and citation: the same for every patient."""
    said = {"title": title, "evidence": evidence, "text": text, "citation": citation}
    return render_to_string("board/_criterion_head.html", {**said, "is_to_be_verified": is_to_be_verified})


def _value(line: CriterionLine, elsewhere: str) -> SafeString:
    changed = format_html('<span class="chip chip-caution">{}</span> ', line.changed) if line.changed else NOTHING
    below = NOTHING
    if line.links:
        below = format_html('<span class="sub">{}</span>', _links(line.links, elsewhere))
    elif line.day:
        below = format_html('<span class="sub">{}</span>', line.day)
    return format_html("{}{}{}{}", changed, _folded(line.value), _reasons(line), below)


def _folded(text: Text) -> SafeString | str:
    return render_to_string("board/_folded_text.html", {"text": text}) if text.rest else text.first


def _reasons(line: CriterionLine) -> SafeString:
    shown = _subs(line.reasons)
    if not line.more_reasons:
        return shown
    return format_html(
        '{}<details class="folded-text sub"><summary><span class="faint">and {} more</span></summary>{}</details>',
        *(shown, len(line.more_reasons), _subs(line.more_reasons)),
    )


def _subs(texts: Sequence[str]) -> SafeString:
    return format_html_join("", '<span class="sub">{}</span>', ((text,) for text in texts)) if texts else NOTHING


@lru_cache(maxsize=2048)
def _state(state: str, is_active: bool, wanted: str) -> SafeString:
    """The verdict of the row and what is asked: some hundred combinations in all."""
    said = verdict(state) if is_active else verdict("inactive", "Not active")
    return format_html('{}<span class="sub">{}</span>', said, wanted) if wanted else said


def _margin(line: CriterionLine) -> SafeString:
    if line.margin is None or not line.row.is_active:
        return NOTHING
    fragile = verdict("caution", "Fragile") if line.margin.is_fragile else NOTHING
    return format_html('{}<span class="sub margin">{}</span>', fragile, line.margin.text)


@register.simple_tag(takes_context=True)
def source_links(context, links: Sequence[SourceLink]) -> SafeString:
    return _links(links, _elsewhere(context))


def _elsewhere(context) -> str:
    """Places on the page of the case stand on its overview: other tabs name that page before them."""
    return "" if context.get("tab") == "overview" else context.get("case_url", "")


def _links(links: Sequence[SourceLink], elsewhere: str) -> SafeString:
    return format_html_join(", ", "{}", ((_link(link, elsewhere),) for link in links))


@lru_cache(maxsize=1024, typed=True)
def _link(link: SourceLink, elsewhere: str) -> SafeString:
    """Many criteria rest on the same few rows."""
    if not link.href:
        return format_html("{}", link.label)
    page = elsewhere if link.href.startswith("#") else ""
    return format_html('<a href="{}{}">{}</a>', page, link.href, link.label)
