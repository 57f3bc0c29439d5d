"""Write lesions as DICOM objects: a segmentation, a TID 1500 report, a key object selection "For Tumor Board".

All UIDs are made from what they name and all times are the author's, so writing the same thing twice gives the same
files. highdicom takes a second to import, so it is imported when something is written.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code as DicomCode
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

from imaging.dicom_export import make_uid
from imaging.dicom_export_frames import fill, placeholders, used_slices
from imaging.dicom_export_groups import dicom_code, measurement_group
from imaging.object_export import PRIVATE_SCHEME, Author, ExportRefused, Filing, LesionExport, SourceSeries

MANUFACTURER, MODEL = "PRRT Board", "PRRT Board"
SEG_NUMBER, REPORT_NUMBER, KEY_OBJECT_NUMBER = 901, 902, 903
MAX_LESIONS = 1024

_CATEGORY = DicomCode("49755003", "SCT", "Morphologically Abnormal Structure")
_TUMOUR_STUDY = DicomCode("241443006", "SCT", "Positron emission tomography study for localization of tumor")
_FOR_TUMOUR_BOARD = DicomCode("128203", "DCM", "For Tumor Board")
_FILED = (
    (0x00100010, "PN", "patient_name"),
    (0x00080090, "PN", "referring_physician"),
    (0x00080020, "DA", "study_date"),
    (0x00080030, "TM", "study_time"),
    (0x00200010, "SH", "study_id"),
    (0x00081030, "LO", "study_description"),
    (0x00080050, "SH", "accession_number"),
)
_ALGORITHM_FAMILY = DicomCode("123101", "DCM", "Neighborhood Analysis")


def lesion_segmentation(source: SourceSeries, lesions: Sequence[LesionExport], author: Author, *, key: str) -> Dataset:
    """A BINARY segmentation on the grid of the PET, one segment per lesion. ``key`` names what is written (a reading).

    Raises ``ExportRefused``.
    """
    import highdicom as hd

    _check(source, lesions)
    used = used_slices(source, lesions)
    images = [_image(source, k) for k in used]
    written = hd.seg.Segmentation(
        source_images=images,
        pixel_array=placeholders(source, lesions, used),
        segmentation_type="BINARY",
        segment_descriptions=[_description(lesion) for lesion in lesions],
        series_instance_uid=make_uid(source.series_uid, key, "seg", "series"),
        series_number=SEG_NUMBER,
        sop_instance_uid=make_uid(source.series_uid, key, "seg"),
        instance_number=1,
        content_label="LESIONS",
        content_description="Lesions measured for the tumour board",
        content_creator_name=_person(author),
        series_description="Lesions",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **_equipment(author),
    )
    fill(written, source, lesions)
    measures = written.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.SpacingBetweenSlices = _ds(source.slice_spacing)  # highdicom writes 1 mm for a lesion in one slice
    _fix_dimension(written, make_uid(source.series_uid, key, "seg", "dimension"))
    return _finished(written, source, author)


def lesion_report(
    source: SourceSeries, lesions: Sequence[LesionExport], segmentation: Dataset, author: Author, *, key: str
) -> Dataset:
    """A TID 1500 report (Comprehensive 3D SR) with one volumetric group per lesion that has ``numbers``."""
    import highdicom as hd

    measured = [lesion for lesion in lesions if lesion.numbers is not None]
    if not measured:
        raise ExportRefused("No lesion has a measurement.")
    report = hd.sr.MeasurementReport(
        observation_context=_observers(author),
        procedure_reported=_TUMOUR_STUDY,
        imaging_measurements=[measurement_group(source, lesion, segmentation) for lesion in measured],
        title=DicomCode("126000", "DCM", "Imaging Measurement Report"),
    )
    written = hd.sr.Comprehensive3DSR(
        evidence=[*(_image(source, k) for k in range(len(source.slices))), segmentation],
        content=report[0],
        series_instance_uid=make_uid(source.series_uid, key, "sr", "series"),
        series_number=REPORT_NUMBER,
        sop_instance_uid=make_uid(source.series_uid, key, "sr"),
        instance_number=1,
        is_complete=True,
        performed_procedure_codes=[_TUMOUR_STUDY],
        series_description="Lesion measurements",
        **_equipment(author),
    )
    written.CodingSchemeIdentificationSequence = [_private_scheme()]
    return _finished(written, source, author)


def for_tumour_board(
    source: SourceSeries, objects: Sequence[Dataset], author: Author, *, key: str, description: str = ""
) -> Dataset:
    """A key object selection that names the PET and ``objects`` (segmentation, report) for the tumour board."""
    import highdicom as hd

    referenced = [*(_image(source, k) for k in range(len(source.slices))), *objects]
    content = hd.ko.KeyObjectSelection(
        document_title=_FOR_TUMOUR_BOARD,
        referenced_objects=referenced,
        observer_person_context=_person_observer(author),
        description=description or None,
    )
    written = hd.ko.KeyObjectSelectionDocument(
        evidence=referenced,
        content=content,
        series_instance_uid=make_uid(source.series_uid, key, "ko", "series"),
        series_number=KEY_OBJECT_NUMBER,
        sop_instance_uid=make_uid(source.series_uid, key, "ko"),
        instance_number=1,
        series_description="For Tumor Board",
        **_equipment(author),
    )
    return _finished(written, source, author)


def to_bytes(written: Dataset) -> bytes:
    """The object as a file."""
    out = BytesIO()
    written.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _check(source: SourceSeries, lesions: Sequence[LesionExport]) -> None:
    if [lesion.number for lesion in lesions] != list(range(1, len(lesions) + 1)):
        raise ExportRefused("Lesions are numbered from 1 without gaps.")
    if not lesions or not all(lesion.mask.voxels.any() for lesion in lesions):
        raise ExportRefused("There is no lesion, or one has no voxel.")
    if len(lesions) > min(MAX_LESIONS, source.rows * source.columns):
        raise ExportRefused(f"More than {MAX_LESIONS} lesions do not fit into one object.")
    if len({lesion.tracking_uid for lesion in lesions}) < len(lesions):
        raise ExportRefused("Two lesions carry the same tracking UID.")
    for lesion in lesions:
        if any(stop > size for stop, size in zip(lesion.mask.bounds.stop, source.shape, strict=True)):
            raise ExportRefused("A lesion lies outside the images.")
        if lesion.algorithm_type != "MANUAL" and not (lesion.algorithm_name and lesion.algorithm_version):
            raise ExportRefused("An outline that is not manual needs the name and version of its method.")


def _image(source: SourceSeries, k: int) -> Dataset:
    """What highdicom wants to know of a PET slice. No name: highdicom may put it into a warning."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = source.sop_class_uid, source.slices[k].sop_uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = source.study_uid, source.series_uid
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = source.frame_of_reference_uid, ""
    ds.Modality = "PT"
    ds.PatientName, ds.PatientID, ds.PatientSex = "", source.patient_id, source.sex
    if source.issuer:
        ds.IssuerOfPatientID = source.issuer
    ds.PatientBirthDate = f"{source.birth_date:%Y%m%d}" if source.birth_date else ""
    ds.StudyDate = ds.StudyTime = ds.StudyID = ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.Rows, ds.Columns = source.rows, source.columns
    ds.PixelSpacing = [_ds(v) for v in source.pixel_spacing]
    ds.SliceThickness = _ds(source.slice_spacing)
    ds.ImageOrientationPatient = [_ds(v) for v in source.orientation]
    ds.ImagePositionPatient = [_ds(v) for v in source.slices[k].position]
    return ds


