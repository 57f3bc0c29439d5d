"""The glossary and the code say the same."""

import re
from pathlib import Path

from patients.domain.units import ANALYTES

GLOSSARY = (Path(__file__).resolve().parents[2] / "docs" / "glossary.md").read_text()


def test_every_analyte_stands_in_the_glossary_with_its_units_and_codes():
    rows = {name: line for line in GLOSSARY.splitlines() if (name := _name(line))}
    assert set(rows) == set(ANALYTES)
    for code, analyte in ANALYTES.items():
        cells = [cell.strip() for cell in rows[code].strip("|").split("|")]
        assert cells[0] == analyte.label
        assert [unit.split(" ")[0] for unit in re.split(r", |; ", cells[2])][: len(analyte.units)] == list(
            analyte.units
        )
        assert cells[3].removesuffix(" (m)") == analyte.loinc
        assert cells[4].removesuffix(" (m)") == analyte.loinc_molar


def test_no_word_we_do_not_use_names_a_finding():
    assert "redifferentiat" not in GLOSSARY.lower()


def _name(line: str) -> str:
    found = re.search(r"\| `(\w+)` \|", line)
    return found[1] if found else ""
