"""Objects of other workstations as the pages of a scan and of a series show them."""

from django.db.models import QuerySet

from imaging.models import ForeignObject, Scan, Series


def rows_of_scan(scan: Scan) -> list[dict]:
    """Objects of other workstations with the outcome of each part, and measurements as they were sent."""
    return foreign_of(ForeignObject.objects.filter(scan=scan))


def rows_of_series(series: Series) -> list[dict]:
    """The same of one series, also where the images it was drawn on have not come."""
    return foreign_of(series.foreign_objects.all())


def foreign_of(found: QuerySet[ForeignObject]) -> list[dict]:
    return [
        {
            "object": row,
            "title": f"{row.get_kind_display()} {row.label}".strip(),
            "maker": row.series.header.get("manufacturer", ""),
            "refusal": row.refusal_message,
            "outcomes": row.outcomes,
            "groups": [_group(group) for group in row.measurements],
        }
        for row in found.select_related("series")
    ]


def _group(group: dict) -> dict:
    values = [
        {
            "name": _value_name(value),
            "value": "–" if value["value"] is None else f"{value['value']:.4g}",
            "unit": (value.get("unit") or {}).get("value", ""),
        }
        for value in group["measurements"]
    ]
    site = (group.get("finding_site") or {}).get("meaning", "")
    return {"label": group["tracking_id"] or group["tracking_uid"][-12:], "site": site, "values": values}


def _value_name(value: dict) -> str:
    parts = (value["name"]["meaning"], (value.get("derivation") or {}).get("meaning", ""))
    return ", ".join(part for part in parts if part)
