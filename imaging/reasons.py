"""Every reason a file or a series is refused or marked, in clinical words: cause, what was not done, who can fix it.

Codes of the science (SUV, geometry, measuring) are in ``domain/errors.py``; ``explain`` knows both.
"""

from typing import Any

from imaging.domain.errors import REASONS as DOMAIN_REASONS
from imaging.domain.errors import Caution, Reason, VolumeUnavailable

_FILE = "This file was left out; the others are not affected."
_STORE = "Nothing of this file was stored."
_NO_VOLUME = "No volume was built, so nothing can be measured on this series; factors from the header are shown."
_NONE = "Nothing was left out; please check."
_PICTURE = "It is never shown, measured or exported here, and it is in no chart before a person says so."
_WHO_LOOKS = "a person who rejects it or says whose it is"
_SENDER = "the sending site, by exporting the images again"
_SCANNER = "the imaging site, by sending the original axial series"
_DRAWER = "whoever drew the outlines, by exporting them again"
_ADMIN = "the system administrator"
_LOOKER = "a person who looks at the images"
_PHYSICIAN = "a nuclear-medicine physician, by entering the value with a reason"

FILE_REASONS: dict[str, Reason] = {
    # The file itself
    "file_unreadable": Reason("The file could not be opened.", _FILE, "whoever owns the file"),
    "not_a_regular_file": Reason("This is a link or a device, not a file.", _FILE, "whoever sent it"),
    "hard_link": Reason(
        "This file has a second name elsewhere (a hard link). Copy it into the folder and import again.", _FILE,
        "whoever imports",
    ),
    "outside_folder": Reason(
        "This file lies outside of the folder that is imported: a link or another disk leads there.", _FILE,
        "whoever imports, from where the file is",
    ),
    "file_changed": Reason(
        "The file changed while it was read. Import it again when nobody writes to it.", _FILE, "whoever imports"
    ),
    "not_dicom": Reason("This is not a DICOM file.", _FILE, "nobody needs to"),
    "file_truncated": Reason("The file ends before its content does: the transfer was cut off.", _FILE, _SENDER),
    "dicom_damaged": Reason("The DICOM structure of the file is damaged.", _FILE, _SENDER),
    "header_too_large": Reason("The header is larger than any image header should be.", _FILE, _SENDER),
    "too_many_elements": Reason("The header has more elements than any image header should have.", _FILE, _SENDER),
    "nesting_too_deep": Reason("The header nests sequences deeper than any image header should.", _FILE, _SENDER),
    "inflates_too_large": Reason(
        "The compressed file unpacks to far more than an image, as hostile files do.", _FILE, _SENDER
    ),
    "memory_limit": Reason("Reading the file would take more memory than an image needs.", _FILE, _SENDER),
    "parser_crash": Reason("Reading the file stopped the reader; it is damaged or hostile.", _FILE, _SENDER),
    "parser_timeout": Reason("Reading the file took too long; it is damaged or hostile.", _FILE, _SENDER),
    # What it says it is
    "transfer_syntax_missing": Reason("The file does not say how it is encoded.", _FILE, _SENDER, "(0002,0010)"),
    "transfer_syntax_unsupported": Reason(
        "This encoding of images is not supported.", _FILE, _SENDER, "(0002,0010)"
    ),
    "transfer_syntax_contradicted": Reason(
        "The file is encoded in another way than it says.", _FILE, _SENDER, "(0002,0010)"
    ),
    "uid_invalid": Reason(
        "A UID that identifies the image is missing or malformed.", _FILE, _SENDER, "(0008,0018)"
    ),
    "sop_uid_conflict": Reason(
        "An object with the same SOP Instance UID but other content is already here.",
        "The first one stays as it is. This one is kept apart and held: nothing of it is in a series.",
        "a person who looks at which elements differ, or the sending site", "(0008,0018)",
    ),
    "late_name_differs": Reason(
        "This file says that it is of a series which is here, and calls the patient by another name.",
        "The series stays as it is. This file is kept apart and held: nothing of it is in a series.",
        "a person who looks at whose file it is, or the sending site", "(0010,0010)",
    ),
    "late_series_elsewhere": Reason(
        "This file says that it is of a series which is in the chart of another case, or held for one.",
        "That series stays as it is. This file is kept apart and held: nothing of it is in a series.",
        "a person who may open that case, by importing the file for it", "(0020,000E)",
    ),
    "late_not_looked_at": Reason(
        "This file says that it is of a series in a chart, and nobody has looked at it: it is a picture or carries "
        "burned-in text, possibly with a name, or its birth date or sex cannot be read.",
        "The series stays as it is. This file is kept apart and held: nothing of it is in a series.",
        "a person who takes the series out of the chart, has the file imported again, and looks", "(0028,0301)",
    ),
    "late_series_unreadable": Reason(
        "This file says that it is of a series which is here, and one of whose stored files can no longer be read.",
        "That series stays as it is. This file is kept apart and held: nothing of it is in a series.",
        "the system administrator, by checking the store", "(0020,000E)",
    ),
    "uid_contradicted": Reason(
        "File header and image header name different objects.", _FILE, _SENDER, "(0002,0003)"
    ),
    "not_used_here": Reason(
        "This kind of DICOM object is not used here; only PET and CT images are.", _FILE, "nobody needs to",
        "(0008,0016)",
    ),
    "enhanced_unsupported": Reason(
        "Enhanced (multi-frame) PET and CT are not supported yet.", _FILE, "the imaging site, by sending single slices",
        "(0008,0016)",
    ),
    # The image
    "pixel_data_missing": Reason("The file has no image, or was cut off before it.", _FILE, _SENDER, "(7FE0,0010)"),
    "pixel_data_length": Reason(
        "The image is not as long as rows, columns and bits say.", _FILE, _SENDER, "(7FE0,0010)"
    ),
    "image_header_invalid": Reason(
        "Size or bit depth of the image is missing or malformed.", _FILE, _SENDER, "(0028,0100)"
    ),
    "image_size": Reason("The image has no rows or columns, or too many.", _FILE, _SENDER, "(0028,0010)"),
    "multiframe_unsupported": Reason(
        "Several frames in one file are not supported.", _FILE, "the imaging site, by sending single slices",
        "(0028,0008)",
    ),
    "colour_image": Reason("This is a colour image, not PET or CT values.", _FILE, _SCANNER, "(0028,0004)"),
    "rescale_unusable": Reason(
        "The rescale slope or intercept is missing or not a positive number, so the values have no unit.",
        _FILE, _SENDER, "(0028,1053)",
    ),
    "pixels_disagree_with_header": Reason(
        "The compressed image has another size than its header says.", _FILE, _SENDER, "(0028,0010)"
    ),
    # Outlines and reports of other workstations
    "object_expected": Reason(
        "This is an image, not a segmentation, structure set or report.", _FILE, "whoever chose the file",
        "(0008,0016)",
    ),
    "object_too_large": Reason("The outlines hold more data than is accepted.", _FILE, _DRAWER),
    "object_refers_to_itself": Reason(
        "The object names itself as the image it was drawn on.", _FILE, _DRAWER, "(0008,1155)"
    ),
    "too_many_segments": Reason("The object has more segments or regions than are accepted.", _FILE, _DRAWER),
    "too_many_frames": Reason("The segmentation has more frames than are accepted.", _FILE, _DRAWER, "(0028,0008)"),
    "too_many_contours": Reason("The structure set has more contours than are accepted.", _FILE, _DRAWER),
    "too_many_points": Reason("The contours have more points than are accepted.", _FILE, _DRAWER),
    "too_many_content_items": Reason("The report has more entries than are accepted.", _FILE, _DRAWER),
    "segmentation_type_unknown": Reason(
        "The segmentation is neither binary, fractional nor a label map, or does not say what a full voxel is.", _FILE,
        _DRAWER, "(0062,0001)",
    ),
    "tiled_segmentation": Reason(
        "This segmentation is made of tiles of a microscope slide, not of slices of a scan.", _FILE, "nobody needs to",
        "(0020,9311)",
    ),
    "outlines_lossy": Reason(
        "The segmentation was compressed with loss, so its voxels are no longer those that were drawn.", _FILE, _DRAWER,
        "(0028,2110)",
    ),
    "frames_disagree": Reason(
        "The segmentation does not describe as many frames as it announces.", _FILE, _DRAWER, "(5200,9230)"
    ),
    "segments_disagree": Reason(
        "Segments or regions are missing, are numbered twice, or are drawn without being listed.", _FILE, _DRAWER,
        "(0062,0004)",
    ),
    "segment_geometry_missing": Reason(
        "The segmentation does not say where its frames lie in the patient.", _FILE, _DRAWER, "(0020,0032)"
    ),
    "segment_geometry_differs": Reason(
        "The frames of the segmentation do not share one orientation and spacing.", _FILE, _DRAWER, "(0020,0037)"
    ),
    "contour_points_invalid": Reason(
        "A contour has points that are not numbers, lie nowhere in a patient, or are not as many as announced.",
        "This region was left out; the others are not affected.", _DRAWER, "(3006,0050)",
    ),
}  # fmt: skip

