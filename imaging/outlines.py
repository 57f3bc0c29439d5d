"""Outlines of another workstation on a volume of ours: every segment or region with its own outcome.

An outline belongs to a volume by the frame of reference; that it was drawn on another series of it (a CT) is said. A
segmentation whose images are not here keeps the volume of its own grid.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain import contours, grids
from imaging.domain.errors import Caution, ImagingRefusal, MeasurementRefused
from imaging.domain.grids import FRACTION_THRESHOLD, Placed, PlaneStack
from imaging.domain.volume import Volume
from imaging.objects import Frame, Region, Segment, Segmentation, StructureSet
from imaging.reasons import caution, explain

PLACED, EMPTY, OUTSIDE, REFUSED = "placed", "empty", "outside", "refused"
STATES = {"voi_empty": EMPTY, "voi_outside_volume": OUTSIDE}


@dataclass(frozen=True, eq=False)
class Images:
    """The series an outline is to be placed on. ``sop_uids``: of its slices, for outlines that name no series."""

    volume: Volume
    series_uid: str
    sop_uids: frozenset[str]


@dataclass(frozen=True)
class Refusal:
    code: str
    message: str


@dataclass(frozen=True, eq=False)
class OutlineOutcome:
    """``state`` is placed, empty, outside or refused. ``number``, not ``label``, tells outlines of one file apart.

    ``own_voxels`` and ``own_volume_ml`` are those of a segmentation's own grid, whether or not it was placed.
    """

    number: int
    label: str
    tracking_id: str
    tracking_uid: str
    state: str
    placed: Placed | None
    refusal: Refusal | None
    warnings: tuple[Caution, ...]
    own_voxels: int | None
    own_volume_ml: float | None
    source: Segment | Region


Target = Images | ImagingRefusal | None


def place_outlines(
    content: Segmentation | StructureSet, images: Target, *, fraction: float = FRACTION_THRESHOLD
) -> Iterator[OutlineOutcome]:
    """One outcome per segment or region, in the order of the file; one mask at a time.

    ``images``: None if absent; a refusal if they are here and cannot be used.
    """
    if isinstance(content, StructureSet):
        for region in content.regions:
            yield _region(content, region, images)
        return
    for segment in content.segments:
        yield _segment(content, segment, images, fraction)


def is_referenced(content: Segmentation | StructureSet, images: Images) -> bool:
    """Does the object say that it was drawn on these images?"""
    return images.series_uid in content.header.referenced_series_uids or bool(content.source_sop_uids & images.sop_uids)


def _segment(content: Segmentation, segment: Segment, images: Target, fraction: float) -> OutlineOutcome:
    stack, placed, refusal, notes = None, None, None, []
    try:
        stack = plane_stack(content, segment.number, fraction=fraction)
        placed = grids.place(stack, _volume(content, stack.frame_of_reference_uid, images))
        placed, notes = _with_fraction(content, placed, fraction)
    except ImagingRefusal as found:
        refusal = Refusal(found.code, found.message)
    return OutlineOutcome(
        number=segment.number,
        label=segment.label,
        tracking_id=segment.tracking_id,
        tracking_uid=segment.tracking_uid,
        state=_state(refusal),
        placed=placed,
        refusal=refusal,
        warnings=_warnings(content, images, placed, notes),
        own_voxels=stack.voxel_count if stack else None,
        own_volume_ml=stack.volume_ml if stack else None,
        source=segment,
    )


def plane_stack(content: Segmentation, number: int, *, fraction: float = FRACTION_THRESHOLD) -> PlaneStack:
    """Segment ``number`` on its own grid, cut to the voxels it uses. Raises ``MeasurementRefused`` if it has none."""
    planes = [(frame, _inside(content, frame, number, fraction)) for frame in content.frames]
    planes = [(frame, inside) for frame, inside in planes if inside is not None and inside.any()]
    if not planes:
        raise MeasurementRefused("voi_empty")
    boxes = np.array([frame.box for frame, _ in planes])
    y0, x0 = boxes[:, 0].min(), boxes[:, 2].min()
    voxels = np.zeros((len(planes), boxes[:, 1].max() - y0, boxes[:, 3].max() - x0), bool)
    for plane, (frame, inside) in zip(voxels, planes, strict=True):
        plane[frame.box[0] - y0 : frame.box[1] - y0, frame.box[2] - x0 : frame.box[3] - x0] = inside
    along_row, along_column = np.reshape(content.orientation, (2, 3))
    shift = x0 * content.pixel_spacing[1] * along_row + y0 * content.pixel_spacing[0] * along_column
    return PlaneStack(
        voxels=voxels,
        positions=np.array([frame.position for frame, _ in planes]) + shift,
        orientation=content.orientation,
        pixel_spacing=content.pixel_spacing,
        plane_spacing=grids.plane_spacing(
            content.plane_positions, content.orientation, content.plane_spacing, content.thickness
        ),
        frame_of_reference_uid=content.header.frame_of_reference_uid,
    )


def _inside(content: Segmentation, frame: Frame, number: int, fraction: float) -> NDArray[Any] | None:
    if content.kind == "LABELMAP":
        return frame.values == number
    if frame.segment != number:
        return None
    if content.kind == "FRACTIONAL":
        return grids.above_fraction(frame.values, content.maximum, fraction)
    return frame.values


def _with_fraction(content: Segmentation, placed: Placed, fraction: float) -> tuple[Placed, list[Caution]]:
    if content.kind != "FRACTIONAL":
        return placed, []
    parameters = placed.parameters | {"fraction": fraction, "fractional_type": content.fractional_type}
    return replace(placed, parameters=parameters), [caution("fraction_cut", percent=f"{100 * fraction:g}")]


def _region(content: StructureSet, region: Region, images: Target) -> OutlineOutcome:
    placed, refusal = None, None
    try:
        points = _closed(region)
        placed = contours.place(points, _volume(content, region.frame_of_reference_uid, images))
    except ImagingRefusal as found:
        refusal = Refusal(found.code, found.message)
    return OutlineOutcome(
        number=region.number,
        label=region.name,
        tracking_id="",
        tracking_uid="",
        state=_state(refusal),
        placed=placed,
        refusal=refusal,
        warnings=_warnings(content, images, placed, []),
        own_voxels=None,
        own_volume_ml=None,
        source=region,
    )


def _closed(region: Region) -> list[NDArray[np.float64]]:
    """Points of the contours; a region with a contour that encloses nothing is refused, as is one with bad points."""
    if region.problem:
        raise FileContentRefused(region.problem)
    if not region.contours:
        raise MeasurementRefused("voi_empty")
    contours.check_closed(contour.geometric_type for contour in region.contours)
    return [contour.points for contour in region.contours]


class FileContentRefused(ImagingRefusal):
    """A part of the file cannot be used; ``code`` is a key of the catalogue of file reasons."""

    def __init__(self, code: str) -> None:
        self.code, self.details, self.message = code, {}, explain(code)
        Exception.__init__(self, f"{code}: {self.message}")


def _volume(content: Segmentation | StructureSet, frame: str, images: Target) -> Volume:
    """The volume to place on, once the frame of reference says that the outline belongs there."""
    if images is None:
        raise MeasurementRefused("referenced_series_absent")
    if isinstance(images, ImagingRefusal):
        raise images
    grids.check_frame(frame, images.volume.frame_of_reference_uid, is_referenced=is_referenced(content, images))
    return images.volume


def _state(refusal: Refusal | None) -> str:
    return PLACED if refusal is None else STATES.get(refusal.code, REFUSED)


def _warnings(
    content: Segmentation | StructureSet, images: Target, placed: Placed | None, notes: list[Caution]
) -> tuple[Caution, ...]:
    if placed is None or not isinstance(images, Images):
        return tuple(notes)
    other = [] if is_referenced(content, images) else [caution("outline_on_other_series")]
    return (*other, *placed.warnings, *notes)
