"""Code in every free text of every row and every text tag of a header: on no page does it run, or become an element."""

import os
from io import BytesIO

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pypdf import PdfReader

from board.append_only import lifted
from board.models import AgendaItem, Meeting, ScreenState
from board.pairing import pair
from imaging import dicom
from imaging.dicom import RawElements
from imaging.models import Scan, Series, Upload
from patients.domain.roles import Role
from patients.models import Patient, User
from patients.services import grant_access
from tests.board.factories import published_case
from tests.board.meeting_factories import make_item, make_meeting
from tests.contracts.routes import ROUTES
from tests.contracts.test_admin_leaks import addresses as addresses_of_the_desk
from tests.contracts.world import make_world
from tests.imaging.dicom_files import pet_slice, radiopharmaceutical, to_bytes, write
from tests.imaging.people import importer
from tests.imaging.zoo.box import raw
from tests.journeys.hostile import (
    PAYLOADS,
    STRANGE,
    WATCH,
    fill,
    hostile,
    name_of,
    our_models,
    poison,
    poison_leaves,
    poisoned_fields,
    text_fields,
)
from tests.journeys.hostile_words import FREE, NO_IMAGE_WITH_IT, NO_PAGE, OF_LISTS, SAID_IN_JSON, TABS, WORDS
from tests.patients.factories import make_user

LONGEST = {"PN": 64, "LO": 64, "SH": 16, "LT": 500, "CS": 64, "UT": 64}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def expected_errors():
    """The same test counts what the policy stopped; that a poisoned picture or word list is refused is no script of ours."""
    return ["Content Security Policy", "Failed to load resource", "[object"]


@pytest.fixture
def pages(page):
    page.add_init_script(WATCH)
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    return page, said


def seen(page, said, address: str) -> dict:
    page.goto(address, wait_until="load")
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
    found = page.evaluate(STRANGE, None)
    return {key: found[key] for key in ("strange", "ran", "stopped") if found[key]} | (
        {"dialogs": said[:]} if said else {}
    )


def enter(page, live_server, user) -> None:
    """Signed in without the form, whose page is looked at by itself."""
    client = Client()
    client.force_login(user)
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


@pytest.fixture
def poisoned(transactional_db, tmp_path):
    """Somebody's world, a rich case, a running meeting with a display, an import, and in every free text of them code."""
    users = {role: make_user(role.value) for role in (Role.NUCLEAR_MEDICINE, Role.COORDINATOR, Role.SYSTEM_ADMIN)}
    world = make_world("W", users[Role.NUCLEAR_MEDICINE])
    reader, rich = published_case()
    for user in users.values():
        for by, patient in ((reader, rich), (world.owner, world.patient)):
            grant_access(by=by, patient=patient, kind="board", user=user, reason="sits on the board")
    meeting = make_meeting(users[Role.COORDINATOR], state="running")
    item = make_item(meeting, rich, users[Role.COORDINATOR])
    upload = hostile_import(users[Role.NUCLEAR_MEDICINE], tmp_path)
    with lifted():
        shown = Scan.objects.filter(patient=world.patient, pet_series__isnull=False).latest("clinical_date").pet_series
        fill({Patient: rich, User: world.owner, Meeting: meeting, AgendaItem: item, Series: shown})
    taken = poison()
    assert poison_leaves() >= SAID_IN_JSON, "a text within a JSON value that no page was asked with"
    every = {name_of(field) for model in our_models() for field in poisoned_fields(model)}
    assert every - taken == set(), "a text that no page was asked with: a row of it, or its name in hostile_words"
    return users, world, rich, meeting, item, upload


def hostile_import(by: User, folder) -> Upload:
    made = [pet_with(folder, "free", FREE), *(pet_with(folder, name, [name]) for name in OF_LISTS)]
    paths = [path for series in made for path in series]
    labels = [f"{PAYLOADS[n % len(PAYLOADS)]} {n}.dcm" for n in range(len(paths))]
    upload = importer(by)(paths, by=by, labels=labels)
    assert Series.objects.filter(upload_items__upload=upload, study__dicom_patient_id__startswith="<").exists()
    assert Series.objects.filter(upload_items__upload=upload).distinct().count() >= len(made) - 1
    return upload