# With those of a slice, which the science knows as well.
FILE_CODES = frozenset({*FILE_REASONS, "position_missing", "orientation_invalid", "pixel_spacing_invalid"})

STORE_REASONS: dict[str, Reason] = {
    "file_too_large": Reason("The file is larger than what is accepted.", _STORE, _SENDER),
    "disk_full": Reason("The disk is full.", _STORE, _ADMIN),
    "store_unwritable": Reason("The file store cannot be written.", _STORE, _ADMIN),
    "store_damaged": Reason(
        "A stored file of the same content is damaged; it was not overwritten.", _STORE, _ADMIN
    ),
}  # fmt: skip

SERIES_REASONS: dict[str, Reason] = {
    "lossy_compression": Reason(
        "The PET images were compressed with loss, so their values are no longer exact.", _NO_VOLUME, _SENDER,
        "(0028,2110)",
    ),
    "dynamic_series": Reason(
        "The series holds several time points or gates.", _NO_VOLUME, "the imaging site, by sending the static series",
        "(0054,1000)",
    ),
    "projection_image": Reason("The series is a projection (MIP), not slices.", _NO_VOLUME, _SCANNER, "(0008,0008)"),
    "pixels_unreadable": Reason("The image of a slice could not be read.", _NO_VOLUME, _SENDER, "(7FE0,0010)"),
    "referenced_series_unreadable": Reason(
        "The images the outline was drawn on are here, but cannot be used ({why}).", _NO_VOLUME, _SENDER, "(7FE0,0010)"
    ),
    "outline_unreadable": Reason(
        "The stored voxels of an outline could not be read.", "Nothing was measured in it.", _ADMIN
    ),
    "suv_kind_absent": Reason("This kind of SUV does not exist for the series.", "Nothing was measured.", _PHYSICIAN),
    "suv_not_computed_yet": Reason(
        "The SUV of this scan is being computed; ask again in a moment.", "Nothing was proposed.", "nobody needs to"
    ),
    "scan_without_images": Reason("This scan has no PET images.", "Nothing was proposed.", "whoever has the images"),
    "series_uid_shared": Reason(
        "The same series UID is used for two studies or two patients.", "The series is held; no chart was touched.",
        "a person who compares the identities", "(0020,000E)",
    ),
    "study_of_two_patients": Reason(
        "The study holds images under two patient IDs.", "The series is held; no chart was touched.",
        "a person who compares the identities", "(0010,0020)",
    ),
    "identity_unreadable": Reason(
        "Birth date or sex in the DICOM header cannot be read, so they could not be compared with the chart.",
        "The series is held; no chart was touched.", "a person who compares the identities", "(0010,0030)",
    ),
    "scan_in_future": Reason(
        "The images are dated in the future.", "The series is held; no chart was touched.",
        "a person who knows when the scan was", "(0008,0022)",
    ),
    "secondary_capture": Reason(
        "This is a picture of a screen, not PET or CT images: it has no SUV and may show a name.", _PICTURE,
        _WHO_LOOKS, "(0008,0016)",
    ),
    "ultrasound_picture": Reason(
        "These are ultrasound pictures, and nothing says that no name is part of them.", _PICTURE, _WHO_LOOKS,
        "(0028,0301)",
    ),
    "burned_in_annotation": Reason(
        "The images carry burned-in text, possibly a name.", "The series is held; no chart was touched.",
        "a person who looks at the images", "(0028,0301)",
    ),
}  # fmt: skip

