"""The data desk: lists, pages, histories and suggestions name the same patients as the trail."""

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from tests.contracts.reads import Watched
from tests.contracts.test_admin_leaks import addresses, desk
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client):
    """With two cases of their own beside each other, so that a list names more than the opened one."""
    user = make_user("nuclear_medicine", is_staff=True)
    worlds = [make_world(f"OWN{n}X", user) for n in range(2)]
    make_world("OWN9X", make_user("nuclear_medicine"))
    client.force_login(user)
    return client, worlds[0]


def asked_of(model, world):
    rows = [row for row in model._base_manager.order_by("pk") if patient_of(row) == world.patient]
    found = {address for row in rows[:1] for address in addresses(model, row.pk)} | {addresses(model, "0")[0]}
    try:
        found.add(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add"))
    except NoReverseMatch:
        pass
    return sorted(found)


def patient_of(row):
    return getattr(row, "patient", None) or getattr(row, "candidate_patient", None) or row


def test_the_desk_writes_down_whom_it_shows(clerk):
    client, world = clerk
    said = {}
    for model in desk():
        for address in asked_of(model, world):
            with Watched() as watched:
                answer = client.get(address)
            found = watched.differences(address, answer)
            if address.endswith("/history/"):  # what was done to a row of a case, in words that need not name it
                found.pop("written down and not shown", None)
            said |= {address: found} if found else {}
    assert said == {}


def test_suggestions_are_reads(clerk):
    client, _ = clerk
    for model, options in admin.site._registry.items():
        for name in getattr(options, "autocomplete_fields", ()):
            asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
            with Watched() as watched:
                answer = client.get(reverse("admin:autocomplete"), asked | {"field_name": name, "term": "OWN"})
            assert watched.differences(name, answer) == {}, f"{model} {name}"
            assert watched.rows or "OWN" not in answer.content.decode()
