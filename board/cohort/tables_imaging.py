"""The tables of scans, lesions, readings and uptake. No UID, no scanner's name, no image leaves."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from board.cohort.columns import Column, Leaving, Table
from board.cohort.makers import choices, code, every, flag, number, reference, when
from eligibility.lesion_facts import measured_on, signed_heads
from eligibility.scan_class_facts import class_of_scan
from imaging.domain.vocabulary import SUV_UNITS, Tracer
from imaging.models import Lesion, LesionFinding, LesionReading, Reading, Scan, UptakeMeasurement, Voi
from imaging.selectors import CURRENT

CLASSES = frozenset({"RICH", "MIXED", "POOR", "UNKNOWN"})
SCALES = frozenset({"KR-ORIG", "KR-MOD"})
ORGANS = frozenset(
    {
        "liver", "lymph node", "lymph_node", "bone", "pancreas", "stomach", "duodenum", "small bowel", "small_bowel",
        "colon", "rectum", "appendix", "lung", "thymus", "peritoneum", "mesentery", "spleen", "adrenal", "ovary",
        "brain", "heart", "skin", "soft tissue", "soft_tissue",
    }
)  # fmt: skip
_S, _R, _U, _F = "imaging.Scan", "imaging.Reading", "imaging.UptakeMeasurement", "imaging.LesionFinding"


@dataclass(frozen=True)
class Read:
    """A score of a lesion, or of a reading without one, beside the reading it belongs to."""

    reading: Reading
    score: LesionReading | None

    def of(self, name: str):
        return getattr(self.score, name) if self.score else None


def _readings(leaving: Leaving) -> Iterator[Read]:
    for scan in leaving.of(Scan):
        for reading in signed_heads(list(scan.readings.all()), leaving.case.known_at):
            scores = list(reading.lesions.all())
            yield from (Read(reading, score) for score in scores) if scores else [Read(reading, None)]


def _measured(leaving: Leaving) -> Iterator[UptakeMeasurement]:
    """Numbers of today's inputs only; one that waits for a computation has no row."""
    for scan in leaving.of(Scan):
        for item in measured_on(scan):
            if item.state == CURRENT and item.measurement:
                yield item.measurement


def _class(leaving: Leaving, scan: Scan) -> str:
    found = class_of_scan(leaving.case, scan)
    return str(found.name) if found else ""


def _signed_on(_leaving, row: Read) -> dt.date | None:
    return timezone.localdate(row.reading.signed_at) if row.reading.signed_at else None


def _score(name: str):
    return lambda _leaving, row: row.of(name)


def _own(name: str):
    return lambda _leaving, row: getattr(row, name)


def _is_provisional(_leaving, row: UptakeMeasurement) -> bool:
    return row.suv_result.is_provisional


def _on(name: str, meaning: str, source: str, get) -> Column:
    return reference(name, meaning, source, Scan, get)


def _lesion(source: str, get) -> Column:
    return reference("lesion", "the same name on every scan", source, Lesion, get)


def _suv(name: str, meaning: str) -> Column:
    return number(name, meaning, f"{_U}.{name}", "see unit")


