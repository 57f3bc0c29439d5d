"""Bringing a scan in, as people do it: whole, broken, interrupted, with the keyboard, without script."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from imaging.models import Scan, Series, Upload
from tests.imaging.phantom import BORN, write_pet
from tests.journeys.conftest import HeldAnswer
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_MS = 90_000


@pytest.fixture
def reader():
    return make_user("nuclear_medicine", is_staff=True)


def send(page, paths) -> None:
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in paths])
    expect(page.locator("[data-chosen]")).to_contain_text(f"{len(paths)} files chosen")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/imaging/uploads/**", timeout=PATIENCE_MS)


def wait_until_imported(page) -> None:
    expect(page.locator("[data-status]").first).to_contain_text("Import finished", timeout=PATIENCE_MS)


def test_a_real_series_from_folder_to_suv(page, sign_in, reader, worker, shared_data, shoot, has_no_serious_finding):
    folder = shared_data / "sts001-wholebody-ge"
    paths = sorted(folder.rglob("*.dcm"))
    if not paths:
        pytest.skip("the real whole-body series is not among the reference data")
    sign_in(reader, "/imaging/upload/")
    shoot("upload")
    send(page, paths)
    expect(page.locator("[data-stage=received]")).to_contain_text(f"{len(paths)} files")
    shoot("upload-running")
    wait_until_imported(page)
    expect(page.locator("[data-stage=suv]")).to_contain_text("1 of 1 PET series")
    has_no_serious_finding()
    shoot("upload-done")
    page.get_by_role("link", name="Choose the case").first.click()
    expect(page.get_by_role("heading", name="SUV", exact=True)).to_be_visible()
    expect(page.get_by_text("2.42903e-4")).to_be_visible()
    expect(page.get_by_text("66.52")).to_be_visible()
    picture = page.get_by_role("img", name="Coronal maximum intensity projection")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalHeight > 300")
    has_no_serious_finding()
    shoot("series-real")


def test_a_broken_file_is_a_sentence_and_costs_only_itself(page, sign_in, reader, worker, tmp_path, shoot):
    paths = write_pet(tmp_path / "pet")
    broken, letter = tmp_path / "broken.dcm", tmp_path / "letter.pdf"
    broken.write_bytes(paths[0].read_bytes()[:-500])
    letter.write_bytes(b"%PDF-1.7 a letter")
    sign_in(reader, "/imaging/upload/")
    send(page, [broken, letter, *paths])
    wait_until_imported(page)
    expect(page.get_by_text("12 stored, 2 refused")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_text("This is not a DICOM file.").first).to_be_visible()
    expect(page.get_by_text("The file ends before its content does").first).to_be_visible()
    expect(page.get_by_text("broken.dcm").first).to_be_visible()
    shoot("upload-broken-file")


def test_a_held_series_is_compared_and_confirmed(
    page, sign_in, reader, worker, tmp_path, shoot, has_no_serious_finding
):
    make_patient(by=reader, case_number="CASE-7", birth_date=dt.date(1967, 3, 2), sex_for_formulas="F")
    sign_in(reader, "/imaging/upload/?case=CASE-7")
    expect(page.get_by_label("Case number", exact=True)).to_have_value("CASE-7")
    send(page, write_pet(tmp_path, "held"))
    wait_until_imported(page)
    expect(page.get_by_text("In quarantine.")).to_be_visible()
    page.get_by_role("link", name="Compare identity").click()
    has_no_serious_finding()
    shoot("series-held")
    page.get_by_label("Case number, typed").fill("CASE-7")
    page.get_by_label("Reason", exact=True).fill("request form of the sending site")
    page.get_by_role("button", name="Confirm: this scan is of this patient").click()
    expect(page.get_by_role("link", name="Case CASE-7")).to_be_visible()
    assert Scan.objects.get().patient.case_number == "CASE-7"


def test_a_missing_weight_is_entered_and_the_suv_appears(page, sign_in, reader, worker, tmp_path, shoot):
    make_patient(by=reader, case_number="SYN-w", birth_date=BORN, sex_for_formulas="F")
    sign_in(reader, "/imaging/upload/?case=SYN-w")
    send(page, write_pet(tmp_path, "w", body_weight_kg=None))
    wait_until_imported(page)
    page.get_by_role("link", name="See what to do").click()
    expect(page.get_by_text("The PET header has no body weight.")).to_be_visible()
    shoot("series-without-weight")
    page.get_by_label("Value, in the unit").fill("61.5")
    page.get_by_label("Reason and source").fill("weighed that day")
    page.get_by_role("button", name="Save and recompute").click()
    again = page.get_by_role("link", name="Reload")
    if (heading := page.locator("[data-heading]")).is_visible():
        expect(heading).to_have_text("Recomputed.", timeout=PATIENCE_MS)
        again.click()
    expect(page.get_by_text("Body weight, SUVbw")).to_be_visible()
    expect(page.get_by_text("No SUV.")).to_have_count(0)


def test_tables_that_could_not_be_read_at_the_end_are_read_again(
    page, sign_in, reader, worker, tmp_path, expected_errors
):
    """The last answer about the import has come, the page behind it has not: the tables still come by themselves."""
    expected_errors.append("Failed to load resource")
    make_patient(by=reader, case_number="SYN-w", birth_date=BORN, sex_for_formulas="F")
    sign_in(reader, "/imaging/upload/?case=SYN-w")
    asked = []

    def fail_first(route):
        if not route.request.is_navigation_request():
            asked.append(route.request.url)
        return route.abort() if len(asked) == 1 and not route.request.is_navigation_request() else route.continue_()

    page.route("**/imaging/uploads/*/", fail_first)
    send(page, write_pet(tmp_path, "w", body_weight_kg=None))
    wait_until_imported(page)
    for _ in range(100):
        if len(asked) > 1:
            break
        page.wait_for_timeout(50)
    assert len(asked) > 1
    expect(page.get_by_role("link", name="See what to do")).to_be_visible()


def test_a_dropped_connection_repeats_its_batch(page, sign_in, reader, worker, tmp_path, expected_errors):
    expected_errors.append("ERR_CONNECTION_RESET")
    dropped = []

    def drop_once(route):
        if dropped:
            return route.continue_()
        dropped.append(route.request.url)
        return route.abort("connectionreset")

    page.route("**/files/", drop_once)
    sign_in(reader, "/imaging/upload/")
    send(page, write_pet(tmp_path))
    wait_until_imported(page)
    assert dropped and Upload.objects.get().items.count() == 12


def test_an_upload_survives_a_reload_and_is_continued(
    page, sign_in, reader, worker, tmp_path, live_server, shoot, expected_errors
):
    expected_errors.append("ERR_FAILED")
    paths = write_pet(tmp_path)
    page.route("**/close/", lambda route: route.abort())
    sign_in(reader, "/imaging/upload/")
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in paths[:5]])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("[data-failure]")).to_be_visible()
    page.unroute("**/close/")
    page.goto(f"{live_server.url}/imaging/uploads/{Upload.objects.get().pk}/")
    expect(page.get_by_text("This upload was interrupted")).to_be_visible()
    shoot("upload-interrupted")
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in paths])
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("[data-progress-url] [data-status]")).to_contain_text("12 stored", timeout=PATIENCE_MS)
    assert Upload.objects.get().items.count() == 12


def test_a_case_that_is_not_there_is_said_at_its_field_and_nothing_is_sent(
    page, sign_in, reader, worker, tmp_path, shoot, expected_errors
):
    expected_errors.append("422")
    sign_in(reader, "/imaging/upload/?case=NOBODY")
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in write_pet(tmp_path)[:1]])
    expect(page.locator("[data-chosen]")).to_contain_text("1 file chosen")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("[data-case-error]")).to_be_visible()
    expect(page.get_by_label("Case number", exact=True)).to_be_focused()
    expect(page.locator("[data-sending]")).to_be_hidden()
    shoot("upload-unknown-case")
    assert not Upload.objects.exists()
    page.get_by_label("Case number", exact=True).fill("")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/imaging/uploads/**", timeout=PATIENCE_MS)


def drop(page, files) -> None:
    page.evaluate(
        """files => {
            const transfer = new DataTransfer();
            files.forEach(([name, bytes]) => transfer.items.add(new File([new Uint8Array(bytes)], name)));
            document.querySelector("[data-dropzone]").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }""",
        files,
    )


@pytest.fixture
def half_way(page, sign_in, reader, worker, tmp_path, expected_errors):
    """Two batches are on their way and kept there, a third one waits: the routes to be let go, and the files."""
    expected_errors.append("Failed to load resource")
    waiting = []

    def keep(route):
        waiting.append(route)

    page.route("**/files/", keep)
    sign_in(reader, "/imaging/upload/")
    page.evaluate("document.querySelector('[data-upload]').dataset.batchFiles = 1")
    paths = write_pet(tmp_path)
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in paths])
    page.get_by_role("button", name="Upload", exact=True).click()
    for _ in range(100):
        if len(waiting) == 2:
            return waiting, paths
        page.wait_for_timeout(50)
    raise AssertionError("nothing was sent")


def test_an_upload_after_one_that_was_stopped_while_paused_can_be_paused(page, half_way):
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-failure]")).to_contain_text("Stopped.")
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in half_way[1]])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_have_count(0)


def test_files_dropped_while_others_are_sent_are_not_said_to_be_taken(page, half_way):
    drop(page, [["late.dcm", [1, 2, 3]]])
    chosen = page.locator("[data-chosen]")
    expect(chosen).to_contain_text("1 file not taken: an upload is running.")
    expect(chosen).not_to_contain_text("chosen")


def test_files_are_dropped_on_the_page(page, sign_in, reader, worker, tmp_path):
    paths = write_pet(tmp_path)
    sign_in(reader, "/imaging/upload/")
    files = [[path.name, list(path.read_bytes())] for path in paths[:3]]
    drop(page, files)
    expect(page.locator("[data-chosen]")).to_contain_text("3 files chosen")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/imaging/uploads/**")
    wait_until_imported(page)
    assert Series.objects.get().instance_count == 3


def test_keyboard_only_from_sign_in_to_import(page, live_server, reader, worker, tmp_path):
    paths = write_pet(tmp_path)
    # The driver asks the browser for its choosers when the first listener comes, and does not wait: ask well before.
    page.on("filechooser", lambda chooser: chooser.set_files([str(path) for path in paths]))
    page.goto(f"{live_server.url}/imaging/upload/")
    # The browser gives the first field its focus when it paints, which may be after the page has loaded.
    expect(page.get_by_label("User name")).to_be_focused()
    keys = page.keyboard
    keys.type(reader.username)
    keys.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    keys.type("not-a-real-password")
    keys.press("Enter")
    page.wait_for_url(f"{live_server.url}/imaging/upload/")
    page.wait_for_load_state("networkidle")
    tab_to(page, "#files")
    keys.press("Enter")
    expect(page.locator("[data-chosen]")).to_contain_text("12 files chosen", timeout=PATIENCE_MS)
    tab_to(page, "button[data-plain]")
    keys.press("Enter")
    page.wait_for_url("**/imaging/uploads/**", timeout=PATIENCE_MS)
    wait_until_imported(page)
    tab_to(page, "[data-outcomes] a")
    keys.press("Enter")
    page.wait_for_url("**/imaging/series/**")
    expect(page.get_by_role("heading", name="SUV", exact=True)).to_be_visible()


def tab_to(page, selector: str, limit: int = 60) -> None:
    """Press Tab until the element has the focus, and see that the focus can be seen."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "s => document.activeElement.matches(s) && getComputedStyle(document.activeElement).outlineStyle !== 'none'",
            selector,
        )
        if found:
            return
    raise AssertionError(f"the keyboard does not reach {selector}, or its focus is not visible")


