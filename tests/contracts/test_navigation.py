"""What a page offers to go to, its role may open: every entry of every navigation, by the manifest and by the answer."""

import re
from urllib.parse import urlsplit

import pytest
from django.urls import resolve, reverse

from patients.domain.roles import Role
from tests.contracts.routes import ROUTES
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db

NAVIGATION = re.compile(r"<nav\b.*?</nav>", re.DOTALL)
HREF = re.compile(r'href="([^"]+)"')
SEARCH = re.compile(r'role="search" action="([^"]+)"')
# One's own account, and the data desk of those who have it: not of this manifest.
OTHERS = ("mfa_", "admin:", "usersessions_", "account_")


def offered(page: str) -> set[str]:
    """Addresses in navigations and of the search in the bar, without what only moves on the same page."""
    found = [href for part in NAVIGATION.findall(page) for href in HREF.findall(part)] + SEARCH.findall(page)
    return {href for href in found if not href.startswith(("#", "?"))}


def wrong(client, role: Role, address: str) -> str:
    name = resolve(urlsplit(address).path).view_name
    is_named = name.startswith(OTHERS) or any(role in (rule.get or ()) for rule in ROUTES.get(name, []))
    status = client.get(address.replace("&amp;", "&"), follow=True).status_code
    return "" if is_named and status == 200 else f"{address} ({name}): {status}"


@pytest.mark.parametrize("is_staff", [False, True], ids=["", "with the data desk"])
@pytest.mark.parametrize("role", Role)
def test_every_entry_of_a_navigation_may_be_opened(client, role, is_staff):
    """From home, from each page that home leads to, and from the page of a case."""
    user = make_user(role, is_staff=is_staff)
    world = make_world("NAVIGATION", user)
    client.force_login(user)
    home = client.get("/").content.decode()
    seen = offered(home)
    pages = {*seen, reverse("board:patient", args=[world.patient.case_number]), "/nowhere/"}
    for address in pages:
        seen |= offered(client.get(address, follow=True).content.decode())
    assert "/" in offered(home) and (role != Role.RESEARCHER or reverse("board:cohort") in seen)
    assert [said for address in sorted(seen) if (said := wrong(client, role, address))] == []


@pytest.mark.parametrize("role", Role)
def test_every_link_of_home_may_be_opened(client, role):
    user = make_user(role)
    make_world("NAVIGATION", user)
    client.force_login(user)
    found = {href for href in HREF.findall(client.get("/").content.decode()) if href.startswith("/")}
    found = {href for href in found if not href.startswith("/static/")}
    assert [said for address in sorted(found) if (said := wrong(client, role, address))] == []
