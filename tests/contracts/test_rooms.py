"""One door to each outside thing. import-linter holds the direction of imports; this holds the doors."""

import ast
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = ["config", "patients", "imaging", "eligibility", "board", "demo"]
DOORS = {
    "pydicom": {
        "imaging/dicom_source.py",
        "imaging/dicom_pixels.py",
        "imaging/dicom_compare.py",
        "imaging/dicom_frames.py",
        "imaging/dicom_export.py",
        "imaging/dicom_export_file.py",
        "imaging/dicom_export_groups.py",
        "imaging/dicom_objects_export.py",
    },
    "highdicom": {"imaging/dicom_export_groups.py", "imaging/dicom_objects_export.py"},
    "fhir": {"board/fhir/library.py"},
    "celery": {"config/celery.py", "patients/tasks.py", "imaging/tasks.py", "eligibility/tasks.py", "board/tasks.py"},
    "kombu": {"config/celery.py"},
}


@cache
def imported_roots(source: str) -> set[str]:
    """Top-level packages a module imports, wherever in the module the import stands."""
    roots = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            roots.add(node.module.split(".")[0])
    return roots


def intruders(package: str, files: dict[str, str]) -> list[str]:
    """Files that import ``package`` though they are not its door."""
    return sorted(
        name for name, source in files.items() if package in imported_roots(source) and name not in DOORS[package]
    )


@cache
def product_files() -> dict[str, str]:
    paths = [path for app in APPS for path in (REPOSITORY / app).rglob("*.py")]
    return {str(path.relative_to(REPOSITORY)): path.read_text() for path in paths}


@pytest.mark.parametrize("package", DOORS)
def test_only_the_door_imports_it(package):
    assert intruders(package, product_files()) == []


@pytest.mark.parametrize("package", DOORS)
def test_an_intruder_would_be_found(package):
    planted = {"board/views.py": f"def page():\n    from {package} import something\n    return something\n"}
    assert intruders(package, planted) == ["board/views.py"]


@pytest.mark.parametrize("word", ["pickle", "marshal", "shelve"])
def test_no_format_that_runs_code_when_read(word):
    assert [name for name, source in product_files().items() if word in imported_roots(source)] == []


def test_nothing_reads_dicom_by_force():
    assert [name for name, source in product_files().items() if "force=True" in source] == []


def test_templates_never_mark_text_as_safe():
    templates = (REPOSITORY / "templates").rglob("*.html")
    marked = [path.name for path in templates if "|safe" in path.read_text() or "autoescape off" in path.read_text()]
    assert marked == []
    assert [name for name, source in product_files().items() if "mark_safe" in source] == []
