"""Every page of the manifest, once over the demonstration: legible in both themes, at 1366 x 768 and at 200 %, nothing from elsewhere."""

import datetime as dt
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from board.cohort.query import CohortQuery
from board.cohort.services import ask_for_export
from board.export_patient.services import request_export
from board.minutes import close_meeting
from board.models import AgendaItem, BoardDecision, ChainLink, CohortExport, Meeting, PatientExport
from board.tasks import read_news
from demo.accounts import DEMO_PASSWORD, DEMO_USER
from imaging import chart_questions
from imaging.domain.vocabulary import Tracer
from imaging.models import Job, Reading, Scan, Upload
from imaging.services import amend_reading
from imaging.views.held import LISTS
from patients.bulk.importing import import_tables
from patients.bulk.reading import read
from patients.bulk.templates_out import template_xlsx
from patients.domain.bulk_columns import TABLES
from patients.models import ImportBatch, Patient, Team, User
from patients.services import create_patient, update_patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.contracts.routes import ROUTES
from tests.journeys.conftest import serious_findings
from tests.parts import sliced

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SAYS = "Research and decision support, not a certified medical device"
READY = "() => !document.querySelector('[data-scan] canvas') || document.querySelector('[data-all-ms]')"
FITS = "() => document.scrollingElement.scrollWidth <= window.innerWidth"
FILLS = """() => !document.querySelector("[data-workspace]") || document.scrollingElement.scrollHeight <= window.innerHeight"""
TABS = ("eligibility", "change", "scans", "histology", "lines", "labs", "decisions", "contacts", "audit")
LOOKED_AT = 5  # of so many pages one is looked at by axe in `make test`, all by `make proofs`
COHORT_TABS = ("swimmer", "conversion", "kpi", "quality")
# Answered with data, a picture, a file or another page; what they say is tested where they are made.
NO_PAGE = {
    "board:state", "board:next", "board:previous", "imaging:upload_progress", "imaging:jobs_state", "imaging:series_state",
    "imaging:mip", "imaging:scan_state", "imaging:viewer", "imaging:read_lists", "imaging:report_text", "imaging:report_pdf", "imaging:regions",
    "imaging:product", "board:minutes_pdf", "board:minutes_text", "board:pack_pdf", "board:pack_text", "board:letter_pdf",
    "board:letter_text", "board:decision_json", "board:screen", "board:screen_frame", "board:screen_card",
    "board:export_fhir", "health_json", "board:import_template", "board:cohort_count", "board:cohort_export_state", "board:cohort_file",
    "board:download_export", "board:trail_csv", "board:trail_atna", "board:trail_fhir", "people:session",
}  # fmt: skip


