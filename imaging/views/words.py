"""A reason code in words: what happened, what was not done, who can fix it, and the tag for the physicist."""

from dataclasses import dataclass

from imaging.reasons import REASONS
from imaging.refused import SENTENCES

PAGE_SENTENCES = {
    "upload_interrupted": "The connection ended inside a file. Nothing of this part was kept; it can be sent again.",
    "body_unreadable": "The files did not arrive in a form this server reads. Reload the page and send them again.",
}
NO_SENTENCE = "This could not be done."


@dataclass(frozen=True)
class Words:
    code: str
    sentence: str
    not_done: str = ""
    who_can_fix: str = ""
    tag: str = ""
    title: str = ""
    action: str = ""
    href: str = ""

    def json(self) -> dict:
        return {"code": self.code, "sentence": self.sentence}


def explain(code: str, message: str = "", *, title: str = "", detail: str = "") -> Words:
    """``message`` is a stored sentence with its details filled in; the catalogues have the rest."""
    reason = REASONS.get(code)
    if reason is None:
        sentence = message or SENTENCES.get(code) or PAGE_SENTENCES.get(code) or NO_SENTENCE
        return Words(code, sentence, title=title)
    details = _Stated(detail=detail) if detail else _Stated()
    sentence = message or reason.sentence.format_map(details)
    return Words(code, sentence, reason.not_done, reason.who_can_fix, reason.tag.format_map(details), title)


class _Stated(dict):
    def __missing__(self, key: str) -> str:
        return "(not stated)"
