"""Why a step of the workflow was refused or held. One sentence per code, shown to the person who asked."""

SENTENCES: dict[str, str] = {
    # Work in the background
    "job_given_up": "This work stopped unexpectedly three times and was given up. Nothing was changed; ask for it "
    "again, and tell the system administrator if it happens again.",
    "job_waits_for_room": "The disk of the server is full, so this work waits. Nothing half-made was kept; it goes on "
    "by itself when there is room again. Tell the system administrator.",
    "job_cancelled": "This work was cancelled before it ended. Nothing half-made was kept; it can be started again.",
    "import_cancelled": "This import was cancelled before it ended. Series that were already stored whole are kept; "
    "the others were not added, and trying again brings them.",
    "job_has_ended": "This work has ended meanwhile, so there is nothing to cancel.",
    "job_not_ended": "Only work that failed or was cancelled can be tried again; this one waits, runs or is done.",
    # Receiving files
    "upload_closed": "This import has already been closed. Start a new one for further files.",
    "upload_empty": "This import holds no file.",
    "too_many_files": "An import takes at most 20,000 files. The remaining files were not read.",
    "upload_too_often": "Very many imports were begun within an hour. Wait a little, or put the files into one import.",
    "upload_quota": "You sent as much as one person may in a day. Go on tomorrow, or ask the system administrator.",
    "upload_too_large": "An import takes at most 4 GB. The remaining files were not read.",
    "file_empty": "The file is empty.",
    "files_not_held": "No file of this import and reason waits any more: somebody has closed them or opened them "
    "again.",
    # Archives
    "archive_opened": "The archive was opened; its files are listed one by one.",
    "archive_damaged": "The ZIP archive is damaged or not complete. Its files were not imported.",
    "archive_encrypted": "The file is encrypted inside the ZIP archive. Send it without a password.",
    "archive_method": "The file is packed with a method that is not supported. Use ordinary ZIP compression.",
    "archive_nested": "Archives inside archives are not opened. Unpack the inner one and send its files.",
    "archive_bomb": "The file unpacks to far more than its packed size, as hostile files do. It was not imported.",
    "archive_unsafe_name": "The name inside the archive points outside of it. The file was not imported.",
    "archive_link": "The entry is a link or a device, not a file. It was not imported.",
    "archive_name_twice": "The archive holds two files of this name. Only the first was imported.",
    # Identity
    "identity_id_missing": "The DICOM header has no usable patient ID. The series is held until a person confirms "
    "whose it is.",
    "identity_id_unknown": "The patient ID of the DICOM header is not known for this case. The series is held until a "
    "person confirms whose it is.",
    "identity_id_of_other_case": "The patient ID of the DICOM header belongs to another case. The series has not been "
    "added to this one.",
    "identity_birth_date_missing": "The DICOM header has the right patient ID and no birth date to compare with the "
    "chart. The series is held until a person says whose it is.",
    "identity_chart_birth_date_missing": "The chart has no exact birth date to compare the DICOM header with. Enter it "
    "in the chart, or let a person say whose the series is.",
    "identity_name_missing": "The DICOM header has the right patient ID and no name to compare. The series is held "
    "until a person says whose it is.",
    "identity_name_unknown": "No name has been confirmed under this patient ID yet, so that of the DICOM header could "
    "not be compared. The series is held until a person says whose it is; the next ones are compared with it.",
    "identity_name_differs": "The name in the DICOM header is not the one confirmed under this patient ID, or has "
    "other initials than the chart. The series has not been added.",
    "identity_birth_date_differs": "The birth date of the DICOM header differs from the chart. The series has not been "
    "added.",
    "identity_sex_differs": "The sex of the DICOM header differs from the chart. The series has not been added.",
    "identity_study_elsewhere": "This study already belongs to another case. The series has not been added.",
    "identity_scan_before_birth": "The images are dated before this patient was born. The series has not been added: "
    "its date, the birth date in the chart, or the case is wrong.",
    "identity_rejected": "A person has decided that this series is not of this patient. Brought in for another case, "
    "or taken up again on its page, it is held anew.",
    "identity_taken_up": "This series was rejected before and has been taken up again. It is held until somebody "
    "decides.",
    "identity_not_rejected": "This series is not rejected, so there is nothing to take up again.",
    "identity_taken_back": "A person took this series out of the chart it was in. It is held until somebody decides.",
    "identity_not_attached": "This series is in no chart.",
    "identity_not_waiting": "This series is not waiting for a decision on its identity.",
    "identity_second_person": "The header contradicts the chart: a second person, not the one who uploaded it, has to "
    "confirm.",
    "identity_id_taken": "The patient ID of this series is confirmed for another case. Remove that confirmation first "
    "if it is wrong.",
    # Of what is in a chart already
    "attached_birth_date_differs": "The birth date of the DICOM header is not that of the chart today. The images stay "
    "in this chart, with their numbers, until a person says whether they are of this patient.",
    "attached_sex_differs": "The sex of the DICOM header is not that of the chart today. The images stay in this "
    "chart, with their numbers, until a person says whether they are of this patient.",
    "attached_id_of_other_case": "The patient ID of the DICOM header belongs to another case today. The images stay in "
    "this chart, with their numbers, until a person says whether they are of this patient.",
    "attached_id_not_confirmed": "The patient ID of the DICOM header is not one of this case today: it was "
    "withdrawn, or the case number was changed. The images stay in this chart, with their numbers, until a person says "
    "whether they are of this patient.",
    "identity_other_chart": "These images are in the chart of another case. Type the number of that chart.",
    "identity_not_asked": "Nothing is asked about these images now: somebody has answered, or the chart was changed "
    "again.",
    "identity_asked_anew": "The chart was changed while this page was open. Look at the rows as they are now, and "
    "answer again.",
    "identity_second_person_chart": "The header contradicts the chart: a second person, who neither brought the images "
    "in nor changed the chart, has to say that they stay.",
    "slice_repeated": "The same image is here under another SOP Instance UID; it is used once.",
    "images_rejected": "A person has decided that these images are not used. They can be taken up again on their page.",
    # What people do
    "not_permitted": "Your role does not permit this.",
    "case_not_found": "There is no case of this number that you may open.",
    "reason_missing": "Give a reason; it is kept with the change.",
    "suv_input_unknown": "This is not an input of the SUV calculation that can be corrected.",
    "suv_input_invalid": "The value is not plausible for this input. Check its unit.",
    "series_not_pet": "Only a PET series has SUV inputs.",
    "voi_without_lesion": "Say which lesion this volume of interest marks.",
    "voi_of_other_patient": "This lesion belongs to another patient than the scan.",
    "voi_parameter_invalid": "The contour needs a parameter: percent of the maximum (1 to 99), or an SUV above 0.",
    "voi_size_invalid": "The radius must lie between 1 and 500 mm.",
    "voi_of_other_scan": "Choose two different regions of the same scan.",
    "regions_of_two_kinds": "Only regions of one kind are joined: two of lesions, or two of one reference organ.",
    "outline_not_moved": "An outline is voxels, so it is not moved by a centre and a radius. Change it by one of its "
    "own steps, or give the region another method.",
    "region_changed": "This region was changed or taken away meanwhile. Reload the page and look before changing it.",
    "version_unknown": "This region has no earlier version of that moment.",
    "version_is_current": "The region already is as it was then.",
    "region_back_already": "This region was brought back already.",
    "scan_without_suv": "This scan has no SUV now, so nothing can be outlined on it.",
    "liver_not_measured": "There is no measured liver reference on this scan to take the threshold from.",
    "proposal_decided": "Somebody has decided this proposal meanwhile. Reload the page to see how.",
    "proposal_outdated": "This proposal rests on images or inputs that have changed. Reload the page for the new one.",
    "proposal_refused": "There is no region in this proposal to accept; its sentence says why.",
    "proposal_not_lesion": "A reference organ cannot become a lesion.",
    "match_decided": "Somebody has confirmed or corrected this match meanwhile. Reload the page to see how.",
    "match_not_confirmed": "Only a match that was confirmed as proposed is taken back; this one is not.",
    "finding_changed": "Somebody recorded more of this lesion on this scan meanwhile. Change its finding on the "
    "scan page.",
    "match_without_region": "Say which region of this scan is the lesion, or give another status.",
    "lesion_taken_back": "This lesion was taken back meanwhile. Reload the page and choose another one.",
    "lesion_label_missing": "A new lesion needs its organ.",
    "lesion_label_taken": "Another lesion of this patient has or had this label. Choose another, or none.",
    "scan_without_pet": "This scan has no PET series to measure.",
    "export_without_lesions": "There is no measured lesion on this scan to export.",
    "export_provisional": "The SUV of this scan is provisional. Confirm its inputs first: an archive cannot take a "
    "number back.",
    "export_lesion_unmeasured": "A lesion has a region that cannot be measured today; without it the export would say "
    "that it is not there. Mend or take away that region first.",
    "export_header_unreadable": "The header of the images could not be read again, so an archive could not file "
    "what is written. Send the images again.",
    "export_refused": "These lesions cannot be written as one DICOM object: one lies outside the images, or two share "
    "a tracking UID.",
    "reading_signed": "This reading is signed and can no longer be changed. Amend it instead.",
    "reading_not_signed": "Only a signed reading can be amended; this one is still a draft.",
    "reading_amended": "This reading already has an amendment. Continue with that one.",
    "cold_lesions_not_answered": "Before signing, say whether there are lesions on CT, FDG or the previous scan "
    "without uptake: none, listed, or not assessed. Uptake alone cannot show that the list is complete.",
    "fdg_only_on_fdg": "FDG by eye is stated in the reading of the FDG scan.",
    "fdg_has_no_krenning": "This is an FDG scan: it has no Krenning score. State FDG by eye instead.",
    "netpet_needs_pair": "A NETPET class needs an SSTR scan to pair this FDG scan with.",
    "reading_empty": "The reading has no scored lesion.",
    "reading_incomplete": "The reading cannot be signed yet.",
    "reading_changed": "This part of the reading was changed by {by} at {at}. Look at the new state before saving.",
    "reading_numbers_changed": "The numbers beside this reading have changed since they were shown. Look at them "
    "before signing.",
    "numbers_computing": "Numbers of this scan are being computed. Sign when they are there; a job that has stopped "
    "can be tried again from the work list.",
    "numbers_given_up": "Numbers of this scan are missing, because their computation ended without a result. Try it "
    "again; the reading can be signed when they are there.",
    "lesions_unread": "Still to read: {labels}. Score each lesion, or write why it has no score.",
    "difference_reason_missing": "The score differs from the computed one without a reason: {labels}.",
    "quality_missing": "Say how good the images are: good, limited or non-diagnostic.",
    "quality_note_missing": "Say what limits the images.",
    "ssa_missing": "Say which somatostatin analogue was given last before the scan and when, or that none was, or that "
    "it is unknown. It changes the uptake of the liver.",
    "ssa_injection_missing": "Give the drug and the day of the last somatostatin analogue before the scan, or say that "
    "they are unknown.",
    "ssa_before_birth": "This day lies before the patient was born. If it is right, enter the injection on the page of "
    "data entry with the reason in its note, and choose it here.",
    "ssa_after_scan": "This injection was after the scan. Give the last one before it.",
    "extravasation_missing": "Say whether tracer was extravasated: none, suspected, seen or unknown.",
    "answer_unknown": "This answer is not one of those offered.",
    "lesion_has_score": "A reading scores this lesion, so it stays. Say on the scan that it has resolved instead.",
    "scale_unknown": "This Krenning scale is not known here.",
    "score_out_of_range": "A Krenning score lies between 0 and 4, the lowest not above the highest.",
    "score_contradicts_relation": "The relation to the liver does not fit the score on this scale.",
}


def sentence(code: str) -> str:
    return SENTENCES[code]


class Refused(Exception):
    """The step was not taken and nothing was changed."""

    def __init__(self, code: str, **details: str):
        super().__init__(code)
        self.code = code
        self.message = sentence(code).format(**details)

    def __str__(self) -> str:
        return self.message
