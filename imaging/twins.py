"""One image sent under several SOP Instance UIDs: the same place, the same header where we use it, the same pixels."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imaging import store
from imaging.instances import ParsedInstance

Slice = tuple[str, ParsedInstance]


def set_aside(slices: Sequence[Slice]) -> tuple[list[Slice], list[Slice]]:
    """The slices to use, and those that repeat one of them. Of equal ones that with the first UID is used."""
    kept: dict[tuple[float, ...] | None, list[Slice]] = defaultdict(list)
    repeated: list[Slice] = []
    for item in sorted(slices, key=lambda item: item[1].sop_uid):
        here = kept[item[1].position]
        is_twin = item[1].position is not None and any(_is_same(item, one) for one in here)
        (repeated if is_twin else here).append(item)
    gone = {instance.sop_uid for _, instance in repeated}
    return [item for item in slices if item[1].sop_uid not in gone], repeated


def _is_same(one: Slice, other: Slice) -> bool:
    """Pixels are read only where nothing else tells the two apart; what cannot be read is not the same."""
    if _without_own(one[1]) != _without_own(other[1]):
        return False
    try:
        return _pixels(*one) == _pixels(*other)
    except OSError:
        return False


def _without_own(instance: ParsedInstance) -> ParsedInstance:
    """What belongs to a file and not to its image is left out."""
    return replace(
        instance, sop_uid="", instance_number=None, size=0, pixel_offset=0, pixel_length=0, has_preamble=False
    )


def _pixels(source: str, instance: ParsedInstance) -> bytes:
    path = store.path(source) if store.is_name(source) else Path(source)
    with path.open("rb") as file:
        file.seek(instance.pixel_offset)
        return file.read(instance.pixel_length)
