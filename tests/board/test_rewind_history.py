"""A rewound page is, tab by tab, the page as it was served live at that moment."""

import datetime as dt
import difflib
import os
import random
import re
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.models import AccessGrant
from patients.services import grant_access
from tests.board.rewind_history import History
from tests.parts import every
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
SEEDS = [int(n) for n in os.environ.get("PRRT_TEST_REWIND_SEEDS", "1:3").split(":")]
TABS = (
    "",
    "tab=eligibility",
    "tab=eligibility&view=compare",
    "tab=eligibility&view=facts",
    "tab=change",
    "tab=scans",
    "tab=histology",
    "tab=lines",
    "tab=labs",
    "tab=decisions",
    "tab=contacts",
)
# What may differ, by name: the banner, the tools beside the tabs, the hidden "reload" line, the way to the sandbox,
# and the word for the day itself.
NAMED = (
    r'<section class="rewind".*?</section>',
    r'<nav class="tabs".*?</nav>',
    r'<div class="notice notice-caution" role="status" data-stale.*?</div>\s*</div>',
    r"<a[^>]*>Try values.*?</a>",
)


def stage_of(response) -> str:
    page = response.content.decode()
    stage = page[page.index('<div class="stage') : page.index("</main>")]
    for name in NAMED:
        stage = re.sub(name, "", stage, flags=re.DOTALL)
    said = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", stage))).strip()
    return said.replace("Then, ", "Today, ").replace("As known", "Today")


def pages(client, owner, patient, known="") -> dict[str, str]:
    """What an observer reads of each tab, and the trail as the owner of the case reads it."""
    found = {}
    path = reverse("board:patient", args=[patient.case_number])
    for tab in TABS:
        query = "&".join(part for part in (tab, f"known={known}" if known else "") if part)
        response = client.get(f"{path}?{query}")
        assert response.status_code == 200, (tab, known)
        found[tab] = stage_of(response)
    trail = stage_of(owner.get(f"{path}?tab=audit{f'&known={known}' if known else ''}"))
    return found | {"tab=audit": re.split(r" FHIR bundle| Where it comes", trail[trail.index("Every write") :])[0]}


def differences(found: str, expected: str) -> list[str]:
    """The words that differ, each with what stands before them."""
    one, two = found.split(" "), expected.split(" ")
    codes = difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes()
    return [
        f"{' '.join(one[max(0, a - 6) : a])} [{' '.join(one[a:b])} | {' '.join(two[c:d])}]"
        for tag, a, b, c, d in codes
        if tag != "equal"
    ][:6]


@pytest.mark.parametrize("seed", every(2, range(*SEEDS), pytest.mark.long))
def test_the_page_of_then_reads_as_it_was_served_then(client, seed):
    chance = random.Random(seed)
    moment = dt.datetime(2025, 3, 3, 9, 0, tzinfo=dt.UTC)
    served = {}
    with time_machine.travel(moment, tick=False):
        user, chair, observer = make_user("nuclear_medicine"), make_user("chair"), make_user("observer")
        patient = make_patient(by=user, sex_for_formulas="F", birth_date=dt.date(1960, 5, 1))
        for person in (chair, observer):
            grant_access(by=user, patient=patient, user=person, kind=AccessGrant.Kind.CARE_TEAM)
    history, owner = History(user, patient, chair, chance), Client()
    for _ in range(5):
        for _ in range(5):
            moment += dt.timedelta(minutes=chance.choice([3, 90, 60 * 24 * 9, 60 * 24 * 30]))
            with time_machine.travel(moment, tick=False):
                history.step(timezone.localdate())
        with time_machine.travel(moment + dt.timedelta(seconds=5), tick=False):
            client.force_login(observer)
            owner.force_login(user)
            served[f"{timezone.localtime():%Y-%m-%dT%H:%M}"] = pages(client, owner, patient)
    with time_machine.travel(moment + dt.timedelta(days=40), tick=False):
        client.force_login(observer)
        owner.force_login(user)
        for known, expected in served.items():
            found = pages(client, owner, patient, known)
            for tab in expected:
                assert found[tab] == expected[tab], (seed, known, tab, differences(found[tab], expected[tab]))


def test_every_kind_of_step_can_happen():
    """A step that its service refuses is silently none: here it must be possible at least once."""
    moment = dt.datetime(2025, 3, 3, 9, 0, tzinfo=dt.UTC)
    with time_machine.travel(moment, tick=False):
        user, chair = make_user("nuclear_medicine"), make_user("chair")
        patient = make_patient(by=user)
        grant_access(by=user, patient=patient, user=chair, kind=AccessGrant.Kind.CARE_TEAM)
    history = History(user, patient, chair, random.Random(7))
    kinds = {name for name in dir(history) if name.startswith("do_")}
    for _ in range(400):
        moment += dt.timedelta(days=1)
        with time_machine.travel(moment, tick=False):
            history.step(timezone.localdate())
        if kinds <= set(history.done):
            return
    raise AssertionError(kinds - set(history.done))
