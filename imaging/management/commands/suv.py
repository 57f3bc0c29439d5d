"""SUV of every PET series under a path. Stores nothing and needs no database."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imaging.domain.errors import ImagingRefusal
from imaging.folder import FolderContent, read_folder
from imaging.reasons import explain
from imaging.suv_report import heading, report, suv_volume, write_nifti
from imaging.volumes import ReusableBuffer

REFUSED = 3


class Command(BaseCommand):
    help = (
        "Print SUV factors, inputs, minimum, median and maximum of every PET series under PATH. The factor turns "
        "rescaled stored values into SUV; where it differs from slice to slice it is a list in volume order. "
        "Exit status 3: something was refused, with its reason."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, metavar="PATH", help="a DICOM file or a folder")
        parser.add_argument("--nifti", type=Path, metavar="OUT.nii.gz", help="write the SUVbw volume of the one series")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *, path: Path, nifti: Path | None, **options):
        if not path.exists():
            raise CommandError("There is no such file or folder.")
        if nifti is not None and not nifti.name.endswith((".nii", ".nii.gz")):
            raise CommandError("The NIfTI file must end in .nii or .nii.gz.")
        content = read_folder(path)
        buffer = ReusableBuffer()
        found = [report(series, buffer) for series in content.pet]
        if options["json"]:
            self.stdout.write(json.dumps({"series": found}, indent=2))
        else:
            self._print_table(found)
        refusals = [entry["refusal"]["message"] for entry in found if entry["refusal"]]
        refusals += [] if found else [_nothing_found(content)]
        if nifti is not None and found:
            refusals += self._write(content, nifti)
        for sentence in dict.fromkeys(refusals):
            self.stderr.write(sentence)
        if refusals:
            sys.exit(REFUSED)

    def _write(self, content: FolderContent, path: Path) -> list[str]:
        if len(content.pet) > 1:
            raise CommandError("There is more than one PET series under this path; name the folder of one.")
        try:
            write_nifti(suv_volume(content.pet[0]), path)
        except ImagingRefusal as refusal:
            return [refusal.message]
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        return []

    def _print_table(self, found: list[dict[str, Any]]) -> None:
        for entry in found:
            self.stdout.write(f"PET series {entry['series_uid']}   units {entry['units'] or '(missing)'}")
            for kind, numbers in entry["suv"].items():
                self.stdout.write(f"  SUV {kind:18} {_shown(numbers)}")
            for name, item in entry["inputs"].items():
                self.stdout.write(f"  {name:24} {item['value']}   [{item['source']}]")
            for warning in entry["warnings"]:
                self.stdout.write(f"  {heading(warning)}: {warning['message']} ({warning['code']})")
            if entry["refusal"]:
                self.stdout.write(f"  refused: {entry['refusal']['message']} ({entry['refusal']['code']})")
        self.stdout.write("Research and decision support, not a certified medical device.")


def _shown(numbers: dict[str, Any] | None) -> str:
    if numbers is None:
        return "-"
    factor = numbers["factor"]
    first = f"{factor[0]:.6g} (first of {len(factor)} slices)" if isinstance(factor, list) else f"{factor:.6g}"
    spread = "   ".join(f"{name} {numbers[name]:.4g}" for name in ("min", "median", "max") if numbers[name] is not None)
    return f"factor {first}   {spread}"


def _nothing_found(content: FolderContent) -> str:
    reasons = " ".join(f"{count} x {explain(code)}" for code, count in content.left_out.most_common(5))
    if content.objects:
        reasons += f" {len(content.objects)} x outlines or reports of a workstation: they have no SUV of their own."
    return f"There is no PET series under this path. {reasons}".strip()