_HELD = "The series is held; no chart was touched."
# Asked about the images themselves; none of them speaks against an identity.
QUESTIONS: dict[str, Reason] = {
    "ask_series_split": Reason(
        "One series UID holds several sets of images, which were kept apart. Is this one to be used?", _HELD, _LOOKER,
        "(0020,000E)",
    ),
    "ask_missing_slices": Reason(
        "Slices are missing, so nothing can be measured on these images. Are they to be used as they are?", _HELD,
        "the sending site, by sending the missing slices, or a person who looks at the images", "(0020,0032)",
    ),
    "ask_slices_at_one_place": Reason(
        "Different images lie at the same position, so nothing can be measured on them. Are they to be used as they "
        "are?", _HELD, _LOOKER, "(0020,0032)",
    ),
    "ask_single_slice": Reason(
        "The series is one slice, on which nothing can be measured. Is it to be used as it is?", _HELD,
        "the sending site, by sending the other slices, or a person who looks at the image", "(0020,0032)",
    ),
    "ask_projection": Reason(
        "The series is a projection (MIP), on which nothing can be measured. Is it to be used as it is?", _HELD,
        _LOOKER, "(0008,0008)",
    ),
    "ask_derived": Reason(
        "The images are derived from others (for example resampled). Are they to be measured?",
        "The series is held; no chart was touched and no SUV calculated.", _LOOKER, "(0008,0008)",
    ),
    "ask_weights": Reason(
        "The body weight differs between the slices, or between PET and CT of the study. Are these images of one "
        "patient on one day?", _HELD, "a person who knows the weight", "(0010,1030)",
    ),
    "ask_administrations": Reason(
        "The header lists several administrations, so which one the images show is not known. Are they to be used "
        "without SUV?", _HELD, "a person who knows what was injected", "(0054,0016)",
    ),
    "ask_injection_time": Reason(
        "The injection is dated after the scan, by an hour at most: a clock was wrong. Are the images to be used, with "
        "an injection time that a person enters?", _HELD, "a person who knows when the injection was", "(0018,1078)",
    ),
    "ask_nuclide": Reason(
        "The tracer of the header does not carry the nuclide of the header. Are these the images of the tracer that "
        "was injected?", _HELD, "a person who knows what was injected", "(0054,0300)",
    ),
    "ask_philips_factor": Reason(
        "The vendor's SUV factor differs between the slices. Are these images of one scan, to be used without SUV?",
        _HELD, _LOOKER, "(7053,1000)",
    ),
}  # fmt: skip