def addresses() -> dict[str, str]:
    """Every page with something on it that is worth looking at."""
    scans = {scan.label: scan for scan in Scan.objects.filter(patient__case_number__in=("0001", "0003"))}
    suv, no_suv = scans["after 6 × CAPTEM"], scans["first scan"]
    fdg = Scan.objects.get(tracer=Tracer.F18_FDG)
    return {
        "board:home": reverse("board:home"),
        "board:patients": reverse("board:patients"),
        "board:watch": reverse("board:watch"),
        "board:watch with a form": f"{reverse('board:watch')}?case=0008&do=log",
        "board:watch, closed cases": f"{reverse('board:watch')}?closed=1",
        "board:follow_through": reverse("board:follow_through"),
        "board:meeting_statistics": reverse("board:meeting_statistics"),
        "board:minutes": reverse("board:minutes", args=[Meeting.objects.get(state="closed").pk]),
        "board:minutes, open": reverse("board:minutes", args=[Meeting.objects.get(state="running").pk]),
        "board:verify": f"{reverse('board:verify')}?code={ChainLink.objects.last().content_hash}",
        "board:patient": reverse("board:patient", args=["0001"]),
        **{f"board:patient {tab}": f"{reverse('board:patient', args=['0001'])}?tab={tab}" for tab in TABS},
        "board:patient with labs": reverse("board:patient", args=["0002"]),
        "board:patient without SUV": reverse("board:patient", args=["0003"]),
        "board:patient with lost lesions": reverse("board:patient", args=["0005"]),
        "board:patient, empty": reverse("board:patient", args=["EMPTY"]),
        "board:what_if": reverse("board:what_if", args=["0001"]),
        "board:patient eligibility, all": f"{reverse('board:patient', args=['0002'])}?tab=eligibility&set=all",
        "board:patient sets side by side": f"{reverse('board:patient', args=['0002'])}?tab=eligibility&a=all",
        "board:patient facts": f"{reverse('board:patient', args=['0002'])}?tab=eligibility&view=facts",
        "board:decide": reverse("board:decide", args=["0001"]),
        "board:source": f"{reverse('board:source', args=['0001'])}?{_source()}",
        "board:meetings": reverse("board:meetings"),
        **{f"board:meeting {m.state}": reverse("board:meeting", args=[m.pk]) for m in Meeting.objects.all()},
        "board:item_draft": reverse("board:item_draft", args=[AgendaItem.objects.get(meeting__state="running").pk]),
        "board:amend": reverse("board:amend", args=[BoardDecision.objects.current().first().pk]),
        "board:import_fhir": reverse("board:import_fhir"),
        "board:entry_new": reverse("board:entry_new"),
        "board:entry": reverse("board:entry", args=["0001"]),
        "board:entry with labs": reverse("board:entry", args=["0002"]),
        **{f"board:cohort {tab}": f"{reverse('board:cohort')}?small=1&tab={tab}" for tab in COHORT_TABS},
        "board:import_table": reverse("board:import_table"),
        "board:import_batch": reverse("board:import_batch", args=[_brought().pk]),
        "board:patient, as known today": f"{reverse('board:patient', args=['0001'])}?known={timezone.localdate()}",
        "board:since": f"{reverse('board:since', args=['0001'])}?known={timezone.localdate()}",
        "board:scan_then": f"{reverse('board:scan_then', args=['0001', suv.pk])}?known={timezone.localdate()}",
        "board:patient_export": reverse("board:patient_export", args=[_archive().pk]),
        "people:emergency": reverse("people:emergency"),
        "people:second_factor": reverse("people:second_factor"),
        "imaging:upload": reverse("imaging:upload"),
        "imaging:upload_detail": reverse("imaging:upload_detail", args=[Upload.objects.first().pk]),
        "imaging:jobs": reverse("imaging:jobs"),
        "imaging:job": reverse("imaging:job", args=[Job.objects.first().pk]),
        "imaging:held": reverse("imaging:held"),
        **{f"imaging:held {key}": f"{reverse('imaging:held')}?list={key}" for key in LISTS if key},
        "imaging:series": reverse("imaging:series", args=[suv.pet_series_id]),
        "imaging:series without SUV": reverse("imaging:series", args=[no_suv.pet_series_id]),
        "imaging:scan": reverse("imaging:scan", args=[suv.pk]),
        "imaging:scan without SUV": reverse("imaging:scan", args=[no_suv.pk]),
        "imaging:scan of FDG": reverse("imaging:scan", args=[fdg.pk]),
        "imaging:read": reverse("imaging:read", args=[suv.pk]),
        "imaging:read with its form": reverse("imaging:read", args=[scans["baseline"].pk]),
        "imaging:read without SUV": reverse("imaging:read", args=[no_suv.pk]),
    }


def addresses_of_the_coordinator() -> dict[str, str]:
    meeting = Meeting.objects.get(state="planned")
    running = Meeting.objects.get(state="running")
    return {
        "board:console": reverse("board:console", args=[running.pk]),
        "board:console, not begun": reverse("board:console", args=[meeting.pk]),
        "board:meeting, building it": reverse("board:meeting", args=[meeting.pk]),
        "board:meeting_edit": reverse("board:meeting_edit", args=[meeting.pk]),
        "board:meeting_new": f"{reverse('board:meeting_new')}?series={meeting.series_id}",
        "board:series_new": reverse("board:series_new"),
        "board:series": reverse("board:series", args=[meeting.series_id]),
        "board:patient, to be listed": reverse("board:patient", args=["0008"]),
        "board:entry_return": reverse("board:entry_return", args=["0001"]),
        "board:cohort_exports": reverse("board:cohort_exports"),
        "board:cohort_export": reverse("board:cohort_export", args=[CohortExport.objects.get().pk]),
    }


def addresses_of_the_administrator() -> dict[str, str]:
    return {
        "health": reverse("health"),
        "people:accounts": reverse("people:accounts"),
        "people:account": reverse("people:account", args=[User.objects.get(username="demo-chair").pk]),
        "people:invitations": reverse("people:invitations"),
        "people:teams": reverse("people:teams"),
        "people:team": reverse("people:team", args=[Team.objects.first().pk]),
        "people:emergencies": reverse("people:emergencies"),
        "board:trail": reverse("board:trail"),
    }


def _source() -> str:
    scan = Scan.objects.get(label="baseline", patient__case_number="0001")
    return f"lesion={scan.vois.exclude(lesion=None).first().lesion_id}&scan={scan.pk}"


def _meetings(user) -> None:
    """One that runs, and one that is closed with minutes."""
    chair = User.objects.get(username="demo-chair")
    for state in ("running", "closed"):
        meeting = make_meeting(chair, state="running", started_at=timezone.now())
        make_item(meeting, Patient.objects.get(case_number="0001"), user, lane="noting", reviewer="Dr Reviewer")
        if state == "closed":
            close_meeting(by=chair, meeting=meeting)


