"""The sinks a value of a case must never reach, watched while everything is asked and everything fails."""

import base64
import io
import json
import logging
import os
import re
import tempfile
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core import mail

from config.logs import JsonLines, Text
from imaging.framing import HEAD
from patients.domain.roles import Role
from tests.contracts import canary_fields
from tests.contracts.routes import ROUTES, Rule
from tests.imaging.phantom import write_pet
from tests.imaging.phantom_objects import write_report, write_rtstruct, write_seg
from tests.processes.canary.words import BIRTH, WORD, YEARS

# Every field any form of ours has, filled with words of the case.
FIELDS = (
    "q", "text", "reason", "note", "name", "value", "case", "question", "outcome", "owner", "title", "label", "comment",
    "said", "who", "what", "kind", "state", "place", "justification", "password", "minuted", "reviewer", "why", "code",
    "hash", "content", "base", "seen", "rationale", "conditions", "dissent", "key", "date", "day", "due", "username",
)  # fmt: skip
TYPED = {field: f"{WORD}-TYPED-{field}" for field in FIELDS}
TITLE = re.compile(
    r"<title>(.*?)</title>", re.DOTALL
)  # a browser keeps it in its history, and as the name of what it prints
DAYS_OF = [year.decode() for year in YEARS if year.isdigit()]
ADDRESS = re.compile(r'(?:href|src|action|formaction|data-[a-z-]*url)="([^"]*)"')


@cache
def _words() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Days of the case, and all its other words."""
    said = [word for word in canary_fields.words() if isinstance(word, str)]
    days = tuple(word for word in said if any(year in word for year in DAYS_OF))
    return days, tuple(word for word in said if word not in days)


def has_a_word(text: str) -> bool:
    """Days are looked for where a year of theirs is: few texts have one."""
    days, others = _words()
    return any(word in text for word in others) or (
        any(year in text for year in DAYS_OF) and any(day in text for day in days)
    )


class FailsAfterTheView:
    """Every page is made and then breaks, its words in the error and in the frame that raised it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        answer = view(request, *args, **kwargs)
        what_was_on_the_page = f"{WORD} 1901-02-03 {answer}"
        raise RuntimeError(f"could not show {what_was_on_the_page}")


class Sinks:
    """``hits``: sink -> where a word was found. Nothing at the beginning of a test is looked at."""

    def __init__(self, scratch: Path):
        self.scratch = scratch
        self._lines, self._handlers = io.StringIO(), []
        self._commands: set[str] = set()
        self._addresses: set[str] = set()
        self._names: set[str] = set()
        self._titles: set[str] = set()
        self.answers_to_strangers: list[str] = []
        self._seen_before = set(_files(Path(settings.DATA_DIR)))

    def __enter__(self) -> "Sinks":
        root = logging.getLogger()
        self._level, root_level = root.level, logging.DEBUG
        for formatter in (JsonLines(), Text()):
            handler = logging.StreamHandler(self._lines)
            handler.setFormatter(formatter)
            root.addHandler(handler)
            self._handlers.append(handler)
        root.setLevel(root_level)
        self._requests = logging.getLogger("prrt.request").level
        logging.getLogger("prrt.request").setLevel(logging.DEBUG)
        self.scratch.mkdir()
        self._scratch_before, tempfile.tempdir = tempfile.tempdir, str(self.scratch)
        return self

    def __exit__(self, *_exc) -> None:
        root = logging.getLogger()
        for handler in self._handlers:
            root.removeHandler(handler)
        root.setLevel(self._level)
        logging.getLogger("prrt.request").setLevel(self._requests)
        tempfile.tempdir = self._scratch_before

    @property
    def lines(self) -> str:
        return self._lines.getvalue()

    def look(self, response=None) -> None:
        """What is seen only at this moment: processes, and where an answer points to."""
        if response is None:  # at every answer it would cost more than the answer
            self._commands |= set(_commands())
            return
        self._addresses |= {response.headers.get("Location", "")}
        self._names |= {response.headers.get("Content-Disposition", "")}
        if response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
            page = response.content.decode()
            self._addresses |= set(ADDRESS.findall(page))
            self._titles |= {without_number(title) for title in TITLE.findall(page)[:1]}  # those of a chart come later

    def hits(self) -> dict[str, list[str]]:
        new = set(_files(Path(settings.DATA_DIR))) - self._seen_before
        scratch = list(_files(self.scratch))
        texts = {
            "log": self._lines.getvalue().splitlines(),
            "message to the worker": [_opened(path) for path in new if "broker" in path.parts],
            "name of a file": [str(path.relative_to(settings.DATA_DIR)) for path in new],
            "temporary file": [f"{path.name} {path.read_bytes().decode('latin-1')}" for path in scratch],
            "arguments of a process": list(self._commands),
            "address": [address for address in self._addresses if not names_the_case_only(address)],
            "name of a download": list(self._names),
            "title of a page": list(self._titles),
            "mail": [f"{one.subject} {one.body} {one.to}" for one in mail.outbox],
            "answer to a stranger": self.answers_to_strangers,
        }
        found = {sink: [text[:300] for text in texts_ if has_a_word(text)] for sink, texts_ in texts.items()}
        return {sink: where for sink, where in found.items() if where}


