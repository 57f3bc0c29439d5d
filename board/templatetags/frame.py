"""Small pieces every page's frame is made of."""

from functools import lru_cache

from django import template
from django.template.defaultfilters import capfirst
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from board import words
from board.identity import facts_of

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=64)
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}" /></svg>', name)


@register.simple_tag(takes_context=True)
def rail_item(context, icon_name: str, url_name: str, label: str) -> SafeString:
    """One entry of the main navigation; absent where its page is not installed."""
    href = _address(url_name, get_script_prefix())
    if not href:
        return SafeString("")
    path = context["request"].path
    is_here = path == href if href == "/" else path.startswith(href)
    current = SafeString(' aria-current="page"') if is_here else ""
    return format_html('<li><a href="{}"{}>{}{}</a></li>', href, current, icon(icon_name), label)


@lru_cache(maxsize=64)
def _address(url_name: str, _prefix: str) -> str:
    """ "" for a page that is not installed."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


@register.simple_tag
def identity_facts(patient) -> list[str]:
    """Sex, age, tumour, Ki-67, stage and treatment: the same banner on every page of a case."""
    return facts_of(patient, timezone.localdate())


_VERDICTS = {
    # word or code of the architecture -> (shape, colour class)
    "met": ("met", "met"),
    "clear": ("met", "met"),
    "eligible": ("met", "met"),
    "unknown": ("unknown", "unknown"),
    "cannot_determine": ("unknown", "unknown"),
    "active_rows_met": ("unknown", "unknown"),
    "not_met": ("not-met", "not-met"),
    "triggered": ("not-met", "not-met"),
    "not_eligible": ("not-met", "not-met"),
    "contraindicated": ("stop", "not-met"),
    "not_recommended": ("caution", "caution"),
    "caution": ("caution", "caution"),
    "inactive": ("inactive", "inactive"),
    "information": ("info", "inactive"),
}


@register.simple_tag
@lru_cache(maxsize=2048, typed=True)
def verdict(code: str, text: str = "", size: str = "") -> SafeString:
    """Shape + word + colour. An unlisted code draws as unknown: never as met.

    A page draws some sixty of a handful. Kept by type too: a text that is safe as it stands equals one that is not.
    """
    shape, colour = _VERDICTS.get(str(code).replace(" ", "_"), ("unknown", "unknown"))
    words = text or verdict_word(code)
    extra = SafeString(" verdict-large") if size == "large" else ""
    return format_html('<span class="verdict verdict-{}{}">{}{}</span>', colour, extra, icon(shape), words)


_LIGHTS = {"green": "met", "amber": "caution", "red": "contraindicated"}


@register.simple_tag
def light_verdict(light) -> SafeString:
    """The state of one part of the installation, in shape, word and colour."""
    return verdict(_LIGHTS[light.colour], light.word)


@register.filter
def gate_word(code: str) -> str:
    return str(code).replace("_", " ")


@register.filter
def verdict_word(code: str) -> str:
    """A row's state as it is printed."""
    return str(code).replace("_", " ").capitalize()


_LEVELS = {
    "REQUIRED": "required",
    "ABS_CI": "contraindication",
    "REL_CI": "not recommended",
    "CAUTION": "caution",
    "INFO": "information",
}


@register.filter
def level_word(level: str) -> str:
    return _LEVELS.get(str(level), str(level))


@register.filter
def typeset(text: str) -> str:
    return words.typeset(text)


@register.simple_tag
def cell_verdict(result) -> SafeString:
    """One word or two in a cell whose row names the set; "eligible" names its set even there, on a line below."""
    return _cell(result.verdict, result.verdict_text)


@lru_cache(maxsize=2048, typed=True)
def _cell(code: str, text: str) -> SafeString:
    said, _, named = text.split(" (", maxsplit=1)[0].partition(" under ")
    if "eligible" in code:
        named, _, version = named.partition(" ")
        below = format_html('<span class="sub">under {} <span class="nowrap">{}</span></span>', named, version)
        return format_html("{} {}", verdict(code, capfirst(said)), below)
    if code == "active_rows_met":
        return verdict(code, capfirst(said.rstrip(",")))
    return verdict(code, verdict_word(code).replace("Contra", "Contra\N{SOFT HYPHEN}"))
