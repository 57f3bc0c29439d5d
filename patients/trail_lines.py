"""Reads and writes of the trail as one list, newest first: searched, paged by a cursor, and told in words.

Who may see a line: a system administrator every line, without what a record said before and after; everybody else
those of cases they may read.
"""

import datetime as dt
import heapq
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from patients.domain.page_words import pages_saying
from patients.domain.roles import Capability
from patients.domain.trail_words import OF_WRITES, codes_saying, write_words
from patients.models import AccessEvent, AuditEvent
from patients.selectors import in_visible_chart
from patients.trail import kind_of

PAGE_SIZE = 60
MOST_EXPORTED = 20_000
WRITE, ACCESS = "w", "a"
KINDS = dict(AccessEvent.Kind.choices)
ALL_CASES = Capability.MANAGE_USERS
FIELDS = ("at", "who", "username", "device", "case", "action", "what", "about", "address", "request", "reason")


@dataclass(frozen=True)
class TrailLine:
    """``about``: a route, or the kind and key of a row. ``case_number`` "" where it is about no case."""

    key: str
    at: dt.datetime
    person: str
    username: str
    device: str
    case_number: str
    action: str
    what: str
    about: str
    address: str = ""
    request_id: str = ""
    reason: str = ""
    is_access: bool = False
    about_words: str = ""

    @property
    def order(self) -> tuple[dt.datetime, str, int]:
        return self.at, self.key[0], int(self.key[1:])

    @property
    def who(self) -> str:
        return self.person or self.device or "the system"

    @property
    def values(self) -> tuple[str, ...]:
        at = timezone.localtime(self.at).isoformat(timespec="seconds")
        named = (at, self.who, self.username, self.device, self.case_number, self.action, self.what)
        return (*named, self.about, self.address, self.request_id, self.reason)


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty means everything."""

    case_number: str = ""
    user: int | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    sort: str = ""
    word: str = ""

    @classmethod
    def of(cls, query) -> "Wanted":
        user = query.get("user", "")
        return cls(
            case_number=query.get("case", "").replace("\0", "").strip()[:32],
            user=int(user) if user.isascii() and user.isdigit() and len(user) < 10 else None,
            first=_day(query.get("from", "")),
            last=_day(query.get("to", "")),
            sort=query.get("sort", "") if query.get("sort", "") in SORTS else "",
            word=query.get("word", "").replace("\0", "").strip()[:80],
        )

    @property
    def as_query(self) -> dict[str, str]:
        named = {"case": self.case_number, "user": self.user, "from": self.first, "to": self.last}
        named |= {"sort": self.sort, "word": self.word}
        return {name: str(value) for name, value in named.items() if value}


SORTS = {"reads": "reads", "writes": "writes", "accounts": "sign-ins"}


def lines(viewer, wanted: Wanted, *, before: str = "", most: int = PAGE_SIZE) -> tuple[list[TrailLine], str]:
    """So many lines before a cursor, and the cursor of the next page ("" at the end)."""
    cursor = _cursor(before)
    sources = [(_write, _writes(viewer, wanted), WRITE), (_access, _accesses(viewer, wanted), ACCESS)]
    found = [[tell(row) for row in _before(rows, cursor, sort)[: most + 1]] for tell, rows, sort in sources]
    merged = list(heapq.merge(*found, key=lambda line: line.order, reverse=True))
    if len(merged) <= most:
        return merged, ""
    last = merged[most - 1]
    return merged[:most], f"{last.at.isoformat()}~{last.key}"


def _before(rows: QuerySet, cursor: tuple[dt.datetime, str, int] | None, sort: str) -> QuerySet:
    if cursor is not None:
        at, kind, pk = cursor
        same = Q(at=at, id__lt=pk) if sort == kind else Q(at=at) if sort < kind else Q(pk__in=[])
        rows = rows.filter(Q(at__lt=at) | same)
    return rows.order_by("-at", "-id")


def _cursor(text: str) -> tuple[dt.datetime, str, int] | None:
    moment, _, key = text.partition("~")
    try:
        at = dt.datetime.fromisoformat(moment)
    except ValueError:
        return None
    is_whole = timezone.is_aware(at) and key[:1] in (WRITE, ACCESS) and key[1:].isdecimal() and len(key) < 20
    return (at, key[0], int(key[1:])) if is_whole else None


def _writes(viewer, wanted: Wanted) -> QuerySet[AuditEvent]:
    if wanted.sort in ("reads", "accounts"):
        return AuditEvent.objects.none()
    rows = _limited(AuditEvent.objects.select_related("by", "patient"), viewer, wanted)
    rows = rows.filter(by=wanted.user) if wanted.user else rows
    if not wanted.word:
        return rows
    said = Q(action__in=codes_saying(wanted.word, OF_WRITES)) | Q(action__icontains=wanted.word)
    return rows.filter(said | Q(object_type__icontains=wanted.word))


def _accesses(viewer, wanted: Wanted) -> QuerySet[AccessEvent]:
    if wanted.sort == "writes":
        return AccessEvent.objects.none()
    rows = _limited(AccessEvent.objects.select_related("user", "patient"), viewer, wanted)
    if wanted.sort:
        is_of_account = Q(kind__in=AccessEvent.OF_ACCOUNTS)
        rows = rows.filter(is_of_account) if wanted.sort == "accounts" else rows.exclude(is_of_account)
    rows = rows.filter(user=wanted.user) if wanted.user else rows
    if not wanted.word:
        return rows
    said = Q(kind__in=codes_saying(wanted.word, KINDS)) | Q(route__in=pages_saying(wanted.word))
    return rows.filter(said | Q(kind__icontains=wanted.word) | Q(route__icontains=wanted.word))


def _limited(rows: QuerySet, viewer, wanted: Wanted) -> QuerySet:
    rows = rows if viewer.may(ALL_CASES) else rows.filter(in_visible_chart(viewer))
    if wanted.case_number:
        rows = rows.filter(patient__case_number=wanted.case_number)
    if wanted.first:
        rows = rows.filter(at__gte=_midnight(wanted.first))
    if wanted.last:
        rows = rows.filter(at__lt=_midnight(wanted.last + dt.timedelta(days=1)))
    return rows


def _write(row: AuditEvent) -> TrailLine:
    return TrailLine(
        key=f"{WRITE}{row.pk}",
        at=row.at,
        **_person(row.by),
        device="",
        case_number=row.patient.case_number if row.patient else "",
        action=row.action,
        what=write_words(row.action),
        about=f"{row.object_type} {row.object_id}",
        about_words=kind_of(row),
        reason="",  # typed by a person: it may say what is in the record
    )


def _access(row: AccessEvent) -> TrailLine:
    return TrailLine(
        key=f"{ACCESS}{row.pk}",
        at=row.at,
        **_person(row.user),
        device=row.device,
        case_number=row.patient.case_number if row.patient else "",
        action=row.kind,
        what=row.get_kind_display(),
        about=row.subject or row.route,
        about_words=row.page_words,
        address=row.address,
        request_id=row.request_id,
        is_access=True,
    )


def _person(user) -> dict[str, Any]:
    return {
        "person": user.shown_name if user else "",
        "username": user.username if user else "",
    }


def _day(text: str) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if dt.date(1900, 1, 1) <= found <= dt.date(9000, 1, 1) else None


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
