"""Where a case puts its files: names and UIDs of its own, so that all cases travel in one import and none meets another."""

import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian

from tests.imaging.dicom_files import ct_slice, pet_slice, to_bytes
from tests.imaging.recompress import recompress

SLICES = 3
NAME = "CANARY^NAME"


class Box:
    """The files of one specimen. ``mark`` begins every name, ``uid`` every UID."""

    def __init__(self, folder: Path, uid: str, mark: str) -> None:
        self.folder, self.uid, self.mark = folder, uid, mark
        self.names: list[str] = []

    def add(self, name: str, data: bytes) -> Path:
        path = self.folder / f"{self.mark}{name}"
        path.write_bytes(data)
        self.names.append(path.name)
        return path

    def pet(self, k: int = 0, **changes: object) -> Dataset:
        return pet_slice(k, **{**self._uids(k), **changes})

    def ct(self, k: int = 0, **changes: object) -> Dataset:
        own = {"SeriesInstanceUID": f"{self.uid}.4", "SOPInstanceUID": f"{self.uid}.5.{k + 1}"}
        return ct_slice(k, **{**self._uids(k), **own, **changes})

    def series(
        self, count: int = SLICES, *, tweak: Callable[[Dataset, int], None] | None = None, name: str = "", **changes
    ) -> None:
        for k in range(count):
            ds = self.pet(k, **changes)
            if tweak:
                tweak(ds, k)
            self.add(f"{name}{k}.dcm", to_bytes(ds))

    def zip(self, name: str, files: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
        """Entries are marked like the files of a folder; returns the archive, and adds it under ``name`` if given."""
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as target:
            for entry, data in files:
                target.writestr(entry.replace("@", self.mark), data)
        if name:
            self.add(name, buffer.getvalue())
        return buffer.getvalue()

    def _uids(self, k: int) -> dict[str, str]:
        return {
            "StudyInstanceUID": f"{self.uid}.1",
            "SeriesInstanceUID": f"{self.uid}.2",
            "SOPInstanceUID": f"{self.uid}.3.{k + 1}",
            "FrameOfReferenceUID": f"{self.uid}.9",
            "PatientName": NAME,
        }


Make = Callable[[Box], None]


def pet_series(count: int = SLICES, **changes: object) -> Make:
    """A PET series with these elements replaced in every slice."""
    return lambda box: box.series(count, **changes)


def pet_with(tweak: Callable[[Dataset, int], None], count: int = SLICES, **changes: object) -> Make:
    """A PET series whose slices a function changes one by one."""
    return lambda box: box.series(count, tweak=tweak, **changes)


def one_file(name: str, data: bytes) -> Make:
    return lambda box: box.add(name, data) and None


def one_slice(syntax: str = ExplicitVRLittleEndian, **changes: object) -> Make:
    return lambda box: box.add("a.dcm", to_bytes(box.pet(**changes), syntax)) and None


def of_class(*classes: str) -> Make:
    """One file of each SOP class."""

    def make(box: Box) -> None:
        for n, sop_class in enumerate(classes):
            box.add(f"{n}.dcm", to_bytes(box.pet(n, SOPClassUID=sop_class)))

    return make


def edited(edit: Callable[[bytes], bytes], syntax: str = ExplicitVRLittleEndian, **changes: object) -> Make:
    """One slice whose bytes a function changes."""
    return lambda box: box.add("a.dcm", edit(to_bytes(box.pet(**changes), syntax))) and None


def raw(ds: Dataset, tag: int, vr: str, value: bytes) -> None:
    """An element exactly as given, which pydicom would not write."""
    value += b" " * (len(value) % 2) if vr not in {"UN", "OB", "UI"} else b"\0" * (len(value) % 2)
    ds.set_original_encoding(False, True, ds._character_set)  # else it would be read and written anew
    ds[BaseTag(tag)] = RawDataElement(BaseTag(tag), vr, len(value), value, 0, False, True)


def with_raw(tag: int, vr: str, value: bytes, count: int = SLICES, **changes: object) -> Make:
    return pet_with(lambda ds, _: raw(ds, tag, vr, value), count, **changes)


def recompressed(name: str, count: int = SLICES, edit: Callable[[Dataset], None] | None = None) -> Make:
    """A series in a compressed transfer syntax; ``edit`` changes the header afterwards, not the codestream."""

    def make(box: Box) -> None:
        for k in range(count):
            with tempfile.TemporaryDirectory() as folder:
                plain, packed = Path(folder) / "plain.dcm", Path(folder) / "packed.dcm"
                plain.write_bytes(to_bytes(box.pet(k)))
                data = recompress(plain, packed, name).read_bytes()
            box.add(f"{k}.dcm", _edit(data, edit) if edit else data)

    return make


def _edit(data: bytes, edit: Callable[[Dataset], None]) -> bytes:
    from pydicom import dcmread

    ds, out = dcmread(BytesIO(data)), BytesIO()
    edit(ds)
    ds.save_as(out)
    return out.getvalue()