def _description(lesion: LesionExport) -> Any:
    import highdicom as hd

    algorithm = None
    if lesion.algorithm_type != "MANUAL":
        algorithm = hd.AlgorithmIdentificationSequence(
            name=lesion.algorithm_name, version=lesion.algorithm_version, family=_ALGORITHM_FAMILY
        )
    return hd.seg.SegmentDescription(
        segment_number=lesion.number,
        segment_label=lesion.label[:64],
        segmented_property_category=_CATEGORY,
        segmented_property_type=dicom_code(lesion.finding),
        algorithm_type=lesion.algorithm_type,
        algorithm_identification=algorithm,
        tracking_uid=lesion.tracking_uid,
        tracking_id=lesion.tracking_id[:64],
        anatomic_regions=[dicom_code(lesion.finding_site)] if lesion.finding_site else None,
    )


def _observers(author: Author) -> Any:
    import highdicom as hd

    device = hd.sr.ObserverContext(
        observer_type=DicomCode("121007", "DCM", "Device"),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=author.device_uid or make_uid("device", author.software_version),
            name=MODEL,
            manufacturer_name=MANUFACTURER,
            model_name=MODEL,
        ),
    )
    return hd.sr.ObservationContext(observer_person_context=_person_observer(author), observer_device_context=device)


def _person_observer(author: Author) -> Any:
    import highdicom as hd

    return hd.sr.ObserverContext(
        observer_type=DicomCode("121006", "DCM", "Person"),
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=_person(author)),
    )


def _equipment(author: Author) -> dict[str, Any]:
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL,
        "software_versions": author.software_version,
        "device_serial_number": "1",
    }


def _person(author: Author) -> str:
    """A label as a person name: its family name component, without what would split it."""
    plain = "".join(" " if c in "^=\\" else c for c in author.name if c.isprintable()).strip()
    return f"{plain[:60] or 'unnamed'}^"


def _finished(written: Dataset, source: SourceSeries, author: Author) -> Dataset:
    """Everything that highdicom takes from the clock or at random, from the author instead."""
    day, clock = f"{author.created_at:%Y%m%d}", f"{author.created_at:%H%M%S}"
    written.InstanceCreationDate = written.ContentDate = written.SeriesDate = day
    written.InstanceCreationTime = written.ContentTime = written.SeriesTime = clock
    for equipment in written.get("ContributingEquipmentSequence", []):
        equipment.ContributionDateTime = f"{day}{clock}"
    if source.issuer:
        written.IssuerOfPatientID = source.issuer
    _file_as(written, source.filing)
    return written


def _file_as(written: Dataset, filing: Filing) -> None:
    """As in the images, letter for letter. Not validated: that would put a name into a warning."""
    for tag, vr, name in _FILED:
        if value := getattr(filing, name):
            written[tag] = DataElement(tag, vr, value, validation_mode=config.IGNORE)


def _fix_dimension(written: Dataset, uid: str) -> None:
    for item in (*written.DimensionOrganizationSequence, *written.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid


def _private_scheme() -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator, item.CodingSchemeName = PRIVATE_SCHEME, "PRRT Board codes"
    item.CodingSchemeUID = make_uid("coding scheme", PRIVATE_SCHEME)
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    return item


def _ds(value: float) -> DSfloat:
    return DSfloat(float(value), auto_format=True)
