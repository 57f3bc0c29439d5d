"""The memory of one worker: a PET of 400 x 400 x 600 and a CT of 512 x 512 x 600, loaded, measured and drawn, twice.

The files are bare slices with a manifest, as a stored series is read. ``python -m bench.memory FOLDER`` is the
worker: a process of its own, whose peak counts.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.chain import set_up_django
from bench.harness import Result
from bench.peak import peak_gib

LIMIT_GIB = 2.0
PET_SHAPE, PET_MM = (600, 400, 400), (2.03642, 2.03642, 3.0)
CT_SHAPE, CT_MM = (600, 512, 512), (1.52344, 1.52344, 3.0)
LESIONS = 30


def run() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        found = of_one_worker(Path(folder))
    note = f"{found['products']} products, {found['measured']} regions, {found['product_mb']:.0f} MB written"
    what = "one worker, whole-body PET and CT, peak memory in GiB"
    return [
        Result("E1", what, found["peak_gib"], LIMIT_GIB, is_limit=True, agrees=found["measured"] == LESIONS, note=note)
    ]


def of_one_worker(folder: Path) -> dict:
    write_inputs(folder)
    command = [sys.executable, "-m", "bench.memory", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout)


# --- the series ------------------------------------------------------------------------------------
def write_inputs(folder: Path) -> None:
    random = np.random.default_rng(3)
    _write(folder / "pet", PET_SHAPE, PET_MM, random.uniform(0.5, 2.0, 600) * 1e-3, 0, _pet_slice(random))
    _write(folder / "ct", CT_SHAPE, CT_MM, np.ones(600), -1024, _ct_slice(random))


def lesion_places() -> np.ndarray:
    """LPS mm of the middle of each hot ball."""
    turn = np.arange(LESIONS) * 2.4
    z = np.linspace(60, PET_SHAPE[0] * PET_MM[2] - 60, LESIONS) + _start(PET_SHAPE, PET_MM)[2]
    return np.stack([100 * np.cos(turn), 60 * np.sin(turn), z], axis=1)


def _start(shape, mm) -> tuple[float, float, float]:
    return (-(shape[2] - 1) / 2 * mm[0], -(shape[1] - 1) / 2 * mm[1], -shape[0] * mm[2])


def _axes(shape, mm) -> tuple[np.ndarray, np.ndarray]:
    x0, y0, _ = _start(shape, mm)
    return (x0 + mm[0] * np.arange(shape[2]))[None, :], (y0 + mm[1] * np.arange(shape[1]))[:, None]


def _pet_slice(random):
    x, y = _axes(PET_SHAPE, PET_MM)
    body = (x / 180) ** 2 + (y / 120) ** 2 < 1
    noise = random.uniform(0.3, 1.2, PET_SHAPE[1:])
    places = lesion_places()

    def of(z: float) -> np.ndarray:
        suv = np.where(body, np.roll(noise, int(z), axis=1), 0.01 * noise)
        for px, py, pz in places[np.abs(places[:, 2] - z) < 10]:
            suv[(x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2 < 100] += 8
        return suv

    return of


def _ct_slice(random):
    x, y = _axes(CT_SHAPE, CT_MM)
    body = (x / 185) ** 2 + (y / 125) ** 2 < 1
    noise = random.normal(0, 20, CT_SHAPE[1:])
    return lambda z: np.where(body, 40, -1000) + np.roll(noise, int(z), axis=0)


def _write(folder: Path, shape, mm, slopes: np.ndarray, intercept: float, values) -> None:
    folder.mkdir(parents=True)
    start = _start(shape, mm)
    for k in range(shape[0]):
        stored = (values(start[2] + mm[2] * k) - intercept) / slopes[k]
        (folder / f"{k}.raw").write_bytes(np.rint(stored).clip(0, 65535).astype("<u2").tobytes())
    affine = np.diag([*mm, 1.0])
    affine[:3, 3] = start
    manifest = {
        "source": [str(folder / f"{k}.raw") for k in range(shape[0])],
        "pixel_offset": [0] * shape[0],
        "transfer_syntax": ["1.2.840.10008.1.2.1"] * shape[0],
        "slope": slopes.tolist(),
        "intercept": [intercept] * shape[0],
        "affine": affine.tolist(),
        "frame_of_reference_uid": "2.25.1",
        "image": {"rows": shape[1], "columns": shape[2], "is_signed": False}
        | dict.fromkeys(("bits_allocated", "bits_stored"), 16)
        | {"high_bit": 15},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


# --- the worker ------------------------------------------------------------------------------------
class Worker:
    def __init__(self) -> None:
        from imaging.domain.scratch import Scratch
        from imaging.volumes import ReusableBuffer

        self._pet, self._ct, self._scratch = ReusableBuffer(), ReusableBuffer(), Scratch()

    def work(self, folder: Path) -> dict:
        from imaging import compact, products, volumes
        from imaging.domain.mip import rotating_mip

        values = volumes.load_from_manifest(json.loads((folder / "pet/manifest.json").read_text()), self._pet)
        pet = values.volume(1.0, "g/ml{SUVbw}")
        ct_manifest = json.loads((folder / "ct/manifest.json").read_text())
        ct = volumes.load_from_manifest(ct_manifest, self._ct).volume(1.0, "[hnsf'U]")
        mip = rotating_mip(pet, scratch=self._scratch)
        made = [products.mip_sprite(mip), products.mip_still(mip)]
        made += compact.compact_suv(pet, mip.field_of_view)
        made.append(compact.compact_ct(ct, mip.field_of_view))
        regions = self._measure(pet)
        for mask, uptake in regions:
            made += self._key_slices(pet, ct, mip.field_of_view, mask, uptake)
        sizes = [len(product.data) for product in made] + [len(volumes.pack(values))]
        return {"products": len(sizes), "measured": len(regions), "product_mb": sum(sizes) / 1e6}

    def _measure(self, pet):
        from imaging.domain import segmentation, uptake, voi

        searched = (voi.sphere(pet, place, 20) for place in lesion_places())
        masks = [segmentation.percent_of_max(pet, within, 41) for within in searched]
        return [(mask, uptake.measure(pet, mask)) for mask in masks]

    def _key_slices(self, pet, ct, view, mask, uptake):
        from imaging.domain.keyslices import key_slices
        from imaging.products import key_slice_files

        return list(key_slice_files(key_slices(pet, ct, uptake.hottest_lps, field_of_view=view, outline=mask)))


def main(folder: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        set_up_django(scratch)
        worker = Worker()
        for _ in range(2):
            found = worker.work(Path(folder))
        print(json.dumps(found | {"peak_gib": peak_gib()}))


if __name__ == "__main__":
    main(sys.argv[1])