def test_without_script_the_form_still_imports(browser, browser_context_args, live_server, reader, worker, tmp_path):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/imaging/upload/")
    page.get_by_label("User name").fill(reader.username)
    page.get_by_label("Password").fill("not-a-real-password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Files or a ZIP").set_input_files([str(path) for path in write_pet(tmp_path)])
    page.get_by_role("button", name="Upload", exact=True).click()
    for _ in range(100):
        if "Import finished: 12 stored." in page.content():
            break
        page.wait_for_timeout(300)
        page.reload()
    assert "Import finished: 12 stored." in page.content()
    context.close()


def test_the_keyboard_stays_where_it_was_when_the_tables_are_renewed(page, sign_in, reader, worker, tmp_path):
    make_patient(by=reader, case_number="SYN-w", birth_date=BORN, sex_for_formulas="F")
    sign_in(reader, "/imaging/upload/?case=SYN-w")
    send(page, write_pet(tmp_path, "w"))
    wait_until_imported(page)
    page.route("**/imaging/uploads/*/", as_if_it_were_running)
    held = HeldAnswer(page, "**/progress/")
    page.reload()
    held.wait()
    page.locator("[data-outcomes] summary").click()
    link = page.locator("[data-outcomes] td a")
    link.focus()
    page.evaluate("document.querySelector('[data-outcomes]').dataset.isOld = ''")
    held.let_go()
    expect(page.locator("[data-outcomes][data-is-old]")).to_have_count(0)
    expect(link).to_be_focused()
    expect(page.locator("[data-outcomes] details")).to_have_attribute("open", "")


def as_if_it_were_running(route) -> None:
    answer = route.fetch()
    body = (
        answer.text()
        .replace('data-finished="yes"', 'data-finished="no"')
        .replace('data-revision="', 'data-revision="old')
    )
    route.fulfill(response=answer, body=body)
