"""What an answer shows held against what the trail says of it: the same patients, or one of the two is wrong."""

from django.db.models import Max

from patients.models import AccessEvent, Patient

# Answers about a patient in which no word of him stands: pixels, outlines, scores. The reason is why they count.
WITHOUT_WORDS = {
    "imaging:mip": "a picture of the patient",
}


def body_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


class Watched:
    """Everything that was written down of one request."""

    def __enter__(self):
        self.last = AccessEvent.objects.aggregate(last=Max("id"))["last"] or 0
        return self

    def __exit__(self, *_):
        rows = AccessEvent.objects.filter(id__gt=self.last).exclude(patient=None)
        self.rows = list(rows.values_list("patient__case_number", flat=True))

    def differences(self, name: str, response) -> dict[str, set[str]]:
        written, shown = set(self.rows), shown_in(response)
        found = {"shown and not written down": shown - written}
        if name not in WITHOUT_WORDS:
            found["written down and not shown"] = written - shown
        if len(self.rows) != len(written):
            found["written down twice"] = set(self.rows)
        return {what: cases for what, cases in found.items() if cases}


def shown_in(response) -> set[str]:
    """Cases of which a word stands in the answer: each world marks all its texts with a word of its own."""
    body = readable(response)
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
