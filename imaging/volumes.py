"""From files to integers in memory, without parsing a header again; and back into the store, packed.

A manifest (see ``assemble``) says where each slice's pixels lie. Uncompressed slices are read straight into their
place in one array, which a worker may reuse; compressed ones are decoded by the sandboxed child. The integers stay
integers: what turns them into SUV travels beside them.
"""

import json
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from imaging import sandbox, store
from imaging.domain.geometry import Near, planes_near
from imaging.domain.suv_inputs import SuvKind
from imaging.domain.vocabulary import SUV_UNITS
from imaging.domain.volume import Volume
from imaging.instances import BIG_ENDIAN_SYNTAX, NATIVE_SYNTAXES, FileRefusal
from imaging.models import Series, SuvResult
from imaging.reasons import SeriesRefused

_ABOUT = "prrt-volume/1"
DIGEST_CHARS = 64
CHUNK_BYTES, BLOCK_BYTES, THREADS = 8 << 20, 128 << 10, 2


@dataclass(frozen=True, eq=False)
class StoredValues:
    """``stored`` [z, y, x] integers; per slice ``slopes`` and ``intercepts``; ``affine`` voxel index -> LPS mm."""

    stored: NDArray[Any]
    slopes: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    affine: NDArray[np.float64]
    frame_of_reference_uid: str

    def volume(self, factor: float | Sequence[float], unit: str) -> Volume:
        return Volume.of_series(
            self.stored,
            slopes=self.slopes,
            intercepts=self.intercepts,
            factor=factor,
            affine=self.affine,
            unit=unit,
            frame_of_reference_uid=self.frame_of_reference_uid,
        )


class ReusableBuffer:
    """Memory for one volume at a time: fresh memory is the dearest part of loading. The next load overwrites it."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        count = int(np.prod(shape)) * dtype.itemsize
        if self._bytes.size < count:
            self._bytes = np.empty(count, np.uint8)
        return self._bytes[:count].view(dtype).reshape(shape)


def load_volume(
    series: Series,
    suv_result: SuvResult,
    kind: str = "bw",
    *,
    buffer: ReusableBuffer | None = None,
    near: Sequence[Near] = (),
) -> Volume:
    """The volume of a stored series in SUV of ``kind``. Raises ``SeriesRefused``, a ``VolumeUnavailable``.

    ``near``: spheres (LPS mm). Only the slices they reach are read, on the grid of the whole; the others are zero.
    """
    factor = suv_result.factors.get(kind)
    if factor is None:
        raise SeriesRefused("suv_kind_absent")
    return load_stored(series, buffer, near).volume(factor, SUV_UNITS[SuvKind(kind)])


def load_stored(series: Series, buffer: ReusableBuffer | None = None, near: Sequence[Near] = ()) -> StoredValues:
    """From the packed volume where slices are compressed, else from the files themselves."""
    if not series.manifest_sha256:
        raise SeriesRefused("pixels_unreadable")
    with store.open_stored(series.manifest_sha256) as file:
        manifest = json.load(file)
    if series.volume_sha256 and not _is_native(manifest):
        return unpack(_mapped(series.volume_sha256), buffer, near)
    return load_from_manifest(manifest, buffer, near)


def _mapped(sha256: str) -> mmap.mmap:
    """A stored file as memory: of a large one only what is unpacked is read."""
    with store.open_stored(sha256) as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:  # an empty file
            raise SeriesRefused("pixels_unreadable") from error


def load_from_manifest(
    manifest: dict[str, Any], buffer: ReusableBuffer | None = None, near: Sequence[Near] = ()
) -> StoredValues:
    """Integers of all slices in volume order. Raises ``SeriesRefused`` where there is no geometry to order them by."""
    if manifest["affine"] is None:
        raise SeriesRefused(*manifest["refusal"])
    affine = np.array(manifest["affine"], np.float64)
    wanted = planes_near(affine, len(manifest["source"]), near) if near else None
    return StoredValues(
        stored=read_slices(manifest, buffer, wanted),
        slopes=np.array(manifest["slope"], np.float64),
        intercepts=np.array(manifest["intercept"], np.float64),
        affine=affine,
        frame_of_reference_uid=manifest["frame_of_reference_uid"],
    )


def read_slices(
    manifest: dict[str, Any], buffer: ReusableBuffer | None = None, wanted: list[range] | None = None
) -> NDArray[Any]:
    """The integers [slice, y, x] in the manifest's order, whether or not they make a volume; all, or those wanted."""
    image = manifest["image"]
    shape = (len(manifest["source"]), image["rows"], image["columns"])
    dtype = np.dtype(f"<{'i' if image['is_signed'] else 'u'}{image['bits_allocated'] // 8}")
    out = _room(shape, dtype, buffer, wanted)
    runs = [range(shape[0])] if wanted is None else wanted
    planes = [k for run in runs for k in run]
    _read_native(manifest, out, planes)
    if not _is_native(manifest):
        _decode_others(manifest, out, planes)
    for run in runs:
        _strip_unused_bits(out[run.start : run.stop], image)
    return out


