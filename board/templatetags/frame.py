"""Small pieces every page's frame is made of."""

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}" /></svg>', name)


@register.simple_tag(takes_context=True)
def rail_item(context, icon_name: str, url_name: str, label: str) -> SafeString:
    """One entry of the main navigation; absent where its page is not installed."""
    try:
        href = reverse(url_name)
    except NoReverseMatch:
        return SafeString("")
    path = context["request"].path
    is_here = path == href if href == "/" else path.startswith(href)
    current = SafeString(' aria-current="page"') if is_here else ""
    return format_html('<li><a href="{}"{}>{}{}</a></li>', href, current, icon(icon_name), label)


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
}


@register.simple_tag
def verdict(code: str, text: str = "", size: str = "") -> SafeString:
    """Shape + word + colour. An unlisted code draws as unknown: never as met."""
    shape, colour = _VERDICTS.get(str(code), ("unknown", "unknown"))
    words = text or str(code).replace("_", " ").capitalize()
    extra = SafeString(" verdict-large") if size == "large" else ""
    return format_html('<span class="verdict verdict-{}{}">{}{}</span>', colour, extra, icon(shape), words)
