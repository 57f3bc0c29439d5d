"""Uptake in a sphere or in outlines, on a folder (nothing is stored) or on a stored series with its current SUV."""

import json
import re
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imaging import sandbox
from imaging.domain import uptake
from imaging.domain.errors import Caution, ImagingRefusal
from imaging.domain.mesh import mesh_volume_ml
from imaging.domain.suv import SuvKind, suv_factors
from imaging.domain.vocabulary import SUV_UNITS
from imaging.domain.voi import sphere
from imaging.domain.volume import Volume
from imaging.folder import read_folder
from imaging.instances import FileRefusal
from imaging.objects import Segmentation, StructureSet
from imaging.outline_report import NUMBERS as OUTLINE_NUMBERS
from imaging.outline_report import Target, folder_target, images_of, vois
from imaging.outlines import FileContentRefused, Refusal
from imaging.reasons import SeriesRefused, caution
from imaging.suv_report import heading, inputs_of, suv_volume

REFUSED = 3
UID = re.compile(r"[0-9.]{1,64}")
NOT_YET = "The SUV of this series is not computed yet."
NUMBERS = (*(field.name for field in fields(uptake.Uptake) if field.name != "warnings"), "volume_mesh_ml")


class Command(BaseCommand):
    help = (
        "Measure SUVmax, SUVmean, SUVpeak (global 0F91 and local VJGA), volume and total lesion SSTR expression in a "
        "sphere given in patient millimetres (LPS), or in the outlines of a DICOM segmentation or structure set. Exit "
        "status 3: refused, with its reason."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser._negative_number_matcher = re.compile(
            r"-[\d.]"
        )  # so that "--sphere -12,30,..." is not read as an option
        parser.add_argument("series", metavar="SERIES_UID_OR_FOLDER")
        region = parser.add_mutually_exclusive_group(required=True)
        region.add_argument("--sphere", metavar="X,Y,Z,R", help="centre and radius in mm, LPS")
        region.add_argument("--seg", type=Path, metavar="FILE", help="DICOM segmentation")
        region.add_argument("--rtstruct", type=Path, metavar="FILE", help="DICOM RT structure set")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, series: str, **options):
        if options["sphere"] is None:
            kind = Segmentation if options["seg"] else StructureSet
            self._outlines(series, options["seg"] or options["rtstruct"], kind, as_json=options["json"])
            return
        *centre, radius = _numbers(options["sphere"])
        result: dict[str, Any] = {"series_uid": "", "unit": ""}
        result |= {"sphere": {"centre_lps_mm": centre, "radius_mm": radius}, **dict.fromkeys(NUMBERS)}
        result |= {"warnings": [], "refusal": None}
        try:
            uid, volume, warnings = _from_folder(Path(series)) if Path(series).exists() else _from_store(series)
            result |= {"series_uid": uid, "unit": volume.unit}
            mask = sphere(volume, centre, radius)
            found = asdict(uptake.measure(volume, mask))
            result["warnings"] = [*warnings, *found.pop("warnings")]
            result |= found | {"volume_mesh_ml": mesh_volume_ml(volume, mask)}
        except ImagingRefusal as refusal:
            result["refusal"] = {"code": refusal.code, "message": refusal.message}
        self._print(result, as_json=options["json"])
        if result["refusal"]:
            self.stderr.write(result["refusal"]["message"])
            sys.exit(REFUSED)

    def _outlines(self, series: str, file: Path, kind: type, *, as_json: bool) -> None:
        result: dict[str, Any] = {"vois": []}
        try:
            content = _content(file, kind)
            result["vois"] = list(vois(content, _target(series, content)))
            refusals = [voi["refusal"] for voi in result["vois"] if voi["refusal"]]
        except ImagingRefusal as refusal:
            refusals = [{"code": refusal.code, "message": refusal.message}]
            result["refusal"] = refusals[0]
        if as_json:
            self.stdout.write(json.dumps(result, indent=2))
        else:
            self._table(result["vois"])
        for message in dict.fromkeys(refusal["message"] for refusal in refusals):
            self.stderr.write(message)
        if all(voi["volume_ml"] is None for voi in result["vois"]):
            sys.exit(REFUSED)

    def _table(self, found: list[dict[str, Any]]) -> None:
        for voi in found:
            self.stdout.write(f"{voi['segment_number']} {voi['label']} ({voi['state']})")
            for name in OUTLINE_NUMBERS:
                if voi[name] is not None:
                    self.stdout.write(f"  {name:28} {_shown(voi[name])}")
            for warning in voi["warnings"]:
                self.stdout.write(f"  {heading(warning)}: {warning['message']} ({warning['code']})")
        self.stdout.write("Research and decision support, not a certified medical device.")

    def _print(self, result: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, indent=2))
            return
        for name in NUMBERS:
            if result[name] is not None:
                self.stdout.write(f"{name:30} {_shown(result[name])}")
        for warning in result["warnings"]:
            self.stdout.write(f"{heading(warning)}: {warning['message']} ({warning['code']})")
        self.stdout.write(
            f"Unit {result['unit'] or '-'}. Research and decision support, not a certified medical device."
        )


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise CommandError("Give the sphere as X,Y,Z,R: four numbers in millimetres, separated by commas.")
    return numbers


