"""The page of all rule sets says what the files say."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from eligibility.loader import guidelines

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rule-sets.md"


def printed():
    out = StringIO()
    call_command("rule_sets", stdout=out)
    return out.getvalue()


def test_the_page_is_what_the_command_prints():
    assert PAGE.read_text() == printed(), "run: manage.py rule_sets > docs/rule-sets.md"


def test_every_row_stands_there_with_its_source_and_its_evidence():
    text = PAGE.read_text()
    sections = dict(zip(guidelines(), text.split("\n## ")[1:], strict=True))
    for name, guideline in guidelines().items():
        assert f"`{name}` version {guideline.version}" in sections[name]
        lines = {line.split("`")[1]: line for line in sections[name].splitlines() if line.startswith("| `")}
        assert list(lines) == [c.id for c in guideline.criteria]
        for c in guideline.criteria:
            assert f"| {c.citation} | {c.evidence} |" in lines[c.id]
            assert ("not active: to be verified" in lines[c.id]) is (not c.is_active)


def test_a_bad_file_is_a_sentence(settings, tmp_path):
    (tmp_path / "bad.toml").write_text("id = 1\n")
    settings.GUIDELINE_DIR = str(tmp_path)
    with pytest.raises(CommandError, match=r"bad\.toml:1: "):
        call_command("rule_sets")
