"""Every code in use has its sentence, and every sentence its use."""

import ast
from pathlib import Path

import imaging
from imaging import questions, reasons
from imaging.domain import errors
from imaging.refused import SENTENCES
from imaging.services import doubts

FOLDER = Path(imaging.__file__).parent
CALLS = {"_limited", "_refuse", "Unusable", "FileRefusal", "StoreError", "_ChildFailed", "SeriesRefused", "caution"}
MODULES = [
    "assemble",
    "codestream",
    "dicom",
    "dicom_bytes",
    "dicom_frames",
    "dicom_objects",
    "dicom_pixels",
    "dicom_source",
    "header",
    "identity",
    "local_files",
    "masks",
    "object_contours",
    "object_frames",
    "object_report",
    "outlines",
    "parse_child",
    "picture_header",
    "run_lengths",
    "reasons",
    "sandbox",
    "store",
    "suv_header",
    "suv_report",
    "services/conflicts",
    "services/contours",
    "services/latecomers",
    "services/storing",
    "volumes",
    "management/commands/measure",
    "management/commands/propose",
    "management/commands/suv",
]


def codes_in_use() -> set[str]:
    """First arguments of the calls that name a reason, and values under the key "code"."""
    found = set()
    for module in MODULES:
        for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS and node.args:
                found |= _strings(node.args[0])
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "code":
                        found |= _strings(value)
            if isinstance(node, ast.FunctionDef) and node.name in ("doubt_about", "_hold"):
                found |= {
                    text for inner in ast.walk(node) if isinstance(inner, ast.Return) for text in _strings(inner.value)
                }
    return (found | {code for code, _ in (*questions.ASKED, *doubts.OF_ROWS)}) - {""}


def _strings(node: ast.AST | None) -> set[str]:
    return {leaf.value for leaf in _leaves(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}


def _leaves(node):
    return [*_leaves(node.body), *_leaves(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def test_codes_in_use_are_the_catalogue():
    known_to_science = set(errors.REASONS)
    assert codes_in_use() - known_to_science == set(reasons.OWN_REASONS)


def test_no_code_has_two_sentences():
    tables = [reasons.FILE_REASONS, reasons.STORE_REASONS, reasons.SERIES_REASONS, reasons.SERIES_CAUTIONS]
    tables += [errors.REASONS, SENTENCES]
    assert sum(map(len, tables)) == len(set().union(*tables))


def test_each_reason_says_what_was_not_done_and_who_can_fix_it():
    for code, reason in reasons.REASONS.items():
        assert reason.sentence[0].isupper() or reason.sentence.startswith("{organ}"), code
        assert reason.sentence.endswith("?" if code in reasons.QUESTIONS else "."), code
        assert code not in reasons.QUESTIONS or "{" not in reason.sentence, f"{code} is shown without details"
        assert reason.not_done.endswith(".") and reason.who_can_fix, code
        assert reasons.explain(code), code
    for code in (*reasons.FILE_REASONS, *reasons.STORE_REASONS):
        assert "{" not in reasons.REASONS[code].sentence, f"{code} is shown without details"
