"""E1: from a folder of DICOM files to components, their uptake, a rotating projection and the volume as it is stored.

The peer is the usual good choice for each step: SimpleITK's reader, ConnectedComponent and LabelIntensityStatistics,
ndimage.convolve per box for SUVpeak, OpenCV for the projection, WebP and NIfTI.gz. Ours is the product's own path,
headers in the sandboxed child included, with the buffers that a worker keeps. ``python -m bench.chain FOLDER``
does our chain once in a process of its own and prints its peak of memory.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import whole_body
from bench.harness import Result, medians, ratio, shown, skipped
from bench.peak import peak_gib
from bench.whole_body import PT200, PT400, Grid

THRESHOLD_SUV = 4.0
LIMIT_GIB = 2.0
# Of a small series more than half of our time is reading headers with pydicom in the sandbox, which L1 asks for.
GOALS = {PT400: 12, PT200: 12}
WINDOW_SUV = 15.0


@dataclass
class Found:
    """What both chains must agree on. ``components``: voxels, SUVmax, SUVpeak, one row each, hottest first."""

    components: np.ndarray
    front: np.ndarray
    packed: bytes | int
    notes: dict[str, Any] = field(default_factory=dict)


def run() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        set_up_django(folder)
        return [result for grid in (PT400, PT200) for result in _of(grid, Path(folder))]


def set_up_django(folder: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PRRT_DATA_DIR", folder)
    import django

    django.setup()


def _of(grid: Grid, scratch_folder: Path) -> list[Result]:
    what = f"{grid.name}, folder to measured, stored and projected"
    series = whole_body.write(grid, scratch_folder / grid.name)
    memory = _memory_of_one_worker(series)
    within = Result("E1", f"{what}: peak memory in GiB", memory, LIMIT_GIB, is_limit=True)
    peer = _peer(series)
    if peer is None:
        return [
            skipped("E1", f"{what}, the usual chain / ours", GOALS[grid], "SimpleITK or OpenCV is not installed"),
            within,
        ]
    worker = Worker()
    agrees = _agree(worker.measure(series), peer(), whole_body.volume(grid))
    found = medians(
        {"ours": lambda: worker.measure(series), "usual chain": peer}, rounds=3 if grid is PT400 else 7, warm_up=0
    )
    note = f"{shown(found)}; {worker.finder}"
    return [
        Result(
            "E1",
            f"{what}, the usual chain / ours",
            ratio("usual chain", "ours", found),
            GOALS[grid],
            agrees=agrees,
            note=note,
        ),
        within,
    ]


# --- ours ------------------------------------------------------------------------------------------
class Worker:
    """Our chain, with the memory that a worker keeps from scan to scan."""

    def __init__(self) -> None:
        from imaging.domain.scratch import Scratch
        from imaging.volumes import ReusableBuffer

        self._buffer, self._scratch, self._beside = ReusableBuffer(), Scratch(), ThreadPoolExecutor(1)
        self.finder = "components by imaging.domain" if _domain_components() else "components by a helper of this bench"

    def measure(self, folder: Path) -> Found:
        from imaging import products, volumes
        from imaging.domain import uptake
        from imaging.domain.mip import rotating_mip
        from imaging.folder import read_folder
        from imaging.suv_report import suv_volume

        (series,) = read_folder(folder).pet
        volume = suv_volume(series, buffer=self._buffer)
        # Packing and encoding leave the interpreter free: they run beside the measuring.
        values = volumes.StoredValues(volume.stored, volume.slopes, volume.intercepts, volume.affine, "")
        packed = self._beside.submit(volumes.pack, values)
        mip = rotating_mip(volume, scratch=self._scratch)
        sprite = self._beside.submit(products.mip_sprite, mip, encoding=products.QUICK)
        measured = [uptake.measure(volume, mask) for mask in _masks(volume)]
        rows = [(u.voxel_count, u.suv_max, u.suv_peak_global) for u in measured]
        front = mip.code.decode(mip.frames[0])
        return Found(_sorted(rows), front, packed.result(), sprite.result().about | mip.parameters())


def _domain_components():
    try:
        from imaging.domain import components
    except ImportError:
        return None
    return components


def _masks(volume):
    module = _domain_components()
    if module is None:
        return _labelled(volume)
    found = module.components(volume, THRESHOLD_SUV)
    return [found.mask(n) for n in range(len(found))]


def _labelled(volume):
    """Components (26 neighbours) at or above the threshold: integers compared slice by slice, labels in one box."""
    from scipy import ndimage

    from imaging.domain.voi import Bounds, Mask

    hot = np.empty(volume.shape, bool)
    limits = np.float32(THRESHOLD_SUV) / volume.gains
    for k in range(volume.shape[0]):
        level = int(np.clip(np.ceil(limits[k]) - 2, 0, 65535))
        while level <= 65535 and np.float32(level * volume.gains[k]) < np.float32(THRESHOLD_SUV):
            level += 1
        np.greater_equal(volume.stored[k], level, out=hot[k])
    used = [np.flatnonzero(hot.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    start = [int(u[0]) for u in used]
    box = tuple(slice(int(u[0]), int(u[-1]) + 1) for u in used)
    labels, _ = ndimage.label(hot[box], structure=np.ones((3, 3, 3), int))
    masks = []
    for n, place in enumerate(ndimage.find_objects(labels), 1):
        low = [a + s.start for a, s in zip(start, place, strict=True)]
        high = [a + s.stop for a, s in zip(start, place, strict=True)]
        masks.append(Mask(Bounds(tuple(low), tuple(high)), labels[place] == n))
    return masks


# --- the usual chain -------------------------------------------------------------------------------
def _peer(folder: Path):
    try:
        import cv2
        import SimpleITK as sitk
    except ImportError:
        return None
    import nibabel

    factor = whole_body.SUV_PER_ACTIVITY

    def chain() -> Found:
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        image = sitk.Cast(reader.Execute(), sitk.sitkFloat32) * factor
        suv = sitk.GetArrayViewFromImage(image)
        rows = _peer_components(sitk, image, suv)
        frames = _peer_frames(cv2, suv)
        size = sum(len(_webp(frame)) for frame in frames)
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch) / "volume.nii.gz"
            nibabel.Nifti1Image(np.asarray(suv).transpose(2, 1, 0), np.eye(4)).to_filename(place)
            stored = place.stat().st_size
        return Found(_sorted(rows), frames[0], stored, {"webp": size})

    return chain


def _peer_components(sitk, image, suv: np.ndarray) -> list[tuple[float, ...]]:
    from scipy import ndimage

    labels = sitk.ConnectedComponent(sitk.BinaryThreshold(image, THRESHOLD_SUV, 1e9), True)
    statistics = sitk.LabelIntensityStatisticsImageFilter()
    statistics.Execute(labels, image)
    numbers = sitk.GetArrayViewFromImage(labels)
    kernel, reach = _sphere(image.GetSpacing()[::-1])
    rows = []
    for n in statistics.GetLabels():
        x, y, z, width, height, depth = statistics.GetBoundingBox(n)
        start, stop = (z, y, x), (z + depth, y + height, x + width)
        wide = tuple(slice(max(0, a - r), b + r) for a, b, r in zip(start, stop, reach, strict=True))
        means = ndimage.convolve(suv[wide].astype(np.float64), kernel, mode="constant")
        peak = means[numbers[wide] == n].max()
        rows.append((statistics.GetNumberOfPixels(n), statistics.GetMaximum(n), peak))
    return rows


def _sphere(spacing: tuple[float, ...]) -> tuple[np.ndarray, list[int]]:
    from imaging.domain.uptake import PEAK_RADIUS_MM

    reach = [int(PEAK_RADIUS_MM // s) for s in spacing]
    grid = np.meshgrid(*(np.arange(-r, r + 1) * s for r, s in zip(reach, spacing, strict=True)), indexing="ij")
    inside = sum(g**2 for g in grid) <= PEAK_RADIUS_MM**2
    return inside / inside.sum(), reach


def _peer_frames(cv2, suv: np.ndarray) -> list[np.ndarray]:
    depth, rows, columns = suv.shape
    buffer = np.empty((rows, columns), np.float32)
    frames = []
    for k in range(36):
        turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), 10.0 * k, 1.0)
        frame = np.empty((depth, columns), np.float32)
        for z in range(depth):
            cv2.warpAffine(suv[z], turn, (columns, rows), dst=buffer).max(0, out=frame[z])
        frames.append(frame[::-1])
    return frames


def _webp(frame: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    grey = np.clip(255 - frame * (255 / WINDOW_SUV), 0, 255).astype(np.uint8)
    Image.fromarray(grey).save(out, "WEBP", quality=80, method=4)
    return out.getvalue()


# --- agreement and memory --------------------------------------------------------------------------
def _sorted(rows: list[tuple[float, ...]]) -> np.ndarray:
    table = np.array(rows, dtype=float)
    return table[np.lexsort(table.T)]


def _agree(ours: Found, peer: Found, volume) -> bool:
    """Voxel counts equal, SUVmax and SUVpeak to 1e-6, the front view to one step of the code, storage without loss."""
    from imaging import volumes
    from imaging.domain.suv_code import SqrtCode

    if ours.components.shape != peer.components.shape:
        return False
    same = np.array_equal(ours.components[:, 0], peer.components[:, 0])
    same &= np.allclose(ours.components[:, 1:], peer.components[:, 1:], rtol=1e-6, atol=0)
    same &= np.array_equal(volumes.unpack(ours.packed).stored, volume.stored)
    width = ours.front.shape[1]
    first = round((ours.notes["field_of_view"]["x_mm"] - volume.affine[0, 3]) / volume.spacing[0]) - width // 2
    exact = peer.front[:, first : first + width]
    codes = SqrtCode()
    steps = np.abs(codes.encode(ours.front).astype(int) - codes.encode(exact))
    return bool(same and (steps[exact > ours.notes["floor_suv"]] <= 1).all())


def _memory_of_one_worker(folder: Path) -> float:
    """Peak GiB of a fresh process that does our chain twice, as a worker does scan after scan."""
    command = [sys.executable, "-m", "bench.chain", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    return json.loads(done.stdout)["peak_gib"]


def main(folder: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        set_up_django(scratch)
        worker = Worker()
        for _ in range(2):
            found = worker.measure(Path(folder))
        print(json.dumps({"peak_gib": peak_gib(), "components": len(found.components)}))


if __name__ == "__main__":
    main(sys.argv[1])
