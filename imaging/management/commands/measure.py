"""Uptake in a sphere, on a folder (nothing is stored) or on a stored series with its current SUV."""

import json
import re
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imaging.domain import uptake
from imaging.domain.errors import ImagingRefusal
from imaging.domain.suv import suv_factors
from imaging.domain.voi import sphere
from imaging.domain.volume import Volume
from imaging.folder import read_folder
from imaging.reasons import SeriesRefused, caution
from imaging.suv_report import suv_volume

REFUSED = 3
NOT_YET = "The SUV of this series is not computed yet."
NUMBERS = tuple(field.name for field in fields(uptake.Uptake) if field.name != "warnings")


class Command(BaseCommand):
    help = (
        "Measure SUVmax, SUVmean, SUVpeak (global 0F91 and local VJGA), volume and total lesion SSTR expression in a "
        "sphere given in patient millimetres (LPS). Exit status 3: refused, with its reason."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser._negative_number_matcher = re.compile(
            r"-[\d.]"
        )  # so that "--sphere -12,30,..." is not read as an option
        parser.add_argument("series", metavar="SERIES_UID_OR_FOLDER")
        parser.add_argument("--sphere", required=True, metavar="X,Y,Z,R", help="centre and radius in mm, LPS")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, series: str, **options):
        *centre, radius = _numbers(options["sphere"])
        result: dict[str, Any] = {"series_uid": "", "unit": ""}
        result |= {"sphere": {"centre_lps_mm": centre, "radius_mm": radius}, **dict.fromkeys(NUMBERS)}
        result |= {"warnings": [], "refusal": None}
        try:
            uid, volume, warnings = _from_folder(Path(series)) if Path(series).exists() else _from_store(series)
            result |= {"series_uid": uid, "unit": volume.unit}
            found = asdict(uptake.measure(volume, sphere(volume, centre, radius)))
            result["warnings"] = [*warnings, *found.pop("warnings")]
            result |= found
        except ImagingRefusal as refusal:
            result["refusal"] = {"code": refusal.code, "message": refusal.message}
        self._print(result, as_json=options["json"])
        if result["refusal"]:
            self.stderr.write(result["refusal"]["message"])
            sys.exit(REFUSED)

    def _print(self, result: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, indent=2))
            return
        for name in NUMBERS:
            if result[name] is not None:
                self.stdout.write(f"{name:30} {_shown(result[name])}")
        for warning in result["warnings"]:
            self.stdout.write(f"warning: {warning['message']} ({warning['code']})")
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


def _from_folder(path: Path) -> tuple[str, Volume, list[dict[str, str]]]:
    pet = read_folder(path).pet
    if len(pet) != 1:
        raise CommandError(f"Under this path there are {len(pet)} PET series; name the folder of one.")
    factors = suv_factors(pet[0].suv_inputs)
    warnings = [asdict(warning) for warning in (*pet[0].warnings, *factors.warnings)]
    return pet[0].series_uid, suv_volume(pet[0]), [*warnings, *_provisional(factors.is_provisional)]


def _from_store(series_uid: str) -> tuple[str, Volume, list[dict[str, str]]]:
    from imaging import selectors
    from imaging.models import Series
    from imaging.volumes import load_volume

    rows = list(Series.objects.filter(series_uid=series_uid, modality="PT"))
    attached = [row for row in rows if row.identity == Series.Identity.ATTACHED] or rows
    if len(attached) != 1:
        raise CommandError(f"There are {len(attached)} stored PET series of this UID, and no folder of this name.")
    current = selectors.current_suv(attached[0])
    if current.result is None or current.result.refusal_code:
        raise SeriesRefused(current.code or current.state, current.message or NOT_YET)
    warnings = [*current.result.warnings, *_provisional(current.result.is_provisional)]
    return series_uid, load_volume(attached[0], current.result), warnings


def _provisional(is_provisional: bool) -> list[dict[str, str]]:
    return [asdict(caution("suv_provisional"))] if is_provisional else []


def _shown(value: Any) -> str:
    return ", ".join(f"{v:g}" for v in value) if isinstance(value, list | tuple) else f"{value:.6g}"
