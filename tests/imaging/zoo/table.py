"""docs/bad-dicom.md from the table: `python -m tests.imaging.zoo.table > docs/bad-dicom.md`."""

import os
import re

import django

from tests.imaging.zoo.expected import Case, Specimen

HEAD = """# Bad DICOM

What hospitals and strangers send, and what becomes of it here: 96 cases, each made anew for every run of the tests and sent through the
browser and from a folder (of several specimens of what is inside a file the further ones take turns; `make proofs` sends all both ways).
`python -m tests.imaging.zoo.table > docs/bad-dicom.md` prints this page; a test holds it to the table.

**R** refused, the other files go on · **Q** held until a person decides (whose it is, or what the images ask) · **B** no SUV or no volume, so nothing is measured in it ·
**W** used, with a warning · **H** handled, where the report notes what was used. The letter of the research list stands in brackets where ours is another; the last column says why.
A provisional SUV is shown and not used as a fact until a named person confirms the input.

| # | case | outcome | by specimen | differs, or shown by |
|---|---|---|---|---|
"""
CODES = """
## The codes and their sentences

| code | sentence | what was not done | who can mend it |
|---|---|---|---|
"""


def page() -> str:
    from tests.imaging.zoo.cases import CASES

    codes = sorted({code for case in CASES for one in case.specimens for code in one.expected.codes})
    return HEAD + "".join(map(_row, CASES)) + CODES + "".join(map(_code, codes))


def _row(case: Case) -> str:
    letter = case.letter or case.research
    shown = letter if not case.differs else f"{letter} [{case.research}]"
    specimens = "; ".join(map(_specimen, case.specimens)) or "–"
    notes = " ".join(filter(None, (case.differs, f"`{case.proof.split('::')[1]}`" if case.proof else "")))
    return _line(str(case.number), case.title, shown, specimens, notes)


def _specimen(specimen: Specimen) -> str:
    expected = specimen.expected
    codes = ", ".join(f"`{code}`" for code in expected.codes)
    is_provisional = any(seen.suv == "provisional" for seen in expected.series)
    words = [_plain(specimen.what), expected.letter, codes, "(provisional)" if is_provisional else ""]
    return " ".join(filter(None, words))


def _code(code: str) -> str:
    from imaging.domain.errors import CAUTIONS
    from imaging.reasons import REASONS
    from imaging.refused import SENTENCES

    reason = REASONS.get(code)
    if reason is None:
        return _line(f"`{code}`", SENTENCES.get(code) or CAUTIONS[code], "", "")
    return _line(f"`{code}`", reason.sentence, reason.not_done, reason.who_can_fix)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _plain(text: str) -> str:
    """Text of a hostile case as code, so that the page shows it and nothing more."""
    return f"`{text.replace('|', ' ')}`" if re.search(r"[<>{}$*|\\]", text) else text


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(page(), end="")
