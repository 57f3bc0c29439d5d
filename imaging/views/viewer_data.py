"""What the scripts of the reading workspace fetch: addresses and geometry of volumes, outlines, points, the link."""

import base64
from typing import Any

from django.urls import reverse

from imaging import viewer, viewer_regions
from imaging.domain.palettes import palette
from imaging.models import ImageProduct, Scan
from imaging.viewer import Side

Kind = ImageProduct.Kind
UPPER, LOWER = "suv-upper.u8.gz", "suv-lower.u8.gz"
ROLES = ("old", "new")
PALETTES = ("even_heat", "hot_iron")


def pair(scan: Scan, old: Scan | None, sides: list[Side]) -> dict[str, Any]:
    linked = viewer.link(scan, old)
    lesions = list(scan.patient.lesion_rows.order_by("label"))
    points = viewer.lesion_points(lesions, sides, linked["matrix"])
    views = viewer.common_size(sides)
    roles = dict(zip((one.scan.pk for one in sides), ROLES[-len(sides) :], strict=True))
    return {
        "scans": [_scan(roles[one.scan.pk], one, views.get(one.scan.pk)) for one in sides],
        "link": linked,
        "palettes": {name: base64.b64encode(palette(name).tobytes()).decode() for name in PALETTES},
        "lesions": [
            {
                "id": str(lesion.pk),
                "label": lesion.label,
                "points": {roles[pk]: place for pk, place in points[lesion.pk].items()},
            }
            for lesion in lesions
        ],
    }


def _scan(role: str, one: Side, view) -> dict[str, Any]:
    pet = _pet(one)
    return {
        "role": role,
        "id": str(one.scan.pk),
        "why": one.why,
        "view": view.parameters() if view else None,
        "pet": pet,
        "ct": _ct(one),
        "mip": _mip(one),
        "regions": viewer_regions.regions(one.scan, one.measured, pet) if pet else [],
    }


def grid_of(scan: Scan) -> dict[str, Any] | None:
    """The grid of the volume that pages draw on; None while there is none."""
    upper = scan.products.filter(superseded_at=None, lesion=None, name=UPPER).first()
    return None if upper is None else _grid(upper)


def _pet(one: Side) -> dict[str, Any] | None:
    upper, lower = one.products.get(UPPER), one.products.get(LOWER)
    if upper is None or lower is None:
        return None
    about = upper.meta
    return {
        **_grid(upper),
        "upper": _address(upper),
        "lower": _address(lower),
        "suv_max": about["coding"]["suv_max"],
        "levels": about["coding"]["levels"],
        "unit": about["unit"],
        "unit_words": viewer.UNIT_WORDS.get(about["unit"], about["unit"]),
    }


def _ct(one: Side) -> dict[str, Any] | None:
    ct = one.products.get(Kind.CT_VOLUME)
    if ct is None:
        return None
    coding = ct.meta["coding"]
    return {**_grid(ct), "url": _address(ct), "step": coding["step"], "lowest": coding["lowest"]}


def _mip(one: Side) -> dict[str, Any] | None:
    sprite = one.products.get(Kind.MIP_SPRITE)
    if sprite is None:
        return None
    about = sprite.meta
    return {
        "url": _address(sprite),
        "frames": about["frames"],
        "across": about["tiles_across"],
        "width": about["tile_width"],
        "height": about["tile_height"],
        "columnMm": about["column_mm"],
        "rowMm": about["row_mm"],
        "codeMax": about["coding"]["suv_max"],
        "levels": about["coding"]["levels"],
        "view": about["mip"]["field_of_view"],
    }


def _grid(product: ImageProduct) -> dict[str, Any]:
    return {"shape": product.meta["shape"], "affine": product.meta["affine"]}


def _address(product: ImageProduct) -> str:
    return reverse("imaging:product", args=[product.pk])
