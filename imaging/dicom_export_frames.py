"""The frames of a segmentation that goes out: which slices, and the bits of each lesion in them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.object_export import LesionExport, SourceSeries

_SEGMENT_GROUP, _SOURCE_GROUP = "SegmentIdentificationSequence", "DerivationImageSequence"


def used_slices(source: SourceSeries, lesions: Sequence[LesionExport]) -> list[int]:
    """Slices any lesion touches: frames without a lesion are not written, so their images need not be held either."""
    used = np.zeros(len(source.slices), bool)
    for lesion in lesions:
        start = lesion.mask.bounds.start[0]
        used[start : lesion.mask.bounds.stop[0]] |= lesion.mask.voxels.any(axis=(1, 2))
    return [int(k) for k in np.flatnonzero(used)]


def placeholders(source: SourceSeries, lesions: Sequence[LesionExport], used: list[int]) -> NDArray[Any]:
    """One voxel of its own per lesion and slice it is in, as segment numbers [frame, y, x].

    highdicom lays out the frames by these; the true voxels follow (``fill``). So lesions may overlap, and memory does
    not grow with their number.
    """
    at = {k: frame for frame, k in enumerate(used)}
    labels = np.zeros((len(used), source.rows * source.columns), np.uint16)
    for lesion in lesions:
        for k, inside in enumerate(lesion.mask.voxels, lesion.mask.bounds.start[0]):
            if inside.any():
                labels[at[k], lesion.number - 1] = lesion.number
    return labels.reshape(len(used), source.rows, source.columns)


def fill(written: Any, source: SourceSeries, lesions: Sequence[LesionExport]) -> None:
    """The bits of each frame, lowest bit first; frames follow each other without filling up a byte."""
    slice_of = {one.sop_uid: k for k, one in enumerate(source.slices)}
    packed, rest = bytearray(), np.zeros(0, bool)
    for item in written.PerFrameFunctionalGroupsSequence:
        segment, derivation = (_of_frame(written, item, name)[0] for name in (_SEGMENT_GROUP, _SOURCE_GROUP))
        lesion = lesions[segment.ReferencedSegmentNumber - 1]
        k = slice_of[derivation.SourceImageSequence[0].ReferencedSOPInstanceUID]
        bits = np.concatenate([rest, _plane(source, lesion, k).ravel()])
        whole = len(bits) // 8 * 8
        packed += np.packbits(bits[:whole], bitorder="little").tobytes()
        rest = bits[whole:]
    packed += np.packbits(rest, bitorder="little").tobytes()
    written.PixelData = bytes(packed) + b"\0" * (len(packed) % 2)
    written.SegmentsOverlap = "YES" if _do_overlap(source, lesions) else "NO"


def _of_frame(written: Any, item: Any, name: str) -> Any:
    """A functional group of a frame: its own, or where all frames agree (one lesion, one slice) the shared one."""
    return item.get(name) or written.SharedFunctionalGroupsSequence[0][name].value


def _plane(source: SourceSeries, lesion: LesionExport, k: int) -> NDArray[np.bool_]:
    plane = np.zeros((source.rows, source.columns), bool)
    _, across_y, across_x = lesion.mask.bounds.slices
    plane[across_y, across_x] = lesion.mask.voxels[k - lesion.mask.bounds.start[0]]
    return plane


def _do_overlap(source: SourceSeries, lesions: Sequence[LesionExport]) -> bool:
    taken = np.zeros(source.shape, bool)
    for lesion in lesions:
        part = taken[lesion.mask.bounds.slices]
        if (part & lesion.mask.voxels).any():
            return True
        part |= lesion.mask.voxels
    return False