def names_the_case_only(address: str) -> bool:
    """The number of a case stands in its address and nothing else of it does; the addresses of images have not even that."""
    if "/imaging/" in address and "?case=" not in address:
        return WORD not in address
    if address.startswith("mailto:"):  # opened by a person in their own program; it holds the number of the case
        return True
    if address.startswith(("/patients/?", "/trail/")):  # what somebody typed into the search; see docs/hardening.md
        address = re.sub(r"[?&;](?:q|case)=[^&]*", "", address)
    return not has_a_word(without_number(address))


def without_number(text: str) -> str:
    return re.sub(rf"{WORD}-CASE-\d+", "", text)


def _files(folder: Path):
    for root, _, names in os.walk(folder):
        yield from (Path(root) / name for name in names)


def _commands():
    """Arguments and environment of this process and of all that it started."""
    own = os.getpgid(0)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if os.getpgid(int(process.name)) == own or _started_here(process):
                yield (process / "cmdline").read_bytes().decode("latin-1")
        except OSError:
            continue


def _started_here(process: Path) -> bool:
    parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    return int(parent) == os.getpid()


def _opened(path: Path) -> str:
    """A message as the worker reads it."""
    try:
        text = path.read_text()
        return text + base64.b64decode(json.loads(text)["body"]).decode()
    except (ValueError, KeyError, TypeError, OSError):
        return path.read_bytes().decode("latin-1") if path.is_file() else ""


def allowed() -> list[tuple[str, Rule, str, list[Role]]]:
    """Every view with each method it takes, and the roles that may use it so."""
    return [
        (name, rule, method, sorted(roles))
        for name, rules in ROUTES.items()
        for rule in rules
        for method, roles in (("get", rule.get), ("post", rule.post))
        if roles
    ]


def body_of(paths: list[Path]) -> bytes:
    """As the browser's door takes it, each file under a label of the case."""
    whole = b""
    for number, path in enumerate(paths):
        label, data = f"{WORD}-FILE-{number}.dcm".encode(), path.read_bytes()
        whole += HEAD.pack(len(label), len(data)) + label + data
    return whole


def sent_files(folder: Path) -> list[Path]:
    """A series, objects of another workstation, and files of every way to be wrong."""
    paths = write_pet(folder, "zq", patient_id=f"{WORD}-ID", family_name=f"{WORD}^NAME", birth_date=BIRTH)
    who = {"PatientName": f"{WORD}^NAME", "PatientID": f"{WORD}-ID", "PatientBirthDate": "19010203"}
    drawn = [write(folder, "zq", **who) for write in (write_seg, write_rtstruct, write_report)]
    cut, none = folder / "cut.dcm", folder / "none.dcm"
    cut.write_bytes(paths[0].read_bytes()[:-300])
    none.write_bytes(f"{WORD} 1901-02-03 not DICOM".encode())
    header_only = folder / "short.dcm"
    header_only.write_bytes(paths[1].read_bytes()[:900])
    return [*paths, *drawn, cut, none, header_only]
