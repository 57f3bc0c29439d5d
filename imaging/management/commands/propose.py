"""What the software proposes for a stored scan: references, foci, lesions of the scan before. Stores nothing."""

import json
import sys
import uuid
from typing import Any

from django.core.management.base import CommandError

from imaging import selectors
from imaging.domain.errors import ImagingRefusal
from imaging.models import LesionMatch, Proposal, ProposalRun, Scan
from imaging.reasons import SeriesRefused
from imaging.services import loaded, looking, recognising
from patients.commands import CaseCommand

REFUSED = 3
NOTICE = "Research and decision support, not a certified medical device."


class Command(CaseCommand):
    help = (
        "Print the reference organs, candidate foci and lesion matches proposed for a scan. A proposal is never a "
        "lesion until a person accepts it. Exit status 3: nothing could be proposed, with its reason."
    )

    def add_arguments(self, parser):
        parser.add_argument("scan", metavar="SCAN", help="id of the scan, as in the address of its page")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, scan: str, **options):
        found = self._propose(_scan(scan))
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2))
        else:
            self._print(found)
        if found["refusal"]:
            self.stderr.write(found["refusal"]["message"])
            sys.exit(REFUSED)

    def _propose(self, scan: Scan) -> dict[str, Any]:
        suv = selectors.current_suv(scan.pet_series)
        try:
            if suv.result is None or suv.result.refusal_code:
                raise _without_suv(suv)
            look = looking.propose(scan, loaded.pet_of(scan, suv.result), loaded.ct_of(scan))
        except ImagingRefusal as refusal:
            return _answer(scan, looking.refused_look(scan, refusal))
        return _answer(scan, look)

    def _print(self, found: dict[str, Any]) -> None:
        for row in found["references"]:
            said = row["refusal"]["message"] if row["refusal"] else _line(row["numbers"])
            self.stdout.write(f"{row['organ']:12} {said}")
        for row in found["foci"]:
            asked = "ask" if row["must_ask"] else "physiologic"
            self.stdout.write(f"{row['label']:12} {asked:12} {row['guess'] or '-':16} {_line(row['numbers'])}")
            self.stdout.write(f"{'':12} {row['reason']}")
        for row in found["matches"]:
            self.stdout.write(
                f"{row['lesion'] or 'new':12} {row['status']:16} {row['region'] or '-':6} {row['reason']}"
            )
        self.stdout.write(NOTICE)


def _without_suv(suv: selectors.CurrentSuv) -> SeriesRefused:
    if suv.state == selectors.NOT_MEASURED:
        return SeriesRefused("scan_without_images")
    if suv.state == selectors.RECOMPUTING:
        return SeriesRefused("suv_not_computed_yet")
    return SeriesRefused(suv.code, suv.message)


def _scan(key: str) -> Scan:
    try:
        found = Scan.objects.select_related("pet_series", "ct_series", "patient").filter(pk=uuid.UUID(key)).first()
    except ValueError:
        found = None
    if found is None:
        raise CommandError("There is no scan of this id; it is the last part of the address of the scan's page.")
    return found


def _answer(scan: Scan, look: looking.Look) -> dict[str, Any]:
    rows = recognising.rows(look.recognised, ProposalRun(scan=scan)) if look.recognised else []
    return {
        "scan": str(scan.pk),
        "case": scan.patient.case_number,
        "tracer": scan.tracer,
        "parameters": look.parameters,
        "references": [_reference(row) for row in look.proposals if row.kind == Proposal.Kind.REFERENCE],
        "foci": [_focus(row) for row in look.proposals if row.kind == Proposal.Kind.FOCUS],
        "registration": look.recognised.registration if look.recognised else None,
        "matches": [_match(row) for row in rows],
        "warnings": look.warnings,
        "refusal": {"code": look.refusal.code, "message": look.refusal.message} if look.refusal else None,
    }


def _reference(row: Proposal) -> dict[str, Any]:
    refusal = {"code": row.refusal_code, "message": row.refusal_message} if row.refusal_code else None
    return {
        "organ": row.role,
        "centre_lps_mm": row.centre_lps_mm,
        "radius_mm": row.radius_mm,
        "numbers": row.numbers,
        "refusal": refusal,
    }


def _focus(row: Proposal) -> dict[str, Any]:
    return {
        "label": row.label,
        "guess": row.guess,
        "is_physiologic": row.is_physiologic,
        "must_ask": row.must_ask,
        "reason": row.reason,
        "centre_lps_mm": row.centre_lps_mm,
        "numbers": row.numbers,
    }


def _match(row: LesionMatch) -> dict[str, Any]:
    return {
        "lesion": row.lesion.label if row.lesion else None,
        "status": row.status,
        "region": row.proposal.label if row.proposal else None,
        "related_lesion": row.related_lesion.label if row.related_lesion else None,
        "confidence": row.confidence,
        "reason": row.reason,
    }


def _line(numbers: dict[str, Any]) -> str:
    names = ("suv_max", "suv_mean", "suv_sd", "volume_ml")
    return ", ".join(f"{name} {numbers[name]:.2f}" for name in names if numbers.get(name) is not None)