def _room(
    shape: tuple[int, ...], dtype: np.dtype[Any], buffer: ReusableBuffer | None, wanted: list[range] | None
) -> NDArray[Any]:
    """Where slices are left out: zeros that cost no memory until they are touched."""
    return np.zeros(shape, dtype) if wanted is not None else (buffer or ReusableBuffer()).array(shape, dtype)


def _is_native(manifest: dict[str, Any]) -> bool:
    return NATIVE_SYNTAXES.issuperset(manifest["transfer_syntax"])


def _read_native(manifest: dict[str, Any], out: NDArray[Any], planes: Sequence[int]) -> None:
    view, frame = memoryview(out.reshape(-1).view(np.uint8)), out[0].nbytes
    root = os.fspath(settings.FILE_STORE_DIR)
    names = ("source", "pixel_offset", "transfer_syntax")
    for k in planes:
        source, offset, syntax = (manifest[name][k] for name in names)
        if syntax not in NATIVE_SYNTAXES:
            continue
        try:
            descriptor = os.open(_locate(source, root), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SeriesRefused("pixels_unreadable") from error
        try:
            count = os.preadv(descriptor, [view[k * frame : (k + 1) * frame]], offset)
        finally:
            os.close(descriptor)
        if count != frame:
            raise SeriesRefused("pixels_unreadable")
        if syntax == BIG_ENDIAN_SYNTAX:
            out[k].byteswap(inplace=True)


def _locate(source: str, root: str) -> str:
    return f"{root}/{source[:2]}/{source}" if len(source) == DIGEST_CHARS and "/" not in source else source


def _decode_others(manifest: dict[str, Any], out: NDArray[Any], planes: Sequence[int]) -> None:
    root = os.fspath(settings.FILE_STORE_DIR)
    wanted = [k for k in planes if manifest["transfer_syntax"][k] not in NATIVE_SYNTAXES]
    slices = ((_locate(manifest["source"][k], root), manifest["image"]) for k in wanted)
    for k, pixels in zip(wanted, sandbox.decode_frames(slices), strict=True):
        if isinstance(pixels, FileRefusal) or len(pixels) != out[k].nbytes:
            raise SeriesRefused("pixels_unreadable")
        out[k] = np.frombuffer(pixels, out.dtype).reshape(out[k].shape)


def _strip_unused_bits(out: NDArray[Any], image: dict[str, Any]) -> None:
    """Old overlays live in the bits that are allocated but not stored; shift them out, keeping the sign."""
    if image["bits_stored"] == image["bits_allocated"]:
        return
    np.left_shift(out, image["bits_allocated"] - image["high_bit"] - 1, out=out)
    np.right_shift(out, image["bits_allocated"] - image["bits_stored"], out=out)


def pack(values: StoredValues) -> bytes:
    """Lossless: a Blosc2 frame (Zstandard level 1, bit shuffle) of the integers; what goes with them as metadata."""
    import blosc2

    stored = np.ascontiguousarray(values.stored)
    about = {
        "shape": list(stored.shape),
        "dtype": stored.dtype.str,
        "slopes": values.slopes.tolist(),
        "intercepts": values.intercepts.tolist(),
        "affine": values.affine.tolist(),
        "frame_of_reference_uid": values.frame_of_reference_uid,
    }
    parameters = blosc2.CParams(
        codec=blosc2.Codec.ZSTD,
        clevel=1,
        filters=[blosc2.Filter.BITSHUFFLE],
        typesize=stored.itemsize,
        blocksize=BLOCK_BYTES,
        nthreads=THREADS,
    )
    chunks = blosc2.SChunk(chunksize=CHUNK_BYTES, data=stored, cparams=parameters, contiguous=True)
    chunks.vlmeta[_ABOUT] = about
    return chunks.to_cframe()


def unpack(packed: bytes | mmap.mmap, buffer: ReusableBuffer | None = None, near: Sequence[Near] = ()) -> StoredValues:
    """The inverse of ``pack``."""
    import blosc2

    try:
        chunks = blosc2.schunk_from_cframe(packed)
        about = chunks.vlmeta[_ABOUT]
    except (RuntimeError, ValueError, KeyError):
        raise SeriesRefused("pixels_unreadable") from None
    chunks.dparams = blosc2.DParams(nthreads=THREADS)
    affine, shape = np.array(about["affine"], np.float64), tuple(about["shape"])
    wanted = planes_near(affine, shape[0], near) if near else None
    stored = _room(shape, np.dtype(about["dtype"]), buffer, wanted)
    of_plane = shape[1] * shape[2]
    for run in [range(shape[0])] if wanted is None else wanted:
        chunks.get_slice(run.start * of_plane, run.stop * of_plane, out=stored[run.start : run.stop])
    return StoredValues(
        stored=stored,
        slopes=np.array(about["slopes"], np.float64),
        intercepts=np.array(about["intercepts"], np.float64),
        affine=affine,
        frame_of_reference_uid=about["frame_of_reference_uid"],
    )