SERIES_CAUTIONS: dict[str, Reason] = {
    "series_split": Reason(
        "One series UID holds several sets of images (frame of reference, modality, matrix, corrections or units "
        "differ); they were kept apart.", _NONE, _SENDER, "(0020,000E)",
    ),
    "header_values_differ": Reason(
        "The slices disagree about {names}; it counts as missing.", "No value was chosen among them.", _PHYSICIAN
    ),
    "header_value_unreadable": Reason(
        "The element {tag} is present but not a usable value; it counts as missing.", "No value was guessed.",
        _PHYSICIAN,
    ),
    "rescale_intercept_in_pet": Reason(
        "The PET values have an offset (rescale intercept), which is unusual.", _NONE, _SENDER, "(0028,1052)"
    ),
    "frame_of_reference_missing": Reason(
        "The series has no frame of reference, so it cannot be matched with another one.", _NONE, _SENDER,
        "(0020,0052)",
    ),
    "derived_images": Reason(
        "The images are derived from others (for example resampled).", _NONE, _SCANNER, "(0008,0008)"
    ),
    "tracer_not_sstr": Reason(
        "The tracer is {tracer}, {which} somatostatin-receptor tracer: no rule on SSTR uptake reads this scan.",
        "Nothing was left out.", "nobody needs to", "(0054,0304)",
    ),
    "suv_provisional": Reason(
        "The SUV is provisional: a person has to confirm the inputs named in the other warnings.",
        "It is not used as a fact.", _PHYSICIAN,
    ),
    "slice_conflict": Reason(
        "Two different images carry the same SOP Instance UID; the first was used.", _NONE, _SENDER, "(0008,0018)"
    ),
    "preamble_not_empty": Reason(
        "The file begins with something that is not DICOM, as a program or a web page would.",
        "Nothing of it is kept: in what is stored the first 128 bytes are zeros.", _SENDER,
    ),
    "character_set_doubtful": Reason(
        "Letters of the header do not fit its character set, so a name or an ID may be misread.", _NONE, _SENDER,
        "(0008,0005)",
    ),
    "identity_name_otherwise": Reason(
        "The header writes the name in another way than before; marks and titles aside it is {percent} % alike.", _NONE,
        "a person who compares the identities", "(0010,0010)",
    ),
    "uid_irregular": Reason(
        "A UID has a part with a leading zero, against the standard; it was taken as it is.", _NONE, _SENDER,
        "(0020,000D)",
    ),
    "outline_on_other_series": Reason(
        "Referenced series absent: the outline was drawn on another series than these images; it was placed by their "
        "common frame of reference.", _NONE, _DRAWER, "(0020,000E)",
    ),
    "fraction_cut": Reason(
        "A fractional segmentation was cut at {percent} % of its full value.", _NONE, _DRAWER, "(0062,000E)"
    ),
}  # fmt: skip

OWN_REASONS: dict[str, Reason] = {**FILE_REASONS, **STORE_REASONS, **SERIES_REASONS, **QUESTIONS, **SERIES_CAUTIONS}
REASONS: dict[str, Reason] = {**DOMAIN_REASONS, **OWN_REASONS}


class _Details(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "(not stated)"


def explain(code: str, **details: Any) -> str:
    """The sentence of a code."""
    return REASONS[code].sentence.format_map(_Details(details))


def caution(code: str, **details: Any) -> Caution:
    return Caution(code, explain(code, **details))


class SeriesRefused(VolumeUnavailable):
    """No volume or no SUV, for a reason that lies in the files or was stored earlier with its ``message``."""

    def __init__(self, code: str, message: str = "") -> None:
        self.code = code
        self.details: dict[str, Any] = {}
        self.message = message or explain(code)
        Exception.__init__(self, f"{code}: {self.message}")
