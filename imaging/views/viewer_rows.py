"""What the page of the reading workspace says without scripts: both scans, their lesions, foci, stills and slices."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from imaging import pages, viewer, viewer_regions
from imaging.domain.vocabulary import ORGAN_CODES
from imaging.models import ImageProduct, LesionFinding, LesionMatch, Scan
from imaging.viewer import Side
from imaging.views import looked, numbers, picture_rows, scan_rows
from patients.domain.roles import Capability

TITLES = {"old": "Earlier scan", "new": "This scan"}
LIKELY = 0.6  # confidence that is called fair; such matches may be confirmed together
TRACERS_DIFFER = "The tracers differ: uptake of one is never compared with uptake of the other."


def context(scan: Scan, old: Scan | None, sides: list[Side], user, grading: dict) -> dict[str, Any]:
    roles = ("old", "new")[-len(sides) :]
    by_role = dict(zip(roles, sides, strict=True))
    shown = [_shown(role, one) for role, one in by_role.items()]
    return {
        "scan": scan,
        "old": old,
        "patient": scan.patient,
        "heading": f"Case {scan.patient.case_number}",
        "is_illustrative": "illustrative" in scan.note.lower(),
        "data_url": _data_url(scan, old),
        "earlier": viewer.earlier_scans(scan),
        "computing": pages.scan_computing(scan),
        "state_url": reverse("imaging:scan_state", args=[scan.pk]),
        "shown": shown,
        "slices": _slices(shown),
        "organs": sorted(ORGAN_CODES),
        "tracers_differ": TRACERS_DIFFER if old is not None and old.tracer != scan.tracer else "",
    } | lists(scan, old, sides, user, grading)


def lists(scan: Scan, old: Scan | None, sides: list[Side], user, grading: dict) -> dict[str, Any]:
    """What changes while a person marks, decides and reads; ``grading`` as the page beside it has it."""
    by_role = dict(zip(("old", "new")[-len(sides) :], sides, strict=True))
    rows, foci = _lesions(by_role, grading), _foci(by_role["new"])
    return {
        "scan": scan,
        "old": old,
        "may_measure": user.may(Capability.MEASURE),
        "lesions": rows,
        "likely": [row for row in rows if row["match"] and row["match"]["is_likely"]],
        "foci": foci,
        "without_foci": "" if rows or foci["to_decide"] else looked.without_foci(by_role["new"]),
    }


def _data_url(scan: Scan, old: Scan | None) -> str:
    return f"{reverse('imaging:viewer', args=[scan.pk])}?with={old.pk if old else 'none'}"


def _shown(role: str, one: Side) -> dict[str, Any]:
    pictures = picture_rows.pictures(one.scan, one.suv.result if one.products else None)
    return {
        "role": role,
        "title": TITLES[role],
        "scan": one.scan,
        "day": f"{one.scan.clinical_date:%-d %b %Y}" if one.scan.clinical_date else "date unknown",
        "facts": _facts(one),
        "why": one.why,
        "elsewhere": _hospital_viewer(one.scan),
        "still": pictures["still"],
        "key_slices": pictures["key_slices"],
        "has_ct": ImageProduct.Kind.CT_VOLUME in one.products,
    }


def _hospital_viewer(scan: Scan) -> str:
    """Where the hospital's own viewer shows this study; "" where none is set up."""
    address = settings.HOSPITAL_VIEWER_URL
    return address.replace("{study_uid}", scan.pet_series.study.study_uid) if address and scan.pet_series else ""


def _slices(shown: list[dict]) -> list[dict[str, Any]]:
    """Key slices of each lesion, both scans together."""
    found: dict = {}
    for side in shown:
        for row in side["key_slices"]:
            found.setdefault(row["lesion"], []).append({"side": side, "planes": row["planes"]})
    return [{"lesion": lesion, "sides": found[lesion]} for lesion in sorted(found, key=lambda lesion: lesion.label)]


def _facts(one: Side) -> str:
    minutes = numbers.uptake_time(one.suv.result.uptake_time_s if one.suv.result else None)
    return ", ".join(filter(None, [one.scan.tracer or "tracer unknown", minutes, one.scan.label]))


