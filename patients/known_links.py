"""Links and pictures of a rewound page: what can be shown of the same day keeps the day, the rest leads nowhere.

One place instead of every template: a link that is added later keeps the day as well, or is not followed.
"""

import re
from functools import lru_cache
from html import escape, unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.urls import Resolver404, resolve

from patients.domain.known import PARAMETER

PAGES = frozenset({"board:patient", "board:source", "board:since", "board:scan_then", "imaging:scan", "imaging:read"})
PAGES |= {"imaging:series"}
PAPERS = frozenset({"board:letter_pdf", "board:letter_text", "board:decision_json", "imaging:report_text"})
PAPERS |= {"imaging:report_pdf", "board:minutes_pdf", "board:minutes_text"}
PICTURES = frozenset({"imaging:product", "imaging:mip"})
REWOUND = PAGES | PAPERS | PICTURES
STAGE = '<div class="stage'
_HREF = re.compile(r'(<a\b[^>]*?)\shref="([^"]*)"([^>]*>)')
_SRC = re.compile(r'(<img\b[^>]*?)\ssrc="([^"]*)"([^>]*>)')


def keep_day(page: str, known: str) -> str:
    """The frame of the site around the page stays as it is."""
    frame, stage, body = page.partition(STAGE)
    body = _SRC.sub(lambda found: _link(found, known, "src"), body)
    return frame + stage + _HREF.sub(lambda found: _link(found, known, "href"), body)


def _link(found: re.Match, known: str, name: str) -> str:
    opened, href, rest = found.groups()
    if "data-today" in opened + rest:
        return found.group()
    kept = _kept(unescape(href), known)
    return opened + rest if kept is None else f'{opened} {name}="{escape(kept)}"{rest}'


def _kept(href: str, known: str) -> str | None:
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or href.startswith("#"):
        return href
    name = _name_of(parts.path) if parts.path else "board:patient"
    if name not in REWOUND:
        return None
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
    if PARAMETER not in dict(query):
        query.append((PARAMETER, known))
    return urlunsplit(("", "", parts.path, urlencode(query), parts.fragment))


@lru_cache(maxsize=4096)
def _name_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""
