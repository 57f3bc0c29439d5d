"""An assessment as JSON and as a table for a terminal: unknown rows first."""

from eligibility.domain.rules import AssessmentResult, RowResult

NOTICE = "Research and decision support, not a certified medical device"


def as_json(result: AssessmentResult) -> dict:
    return {
        "guideline": {
            "id": result.guideline_id,
            "version": result.guideline_version,
            "title": result.guideline_title,
            "kind": result.guideline_kind.value,
            "sha256": result.guideline_sha256,
            "citation": result.citation,
        },
        "as_of": result.as_of.isoformat(),
        "verdict": result.verdict_code,
        "verdict_text": result.verdict_text,
        "missing": [{"id": r.id, "title": r.title, "reason": r.reason_text} for r in result.unknown_rows],
        "off_label_reasons": list(result.off_label_reasons),
        "label_unknown": list(result.label_unknown),
        "not_verified": [r.id for r in result.unverified_rows],
        "rows": [row_json(row) for row in result.rows_unknown_first],
        "digest": result.digest,
    }


def row_json(row: RowResult) -> dict:
    return {
        "id": row.id,
        "level": row.level.value,
        "title": row.title,
        "text": row.text,
        "state": row.state.value,
        "value": row.value_text,
        "threshold": row.threshold_text,
        "quantifier": row.quantifier_text,
        "date": row.clinical_date.isoformat() if row.clinical_date else None,
        "age_days": row.age_days,
        "reason_codes": list(row.reason_codes),
        "reason": row.reason_text,
        "sources": [{"model": s.model, "id": s.id, "label": s.label} for s in row.sources],
        "citation": row.citation,
        "evidence": row.evidence,
        "is_active": row.is_active,
        "verify_before_release": row.verify_before_release,
        "is_exclusion": row.is_exclusion,
        "is_modifiable": row.is_modifiable,
        "is_indication": row.is_indication,
    }


def as_table(result: AssessmentResult) -> str:
    head = [
        f"{result.guideline_title} ({result.guideline_id} v{result.guideline_version}), as of {result.as_of}",
        f"  {result.verdict_text}",
    ]
    head += [f"  off-label: {reason}" for reason in result.off_label_reasons]
    head += [f"  not known whether on-label: {', '.join(result.label_unknown)}"] if result.label_unknown else []
    active = [_line(row) for row in result.rows_unknown_first if row.is_active]
    inactive = [row for row in result.rows_unknown_first if not row.is_active]
    names = ", ".join(f"{row.id} ({row.title}, {row.evidence})" for row in inactive)
    tail = [f"  not active, shown only: {names}"] if inactive else []
    unread = ", ".join(r.id for r in result.unverified_rows if r.is_active)
    tail += [f"  active, source not read in full: {unread}"] if unread else []
    return "\n".join([*head, *active, *tail])


def _line(row: RowResult) -> str:
    seen = row.reason_text if row.is_open else row.value_text
    on = f" [{row.clinical_date}, {row.age_days} d]" if row.clinical_date else ""
    if row.level == "INFO":
        return f"  {'information':<12} {row.level:<9} {row.title}: {row.text}"
    return f"  {row.state.value:<12} {row.level:<9} {row.title}: {seen}{on}; {row.wanted_text}"