def _lesions(by_role: dict[str, Side], grading: dict) -> list[dict[str, Any]]:
    """Each lesion with what is known of its score on both scans; a computed one says that it is computed.

    What the user has scored in a draft stands there as soon as it is saved.
    """
    drafted = {block["lesion"].pk: block for block in grading["blocks"] if grading["draft"] and block["score"]}
    rows = {role: {r["lesion"].pk: r for r in scan_rows.lesions(s.scan, s.measured)} for role, s in by_role.items()}
    matches = _matches(by_role["new"].scan)
    findings = {row.lesion_id: row for row in by_role["new"].scan.findings.all()}
    return [
        {
            "lesion": row["lesion"],
            "where": row["where"],
            "size": _size(findings.get(pk)),
            "scores": [
                _drafted(drafted[pk]) if role == "new" and pk in drafted else _score(role, rows[role].get(pk))
                for role in by_role
            ],
            "match": matches.get(pk),
        }
        for pk, row in rows["new"].items()
    ]


def _size(finding) -> str:
    """CT axes in mm; a status other than present comes first."""
    if finding is None:
        return ""
    said = [] if finding.status == finding.Status.PRESENT else [finding.get_status_display()]
    if size := finding.size_text:
        said.append(f"{size}, illustrative" if finding.is_illustrative else size)
    return ", ".join(said)


def _drafted(block: dict) -> dict[str, str]:
    digits, source = block["cell"]["digits"], "read" if block["is_read"] else "to read"
    word = "no score" if digits == "–" else f"Krenning {digits}"
    return block["cell"] | {"role": "new", "source": source, "title": f"{TITLES['new']}: {word}, not signed yet"}


def _score(role: str, row: dict | None) -> dict[str, str]:
    read, proposed = (row["reader"], row["proposal"]) if row else (None, None)
    if read and read["digits"] != "–":
        return read | {"role": role, "source": "read", "title": f"{TITLES[role]}: Krenning {read['digits']}, read"}
    word = read["word"] if read and read["word"] != "not read" else ""
    if not word and proposed and proposed["digits"] != "–":
        title = f"{TITLES[role]}: Krenning {proposed['digits']} computed, not read"
        return proposed | {"role": role, "source": "computed", "title": title}
    title = f"{TITLES[role]}: {word or 'no score'}"
    return {"digits": "–", "css": "k-missing", "role": role, "source": word or "no score", "title": title}


def _matches(scan: Scan) -> dict[Any, dict[str, Any]]:
    """What is proposed, or was decided, about each lesion that was carried over from the scan before."""
    rows = LesionMatch.objects.filter(scan=scan, run__superseded_at=None, lesion__isnull=False)
    return {row.lesion_id: _match(row) for row in rows}


def _match(row: LesionMatch) -> dict[str, Any]:
    is_open = row.state == LesionMatch.State.OPEN
    is_plain = row.status == LesionFinding.Status.PRESENT
    is_likely = is_open and is_plain and not row.parts.get("is_ambiguous") and (row.confidence or 0) >= LIKELY
    word = "check match" if is_plain else f"{row.get_status_display()}? confirm"
    return {
        "pk": row.pk,
        "word": word if is_open else f"match {row.get_state_display()}",
        "is_open": is_open,
        "is_likely": is_likely,
    }


def _foci(one: Side) -> dict[str, list]:
    """Regions of this scan nobody decided about, apart those in organs where uptake is expected."""
    rows = sorted(viewer_regions.open_proposals(one.scan), key=lambda row: (not row.must_ask, row.number))
    return {
        "to_decide": [_focus(row) for row in rows if not row.is_physiologic],
        "physiologic": [_focus(row) for row in rows if row.is_physiologic],
    }


def _focus(row) -> dict[str, Any]:
    guess = (row.guess or "").replace("_", " ")
    return {
        "id": row.pk,
        "label": row.label or f"segment {row.number}",
        "about": row.lesion.label if row.lesion else guess,
        "lesion": row.lesion,
        "organ": guess,
    }
