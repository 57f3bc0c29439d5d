"""Parts of the tables of criteria, of which a page holds dozens."""

from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from board.criteria_view import CriterionLine, SourceLink
from board.templatetags.frame import verdict
from eligibility.domain.rules import RowResult

register = template.Library()


@register.simple_tag
def criterion_head(row: RowResult) -> SafeString:
    """Title, evidence and citation: the same for every patient."""
    is_to_be_verified = row.verify_before_release and row.is_active
    return _head(row.title, row.evidence, is_to_be_verified, row.text, row.citation)


@lru_cache(maxsize=2048)
def _head(title: str, evidence: str, is_to_be_verified: bool, text: str, citation: str) -> SafeString:
    said = {"title": title, "evidence": evidence, "text": text, "citation": citation}
    return render_to_string("board/_criterion_head.html", {**said, "is_to_be_verified": is_to_be_verified})


@register.simple_tag(takes_context=True)
def source_links(context, links: Sequence[SourceLink]) -> SafeString:
    """Places on the page of the case stand on its overview: other tabs name that page before them."""
    elsewhere = "" if context.get("tab") == "overview" else context.get("case_url", "")
    return format_html_join(", ", "{}", ((_link(link, elsewhere),) for link in links))


@lru_cache(maxsize=1024, typed=True)
def _link(link: SourceLink, elsewhere: str) -> SafeString:
    """Many criteria rest on the same few rows."""
    if not link.href:
        return format_html("{}", link.label)
    page = elsewhere if link.href.startswith("#") else ""
    return format_html('<a href="{}{}">{}</a>', page, link.href, link.label)


@register.simple_tag
def criterion_state(line: CriterionLine) -> SafeString:
    """The verdict of the row and what is asked: some hundred combinations in all."""
    return _state(str(line.row.state), line.row.is_active, line.wanted)


@lru_cache(maxsize=2048)
def _state(state: str, is_active: bool, wanted: str) -> SafeString:
    said = verdict(state) if is_active else verdict("inactive", "Not active")
    return format_html('{}<span class="sub">{}</span>', said, wanted) if wanted else said
