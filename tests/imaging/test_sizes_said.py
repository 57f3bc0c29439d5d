"""Every page says the size of a lesion on CT in the same words."""

from decimal import Decimal

import pytest

from board import lesion_cell
from imaging import report_findings
from imaging.models import LesionFinding
from imaging.views import scan_rows, viewer_rows


def finding(*axes, **more) -> LesionFinding:
    names = ("long_axis_mm", "short_axis_mm", "third_axis_mm")
    return LesionFinding(**dict(zip(names, (axis and Decimal(axis) for axis in axes), strict=False)), **more)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ((), ""),
        (("18.4",), "18 mm"),
        (("18.4", "12.0"), "18 × 12 mm"),
        (("18.4", None, "9.6"), "18 × 10 mm"),
        (("18.4", "12.0", "9.6"), "18 × 12 × 10 mm"),
    ],
)
def test_the_axes_that_were_measured_are_said(axes, said):
    assert finding(*axes).size_text == said


@pytest.mark.parametrize(
    "on_page",
    [scan_rows._size, viewer_rows._size, lesion_cell._size, lambda row: " ".join(report_findings._size(row))],
)
def test_every_page_says_the_size_in_the_same_words(on_page):
    assert "18 × 12 mm" in on_page(finding("18", "12"))
    assert "mm" not in on_page(finding())