def _content(file: Path, kind: type) -> Segmentation | StructureSet:
    found = sandbox.read_object(file)
    if isinstance(found, FileRefusal):
        raise FileContentRefused(found.code)
    if not isinstance(found, kind):
        raise CommandError(f"{file.name} is of another kind: --seg takes a segmentation, --rtstruct a structure set.")
    return found


def _target(series: str, content: Segmentation | StructureSet) -> Target | None:
    """None where no PET is: then a segmentation keeps the volume of its own grid."""
    if Path(series).exists():
        return folder_target(read_folder(Path(series)).pet, content)
    if not UID.fullmatch(series):
        raise CommandError("There is no folder of this name, and it is no series UID.")
    rows = _rows(series)
    return _stored_target(rows[0]) if len(rows) == 1 else None


def _stored_target(row: Any) -> Target:
    from imaging import selectors, store
    from imaging.volumes import load_stored

    current, warnings, refusal = selectors.current_suv(row), [], None
    factor, unit = 1.0, ""
    if current.result is None or current.result.refusal_code:
        refusal = Refusal(current.code or current.state, current.message or NOT_YET)
    else:
        factor, unit = current.result.factors["bw"], SUV_UNITS[SuvKind.BW]
        warnings = [*current.result.warnings, *_provisional(current.result.is_provisional)]
    values = load_stored(row)
    with store.open_stored(row.manifest_sha256) as file:
        images = images_of(values.volume(factor, unit), row.series_uid, json.load(file))
    return Target(images, refusal, tuple(Caution(warning["code"], warning["message"]) for warning in warnings))


def _from_folder(path: Path) -> tuple[str, Volume, list[dict[str, str]]]:
    pet = read_folder(path).pet
    if len(pet) != 1:
        raise CommandError(f"Under this path there are {len(pet)} PET series; name the folder of one.")
    factors = suv_factors(inputs_of(pet[0]))
    warnings = [asdict(warning) for warning in (*pet[0].warnings, *factors.warnings)]
    return pet[0].series_uid, suv_volume(pet[0]), [*warnings, *_provisional(factors.is_provisional)]


def _from_store(series_uid: str) -> tuple[str, Volume, list[dict[str, str]]]:
    from imaging import selectors
    from imaging.volumes import load_volume

    attached = _rows(series_uid)
    if len(attached) != 1:
        raise CommandError(f"There are {len(attached)} stored PET series of this UID, and no folder of this name.")
    current = selectors.current_suv(attached[0])
    if current.result is None or current.result.refusal_code:
        raise SeriesRefused(current.code or current.state, current.message or NOT_YET)
    warnings = [*current.result.warnings, *_provisional(current.result.is_provisional)]
    return series_uid, load_volume(attached[0], current.result), warnings


def _rows(series_uid: str) -> list[Any]:
    from imaging.models import Series

    rows = list(Series.objects.filter(series_uid=series_uid, modality="PT"))
    return [row for row in rows if row.identity == Series.Identity.ATTACHED] or rows


def _provisional(is_provisional: bool) -> list[dict[str, str]]:
    return [asdict(caution("suv_provisional"))] if is_provisional else []


def _shown(value: Any) -> str:
    return ", ".join(f"{v:g}" for v in value) if isinstance(value, list | tuple) else f"{value:.6g}"
