"""What one DICOM file turned into: the values we use of it, or a refusal with its reason.

Plain values only, so that they cross from the sandboxed child to its parent as JSON. Of the patient's name only a print
is among them (``domain.names``). Dates and times are ISO 8601 text without zone, in the scanner's local time.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FileRefusal:
    """This file is left out. ``code`` is a key of the reasons catalogue; ``detail`` is a UID or a number, never text
    of the file."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ParsedInstance:
    """One PET or CT slice. Numbers that the file lacks, or states against the standard, are None; ``problems`` says
    which elements were present but unusable."""

    kind: str  # "pet" or "ct"
    size: int
    sop_class_uid: str
    sop_uid: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    modality: str
    patient_id: str
    issuer: str
    name_print: str
    is_charset_doubtful: bool
    birth_date: str
    sex: str
    study_date: str
    series_at: str  # Series Date + Time
    acquired_at: str  # Acquisition Date + Time
    utc_offset: str
    instance_number: int | None
    slice_count: int | None  # Number of Slices (0054,0081), as announced
    time_points: int  # Number of Time Slices, of Slots or of R-R Intervals, the highest; 1 where none is stated
    series_description: str
    manufacturer: str
    model_name: str
    transfer_syntax: str
    pixel_offset: int
    pixel_length: int
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    is_lossy: bool
    has_preamble: bool  # something that is not DICOM in the first 128 bytes
    burned_in: str
    position: tuple[float, ...] | None  # mm, LPS
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None  # row spacing, column spacing in mm
    slope: float
    intercept: float
    image_type: tuple[str, ...]
    series_type: tuple[str, ...]
    corrected_image: tuple[str, ...] | None
    reconstruction: str
    units: str
    suv_type: str
    decay_correction: str
    body_weight_kg: float | None
    body_height_m: float | None
    administrations: int
    total_dose: float | None  # as written: Bq by the standard, MBq in some files
    half_life_s: float | None
    administered_at: str  # (0018,1078)
    administered_time: str  # (0018,1072)
    nuclide: str
    tracer: str
    radiopharmaceutical: str
    frame_reference_time_ms: float | None
    frame_duration_ms: float | None
    ge_decay_at: str  # GE (0009,100D)
    philips_suv_factor: float | None  # (7053,1000)
    philips_activity_factor: float | None  # (7053,1009)
    problems: tuple[str, ...]  # tags

    @property
    def is_compressed(self) -> bool:
        """True when the stored integers do not lie in the file as they are."""
        return self.transfer_syntax not in NATIVE_SYNTAXES

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return (self.patient_id, self.issuer, self.birth_date, self.sex)

    @property
    def is_derived_pet(self) -> bool:
        return self.kind == "pet" and self.image_type[:1] == ("DERIVED",)


@dataclass(frozen=True, slots=True)
class ParsedObject:
    """The header of a segmentation, a structure set or a report; ``sandbox.read_object`` gives the content.

    ``content_at`` is when it was drawn or written; ``referenced_series_uids`` the series it says it was made on. Of
    pictures, which have no content for us, ``hold`` is the reason why a person has to look.
    """

    kind: str  # "seg", "rtstruct" or "sr"; "sc" or "us"
    size: int
    sop_class_uid: str
    sop_uid: str
    study_uid: str
    series_uid: str
    frame_of_reference_uid: str  # "" where the header has none (reports)
    referenced_series_uids: tuple[str, ...]
    modality: str
    patient_id: str
    issuer: str
    name_print: str
    birth_date: str
    sex: str
    study_date: str
    series_at: str
    content_at: str
    content_label: str  # Content Label, Structure Set Label, or the title of the report
    series_description: str
    manufacturer: str
    transfer_syntax: str
    problems: tuple[str, ...]  # tags
    hold: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        return (self.patient_id, self.issuer, self.birth_date, self.sex)


IDENTITY_TAGS = frozenset({"(0010,0030)", "(0010,0040)"})  # birth date and sex


def is_identity_unreadable(parsed: ParsedInstance | ParsedObject) -> bool:
    """Birth date or sex are there and cannot be read: they neither agree with a chart nor are they missing."""
    return not IDENTITY_TAGS.isdisjoint(parsed.problems)


SEG, RTSTRUCT, SR = "seg", "rtstruct", "sr"
OBJECT_KINDS = frozenset({SEG, RTSTRUCT, SR})
SC, US = "sc", "us"
PICTURE_KINDS = frozenset({SC, US})
LITTLE_ENDIAN_SYNTAXES = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"})
BIG_ENDIAN_SYNTAX = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES = LITTLE_ENDIAN_SYNTAXES | {BIG_ENDIAN_SYNTAX}

_TUPLES = frozenset(
    {"position", "orientation", "pixel_spacing", "image_type", "series_type", "corrected_image", "problems"}
)
_OBJECT_TUPLES = frozenset({"referenced_series_uids", "problems"})


def from_json(values: dict[str, Any]) -> ParsedInstance | ParsedObject | FileRefusal:
    """Rebuild what the child sent; anything else than the exact set of fields raises TypeError."""
    if "code" in values:
        return FileRefusal(**values)
    from imaging import name_prints  # the key is in the settings, which the child that imports this module has not

    values["name_print"] = name_prints.of(values.pop("patient_name"), values["patient_id"], values["issuer"])
    if values["kind"] in OBJECT_KINDS | PICTURE_KINDS:
        return ParsedObject(**values | {name: tuple(values[name]) for name in _OBJECT_TUPLES})
    for name in _TUPLES:
        if values[name] is not None:
            values[name] = tuple(values[name])
    return ParsedInstance(**values)
