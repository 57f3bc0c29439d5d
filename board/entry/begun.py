"""Unfinished entries, told apart: what the case is called so far, how far it is, who wrote last, when it was begun."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from board.entry.build import build
from board.entry.drafts import Entry, entry_of
from board.entry.fields import TUMOUR, UNKNOWN
from board.entry.ring import ring
from board.models import EntryDraft

_SITES = dict(next(one.choices for one in TUMOUR.fields if one.name == "primary_site"))


@dataclass(frozen=True)
class Begun:
    """``called``: the case number, else what was typed of initials, diagnosis and birth; "" where nothing was."""

    draft: EntryDraft
    called: str
    done: str

    @property
    def address(self) -> str:
        if self.draft.patient:
            return reverse("board:entry", args=[self.draft.patient.case_number])
        return f"{reverse('board:entry_new')}?draft={self.draft.key}"

    @property
    def begun_at(self) -> dt.datetime | None:
        text = self.draft.data.get("begun", "")
        return dt.datetime.fromisoformat(text) if text else None


def begun_lines(drafts: Iterable[EntryDraft]) -> list[Begun]:
    return [_of_chart(draft) if draft.patient else _to_come(draft) for draft in drafts]


def _of_chart(draft: EntryDraft) -> Begun:
    """Its chart is not read for a line of a list."""
    number = len(draft.data.get("values", {}))
    return Begun(draft, draft.patient.case_number, f"{number} field{'' if number == 1 else 's'} changed")


def _to_come(draft: EntryDraft) -> Begun:
    entry = entry_of(draft)
    found = ring(build(entry), entry.values)
    return Begun(draft, _called(entry), f"{found.known} of {found.total} core fields answered")


def _called(entry: Entry) -> str:
    typed = {name: text for name, text in entry.typed.items() if text != UNKNOWN}
    if number := typed.get("patient.case_number", ""):
        return number
    site = typed.get("tumour.primary_site", "")
    born = typed.get("patient.birth_date", "")
    said = [typed.get("patient.initials", ""), _SITES.get(site, ""), born and f"born {born}"]
    return ", ".join(one for one in said if one)
