"""Files that come late for a series which is here: what must not join it is kept and held, in no series.

The UIDs, the patient ID, the birth date and the sex of such a file are those of the series. Whoever confirmed the
series saw one name; another one may be another person's. Nor did they see a file that comes now and has to be looked
at. And whoever names another case, or may not open the chart that the series is in or held for, adds nothing to it and
learns nothing of its name.
"""

from collections.abc import Collection, Iterable, Set

from imaging import sandbox, store
from imaging.assemble import doubt_about
from imaging.domain import names
from imaging.instances import FileRefusal, ParsedInstance
from imaging.models import Instance, Series, Upload, UploadItem
from patients.models import Patient

OTHER_NAME, OTHER_CHART = FileRefusal("late_name_differs"), FileRefusal("late_series_elsewhere")
UNREADABLE, UNSEEN = FileRefusal("late_series_unreadable"), FileRefusal("late_not_looked_at")


def is_elsewhere(series: Iterable[Series], upload: Upload) -> bool:
    """True where one of them is in a chart that is not the chosen one, or in or held for one that the sender may not
    open."""
    series = list(series)
    attached = [one for one in series if one.identity == Series.Identity.ATTACHED]
    if upload.patient_id and any(one.candidate_patient_id != upload.patient_id for one in attached):
        return True
    cases = {one.candidate_patient_id for one in series} - {None}
    return not cases <= set(Patient.objects.visible_to(upload.by).filter(pk__in=cases).values_list("pk", flat=True))


def is_unseen(late: ParsedInstance, stored: Set[str]) -> bool:
    """True for a file that a person has to look at; ``stored``: why they had to look at those of the series."""
    code = doubt_about([late])
    return bool(code) and code not in stored


def is_called_otherwise(name_print: str, stored: Collection[str]) -> bool:
    """True where no stored file of the series has such a name; nothing stored contradicts nothing."""
    return bool(stored) and not any(names.is_alike(name_print, one) for one in stored)


def prints_of(series: Series) -> list[str]:
    """As the stored files say it under today's key; what can no longer be read says nothing."""
    files = Instance.objects.filter(series=series).values_list("sha256", flat=True)
    parsed = sandbox.parse_files([store.path(sha256) for sha256 in files])
    return [one.name_print for one in parsed if not isinstance(one, FileRefusal)]


def hold(items: Iterable[UploadItem], refusal: FileRefusal) -> list[UploadItem]:
    """The items with their outcome, not saved yet."""
    held = list(items)
    for item in held:
        item.outcome, item.reason_code, item.series = UploadItem.Outcome.HELD, refusal.code, None
        item.detail, item.differences = "", []
    return held
