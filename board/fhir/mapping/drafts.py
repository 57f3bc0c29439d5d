"""What a resource says, on its way to a row; and the ways in which it does not become one."""

from dataclasses import dataclass, field
from typing import Any

SKIPPED, REFUSED = "skipped", "refused"
ITSELF = "itself"

# code -> (what becomes of the resource, sentence). "{}" is filled with what it is about.
REASONS: dict[str, tuple[str, str]] = {
    "kind_not_read": (SKIPPED, "Resources of this kind are not read here."),
    "imaging_not_read": (SKIPPED, "Scans, lesions and what was measured or read come in as DICOM, not from a bundle."),
    "decision_not_read": (SKIPPED, "What a board decided is recorded by a board, not from a bundle."),
    "observation_not_read": (SKIPPED, "This is no observation that is recorded here."),
    "loinc_unsure": (SKIPPED, "The meaning of this LOINC code has not been looked up here, so it is not read."),
    "condition_not_net": (SKIPPED, "Only neuroendocrine tumours (SNOMED CT 255046005) are recorded as a diagnosis."),
    "procedure_not_read": (SKIPPED, "Procedures are read only where our own code says which treatment they were."),
    "status_not_final": (SKIPPED, "Its status says that it is not final, or did not take place."),
    "entered_in_error": (SKIPPED, "Its sender says that it was entered in error."),
    "not_r4b": (REFUSED, "R4B has no resource of this kind."),
    "structure": (REFUSED, "It does not have the structure of R4B, at: {}."),
    "text_not_storable": (REFUSED, "It holds control characters or broken characters, which cannot be stored."),
    "id_twice": (REFUSED, "Another entry of the bundle has the same id: which one is meant cannot be told."),
    "subject_missing": (REFUSED, "It does not say whose it is."),
    "subject_is_another": (REFUSED, "It is about somebody else than the patient of this bundle."),
    "value_missing": (REFUSED, "It has no value and does not say why."),
    "value_absent": (SKIPPED, "It says itself that there is no value."),
    "value_kind": (REFUSED, "Its value is of a kind that is not read here."),
    "comparator": (REFUSED, "Its value is a limit of a kind that is not kept here (only < and >)."),
    "unit_missing": (REFUSED, "Its value has no unit, and none is guessed."),
    "unit_unknown": (REFUSED, "Its unit “{}” is not known for this value, and none is converted on a guess."),
    "unit_contradicts_code": (REFUSED, "Its LOINC code and its unit “{}” speak of different quantities (mass, moles)."),
    "codes_contradict": (REFUSED, "Its codes say different things."),
    "reference_range": (REFUSED, "The limits of its reference range are in another unit than its value."),
    "date_refused": (REFUSED, "Its date is not one that is recorded here: {}."),
    "date_missing": (REFUSED, "It has no date and does not say that the date is unknown."),
    "extension_refused": (REFUSED, "Our extension “{}” in it does not hold what it is for."),
    "code_unknown": (REFUSED, "Our code “{}” in it is not one we know."),
    "site_not_stated": (REFUSED, "It does not state the primary site by a code that is known here."),
    "ki67_refused": (REFUSED, "Its Ki-67 is not understood: {}"),
    "ki67_contradicts": (REFUSED, "Its Ki-67 value, its text and its limits do not say the same."),
    "said_twice": (REFUSED, "Another entry has stated the same of this specimen: {}."),
    "specimen_missing": (REFUSED, "The specimen it was found in is not in the bundle, or was not taken over."),
    "line_missing": (REFUSED, "The treatment line it is part of is not in the bundle, or was not taken over."),
    "drug_not_stated": (REFUSED, "It does not name the drug in words or by a code that is known here."),
    "treatment_class_unknown": (REFUSED, "What class of treatment “{}” is cannot be told from its name."),
    "administration_is_no_line": (REFUSED, "One administration of a drug is no treatment line: it has no period."),
    "cycle_number_missing": (REFUSED, "The number of the PRRT cycle is not said, and is never guessed."),
    "not_accepted": (REFUSED, "{}"),
}


class NotTaken(Exception):
    """A resource that becomes no row; ``code`` is one of REASONS."""

    def __init__(self, code: str, about: str = "") -> None:
        self.outcome, sentence = REASONS[code]
        self.code, self.sentence = code, sentence.replace("{}", about[:300])
        super().__init__(code)


@dataclass
class Draft:
    """Values of one row of ``model``; where ``part_of`` is set, a part of the row of that specimen.

    ``part_of`` is the address of the specimen, or ITSELF. ``alone`` is added where that specimen is not in the bundle.
    ``needs`` maps a foreign key to the address of the resource it leads to. ``said`` is what a person should know of
    the way the values were read.
    """

    model: str
    values: dict[str, Any]
    part_of: str = ""
    alone: dict[str, Any] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)
    said: str = ""
