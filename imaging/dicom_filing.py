"""How the header of a stored image files it: patient and study, read inside the sandboxed child, letter for letter.

Asked for only when something is written for an archive. Nothing of it is stored.
"""

from typing import Any

from imaging import dicom_values as read
from imaging.dicom import RawElements, guarded, open_source


def read_filing(descriptor: int) -> tuple[dict[str, Any], bytes]:
    """The fields of ``Filing``; or those of ``FileRefusal``."""
    return guarded(lambda: (_filing(open_source(descriptor).elements), b""))


def _filing(elements: RawElements) -> dict[str, Any]:
    day, clock = elements.get(0x00080020), elements.get(0x00080030)
    return {
        "patient_name": elements.person(0x00100010),
        "referring_physician": elements.person(0x00080090),
        "study_date": read.text(day) if read.day(day) else "",
        "study_time": read.text(clock) if read.clock(clock) else "",
        "study_id": elements.text(0x00200010)[:16],
        "study_description": elements.text(0x00081030)[:64],
        "accession_number": elements.text(0x00080050)[:16],
    }
