"""The chain of one lesion on one scan: files, SUV, reference, region, measurement, Krenning, criteria."""

from django.urls import reverse
from django.utils import timezone

from board import words
from board.chart import Chart, ScanView
from board.lesion_cell import regions_of
from board.provenance.chain import Chain, Link, facts
from board.provenance.criteria import used_by
from board.provenance.volume import files, volume
from imaging.domain.krenning import DEFAULT_TOLERANCE
from imaging.models import Lesion, Voi
from imaging.scan_numbers import method_of
from imaging.selectors import CURRENT, CurrentMeasurement, placed_last


def lesion_chain(chart: Chart, lesion_id: str, scan_id: str) -> Chain | None:
    lesion = next((row for row in chart.lesions if str(row.lineage) == lesion_id), None)
    view = next((found for found in chart.scans if str(found.scan.lineage) == scan_id), None)
    if lesion is None or view is None:
        return None
    own = regions_of(lesion, view)
    links = [files(view), volume(view, chart), *(_region(item, chart) for item in own or [None])]
    links += [_reference(view), _computed(lesion, view), _signed(lesion, view, chart), _criteria(view, chart)]
    return Chain(f"{lesion.label} {lesion.organ.replace('_', ' ')} on {words.row_day(view.scan)}", tuple(links))


def _region(item: CurrentMeasurement | None, chart: Chart) -> Link:
    if item is None:
        return Link("Region and measurement", note="No region drawn on this scan.", is_broken=True)
    voi, row = item.voi, item.measurement
    placed = facts(
        ("Outline", method_of(voi)),
        ("Centre (LPS)", f"{voi.centre_x_mm}, {voi.centre_y_mm}, {voi.centre_z_mm} mm; radius {voi.radius_mm} mm"),
        ("Placed by", chart.names.get(voi.recorded_by_id, "the software")),
        ("Placed", f"{timezone.localtime(voi.recorded_at):%Y-%m-%d %H:%M}"),
    )
    if item.state != CURRENT or row is None:
        why = row.refusal_message if row else "Not computed yet."
        return Link("Region and measurement", placed, why or "Not computed yet.", is_broken=True)
    measured = facts(
        ("SUVmax", _suv(row.suv_max)),
        (
            "SUVmean ± SD",
            f"{_suv(row.suv_mean)} ± {_suv(row.suv_sd)}" if row.suv_sd is not None else _suv(row.suv_mean),
        ),
        ("SUVpeak (local)", _suv(row.suv_peak_local)),
        ("Volume", None if row.volume_ml is None else f"{row.volume_ml:.2f} mL, {row.voxel_count} voxels"),
        ("Hottest voxel", _voxel(row.hottest_voxel)),
        ("Voxels", f"SHA-256 {row.mask_sha256[:16]}…" if row.mask_sha256 else ""),
        ("Unit", row.unit),
        ("Method", f"{row.method_version}, computed {timezone.localtime(row.computed_at):%Y-%m-%d %H:%M}"),
    )
    note = "Provisional: the SUV waits for a confirmation and is not used as a fact." if item.is_provisional else ""
    slices = f"{reverse('imaging:read', args=[voi.scan.pk])}#lesion={voi.lesion_id}"
    return Link("Region and measurement", placed + measured, note, slices, "Open the slices at its hottest voxel")


def _voxel(found) -> str:
    if not found:
        return ""
    index, place = found.get("index"), found.get("lps_mm")
    at = ", ".join(f"{mm:.1f}" for mm in place) if place else ""
    return "; ".join(
        part for part in (f"index (z, y, x) {index}" if index else "", f"LPS {at} mm" if at else "") if part
    )


def _suv(value: float | None) -> str:
    return "not computed yet" if value is None else f"{value:.2f}"


def _reference(view: ScanView) -> Link:
    newest = placed_last(view.measured, Voi.Role.LIVER)
    if newest is None:
        return Link("Reference: liver", note="No liver region on this scan: no ratio can be formed.", is_broken=True)
    if newest.state != CURRENT or newest.measurement is None:
        return Link("Reference: liver", note="Not computed yet.", is_broken=True)
    row = newest.measurement
    said = facts(("SUVmean", _suv(row.suv_mean)), ("Outline", method_of(newest.voi)), ("Method", row.method_version))
    return Link("Reference: liver", said)


def _computed(lesion: Lesion, view: ScanView) -> Link:
    found = view.proposals.get(lesion.lineage)
    if found is None or found.proposal is None:
        return Link("Krenning, computed", note=found.message if found else "Not computed.", is_broken=True)
    p = found.proposal
    compared = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in p.inputs.items() if value is not None)
    said = facts(
        ("Proposal", f"{p.text}, {p.relation} liver" + (", borderline" if p.is_borderline else "")),
        ("Compared", compared),
        ("Band around the liver", f"± {DEFAULT_TOLERANCE * 100:.0f} %"),
        ("At other bands", ", ".join(f"± {float(band) * 100:.0f} %: {word}" for band, word in p.by_tolerance.items())),
        ("Scale and method", f"{p.scale}, {p.method_version}"),
    )
    return Link("Krenning, computed", said, note="A proposal: it never replaces the reader's score.")


def _signed(lesion: Lesion, view: ScanView, chart: Chart) -> Link:
    reading, score = view.reading, view.score_of(lesion)
    if reading is None or score is None:
        note = "This scan has no signed reading." if reading is None else "The reader has not scored this lesion."
        return Link("Krenning, signed", note=note, is_broken=True)
    stated = words.krenning(score.score_low, score.score_high)
    said = facts(
        ("Score", "not stated" if stated == "?" else f"{stated} on {reading.scale_id}"),
        ("As written", score.text),
        ("Relation to liver", score.get_relation_to_liver_display() if score.relation_to_liver else ""),
        ("Why it differs", score.difference_reason),
        ("Reader", chart.names.get(reading.reader_id, "not known")),
        ("Signed", f"version {reading.version}, {timezone.localtime(reading.signed_at):%Y-%m-%d %H:%M}"),
    )
    return Link("Krenning, signed", said)


def _criteria(view: ScanView, chart: Chart) -> Link:
    sources = {str(view.scan.lineage), *([str(view.reading.pk)] if view.reading else [])}
    return used_by(chart, sources)
