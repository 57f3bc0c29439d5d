"""Who saw this patient: reads by person and day, with first and last time and what it was, to be opened."""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import TruncDate

from patients.models import AccessEvent, Patient, User

SHOWN = 40
MOST_ROWS = 200
KINDS = dict(AccessEvent.Kind.choices)


@dataclass(frozen=True)
class Visit:
    """One person, or one display, on one day."""

    who: str
    role: str
    day: dt.date
    count: int
    first: dt.datetime
    last: dt.datetime
    address: str
    user: int | None
    device: str
    what: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SeenBy:
    visits: list[Visit]
    number: int
    has_earlier: bool
    people: list[User]
    opened: list[AccessEvent]
    opened_day: str


@dataclass(frozen=True)
class SeenAsked:
    """``user`` and ``day`` open one visit; ``first`` and ``last`` limit the days; ``page`` counts from 1."""

    person: str = ""
    first: str = ""
    last: str = ""
    day: str = ""
    device: str = ""
    page: int = 1
    shows: str = ""

    @classmethod
    def of(cls, query) -> "SeenAsked":
        number = query.get("page", "")
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 1
        texts = {name: query.get(key, "").replace("\0", "")[:100] for name, key in _KEYS.items()}
        texts |= {name: texts[name] if _day(texts[name]) else "" for name in ("first", "last", "day")}
        return cls(**texts, page=max(page, 1))


EVERYTHING = SeenAsked()
_KEYS = {"person": "person", "first": "from", "last": "to", "day": "day", "device": "device", "shows": "shows"}


def seen_by(patient: Patient, asked: SeenAsked) -> SeenBy:
    every = AccessEvent.objects.filter(patient=patient)
    found = narrowed(every, asked)
    grouped = (
        found.annotate(day=TruncDate("at"))
        .values("user", "device", "day")
        .annotate(count=Count("id"), first=Min("at"), last=Max("at"), address=Max("address"))
        .order_by("-day", "-last")
    )
    start = (asked.page - 1) * SHOWN
    rows = list(grouped[start : start + SHOWN + 1])
    people = User.objects.in_bulk([row["user"] for row in rows if row["user"]])
    kinds = _kinds(found, rows[:SHOWN])
    return SeenBy(
        visits=[_visit(row, people, kinds) for row in rows[:SHOWN]],
        number=found.count(),
        has_earlier=len(rows) > SHOWN,
        people=list(User.objects.filter(pk__in=every.order_by().values("user")).order_by("last_name", "username")),
        opened=_opened(every, asked),
        opened_day=asked.day,
    )


def narrowed(rows: QuerySet, asked: SeenAsked, *, person: str = "user") -> QuerySet:
    """To one person and some days; ``person``: the column that names who it was."""
    if asked.person.isascii() and asked.person.isdigit() and len(asked.person) < 10:
        rows = rows.filter(**{person: int(asked.person)})
    if first := _day(asked.first):
        rows = rows.filter(at__date__gte=first)
    if last := _day(asked.last):
        rows = rows.filter(at__date__lte=last)
    return rows


def _opened(rows: QuerySet[AccessEvent], asked: SeenAsked) -> list[AccessEvent]:
    """The single rows of one visit, newest first."""
    day = _day(asked.day)
    if day is None:
        return []
    of_day = narrowed(rows, SeenAsked(person=asked.person)).filter(at__date=day, device=asked.device)
    of_day = of_day if asked.person else of_day.filter(user=None)
    return list(of_day.order_by("-id")[:MOST_ROWS])


def _kinds(found: QuerySet[AccessEvent], rows: list[dict]) -> dict[tuple, list[str]]:
    """What kind of answer it was, by visit: in one query for all that are shown."""
    if not rows:
        return {}
    days = [row["day"] for row in rows]
    shown = found.filter(at__date__gte=min(days), at__date__lte=max(days)).annotate(day=TruncDate("at"))
    kinds: dict[tuple, list[str]] = {}
    for row in shown.order_by("kind").values("user", "device", "day", "kind").distinct():
        kinds.setdefault((row["user"], row["device"], row["day"]), []).append(KINDS[row["kind"]])
    return kinds


def _visit(row: dict, people: dict[int, User], kinds: dict[tuple, list[str]]) -> Visit:
    person = people.get(row["user"])
    return Visit(
        who=person.shown_name if person else row["device"] or "the system",
        role=person.get_role_display() if person else "",
        day=row["day"],
        count=row["count"],
        first=row["first"],
        last=row["last"],
        address=row["address"],
        user=row["user"],
        device=row["device"],
        what=kinds.get((row["user"], row["device"], row["day"]), []),
    )


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
