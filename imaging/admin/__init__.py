"""The imaging part of the data desk: scans, lesions, regions and readings; imports and series to look at."""

from imaging.admin import lesions, readings, scans, series

__all__ = ["lesions", "readings", "scans", "series"]
