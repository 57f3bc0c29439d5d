"""Versions of a reading side by side: what an amendment changed, in words."""

from imaging import ssa_before
from imaging.models import LesionReading, Reading, Scan
from patients.models import AuditEvent

_ANSWERS = ("quality", "quality_note", "ssa", "extravasation", "cold_lesions", "netpet_class", "comment")
_SCORES = (("rads", "SSTR-RADS"), ("fdg_relation", "FDG"), ("text", "words"), ("difference_reason", "reason"))


def versions(scan: Scan) -> list[dict]:
    """Signed readings of a scan, newest first, each with what it changed in the one that it amends, and why."""
    found = Reading.objects.filter(scan=scan, state=Reading.State.SIGNED).select_related("reader", "amends")
    found = list(found.prefetch_related("lesions__lesion").order_by("-signed_at", "-version"))
    by_pk = {reading.pk: reading for reading in found}
    return [_version(reading, by_pk.get(reading.amends_id)) for reading in found]


def changes(before: Reading, after: Reading) -> list[str]:
    said = [_answer(name, before, after) for name in _ANSWERS if getattr(before, name) != getattr(after, name)]
    if before.ssa_injection_id != after.ssa_injection_id:
        said.append(f"last analogue: {_injection(before)} to {_injection(after)}")
    old, new = ({score.lesion_id: score for score in reading.lesions.all()} for reading in (before, after))
    labels = {score.lesion_id: score.lesion.label for score in (*old.values(), *new.values())}
    for pk in sorted(labels, key=lambda key: labels[key]):
        said += [f"{labels[pk]} {line}" for line in _lesion(old.get(pk), new.get(pk))]
    return said


def _version(reading: Reading, before: Reading | None) -> dict:
    told = changes(before, reading) if before else []
    return {
        "reading": reading,
        "is_first": before is None,
        "changes": "; ".join(told) or "nothing was changed",
        "reason": _reason(reading) if before else "",
    }


def _reason(reading: Reading) -> str:
    label = Reading._meta.label
    event = AuditEvent.objects.filter(object_type=label, object_id=str(reading.pk), action="amend_reading").first()
    return event.reason if event else ""


def _answer(name: str, before: Reading, after: Reading) -> str:
    field = Reading._meta.get_field(name)
    words = dict(field.flatchoices)
    old, new = (words.get(getattr(r, name), getattr(r, name)) or "not stated" for r in (before, after))
    return f"{field.verbose_name}: {old} to {new}"


def _lesion(before: LesionReading | None, after: LesionReading | None) -> list[str]:
    if after is None or before is None:
        return ["added" if before is None else "taken out"]
    said = []
    if (before.score_low, before.score_high) != (after.score_low, after.score_high):
        said.append(f"Krenning {before.score_text} to {after.score_text}")
    if before.relation_to_liver != after.relation_to_liver:
        said.append(f"relation {before.get_relation_to_liver_display()} to {after.get_relation_to_liver_display()}")
    for name, word in _SCORES:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            said.append(f"{word}: {old or 'none'} to {new or 'none'}")
    return said


def _injection(reading: Reading) -> str:
    found = ssa_before.of_reading(reading)
    return ssa_before.in_words(found) if found else "none named"
