"""L1-L3 and S1: reading, re-opening and storing a PET series of 300 slices of 200 x 200.

The series is a blurred, noisy body written with pydicom, 16 bits with a slope per slice, some 100 elements per header.
Ours reads headers in the sandboxed child and re-opens integers from the manifest; the peers give float volumes, as they
do.
"""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

from bench.harness import Result, medians, ratio, shown, skipped

ROWS = COLUMNS = 200
SLICES = 300
PIXEL_MM, SLICE_MM = 4.07283, 3.0
BARE_READ_BYTES = 1 << 20


def run() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        os.environ.setdefault("PRRT_DATA_DIR", folder)
        import django

        django.setup()
        return _run(Path(folder))


def _run(folder: Path) -> list[Result]:
    from django.test import override_settings

    with override_settings(FILE_STORE_DIR=folder / "store"):
        files = write_series(folder / "series")
        return [*import_goal(files), *reopen_goals(files), *storage_goals(files, folder)]


# --- the series ------------------------------------------------------------------------------------
def body() -> np.ndarray:
    """Activity in Bq/ml, float32 [z, y, x]: a body with 300 spheres of 5 to 60 mm, blurred, with correlated noise."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(68)
    y, x = (np.mgrid[:ROWS, :COLUMNS] - (ROWS - 1) / 2) * PIXEL_MM
    inside = np.broadcast_to((x / 170) ** 2 + (y / 115) ** 2 < 1, (SLICES, ROWS, COLUMNS))
    suv = np.where(inside, np.float32(0.5), np.float32(0))
    for _ in range(300):
        _add_sphere(suv, rng)
    suv = gaussian_filter(suv * inside, np.array([5 / SLICE_MM, 5 / PIXEL_MM, 5 / PIXEL_MM]) / 2.3548)
    noise = gaussian_filter(rng.standard_normal(suv.shape, dtype=np.float32), 1.0)
    noise *= 0.12 / noise.std()
    suv = suv * (1 + noise) + np.abs(noise) * np.where(inside, np.float32(0.1), np.float32(0.02))
    return np.maximum(suv, 0) * 3000


def _add_sphere(suv: np.ndarray, rng: np.random.Generator) -> None:
    radius = float(np.exp(rng.uniform(np.log(2.5), np.log(30))))
    centre = rng.uniform([30, -80, -120], [SLICES * SLICE_MM - 30, 80, 120])
    middle = [centre[0] / SLICE_MM, centre[1] / PIXEL_MM + ROWS / 2, centre[2] / PIXEL_MM + COLUMNS / 2]
    box = tuple(
        slice(max(0, int(c - radius / mm) - 1), int(c + radius / mm) + 2)
        for c, mm in zip(middle, (SLICE_MM, PIXEL_MM, PIXEL_MM), strict=True)
    )
    z, y, x = np.ogrid[box]
    distance = ((z - middle[0]) * SLICE_MM) ** 2 + ((y - middle[1]) ** 2 + (x - middle[2]) ** 2) * PIXEL_MM**2
    suv[box][distance < max(radius, 2.5) ** 2] = np.exp(rng.uniform(np.log(3), np.log(30)))


def write_series(folder: Path) -> list[Path]:
    """300 files whose names and instance numbers are not in the order of the slices."""
    from pydicom.dataset import Dataset

    from tests.imaging.dicom_files import pet_slice, write

    activity = body()
    template = pet_slice(Rows=ROWS, Columns=COLUMNS, PixelSpacing=[PIXEL_MM, PIXEL_MM])
    for number in range(40):
        template.add_new(
            0x00291100 + number, "OB" if number == 7 else "LO", b"\1" * 2600 if number == 7 else f"value {number}"
        )
    template.add_new(0x00290011, "LO", "BENCH")
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "10041", "99BENCH", "filler"
    template.ProcedureCodeSequence = [item]
    files = []
    for k in range(SLICES):
        slope = float(f"{max(float(activity[k].max()), 1.0) / 32767:.9g}")
        stored = np.rint(activity[k] / slope).astype("<u2")
        template.SOPInstanceUID = f"2.25.7777.3.{k + 1}"
        template.InstanceNumber, template.RescaleSlope = SLICES - k, slope
        template.PixelRepresentation, template.ImagePositionPatient = 0, [-400, -400, SLICE_MM * k]
        template.PixelData = stored.tobytes()
        files.append(write(folder / f"{(k * 7919) % 10007:05}.dcm", template))
    return sorted(files)


# --- L1 --------------------------------------------------------------------------------------------
def import_goal(files: list[Path]) -> list[Result]:
    import pydicom

    from imaging import sandbox

    def ours():
        return list(sandbox.parse_files(files))

    def peer():
        return [pydicom.dcmread(file, stop_before_pixels=True) for file in files]

    what = "headers of 300 files in the sandboxed child / pydicom stop_before_pixels"
    pairs = zip(ours(), peer(), strict=True)
    agrees = all((a.sop_uid, a.slope) == (b.SOPInstanceUID, float(b.RescaleSlope)) for a, b in pairs)
    found = medians({"ours": ours, "pydicom": peer}, rounds=11)
    return [Result("L1", what, ratio("ours", "pydicom", found), 1.3, is_limit=True, agrees=agrees, note=shown(found))]


# --- L2, L3 ----------------------------------------------------------------------------------------
def reopen_goals(files: list[Path]) -> list[Result]:
    import pydicom

    from imaging import store, volumes

    manifest, stored_paths = _import(files)
    buffer = volumes.ReusableBuffer()
    scratch = bytearray(BARE_READ_BYTES)

    def ours():
        with store.open_stored(manifest) as file:
            return volumes.load_from_manifest(json.load(file), buffer)

    def bare():
        for path in stored_paths:
            descriptor = os.open(path, os.O_RDONLY)
            os.readv(descriptor, [scratch])
            os.close(descriptor)

    def naive():
        slices = sorted(map(pydicom.dcmread, stored_paths), key=lambda ds: ds.ImagePositionPatient[2])
        return np.stack([ds.pixel_array.astype(np.float32) * np.float32(ds.RescaleSlope) for ds in slices])

    itk = _itk_reader(stored_paths)
    cases = {"ours": ours, "bare read": bare, "pydicom": naive, **({"SimpleITK": itk} if itk else {})}
    values = ours()
    mine = values.stored * values.slopes[:, None, None].astype(np.float32)
    equal = {"pydicom": _is_equal(mine, naive()), "SimpleITK": itk is None or _is_equal(mine, itk())}
    del mine
    found = medians(cases, rounds=7)
    what = "re-open a stored series from its manifest"
    l3 = [_peer_result("L3", what, name, found, equal[name], 10) for name in ("pydicom", "SimpleITK")]
    l2 = Result("L2", f"{what} / bare read", ratio("ours", "bare read", found), 2, is_limit=True, note=shown(found))
    return [l2, *l3]


def _import(files: list[Path]) -> tuple[str, list[str]]:
    """The manifest's digest and the stored paths in slice order, as the import leaves them."""
    from imaging import sandbox, store
    from imaging.assemble import assemble

    with store.batch() as add:
        keys = [_add(add, file) for file in files]
    (series,) = assemble(zip(keys, sandbox.parse_files(map(store.path, keys)), strict=True))
    manifest = series.manifest()
    paths = [str(store.path(key)) for key in manifest["source"]]
    return store.put_bytes(json.dumps(manifest).encode()).sha256, paths


