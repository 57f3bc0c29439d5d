"""What an answer shows held against what the trail says of it: the same patients, or one of the two is wrong."""

import re

from django.db.models import Max

from imaging.models import Series, UploadItem
from patients.models import AccessEvent, Patient

# Words of a world that are about a question to the cohort, not about a case.
ABOUT_NO_CASE = re.compile(r"\w+-(AGREEMENT|QUESTION|REASON|SAID|TEXT)\b")
# The filter of the cohort names every centre there is.
OF_CENTRES = re.compile(r"\w+-(AGREEMENT|CENTRE|QUESTION|REASON|TEXT)\b")
THE_TRAIL = "the trail"
READS = ["page", "list", "picture", "data", "print", "export", "display", "trail_read", "trail_export"]


def body_of(response) -> bytes:
    """Of a stream too, as often as it is asked for."""
    if not response.streaming:
        return response.content
    body = b"".join(response.streaming_content)
    response.streaming_content = [body]
    return body


class Watched:
    """Everything that was written down of one request."""

    def __enter__(self):
        self.last = AccessEvent.objects.aggregate(last=Max("id"))["last"] or 0
        return self

    def __exit__(self, *_):
        rows = AccessEvent.objects.filter(id__gt=self.last, kind__in=READS)
        self.rows = list(rows.exclude(patient=None).values_list("patient__case_number", flat=True))
        subjects = set(rows.exclude(subject="").values_list("subject", flat=True)) - {THE_TRAIL}
        self.of_no_case = {case_behind(subject): subject.rpartition(" ")[2] for subject in subjects}

    def differences(self, name: str, response) -> dict[str, set[str]]:
        written, body = set(self.rows), readable(response)
        shown = shown_in(body, OF_CENTRES if name.startswith("board:cohort") else ABOUT_NO_CASE)
        # File names are for the sender alone: to others an import of no case is named by its key.
        shown |= {case for case, key in self.of_no_case.items() if key in body}
        found = {
            "shown and not written down": shown - written - self.of_no_case.keys(),
            "written down and not shown": (written | self.of_no_case.keys()) - shown,
        }
        if len(self.rows) != len(written):
            found["written down twice"] = set(self.rows)
        return {what: cases for what, cases in found.items() if cases}


def case_behind(subject: str) -> str:
    """Of what belongs to no case yet: the world that made it, by the words of its files."""
    kind, _, pk = subject.rpartition(" ")
    if kind == "series":
        return Series.objects.get(pk=pk).study.dicom_patient_id.replace("-DICOM-", "-CASE-")
    label = UploadItem.objects.filter(upload=pk).values_list("label", flat=True).first() or ""
    word = label.removesuffix("-FILE.dcm")
    return Patient.objects.get(case_number__startswith=f"{word}-CASE-").case_number


def shown_in(body: str, about_no_case: re.Pattern[str]) -> set[str]:
    """Cases of which a word stands in the answer: each world marks all its texts with a word of its own."""
    body = about_no_case.sub("", body)
    numbers = Patient.objects.filter(case_number__contains="-CASE-").values_list("case_number", flat=True)
    return {number for number in numbers if number.split("-CASE-")[0] in body}


def readable(response) -> str:
    if 300 <= response.status_code < 400:
        return ""
    body = body_of(response)
    if response.headers.get("Content-Type", "").startswith("application/pdf"):
        return text_of_pdf(body)
    return body.decode("utf-8", "replace")


def text_of_pdf(body: bytes) -> str:
    from io import BytesIO

    from pypdf import PdfReader

    return " ".join(page.extract_text() for page in PdfReader(BytesIO(body)).pages)
