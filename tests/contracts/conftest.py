"""Somebody of every role, for the checks of who may do what."""

import json

import pytest
from django.test import Client

from imaging import digests, pictures, store
from imaging.models import Lesion
from patients.domain.roles import Role
from tests.contracts.matrix import CANARY, Inhabited
from tests.contracts.world import World, make_world
from tests.patients.factories import make_user


def drawn(world: World) -> World:
    """The SUV of its series is today's, its picture lies where a drawn one does, and what a viewer draws has a name:
    a word of the world in each.
    """
    series = world.objects["series"]
    manifest = {"affine": None, "refusal": ["no_volume", "These are no images."], "of": world.patient.case_number}
    series.manifest_sha256 = store.put_bytes(json.dumps(manifest).encode()).sha256
    series.save(update_fields=["manifest_sha256"])
    result = series.suv_results.get()
    result.input_digest = digests.of_series(series)
    result.save(update_fields=["input_digest"])
    Lesion._base_manager.filter(patient=world.patient).update(label=world.canaries[0][:8])
    place = pictures._place(series, result)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(f"{world.canaries[0]}-PICTURE".encode())
    return world


@pytest.fixture(scope="module")
def inhabited(once):
    own = {role: drawn(make_world(f"OWN{n}X", make_user(role.value))) for n, role in enumerate(Role)}
    clients = {role: Client() for role in Role}
    for role, client in clients.items():
        client.force_login(own[role].owner)
    return Inhabited(clients, own, drawn(make_world(CANARY, make_user("nuclear_medicine"))))


@pytest.fixture
def others(inhabited, db):
    return inhabited.others
