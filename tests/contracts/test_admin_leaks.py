"""The data desk shows a member of staff the cases they may see, whatever address they type."""

import datetime as dt

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from imaging.models import Lesion
from patients.domain.roles import Role
from patients.models import ClinicalEvent, Diagnosis, HistologySpecimen, LabResult, TreatmentLine, User
from patients.services import record
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
CANARY = "ZQCANARY"
ACCOUNTS = {
    "patients.User",
    "patients.Team",
    "auth.Group",
    "axes.AccessAttempt",
    "axes.AccessLog",
    "axes.AccessFailureLog",
}


@pytest.fixture(scope="module")
def staff(once) -> dict[Role, User]:
    """One of every role, each with a world of their own."""
    found = {role: make_user(role.value, is_staff=True) for role in Role}
    for user in found.values():
        make_world("OWN", user)
    return found


@pytest.fixture(scope="module")
def others(once):
    owner = make_user("nuclear_medicine")
    world = make_world(CANARY, owner)
    rows = (
        (Diagnosis, {"primary_site": "stomach", "tnm": CANARY}),
        (HistologySpecimen, {"site": CANARY}),
        (TreatmentLine, {"treatment_class": "chemo", "regimen": CANARY}),
        (LabResult, {"analyte": "hb", "value": "12.5", "unit": "g/dL", "note": CANARY}),
        (ClinicalEvent, {"symptom": CANARY}),
        (Lesion, {"label": "L01", "organ": CANARY}),
    )
    for model, values in rows:
        record(model, by=owner, patient=world.patient, clinical_date=dt.date(2026, 1, 2), **values)
    return world


def desk():
    """Registered models that may hold something of a patient."""
    return [model for model in admin.site._registry if model._meta.label not in ACCOUNTS]


def addresses(model, pk) -> list[str]:
    base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    found = [reverse(f"{base}_changelist")]
    for action in ("change", "history", "delete"):
        try:
            found.append(reverse(f"{base}_{action}", args=[pk]))
        except NoReverseMatch:
            continue
    return found


@pytest.mark.parametrize("role", list(Role))
def test_rows_of_other_cases_are_not_there(client, others, staff, role):
    client.force_login(staff[role])
    for model in desk():
        rows = model._base_manager.order_by("pk")
        hidden = [r for r in rows if CANARY in str(getattr(r, "__dict__", "")) or _patient_of(r) == others.patient]
        for address in {a for r in hidden[:2] for a in addresses(model, r.pk)} | set(addresses(model, "0")[:1]):
            answer = client.get(address, follow=True)
            where = f"{address} as {role}"
            assert CANARY not in answer.content.decode(), where
            assert answer.status_code in {200, 403, 404}, where


@pytest.mark.parametrize("role", [Role.NUCLEAR_MEDICINE, Role.DATA_ENTRY, Role.SYSTEM_ADMIN])
def test_search_and_suggestions_find_own_cases_only(client, others, staff, role):
    client.force_login(staff[role])
    for model, options in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        found = client.get(reverse(base), {"q": CANARY[:4]}).content.decode()
        assert CANARY not in found, base
        for name in getattr(options, "autocomplete_fields", ()):
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": name,
                "term": CANARY[:4],
            }
            assert CANARY not in client.get(reverse("admin:autocomplete"), asked).content.decode(), f"{base} {name}"


def test_the_desk_is_closed_to_those_who_are_not_staff(client, others):
    client.force_login(make_user("nuclear_medicine"))
    for model in admin.site._registry:
        answer = client.get(addresses(model, "0")[0])
        assert answer.status_code in {302, 403}, model._meta.label


def test_a_member_of_staff_sees_their_own(client):
    user = make_user("nuclear_medicine", is_staff=True)
    own = make_world("OWNCASE", user)
    client.force_login(user)
    found = client.get(reverse("admin:patients_patient_changelist")).content.decode()
    assert own.patient.case_number in found


def _patient_of(row):
    return getattr(row, "patient", None) or getattr(row, "candidate_patient", None)