IMAGING = (
    Table(
        "scans",
        "one row a scan",
        every(Scan),
        (
            _on("scan", "name of the scan", _S, lambda row: row.lineage),
            *when(_S),
            code("tracer", "", f"{_S}.tracer", frozenset(Tracer), of="docs/glossary.md"),
            code("sstr_class", "SSTR class from the signed reading", "eligibility.scan_class_facts", CLASSES, _class),
            code("ssa_status", "", f"{_S}.ssa_status", choices(Scan.ssa_status)),
            flag("is_illustrative", "drawn for a demonstration: no facts", f"{_S}.is_illustrative"),
            number("uptake_min", "as stated by the site", f"{_S}.uptake_min", "min"),
            flag("uses_psf", "resolution modelling", f"{_S}.uses_psf"),
            flag("uses_tof", "time of flight", f"{_S}.uses_tof"),
            number("peptide", "", f"{_S}.peptide_ug", "ug"),
            flag("high_dose_steroid", "", f"{_S}.high_dose_steroid"),
            flag("has_inflammation", "", f"{_S}.has_inflammation"),
        ),
    ),
    Table(
        "lesions",
        "one row a lesion",
        every(Lesion),
        (
            _lesion("imaging.Lesion", lambda row: row.lineage),
            *when("imaging.Lesion"),
            code(
                "organ", "known names only", "imaging.Lesion.organ", ORGANS, lambda _l, row: row.organ.strip().lower()
            ),
            code("kind", "", "imaging.Lesion.kind", choices(Lesion.kind)),
            flag("is_target", "", "imaging.Lesion.is_target"),
        ),
    ),
    Table(
        "findings",
        "a lesion on a scan: status and size on CT",
        every(LesionFinding),
        (
            _lesion(f"{_F}.lesion", lambda row: row.lesion_id),
            _on("scan", "", f"{_F}.scan", lambda row: row.scan_id),
            code("status", "", f"{_F}.status", choices(LesionFinding.status)),
            number("long_axis", "", f"{_F}.long_axis_mm", "mm"),
            number("short_axis", "", f"{_F}.short_axis_mm", "mm"),
            number("third_axis", "", f"{_F}.third_axis_mm", "mm"),
            code("necrosis", "", f"{_F}.necrosis", choices(LesionFinding.necrosis)),
            flag("is_illustrative", "drawn for a demonstration", f"{_F}.is_illustrative"),
        ),
    ),
    Table(
        "readings",
        "signed readings: one row a lesion; without scores one row",
        _readings,
        (
            _on("scan", "", f"{_R}.scan", lambda row: row.reading.scan_id),
            Column("signed_on", "", "date", f"{_R}.signed_at", _signed_on),
            number("version", "of the reading", f"{_R}.version", "1", lambda _l, row: row.reading.version),
            code("scale", "", f"{_R}.scale_id", SCALES, lambda _l, row: row.reading.scale_id),
            code("quality", "", f"{_R}.quality", choices(Reading.quality), lambda _l, row: row.reading.quality),
            code("ssa", "before the scan", f"{_R}.ssa", choices(Reading.ssa), lambda _l, row: row.reading.ssa),
            code(
                "extravasation",
                "",
                f"{_R}.extravasation",
                choices(Reading.extravasation),
                lambda _l, row: row.reading.extravasation,
            ),
            code(
                "cold_lesions",
                "whether lesions without uptake were looked for",
                f"{_R}.cold_lesions",
                choices(Reading.cold_lesions),
                lambda _l, row: row.reading.cold_lesions,
            ),
            code(
                "netpet", "", f"{_R}.netpet_class", choices(Reading.netpet_class), lambda _l, r: r.reading.netpet_class
            ),
            _lesion("imaging.LesionReading.lesion", lambda row: row.of("lesion_id")),
            number("score_low", "Krenning, lowest", "imaging.LesionReading.score_low", "1", _score("score_low")),
            number("score_high", "Krenning, highest", "imaging.LesionReading.score_high", "1", _score("score_high")),
            code(
                "relation",
                "to the liver",
                "imaging.LesionReading.relation_to_liver",
                choices(LesionReading.relation_to_liver),
                _score("relation_to_liver"),
            ),
            code(
                "rads",
                "",
                "imaging.LesionReading.rads",
                choices(LesionReading.rads),
                _score("rads"),
                of="SSTR-RADS 1.0",
            ),
            Column("reader_text", "as typed", "text", "imaging.LesionReading.text", _score("text")),
        ),
    ),
    Table(
        "measurements",
        "uptake in a region, with its unit and the versions of the methods that made it",
        _measured,
        (
            _on("scan", "", "imaging.Voi.scan", lambda row: row.voi.scan_id),
            code("role", "what the region is", "imaging.Voi.role", choices(Voi.role), lambda _l, row: row.voi.role),
            _lesion("imaging.Voi.lesion", lambda row: row.voi.lesion_id),
            code(
                "outline", "how it was drawn", "imaging.Voi.method", choices(Voi.method), lambda _l, row: row.voi.method
            ),
            code("unit", "of every SUV of this row", f"{_U}.unit", frozenset(SUV_UNITS.values()), of="UCUM"),
            _suv("suv_max", ""),
            _suv("suv_mean", ""),
            _suv("suv_sd", ""),
            Column(
                "suv_peak_global",
                "",
                "number",
                f"{_U}.suv_peak_global",
                _own("suv_peak_global"),
                "see unit",
                of="IBSI 0F91",
            ),
            Column(
                "suv_peak_local",
                "",
                "number",
                f"{_U}.suv_peak_local",
                _own("suv_peak_local"),
                "see unit",
                of="IBSI VJGA",
            ),
            number("volume", "", f"{_U}.volume_ml", "mL", of="IBSI RNU0"),
            number("total_lesion_sstr_expression", "", f"{_U}.total_lesion_sstr_expression", "mL x unit"),
            flag("is_provisional", "an input waits for a person", "imaging.SuvResult.is_provisional", _is_provisional),
            Column("method_version", "of the measurement", "version", f"{_U}.method_version", _own("method_version")),
            Column(
                "suv_version",
                "of the calculation of the SUV",
                "version",
                "imaging.SuvResult.method_version",
                lambda _l, row: row.suv_result.method_version,
            ),
        ),
    ),
)
