"""Refusals and cautions of the imaging science, each with a code and one sentence.

A refusal means no number; a caution travels with a number that exists. Other modules raise by code only, so the
words live in one place.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """Why something was refused: what a reader needs to know, and what a physicist needs to look up."""

    sentence: str
    not_done: str
    who_can_fix: str
    tag: str = ""


@dataclass(frozen=True)
class Caution:
    """A warning that goes with a result: ``code`` for machines, ``message`` for people."""

    code: str
    message: str


_NO_SUV = "SUV not calculated; lesion-to-liver ratios stay possible."
_NO_RATIO_EITHER = "SUV not calculated, and no ratio either."
_NO_KIND = "This kind of SUV was not calculated; the others are not affected."
_NO_VOLUME = "No volume was built, so nothing can be measured on this series."
_NO_SLICE = "This slice was left out; a volume is built only where every other slice has its place."
_NO_MEASURE = "Nothing was measured."
_NO_SCORE = "No Krenning score was proposed; the reader's score is not affected."
_PHYSICIAN = "a nuclear-medicine physician, by entering the value with a reason"
_SENDER = "the sending site, by exporting the series again"
_SCANNER = "the imaging site: the reconstruction itself lacks this"
_READER = "the reader, by placing the region again"
_NO_MATCH = "No lesion was recognised again by its place."
_NO_NUMBER = "This number was not given; the others of the scan are not affected."
_NO_RATIO = "This ratio was not calculated; the others are not affected."
_NO_PAIR = "FDG and SSTR were not put together."
_READER_TRACERS = "the reader, by choosing the scan or confirming the class"
_READER_PAIRS = "the reader, by naming the lesions on the new scan"
_NO_PICTURE = "This picture was not drawn; the numbers are not affected."
_ADMIN = "the system administrator"
_NOT_PLACED = "This outline was not used; the others are not affected."
_DRAWER = "whoever drew the outline, by drawing or exporting it on these images"
_NO_PROPOSAL = "Nothing was proposed here; regions placed by hand are not affected."
_PLACE = "the reader, by placing the region by hand"

REASONS: dict[str, Reason] = {
    "patient_weight_missing": Reason("The PET header has no body weight.", _NO_SUV, _PHYSICIAN, "(0010,1030)"),
    "patient_weight_zero": Reason("The body weight in the PET header is zero.", _NO_SUV, _PHYSICIAN, "(0010,1030)"),
    "patient_weight_implausible": Reason(
        "The body weight {found} kg is not plausible; it may be in grams.", _NO_SUV, _PHYSICIAN, "(0010,1030)"
    ),
    "patient_weight_differs": Reason(
        "The body weight {found} kg differs by {percent} % from {chart} kg ({source}); please confirm it.",
        _NO_SUV,
        "a nuclear-medicine physician, by confirming or correcting the weight with a reason",
        "(0010,1030)",
    ),
    "scanner_input_unusable": Reason(
        "The scanner calculated this SUV itself; what the header says of the corrected input ({found}) cannot be what "
        "it used, so the SUV cannot be converted.",
        _NO_SUV,
        "the imaging site, by sending images in Bq/mL",
    ),
    "patient_height_missing": Reason("The PET header has no body height.", _NO_KIND, _PHYSICIAN, "(0010,1020)"),
    "patient_height_implausible": Reason(
        "The body height {found} m is not plausible.", _NO_KIND, _PHYSICIAN, "(0010,1020)"
    ),
    "patient_sex_missing": Reason("The PET header does not state the sex.", _NO_KIND, _PHYSICIAN, "(0010,0040)"),
    "body_size_implausible": Reason(
        "Height and weight together are outside the range in which the formula holds.", _NO_KIND, _PHYSICIAN
    ),
    "dose_missing": Reason("The PET header has no injected activity.", _NO_SUV, _PHYSICIAN, "(0018,1074)"),
    "dose_not_positive": Reason(
        "The injected activity {found} Bq is not positive.", _NO_SUV, _PHYSICIAN, "(0018,1074)"
    ),
    "slices_disagree": Reason(
        "The slices disagree about {found}, so there is no one value to calculate with.", _NO_SUV, _PHYSICIAN
    ),
    "several_administrations": Reason(
        "The PET header lists {found} administrations; which one applies is not known.",
        _NO_SUV,
        _SENDER,
        "(0054,0016)",
    ),
    "administration_time_missing": Reason("The PET header has no injection time.", _NO_SUV, _PHYSICIAN, "(0018,1078)"),
    "reference_time_missing": Reason(
        "The PET header has no usable series or acquisition time to correct decay to.", _NO_SUV, _SENDER, "(0008,0031)"
    ),
    "half_life_missing": Reason(
        "The half-life is missing and the nuclide is not known.", _NO_SUV, _PHYSICIAN, "(0018,1075)"
    ),
    "scan_before_injection": Reason(
        "The scan ({scan}) starts before the injection ({injection}).", _NO_SUV, _PHYSICIAN, "(0018,1078)"
    ),
    "uptake_time_implausible": Reason(
        "The time from injection to scan, {minutes} min, is not plausible for this nuclide.",
        _NO_SUV,
        _PHYSICIAN,
        "(0018,1078)",
    ),
    "not_attenuation_corrected": Reason("The images are not attenuation-corrected.", _NO_SUV, _SCANNER, "(0028,0051)"),
    "corrections_unknown": Reason(
        "The header does not say which corrections were applied.",
        _NO_RATIO_EITHER,
        "a nuclear-medicine physician, by saying which ones were applied, with a reason",
        "(0028,0051)",
    ),
    "not_decay_corrected": Reason(
        "The header claims decay correction {found}, but the images are not decay-corrected.",
        _NO_SUV,
        _SCANNER,
        "(0028,0051)",
    ),
    "decay_correction_unknown": Reason(
        "The decay correction {found} is missing or not known.", _NO_SUV, _SENDER, "(0054,1102)"
    ),
    "derived_unconfirmed": Reason(
        "The images are derived from others (for example resampled), and nobody has confirmed that they may be "
        "measured.",
        _NO_SUV,
        "a person who confirms the held series",
        "(0008,0008)",
    ),
    "units_unknown": Reason("The PET units {found} cannot be turned into SUV.", _NO_SUV, _SENDER, "(0054,1001)"),
    "suv_type_unknown": Reason("The SUV type {found} is not known.", _NO_SUV, _SENDER, "(0054,1006)"),
    "philips_factors_missing": Reason(
        "The values are counts and neither Philips scale factor is present.", _NO_SUV, _SENDER, "(7053,1000)"
    ),
    "suv_implausible": Reason(
        "The highest SUV would be {found}, above {limit}: check dose, weight and units, or confirm the dose where "
        "tracer was extravasated.",
        _NO_RATIO_EITHER,
        "a nuclear-medicine physician, by correcting what is wrong or confirming the injected activity",
    ),
    "missing_slices": Reason("Slices are missing: {positions}.", _NO_VOLUME, _SENDER, "(0020,0032)"),
    "duplicate_slices": Reason(
        "More than one slice lies at the same position: {positions}.", _NO_VOLUME, _SENDER, "(0020,0032)"
    ),
    "uneven_slices": Reason(
        "Slices are off an even grid by up to {deviation} mm (limit {limit} mm).", _NO_VOLUME, _SENDER, "(0020,0032)"
    ),
    "single_slice": Reason("One slice is not a volume.", _NO_VOLUME, _SENDER, "(0020,0032)"),
    "position_missing": Reason("A slice has no usable position.", _NO_SLICE, _SENDER, "(0020,0032)"),
    "orientation_invalid": Reason(
        "The slice orientation is missing or not a right angle.", _NO_SLICE, _SENDER, "(0020,0037)"
    ),
    "orientation_differs": Reason("The slices do not share one orientation.", _NO_VOLUME, _SENDER, "(0020,0037)"),
    "pixel_spacing_invalid": Reason("The pixel spacing is missing or not positive.", _NO_SLICE, _SENDER, "(0028,0030)"),
    "rescale_invalid": Reason("A rescale slope is missing, zero or not a number.", _NO_VOLUME, _SENDER, "(0028,1053)"),
    "volume_shape_differs": Reason(
        "Slopes, intercepts or factors do not match the number of slices.", _NO_VOLUME, _SENDER
    ),
    "voi_outside_volume": Reason("The region lies outside the images.", _NO_MEASURE, _READER),
    "voi_empty": Reason("The region holds no voxel centre.", _NO_MEASURE, _READER),
    "radius_invalid": Reason("The radius must be positive.", _NO_MEASURE, _READER),
    "threshold_invalid": Reason("The threshold {found} is not usable.", _NO_MEASURE, _READER),
    "nothing_above_threshold": Reason("No voxel of the region reaches the threshold {found}.", _NO_MEASURE, _READER),
    "uptake_not_finite": Reason("An uptake value is not a number or is negative.", _NO_MEASURE, _SENDER),
    "lesion_uptake_missing": Reason("The lesion has no uptake value.", _NO_SCORE, _READER),
    "liver_reference_missing": Reason("There is no liver reference on this scan.", _NO_SCORE, _READER),
    "liver_reference_unusable": Reason(
        "The lesion lies in a liver without a usable reference region.", _NO_SCORE, _READER
    ),
    "references_from_another_scan": Reason(
        "Lesion and reference organs were not measured on the same scan.", _NO_SCORE, _READER
    ),
    "uptake_units_differ": Reason("Lesion and reference organs are not in the same SUV unit.", _NO_SCORE, _READER),
    "tolerance_invalid": Reason("The tolerance {found} is not between 0 and 1.", _NO_SCORE, _READER),
    "krenning_scale_unknown": Reason("The Krenning scale {found} is not known.", _NO_SCORE, _READER),
    # Outlines
    "seed_outside_region": Reason("The starting point lies outside the search region.", _NO_MEASURE, _READER),
    "seed_below_threshold": Reason("The starting point does not reach the threshold {found}.", _NO_MEASURE, _READER),
    "seeds_are_one": Reason("The two starting points are the same voxel.", _NO_MEASURE, _READER),
    "split_leaves_nothing": Reason("The split would leave one side empty.", _NO_MEASURE, _READER),
    "body_outline_missing": Reason("No outline of a body was found on the images.", _NO_MATCH, _READER_PAIRS),
    "registration_inputs_missing": Reason(
        "The two scans have neither outlines nor an organ in common to align them by.", _NO_MATCH, _READER_PAIRS
    ),
    "registration_overlap_small": Reason(
        "The two scans share less than {limit} mm of the body along its axis.", _NO_MATCH, _READER_PAIRS
    ),
    "registration_turn_large": Reason(
        "The scans would have to be turned by {found} degrees against each other.", _NO_MATCH, _READER_PAIRS
    ),
    "registration_residual_large": Reason(
        "After alignment the two scans still differ by {found} mm.", _NO_MATCH, _READER_PAIRS
    ),
    "lesion_name_repeated": Reason("The name {found} is used twice on one scan.", _NO_MATCH, _READER_PAIRS),
    "units_mixed": Reason("The values are in more than one unit: {found}.", _NO_NUMBER, _READER),
    "scans_mixed": Reason("The values come from more than one scan.", _NO_NUMBER, _READER),
    "reference_mean_missing": Reason("The mean uptake of the {organ} was not measured.", _NO_RATIO, _READER),
    "reference_not_usable": Reason("The {organ} reference is not usable: {found}.", _NO_RATIO, _READER),
    "no_uptake_measured": Reason("No uptake was measured.", _NO_NUMBER, _READER),
    "sul_needs_suvbw": Reason("SUL is calculated from SUVbw only, not from {found}.", _NO_KIND, _PHYSICIAN),
    "no_lesions": Reason("No lesion is recorded on this scan.", _NO_NUMBER, _READER),
    "no_assessable_lesion": Reason(
        "No lesion is known to be assessable (10 mm, or 1 mL where no length is known).", _NO_NUMBER, _READER
    ),
    "volume_methods_differ": Reason(
        "The volumes were made by different methods, which are never compared: {found}.", _NO_NUMBER, _READER
    ),
    "regions_overlap": Reason("Outlines of different lesions share {found} mL.", _NO_NUMBER, _READER),
    "expression_needs_suv": Reason("Total lesion SSTR expression needs SUV, not {found}.", _NO_NUMBER, _PHYSICIAN),
    "quantity_not_known": Reason("The number is known only between two ends.", _NO_NUMBER, _READER),
    "sstr_scan_missing": Reason("There is no SSTR scan to read the FDG scan with.", _NO_PAIR, _READER_TRACERS),
    "fdg_pairing_tied": Reason("Two SSTR scans are equally near: {found}.", _NO_PAIR, _READER_TRACERS),
    "netpet_open": Reason("More than one NETPET class is possible: {found}.", _NO_PAIR, _READER_TRACERS),
    "slices_not_axial": Reason(
        "The slices are not axial: they lie {degrees} degrees off the body's long axis.", _NO_PICTURE, _SCANNER
    ),
    "frame_count_invalid": Reason("A full turn of {found} pictures cannot be mirrored.", _NO_PICTURE, _ADMIN),
    "pet_ct_frames_differ": Reason(
        "PET and CT do not share a frame of reference, so they are not shown together.",
        _NO_PICTURE,
        _SENDER,
        "(0020,0052)",
    ),
    "point_outside_images": Reason("The position lies outside the PET images.", _NO_PICTURE, _READER),
    "frame_of_reference_differs": Reason(
        "The outline lies in another frame of reference than the images.", _NOT_PLACED, _DRAWER, "(0020,0052)"
    ),
    "frame_of_reference_unknown": Reason(
        "Outline or images have no frame of reference, and the outline was not drawn on these images.",
        _NOT_PLACED,
        _DRAWER,
        "(0020,0052)",
    ),
    "referenced_series_absent": Reason(
        "Referenced series absent: the images the outline was drawn on are not here.",
        "Nothing was measured on images; the volume is that of the outline's own grid.",
        "whoever has the referenced images",
        "(0020,000E)",
    ),
    "contour_not_closed": Reason("A contour of type {found} encloses nothing.", _NOT_PLACED, _DRAWER, "(3006,0042)"),
    "contour_not_parallel": Reason(
        "The contours do not lie in planes parallel to the slices, rows or columns of the images.",
        _NOT_PLACED,
        _DRAWER,
        "(3006,0050)",
    ),
    "contour_too_complex": Reason("The contours cross the grid more often than outlines do.", _NOT_PLACED, _DRAWER),
    "contour_not_finite": Reason("A contour point is not a number.", _NOT_PLACED, _DRAWER, "(3006,0050)"),
    "outline_grid_differs": Reason(
        "The outline lies on another grid than the volume of the viewer, so it is not drawn there.", _NO_PICTURE, _ADMIN
    ),
    "outline_grid_invalid": Reason(
        "The grid of the outline has no usable spacing or orientation.", _NOT_PLACED, _DRAWER, "(0028,9110)"
    ),
    # Proposals
    "frames_differ": Reason("PET and CT are not on one frame of reference.", _NO_PROPOSAL, _SENDER, "(0020,0052)"),
    "body_not_found": Reason("No body was found in the images.", _NO_PROPOSAL, _READER),
    "reference_not_homogeneous": Reason(
        "{organ} reference unusable: CoV {cov} % (limit {limit} %).", _NO_PROPOSAL, _PLACE
    ),
    "reference_no_room": Reason(
        "{organ} reference unusable: the largest homogeneous part has a radius of {found} mm ({needed} mm needed).",
        _NO_PROPOSAL,
        _PLACE,
    ),
    "reference_organ_not_found": Reason(
        "{organ} reference unusable: no region found that could be this organ.", _NO_PROPOSAL, _PLACE
    ),
    "reference_needs_sstr": Reason(
        "{organ} reference unusable: this organ is found by its SSTR uptake, which this tracer does not show.",
        _NO_PROPOSAL,
        _PLACE,
    ),
    "reference_needs_liver": Reason(
        "{organ} reference unusable: the liver, which it is found by, was not found.", _NO_PROPOSAL, _PLACE
    ),
    "reference_needs_ct": Reason(
        "{organ} reference unusable: without a CT of the chest it cannot be told from its surroundings.",
        _NO_PROPOSAL,
        _PLACE,
    ),
    "tracer_not_proposed": Reason(
        "Nothing is proposed for the tracer {found}: it is neither an SSTR tracer nor FDG.", _NO_PROPOSAL, _PLACE
    ),
    "foci_need_liver": Reason(
        "Foci are looked for above the liver reference, and there is none: {found}.", _NO_PROPOSAL, _PLACE
    ),
}

CAUTIONS: dict[str, str] = {
    "suv_all_zero": "Every voxel is zero: these images show nothing.",
    "suv_very_high": "The highest SUV is {found}, above {limit}; a person has confirmed the injected activity.",
    "dates_deidentified": (
        "The dates lie before PET existed (year {year}); the interval between injection and scan was used."
    ),
    "dose_in_mbq": "The injected activity {found} reads as MBq and was taken as {used} Bq; please confirm it.",
    "dose_unusual": "The injected activity of {mbq} MBq is unusual ({low} to {high} MBq expected).",
    "dose_implausible": "The injected activity of {mbq} MBq is not plausible; please confirm it.",
    "patient_weight_unusual": "The body weight of {found} kg is unusual.",
    "patient_height_in_cm": "The body height {found} reads as centimetres and was taken as {used} m.",
    "sex_other_mean_of_formulas": "Sex is {found}: {kind} uses the mean of the formulas for men and women.",
    "half_life_from_table": "The header has no half-life; {used} s of {nuclide} was used.",
    "half_life_differs": "The half-life {found} s differs from {nuclide} ({expected} s) by {percent} %.",
    "half_life_replaced": (
        "The half-life {found} s does not belong to {nuclide}; {expected} s was used. Please confirm it."
    ),
    "nuclide_not_in_table": "The nuclide is not known, so the half-life {found} s could not be checked.",
    "nuclide_conflict": "The tracer {tracer} does not carry {nuclide}; please confirm the half-life.",
    "reference_time_from_acquisition": (
        "The series time is later than the first acquisition; decay is corrected to the earliest acquisition time."
    ),
    "reference_time_from_ge_private": "Decay is corrected to the vendor's own decay reference date and time.",
    "ge_private_time_ignored": "The vendor's decay reference time is far from the acquisition and was not used.",
    "series_time_early": "The series time is {minutes} min before the first acquisition.",
    "injection_day_assumed": "Only an injection time is given; the day of the scan was assumed.",
    "injection_before_midnight": "Only an injection time is given; the day before the scan was assumed.",
    "time_zone_partly_known": "Only some times have a time zone; all were taken as local time of the scanner.",
    "uptake_time_unknown": "The uptake time is not known.",
    "uptake_time_unusual": "The uptake time of {minutes} min is outside the usual {low} to {high} min.",
    "uptake_time_to_confirm": "The uptake time of {minutes} min is not plausible; please confirm the injection time.",
    "administered_after_scan": "The injection is dated after the scan, so there is no uptake time.",
    "decay_flags_contradict": "The header contradicts itself about decay correction ({found}); please confirm.",
    "decay_within_frame": "Decay within each frame is not corrected; SUV is low by about {percent} %.",
    "suv_type_lbm_formula": (
        "The SUV type LBM does not say which coefficient was used for men; James with 128 was assumed."
    ),
    "philips_factors_ignored": "Philips private factors are present but the units are {found}; they were not used.",
    "philips_activity_factor_used": "An input was corrected, so SUV was calculated from the vendor's activity factor.",
    "scanner_suv_converted": "The scanner calculated this SUV itself; it was converted to what was corrected: {found}.",
    "scanner_input_not_used": (
        "The scanner calculated this SUV itself with a value that the header does not state; what was entered does not "
        "change it: {found}."
    ),
    "philips_factors_disagree": "The two Philips factors differ by {percent} %; the SUV factor was used.",
    "uneven_slices": "Slices are off an even grid by up to {deviation} mm; the mean spacing {spacing} mm is used.",
    "slices_tilted": "The slices are shifted against each other (tilt of {degrees} degrees).",
    "voi_clipped": "The region reaches the edge of the images and was cut there.",
    "peak_at_edge": "The 1 mL sphere of SUVpeak reaches the edge of the images; only voxels inside count.",
    "peak_beyond_region": "The region is smaller than 1 mL, so SUVpeak includes its surroundings.",
    "peak_exceeds_max": "SUVpeak is higher than SUVmax: a hotter structure lies beside the region.",
    "registration_skin_differs": "After alignment the outlines of the body still differ by {found} mm on average.",
    "registration_organs_differ": "After alignment the organs still lie {found} mm apart on average.",
    "registration_few_organs": "Only {found} organs in common: the scans were shifted but not turned.",
    "registration_level_unsure": (
        "The level along the body is unsure: 24 mm up or down would fit only {found} mm worse."
    ),
    "registration_other_level": "Another level of the body, {found} mm away, fits nearly as well.",
    "small_lesions_left_out": "Left out, under 10 mm (1 mL where no length is known): {labels}.",
    "lesions_not_complete": "Lesions without uptake were not looked for, so the lower end is not known.",
    "volume_methods_mixed": "The sum adds volumes made by different methods: {found}.",
    "overlap_not_checked": "Not every outline could be compared with the others: a shared voxel may count twice.",
    "regions_overlap_once": "Outlines of different lesions share {ml} mL, counted once.",
    "fdg_pairing_far": "FDG and SSTR scan are {days} days apart (limit {limit}).",
    "fdg_pairing_tie": "Two SSTR scans lie equally near, {days} days before and after the FDG scan.",
    "fdg_before_chemotherapy": "{treatment} began after the FDG scan: an FDG scan from before it does not count.",
    "fdg_maybe_before_chemotherapy": "{treatment} may have begun after the FDG scan, which then does not count.",
    "treatment_between_tracers": "{treatment} began between the FDG and the SSTR scan.",
    "outline_resampled": (
        "The outline was drawn on another grid; each voxel of these images took the nearest voxel of that grid."
    ),
    "contour_planes_between_slices": (
        "Contour planes lie up to {offset} mm off the slices; each slice took the nearest plane."
    ),
    "contour_planes_skipped": (
        "Contours were drawn every {gap} mm on slices of {spacing} mm; the slices between took the nearest contours."
    ),
    "contour_repeated": "{count} contours were drawn twice in the same place; each counts once.",
    "contour_degenerate": "{count} contours of fewer than three points enclose nothing and were left out.",
    "reference_without_ct": "The reference was placed on PET alone; please check where it lies.",
    "reference_noisy": "The {organ} reference has a CoV of {cov} %.",
    "reference_unusual": "The {organ} SUVmean of {mean} is unusual ({low} to {high} in published normals).",
    "foci_never_complete": "Foci are found by uptake: lesions colder than the threshold are not among them.",
    "foci_too_many": "{found} foci reach the threshold; only the {kept} hottest are listed.",
    "foci_not_separated": "One connected focus fills much of the body; touching structures in it are not separated.",
    "outline_at_earlier_suv": (
        "The outline was drawn at SUV {suv} under an earlier SUV factor. Its voxels stay; they are no longer those "
        "above SUV {suv}. Draw it anew to follow today's SUV."
    ),
    "outline_at_earlier_liver": (
        "The outline was drawn at a liver threshold of SUV {suv}; that of today's liver is {today}. Its voxels stay. "
        "Draw it anew to follow today's liver."
    ),
}

# Cautions that only report what was used and ask nothing of anybody.
NOTES = frozenset(
    {
        "reference_time_from_acquisition",
        "reference_time_from_ge_private",
        "decay_within_frame",
        "time_zone_partly_known",
    }
)


class _Details(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "(not stated)"


class ImagingRefusal(Exception):
    """No number, and why. ``code`` is a key of ``REASONS``; ``details`` fill the sentence."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.details = details
        self.message = REASONS[code].sentence.format_map(_Details(details))
        super().__init__(f"{code}: {self.message}")


class SuvUnavailable(ImagingRefusal):
    """SUV cannot be calculated from these inputs."""


class VolumeUnavailable(ImagingRefusal):
    """The slices do not make a volume."""


class MeasurementRefused(ImagingRefusal):
    """This region, or this comparison, cannot be measured."""


def caution(code: str, **details: Any) -> Caution:
    """The caution ``code`` of ``CAUTIONS`` with its sentence filled in."""
    return Caution(code, CAUTIONS[code].format_map(_Details(details)))