def pet_with(folder, name: str, keywords: list[str]) -> list:
    """A series of three slices with code in these elements."""
    number = 1 + OF_LISTS.index(name) if name in OF_LISTS else 0
    paths = []
    for k in range(3):
        uid = f"2.25.666.{number}"
        uids = {"StudyInstanceUID": f"{uid}.1", "SeriesInstanceUID": f"{uid}.2", "SOPInstanceUID": f"{uid}.3.{k}"}
        ds = pet_slice(k, PatientID=f"HOSTILE-{number}", **uids)
        for keyword in keywords:
            vr = dictionary_VR(keyword)
            fitting = [text for text in PAYLOADS if len(text) <= LONGEST[vr] and "\\" not in text]
            raw(_holder(ds, keyword), tag_for_keyword(keyword), vr, fitting[len(keyword) % len(fitting)].encode())
        paths.append(write(folder / f"{name}-{k}.dcm", ds))
    return paths


def _holder(ds: Dataset, keyword: str) -> Dataset:
    """The dataset or the item that this element belongs in."""
    if keyword == "UniversalEntityID":
        ds.IssuerOfPatientIDQualifiersSequence = [Dataset()]
        return ds.IssuerOfPatientIDQualifiersSequence[0]
    if keyword == "Radiopharmaceutical":
        return radiopharmaceutical(ds)
    return radiopharmaceutical(ds).RadiopharmaceuticalCodeSequence[0] if keyword.startswith("Code") else ds


def test_every_text_of_a_header_that_the_importer_reads_was_given_code(monkeypatch):
    """The importer itself is asked which; a text that it begins to read fails here by its name."""
    asked, real = set(), RawElements.get
    monkeypatch.setattr(RawElements, "get", lambda self, tag: (asked.add(tag), real(self, tag))[1])
    ds = pet_slice(IssuerOfPatientIDQualifiersSequence=[Dataset()])
    ds.IssuerOfPatientIDQualifiersSequence[0].UniversalEntityID = "2.25.1"
    descriptor = os.memfd_create("slice")
    os.write(descriptor, to_bytes(ds))
    assert "code" not in dicom.parse(descriptor)
    read = {keyword_for_tag(tag) for tag in asked if tag >> 16 & 1 == 0 and dictionary_VR(tag) in LONGEST}
    assert len(read) >= 15 and read - {*FREE, *OF_LISTS} == NO_IMAGE_WITH_IT


def addresses(world, rich, upload) -> list[str]:
    found = [
        reverse(name, kwargs=world.kwargs(rule.about)) for name, rules in ROUTES.items() for rule in rules if rule.get
    ]
    case = reverse("board:patient", args=[rich.case_number])
    found += [case, *(f"{case}?tab={tab}" for tab in TABS), reverse("board:decide", args=[rich.case_number])]
    found += [reverse("board:what_if", args=[rich.case_number]), reverse("imaging:upload_detail", args=[upload.pk])]
    found += [
        reverse("imaging:series", args=[pk])
        for pk in Series.objects.filter(upload_items__upload=upload).distinct().values_list("pk", flat=True)
    ]
    return [*found, "/no/such/page/", f"{reverse('board:patients')}?q={PAYLOADS[0]}", "/admin/"]


def kind_of(answer) -> str:
    return answer.headers.get("Content-Type", "").split(";")[0]


def test_no_script_runs_and_no_element_appears(pages, live_server, poisoned):
    """Each page once, as the first of these roles that may open it."""
    (page, said), (users, world, rich, *_, upload) = pages, poisoned
    wrong, visited, shown = {}, set(), 0
    for role in (Role.NUCLEAR_MEDICINE, Role.COORDINATOR, Role.SYSTEM_ADMIN):
        client = Client()
        client.force_login(users[role])
        enter(page, live_server, users[role])
        for address in addresses(world, rich, upload):
            answer = client.get(address) if address not in visited else None
            if answer is None or answer.status_code in {301, 302, 403}:
                continue
            visited.add(address)
            assert answer.status_code < 500, address
            if kind_of(answer) != "text/html":
                assert kind_of(answer) in NO_PAGE and answer.headers["X-Content-Type-Options"] == "nosniff", address
                continue
            shown += "xss(1)" in answer.content.decode()
            if found := seen(page, said, live_server.url + address):
                wrong[address] = found
    assert wrong == {}
    assert len(visited) >= 75 and shown >= 40, (len(visited), shown)


def of_the_desk(clients):
    """Address and HTML of every list, and of each page of the first row in it that one of these may open."""
    for model in admin.site._registry:
        listing = addresses_of_the_desk(model, "0")[0]
        pages = [(listing, c.get(listing)) for c in clients]
        for row in model._base_manager.order_by("pk")[:40]:
            rest = addresses_of_the_desk(model, row.pk)[1:]
            may = [c for c in clients if c.get(rest[0]).status_code == 200]
            if may:
                pages += [(address, may[0].get(address)) for address in rest]
                break
        yield from ((address, one.content.decode()) for address, one in pages if one.status_code == 200)


