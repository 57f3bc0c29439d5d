"""The one development package of the scripts: one version, its hash, and no address of a registry."""

import json

from tests.conftest import REPOSITORY


def test_versions_are_exact_and_name_no_registry():
    wanted = json.loads((REPOSITORY / "package.json").read_text())["devDependencies"]
    lock = json.loads((REPOSITORY / "package-lock.json").read_text())["packages"]
    installed = {name.removeprefix("node_modules/"): entry for name, entry in lock.items() if name}
    assert wanted and {name: entry["version"] for name, entry in installed.items()} == wanted
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in installed.values())


def test_nothing_of_it_reaches_a_page():
    pages = [path.read_text() for path in (REPOSITORY / "templates").rglob("*.html")]
    assert not any("node_modules" in text for text in pages)
