"""Pictures of a scan: the rotating one, key slices by lesion, and where lesions and open foci lie on the front view."""

from imaging.models import ImageProduct, Scan, SuvResult, Voi
from imaging.views.proposal_rows import Panels

PLANES, PICTURES = ("axial", "coronal"), ("pet", "ct", "fused")


def pictures(scan: Scan, suv: SuvResult | None) -> dict:
    """The rotating picture with what its script needs, and the key slices by lesion; none while SUV is computed."""
    found = list(scan.products.filter(superseded_at=None).select_related("lesion")) if suv else []
    by_kind = {row.kind: row for row in found if row.lesion_id is None}
    return {
        "rotating": _rotating(by_kind.get(ImageProduct.Kind.MIP_SPRITE), by_kind.get(ImageProduct.Kind.MIP_STILL)),
        "key_slices": slices_by_lesion([row for row in found if row.kind == ImageProduct.Kind.KEY_SLICE]),
        "still": by_kind.get(ImageProduct.Kind.MIP_STILL),
    }


def _rotating(sprite: ImageProduct | None, still: ImageProduct | None) -> dict | None:
    if sprite is None or still is None:
        return None
    about = sprite.meta
    names = ("frames", "tiles_across", "tile_width", "tile_height", "column_mm", "row_mm")
    return {name: about[name] for name in names} | {
        "sprite": sprite,
        "still": still,
        "still_width": still.meta["width"],
        "still_height": still.meta["height"],
        "code_max": about["coding"]["suv_max"],
        "levels": about["coding"]["levels"],
        "last_frame": about["frames"] - 1,
        "window": int(still.meta["window_suv"][1]),
        "is_cut": about["mip"]["is_cut"],
    }


def slices_by_lesion(rows: list[ImageProduct]) -> list[dict]:
    by_lesion: dict = {}
    for row in rows:
        by_lesion.setdefault(row.lesion, []).append(row)
    ordered = sorted(by_lesion.items(), key=lambda pair: pair[0].label)
    return [{"lesion": lesion, "planes": [_plane(own, name) for name in PLANES]} for lesion, own in ordered]


def _plane(rows: list[ImageProduct], name: str) -> dict:
    own = [row for row in rows if row.meta["plane"] == name]
    return {"name": name, "pictures": sorted(own, key=lambda row: PICTURES.index(row.meta["kind"]))}


def markers(scan: Scan, still: ImageProduct | None, shown: Panels) -> list[dict]:
    """Where lesions and open foci lie on the front view, in its own pixels."""
    if still is None:
        return []
    view, mm = still.meta["mip"]["field_of_view"], still.meta["mm_per_pixel"]

    def at(point):
        x = (point[0] - view["x_mm"] + view["width_mm"] / 2) / mm
        return {"x": round(x, 1), "y": round((view["top_mm"] - point[2]) / mm, 1)}

    vois = scan.vois.filter(role=Voi.Role.LESION).select_related("lesion")
    known = [
        at((float(v.centre_x_mm), 0.0, float(v.centre_z_mm))) | {"label": v.lesion.label, "css": "mark-lesion"}
        for v in vois
    ]
    waiting = [
        at(row["proposal"].centre_lps_mm) | {"label": row["label"], "css": "mark-focus"}
        for row in (*shown.to_decide, *(r for r in shown.imported if r["is_open"]))
        if row["lesion"] is None
    ]
    return [*known, *waiting]