def test_no_element_appears_on_the_data_desk(page, poisoned):
    """Lists, pages, histories and questions before deleting, of a row of every model."""
    users, *_ = poisoned
    clients = []
    for role in (Role.NUCLEAR_MEDICINE, Role.COORDINATOR, Role.SYSTEM_ADMIN):
        User.objects.filter(pk=users[role].pk).update(is_staff=True)
        clients.append(Client())
        clients[-1].force_login(users[role])
    page.set_content("<!DOCTYPE html><title>empty</title>")
    wrong, opened, shown = {}, set(), 0
    for address, html in of_the_desk(clients):
        opened.add(address.split("/")[3])
        shown += "xss(1)" in html
        if found := page.evaluate(STRANGE, html)["strange"]:
            wrong[address] = found
    assert wrong == {}
    assert len(opened) >= 20 and shown >= 40, (sorted(opened), shown)
    planted = [text for text in PAYLOADS if page.evaluate(STRANGE, f"<p>{text}</p>")["strange"]]
    assert len(planted) >= 20, "the control: the same texts not escaped"


def test_the_screen_of_the_room(pages, live_server, poisoned):
    (page, said), (users, _, _, meeting, item, _) = pages, poisoned
    page.goto(f"{live_server.url}/display/")
    code = page.locator("[data-code]").inner_text().replace(" ", "")
    pair(by=users[Role.COORDINATOR], meeting=meeting, code=code)
    for view in ("overview", "timeline", "lesion", "heatmap", "what_if", "previous"):
        ScreenState.objects.update_or_create(
            meeting=meeting, defaults={"item": item, "view": view, "shows_sentence": True}
        )
        found = seen(page, said, f"{live_server.url}/display/")
        assert found == {}, view
    assert "xss" in page.content() or AgendaItem.objects.filter(pk=item.pk, question__contains="<").exists()
    Meeting.objects.filter(pk=meeting.pk).update(state="closed")


def test_documents_hold_the_text_as_text(poisoned):
    users, world, *_ = poisoned
    client = Client()
    client.force_login(users[Role.NUCLEAR_MEDICINE])
    read = 0
    for name, about in (("minutes", "minuted_meeting"), ("pack", "running_meeting"), ("letter", "decision")):
        for kind in ("pdf", "text"):
            answer = client.get(reverse(f"board:{name}_{kind}", kwargs=world.kwargs(about)))
            assert answer.status_code == 200, (name, kind)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            text = (
                body.decode() if kind == "text" else "".join(p.extract_text() for p in PdfReader(BytesIO(body)).pages)
            )
            read += "<" in text
            if kind == "pdf":
                keys = str([p.get("/Annots") for p in PdfReader(BytesIO(body)).pages])
                assert b"/JavaScript" not in body and "javascript" not in keys.lower()
    assert read == 6


@pytest.fixture
def with_a_hole(settings):
    settings.ROOT_URLCONF = "tests.journeys.hostile"


def test_a_page_that_takes_text_for_code_would_be_found(pages, live_server, with_a_hole, transactional_db):
    """The control: with `|safe` elements appear and the policy has to stop them; without the policy they run."""
    (page, said) = pages
    enter(page, live_server, make_user("clinician"))
    found = seen(page, said, f"{live_server.url}/planted/?only=1")
    assert found["strange"] and found["stopped"] and "ran" not in found
    page.goto(f"{live_server.url}/planted/?only=1&open=1", wait_until="load")
    page.wait_for_function("window.ran.length > 0")
    elements = [n for n, text in enumerate(PAYLOADS) if text.startswith("<") and "refresh" not in text]
    found = [seen(page, said, f"{live_server.url}/planted/?only={n}").get("strange") for n in elements]
    assert sum(map(bool, found)) >= len(elements) - 9, [
        PAYLOADS[n] for n, one in zip(elements, found, strict=True) if not one
    ]


def test_no_word_is_left_out_that_no_field_has():
    assert {name_of(field) for model in our_models() for field in text_fields(model)} >= WORDS


def test_every_payload_is_taken_in_turn():
    assert len(PAYLOADS) >= 40 and len({hostile(500).rpartition(" ")[0] for _ in PAYLOADS}) == len(PAYLOADS)