def _add(add, file: Path) -> str:
    with file.open("rb") as stream:
        return add(stream, max_bytes=1 << 24).sha256


def _itk_reader(paths: list[str]):
    try:
        import SimpleITK
    except ImportError:
        return None

    def read():
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(paths)
        return SimpleITK.GetArrayFromImage(reader.Execute()).astype(np.float32, copy=False)

    return read


def _is_equal(mine: np.ndarray, other: np.ndarray) -> bool:
    """Equal but for the rounding of the peer's own types."""
    return mine.shape == other.shape and bool(np.abs(mine - other).max() <= 1e-6 * mine.max())


def _peer_result(name: str, what: str, peer: str, found: dict[str, float], agrees: bool, goal: float) -> Result:
    if peer not in found:
        return skipped(name, f"{peer} / {what}", goal, f"{peer} is not installed")
    return Result(name, f"{peer} / {what}", ratio(peer, "ours", found), goal, agrees=agrees, note=shown(found))


# --- S1 --------------------------------------------------------------------------------------------
def storage_goals(files: list[Path], folder: Path) -> list[Result]:
    import nibabel

    from imaging import store, volumes

    manifest, _ = _import(files)
    with store.open_stored(manifest) as file:
        values = volumes.load_from_manifest(json.load(file))
    floats = values.stored * values.slopes[:, None, None].astype(np.float32)
    image = nibabel.Nifti1Image(floats.T, values.affine)
    buffer = volumes.ReusableBuffer()
    packed, nifti = folder / "volume.pvb", folder / "volume.nii.gz"

    def write_ours():
        packed.write_bytes(volumes.pack(values))

    def read_ours():
        return volumes.unpack(packed.read_bytes(), buffer)

    def write_nifti():
        nibabel.save(image, nifti)

    def read_nifti():
        return np.asarray(nibabel.load(nifti).dataobj)

    cases = {"write": write_ours, "read": read_ours, "NIfTI write": write_nifti, "NIfTI read": read_nifti}
    found = medians(cases, rounds=5)
    back = read_ours()
    agrees = np.array_equal(back.stored, values.stored) and np.array_equal(back.slopes, values.slopes)
    size = packed.stat().st_size / nifti.stat().st_size
    sizes = f"{packed.stat().st_size / 1e6:.3g} MB, float32 NIfTI.gz {nifti.stat().st_size / 1e6:.3g} MB"
    write, read = ratio("NIfTI write", "write", found), ratio("NIfTI read", "read", found)
    return [
        Result("S1", "stored volume / float32 NIfTI.gz, bytes", size, 0.5, is_limit=True, agrees=agrees, note=sizes),
        Result("S1", "float32 NIfTI.gz / stored volume, writing", write, 15, agrees=agrees, note=shown(found)),
        Result("S1", "float32 NIfTI.gz / stored volume, reading", read, 10, agrees=agrees, note=shown(found)),
    ]