def _export() -> None:
    """One that waits for the second person."""
    asked = {"tables": ["cohort"], "agreement": "DUA-7", "reason": "to see the page"}
    ask_for_export(by=User.objects.get(username="demo-researcher"), query=CohortQuery(), **asked)


def _corrected(user) -> None:
    """The published case against the header of its images: every page of it says that they are in question."""
    patient = Patient.objects.get(case_number="0001")
    born = patient.birth_date + dt.timedelta(days=900)
    patient = update_patient(patient, by=user, reason="to see it said", birth_date=born)
    assert chart_questions.of_case(patient) != []


@pytest.fixture
def opened(page, live_server, demo_loaded):
    """Signed in; with an empty case, and one reading open for an amendment so that its form is on a page."""
    user = User.objects.get(username=DEMO_USER)
    create_patient(by=user, case_number="EMPTY", team=user.teams.get())
    signed = Reading.objects.get(scan__label="baseline", scan__patient__case_number="0001")
    amend_reading(by=user, reading=signed, reason="to see the form")
    _corrected(user)
    _meetings(user)
    _export()
    read_news()  # as the worker does within a minute: the watch list has its rows
    sign_in(page, live_server, DEMO_USER)
    return page


def _brought() -> ImportBatch:
    found = read(template_xlsx([TABLES["patients"], TABLES["labs"]]))
    report = import_tables(by=User.objects.get(username=DEMO_USER), found=found, is_trial=False)
    return ImportBatch.objects.get(pk=report.batch_id)


def _archive() -> PatientExport:
    user = User.objects.get(username=DEMO_USER)
    return request_export(by=user, patient=Patient.objects.get(case_number="0001"))


def sign_in(page, live_server, username: str) -> None:
    page.goto(f"{live_server.url}/")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")


@pytest.mark.parametrize("step", sliced(LOOKED_AT, 1), ids=["slice", "all"])
def test_every_page(opened, live_server, step):
    page, elsewhere, found = opened, set(), {}
    page.on("request", lambda request: elsewhere.add(request.url) if _is_elsewhere(request.url, live_server) else None)
    screen = page.context.new_cdp_session(page)
    pages = addresses()
    of_coordinator, of_administrator = addresses_of_the_coordinator(), addresses_of_the_administrator()
    signs_in = {next(iter(of_coordinator)): "demo-coordinator", next(iter(of_administrator)): "demo-system-admin"}
    everybodys = {**pages, **of_coordinator, **of_administrator}
    assert {name.split()[0].rstrip(",") for name in everybodys} | NO_PAGE == {
        name for name, rules in ROUTES.items() if any(rule.get for rule in rules)
    }
    for number, (name, address) in enumerate(everybodys.items()):
        if name in signs_in:
            page.context.clear_cookies()
            sign_in(page, live_server, signs_in[name])
        page.goto(live_server.url + address)
        page.wait_for_function(READY)
        page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true; })")
        wrong = [*_wrong_as_it_opens(page), *_wrong_at_200_percent(page, screen)]
        if number % step == 0:
            wrong += [*serious_findings(page), *_wrong_in_the_other_theme(page)]
        if wrong:
            found[name] = wrong
    assert found == {} and elsewhere == set()


def _is_elsewhere(url: str, live_server) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(live_server.url).netloc


def _wrong_as_it_opens(page):
    if SAYS not in page.locator("body").inner_text():
        yield "does not say what it is"
    if not page.evaluate(FITS):
        yield "wider than 1366 px"
    if not page.evaluate(FILLS):
        yield "a workspace that scrolls as a whole"


def _wrong_in_the_other_theme(page):
    """A theme changes colours and nothing else. Pages before the frame, as while signing in, follow the browser's own."""
    if not page.locator("[data-theme-toggle]").count():
        return
    page.locator("[data-theme-toggle]").click()
    for finding in serious_findings(page, runOnly=["color-contrast", "link-in-text-block"]):
        yield "in the other theme", *finding
    page.locator("[data-theme-toggle]").click()


def _wrong_at_200_percent(page, screen):
    """1366 x 768 at 200 % is 683 x 384 CSS pixels of two dots each."""
    size = {"width": 683, "height": 384, "deviceScaleFactor": 2, "mobile": False}
    screen.send("Emulation.setDeviceMetricsOverride", size)
    if not page.evaluate(FITS):
        yield "wider than the window at 200 %"
    screen.send("Emulation.setDeviceMetricsOverride", size | {"width": 1366, "height": 768, "deviceScaleFactor": 1})
