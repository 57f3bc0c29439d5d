"""The files of one series: what they all have in common is encoded once, each file adds what is its own."""

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import ExplicitVRLittleEndian

PREAMBLE = b"\0" * 128 + b"DICM"


class SeriesFiles:
    """``common`` holds the elements of every file; it is not looked at again."""

    def __init__(self, common: Dataset, implementation_uid: str):
        self._charset = common.SpecificCharacterSet
        self._class_uid = common.SOPClassUID
        self._implementation_uid = implementation_uid
        self._common = self._encoded(common)

    def write(self, path: Path, own: Dataset, pixels: bytes) -> None:
        """One file: the common elements and those of ``own``, in the order of their tags."""
        own.PixelData = pixels
        own["PixelData"].VR = "OW"
        elements = self._common | self._encoded(own)
        body = b"".join(elements[tag] for tag in sorted(elements))
        path.write_bytes(PREAMBLE + self._meta(own.SOPInstanceUID) + body)

    def _encoded(self, ds: Dataset) -> dict[int, bytes]:
        encoded = {}
        for element in ds:
            out = _buffer()
            write_data_element(out, element, self._charset)
            encoded[int(element.tag)] = out.getvalue()
        return encoded

    def _meta(self, instance_uid: str) -> bytes:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = self._class_uid, instance_uid
        meta.TransferSyntaxUID, meta.ImplementationClassUID = ExplicitVRLittleEndian, self._implementation_uid
        out = _buffer()
        write_file_meta_info(out, meta)
        return out.getvalue()


def _buffer() -> DicomBytesIO:
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    return out
