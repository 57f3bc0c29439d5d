"""A change as JSON (schema: docs/change.schema.json) and as a table for a terminal: what is missing comes first."""

from typing import Any

from eligibility.case_rows import CaseRows
from eligibility.domain.change import ChangeAssessment
from eligibility.domain.change_classes import PRECEDENCE
from eligibility.domain.change_inputs import LesionPair, Number, ScanRecord, Seen
from eligibility.domain.check_types import percent
from eligibility.domain.guideline import GuidelineKind
from eligibility.domain.scan_class import ClassOfScan
from eligibility.loader import guidelines
from eligibility.report import NOTICE
from eligibility.selectors import assess

TRUTH = {True: "holds", False: "does not hold", None: "unknown"}


def gates_of(case: CaseRows, found: ChangeAssessment) -> list[dict[str, Any]]:
    """What each gate says on the days of the two scans. It stands beside the change; neither follows from the other."""
    ids = [key for key, guideline in guidelines().items() if guideline.kind is GuidelineKind.GATE]
    return [_gate(case, found, key) for key in ids]


def _gate(case: CaseRows, found: ChangeAssessment, key: str) -> dict[str, Any]:
    first, second = (assess(case.patient, key, as_of=scan.day, rows=case) for scan in (found.before, found.after))
    return {
        "id": key,
        "version": second.guideline_version,
        "before": first.verdict_code,
        "after": second.verdict_code,
        "is_changed": first.verdict != second.verdict,
    }


def as_json(found: ChangeAssessment, gates: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "method_version": found.method_version,
        "class": found.name.value,
        "label": found.label,
        "row": found.row.number,
        "rule": found.row.rule,
        "sentence": found.sentence,
        "gates": gates,
        "before": _scan(found.before, found.class_before),
        "after": _scan(found.after, found.class_after),
        "counts": found.counts,
        "patterns": list(found.patterns),
        "index_lesions": list(found.index),
        "lesions": [_lesion(lesion, found) for lesion in found.lesions],
        "missing": [{"key": item.key, "text": item.text} for item in found.missing],
        "criteria": [
            {
                "letter": letter,
                "title": c.title,
                "rule": c.rule,
                "evidence": c.evidence,
                "truth": TRUTH[c.truth],
                "reason": c.reason,
            }
            for letter, c in found.criteria.items()
        ],
        "checks": [
            {
                "key": c.rule.key,
                "title": c.rule.title,
                "rule": c.rule.rule,
                "level": c.rule.level,
                "evidence": c.rule.evidence,
                "state": c.state.value,
                "reason": c.reason,
                "blocks": c.blocks,
            }
            for c in found.checks
        ],
        "repeatability": {
            "within_subject_cv": float(found.limits.within_subject_cv),
            "lower": float(found.limits.lower),
            "upper": float(found.limits.upper),
            "is_borrowed": found.limits.is_borrowed,
            "banner": found.limits.banner,
        },
        "precedence": [{"row": row.number, "class": row.name.value, "rule": row.rule} for row in PRECEDENCE],
        "digest": found.digest,
        "notice": NOTICE,
    }


def _scan(scan: ScanRecord, found: ClassOfScan) -> dict[str, Any]:
    return {
        "id": scan.id,
        "day": scan.day.isoformat(),
        "tracer": scan.tracer,
        "sstr_class": found.name.value,
        "share": found.share,
        "class_text": found.text,
    }


def _lesion(lesion: LesionPair, found: ChangeAssessment) -> dict[str, Any]:
    return {
        "label": lesion.label,
        "organ": lesion.organ,
        "status": lesion.status.value,
        "other": lesion.other,
        "is_index": lesion.label in found.index,
        "rose": lesion.rose,
        "fell": lesion.fell,
        "before": _seen(lesion.before),
        "after": _seen(lesion.after),
        "size_change": _float(lesion.size_change),
        "suv_change": _float(found.suv_change(lesion)),
        "ratio_change": _float(found.ratio_change(lesion)),
    }


def _seen(seen: Seen) -> dict[str, Any]:
    return {
        "score": seen.text,
        "scale": seen.scale,
        "relation": sorted(seen.relation) if seen.relation else None,
        "size_mm": _float(seen.size_mm),
        "size_reason": seen.size_reason if seen.size_mm is None else "",
        "suv_max": _float(seen.suv_max),
        "suv_reason": seen.suv_reason if seen.suv_max is None else "",
    }


def _float(value: Number) -> float | None:
    return None if value is None else float(value)


def as_table(found: ChangeAssessment, gates: list[dict[str, Any]]) -> str:
    head = [
        f"{found.before.day} to {found.after.day}, {found.method_version}: {found.name} ({found.label})",
        f"  {found.sentence}",
        *(f"  gate {gate['id']} v{gate['version']}: {gate['before']} to {gate['after']}" for gate in gates),
        f"  SSTR class: {found.class_before.label} to {found.class_after.label}",
    ]
    missing = [f"  to be entered  {item.text}" for item in found.missing]
    lesions = [f"  {_line(lesion, found)}" for lesion in found.lesions]
    criteria = [f"  {TRUTH[c.truth]:<14} {letter} {c.title}: {c.reason}" for letter, c in found.criteria.items()]
    checks = [f"  {c.state:<14} {c.rule.title}: {c.reason}" for c in found.checks]
    banner = [f"  {found.limits.banner}"] if found.limits.banner else []
    return "\n".join([*head, *banner, *missing, *lesions, *criteria, *checks])


def _line(lesion: LesionPair, found: ChangeAssessment) -> str:
    changes = (("size", lesion.size_change), ("SUVmax", found.suv_change(lesion)))
    shown = ", ".join(f"{name} {'not known' if change is None else percent(change)}" for name, change in changes)
    scores = " → ".join(seen.text or "not scored" for seen in (lesion.before, lesion.after))
    return f"{lesion.status:<14} {lesion.label} {lesion.organ}: {scores}; {shown}"
