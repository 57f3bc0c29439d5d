"""Clinical rows have one way in. A second one would leave no version, no author and no news."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

from patients.models import AuditEvent, BodyMeasure, Patient, Versioned
from tests.patients.factories import make_patient, make_user

ROOT = Path(__file__).resolve().parents[2]
APPS = ["patients", "imaging", "eligibility", "board", "demo"]
# The only file that may create and store versions.
WRITERS = {"patients/services/versions.py"}
WRITES = {
    "update", "delete", "create", "save", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "aupdate", "adelete", "acreate", "asave", "abulk_create", "abulk_update", "_raw_delete",
}  # fmt: skip


def clinical_models() -> set[str]:
    rows = {model.__name__ for model in apps.get_models() if issubclass(model, Versioned)}
    return rows | {"AuditEvent"}


def bypasses(source: str, models: set[str]) -> list[tuple[int, str]]:
    """Calls such as ``LabResult.objects.filter(...).update(...)`` and ``row = LabResult(...)`` followed by a save."""
    tree = ast.parse(source)
    made = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _names_model(node.value, models)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        (node.lineno, ast.unparse(node.func))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and (_names_model(node.func.value, models) or _root(node.func.value) in made)
    ]


def _root(node) -> str:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _names_model(node, models) -> bool:
    parts = {part.id for part in _chain(node) if isinstance(part, ast.Name)}
    parts |= {part.attr for part in _chain(node) if isinstance(part, ast.Attribute)}
    return bool(parts & models)


def _chain(node):
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        yield node
        node = node.func if isinstance(node, ast.Call) else node.value
    yield node


def sources():
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_no_module_writes_clinical_rows_beside_the_services():
    models = clinical_models()
    found = [
        f"{path.relative_to(ROOT)}:{line}: {call}"
        for path in sources()
        if str(path.relative_to(ROOT)) not in WRITERS | {"patients/services/audit.py"}
        for line, call in bypasses(path.read_text(), models)
    ]
    assert not found, "clinical rows are written by patients.services only:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "LabResult.objects.filter(pk=1).update(value=2)",
        "models.LabResult.versions.all().delete()",
        "LabResult.objects.create(value=1)",
        "LabResult(value=1).save()",
        "row = LabResult.objects.get(pk=1)\nrow.value = 2\nrow.save()",
        "LabResult.versions.bulk_create([1])",
        "AuditEvent.objects.create(action='x')",
    ],
)
def test_the_check_sees_a_bypass(code):
    assert bypasses(code, clinical_models())


def test_the_check_lets_other_things_be():
    assert not bypasses("d = {}\nd.update(a=1)\nJob.objects.filter(pk=1).update(state='x')", clinical_models())


@pytest.mark.django_db
def test_bulk_changes_are_refused_at_run_time_too():
    patient = make_patient(make_user())
    for queryset in (BodyMeasure.objects.filter(patient=patient), BodyMeasure.versions.all()):
        with pytest.raises(TypeError, match="revise"):
            queryset.update(value=1)
        with pytest.raises(TypeError, match="withdraw"):
            queryset.delete()
        with pytest.raises(TypeError, match="revise"):
            queryset.bulk_update([], ["value"])
    with pytest.raises(TypeError, match="withdraw"):
        BodyMeasure(patient=patient).delete()
    with pytest.raises(TypeError, match="append-only"):
        AuditEvent.objects.all().delete()
    with pytest.raises(TypeError, match="append-only"):
        AuditEvent.objects.update(reason="")


def test_every_clinical_model_leads_to_its_patient_or_says_so():
    from patients.selectors import patient_lookup

    without = {
        model.__name__
        for model in apps.get_models()
        if issubclass(model, Versioned) and not _leads(patient_lookup, model)
    }
    assert without <= {"SuvInput"}, "a series without a case has SUV inputs before it has a patient"
    assert patient_lookup(BodyMeasure) == "patient"
    assert Patient._meta.get_field("case_number").unique


def _leads(lookup, model) -> bool:
    try:
        lookup(model)
    except TypeError:
        return False
    return True
