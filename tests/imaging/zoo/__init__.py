"""Bad DICOM, generated: the 96 numbered cases of docs/bad-dicom.md, each with what becomes of it here."""
