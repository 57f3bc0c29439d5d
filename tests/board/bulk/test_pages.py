"""The pages of the table import: a trial, a confirmation of that file, a page of the import, its taking back."""

import io
import re

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from board.bulk.taking import take_tables
from board.entry.unknowns import state_unknown
from board.models import StatedUnknown
from patients.bulk.reading import read
from patients.domain.bulk_columns import TABLES
from patients.models import AuditEvent, ImportBatch, ImportRow, LabResult, Patient
from patients.services import revoke_access
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
LABS = "case_number,date,analyte,value,unit\n"


@pytest.fixture
def clerk(client, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    user = make_user("data_entry")
    client.force_login(user)
    return user


def bring(client, data: bytes | str):
    data = data.encode() if isinstance(data, str) else data
    return client.post(reverse("board:import_table"), {"file": SimpleUploadedFile("t.csv", data)})


def hidden(response) -> dict:
    return dict(re.findall(r'type="hidden" name="(ticket|sha256)" value="([^"]+)"', response.content.decode()))


def test_trial_confirmation_and_undo(client, clerk):
    make_patient(by=clerk, case_number="A-1")
    page = bring(client, LABS + "A-1,2024-01-02,hb,12,g/dL\n")
    assert "nothing is stored yet" in page.content.decode() and not LabResult.objects.exists()
    sent = hidden(page)
    stored = client.post(reverse("board:import_table_confirm"), sent, follow=True)
    assert "Case A-1" in stored.content.decode() and LabResult.objects.count() == 1
    again = client.post(reverse("board:import_table_confirm"), sent)
    assert again.status_code == 422 and "waits no longer" in again.content.decode()
    batch = ImportBatch.objects.get()
    assert client.post(reverse("board:import_undo", args=[batch.pk]), {"reason": ""}).status_code == 422
    undone = client.post(reverse("board:import_undo", args=[batch.pk]), {"reason": "wrong file"}, follow=True)
    assert "1 row: Taken back." in undone.content.decode() and not LabResult.objects.exists()


@pytest.mark.parametrize("centre", ["", "unknown"])
def test_a_new_case_that_was_only_looked_at_is_closed_by_the_undo(client, clerk, centre):
    """Looking leaves its line in the trail; that is no use of the case."""
    sent = hidden(bring(client, f"case_number,sex_for_formulas,centre\nN-1,F,{centre}\n"))
    client.post(reverse("board:import_table_confirm"), sent, follow=True)
    undone = client.post(
        reverse("board:import_undo", args=[ImportBatch.objects.get().pk]), {"reason": "wrong file"}, follow=True
    )
    assert undone.status_code == 200
    assert not Patient.objects.visible_to(clerk).filter(case_number="N-1").exists()


def test_what_is_said_of_a_case_after_its_import_keeps_it_open(client, clerk):
    sent = hidden(bring(client, "case_number,centre\nN-1,unknown\n"))
    client.post(reverse("board:import_table_confirm"), sent)
    state_unknown(by=clerk, patient=Patient.objects.get(), lineage=None, name="patient.birth_date")
    client.post(reverse("board:import_undo", args=[ImportBatch.objects.get().pk]), {"reason": "wrong file"})
    assert Patient.objects.visible_to(clerk).count() == 1


def test_what_a_second_table_did_not_know_of_its_rows_keeps_no_case_open(client, clerk):
    for text in ("case_number,centre\nN-1,North\n", LABS + "N-1,2024-01-02,hb,12,g/dL\n"):
        client.post(reverse("board:import_table_confirm"), hidden(bring(client, text)))
    state_unknown(by=clerk, patient=Patient.objects.get(), lineage=LabResult.objects.get().lineage, name="labs.x.unit")
    for batch in ImportBatch.objects.order_by("-at"):
        client.post(reverse("board:import_undo", args=[batch.pk]), {"reason": "wrong file"})
    assert not Patient.objects.visible_to(clerk).exists()


def test_unknown_is_not_added_to_what_is_here_and_the_trial_says_so(client, clerk):
    make_patient(by=clerk, case_number="A-1", centre="")
    page = bring(client, "case_number,centre,birth_date\nA-1,unknown,\nB-1,unknown,1961\n")
    assert "What the row says is not known is not added" in page.content.decode()
    client.post(reverse("board:import_table_confirm"), hidden(page))
    said = StatedUnknown.objects.values_list("patient__case_number", "name", "is_unknown")
    assert list(said) == [("B-1", "patient.centre", True)]
    assert list(ImportRow.objects.values_list("code", flat=True)) == ["unknown_not_added", "case_opened"]


def test_only_the_file_that_was_tried_and_only_by_who_tried_it(client, clerk):
    make_patient(by=clerk, case_number="A-1")
    sent = hidden(bring(client, LABS + "A-1,2024-01-02,hb,12,g/dL\n"))
    for changed in ({"sha256": "0" * 64}, {"sha256": ""}):
        assert client.post(reverse("board:import_table_confirm"), sent | changed).status_code == 422
    client.force_login(make_user("data_entry"))
    assert client.post(reverse("board:import_table_confirm"), sent).status_code == 422
    assert not LabResult.objects.exists()


def test_good_rows_only_by_choice(client, clerk):
    make_patient(by=clerk, case_number="A-1")
    page = bring(client, LABS + "A-1,2024-01-02,hb,12,g/dL\nA-1,2024-01-02,iron,1,g/dL\n")
    assert "Take over only the good rows" in page.content.decode()
    sent = hidden(page)
    assert client.post(reverse("board:import_table_confirm"), sent).status_code == 422
    assert not LabResult.objects.exists()
    client.post(reverse("board:import_table_confirm"), sent | {"only_good": "yes"})
    assert LabResult.objects.count() == 1


def test_a_hostile_cell_is_text_on_the_page(client, clerk):
    page = bring(client, "case_number,centre\nA-1,<script>alert(1)</script>\n<script>alert/,x\n").content.decode()
    assert "<script>alert" not in page and "A case number has no slash" in page


def test_a_case_that_was_taken_away_is_named_no_more(client, clerk):
    patient = make_patient(by=clerk, case_number="GONE-77")
    client.post(reverse("board:import_table_confirm"), hidden(bring(client, LABS + "GONE-77,2024-01-02,hb,12,g/dL\n")))
    address = reverse("board:import_batch", args=[ImportBatch.objects.get().pk])
    assert "GONE-77" in client.get(address).content.decode()
    for grant in patient.grants.all():
        revoke_access(grant, by=clerk, reason="test")
    assert "GONE-77" not in client.get(address).content.decode()


def test_what_differs_leads_to_its_case_and_is_counted_afterwards(client, clerk):
    make_patient(by=clerk, case_number="A-1", centre="North")
    page = bring(client, "case_number,centre\nA-1,South\nA-2,South\n")
    assert 'href="/patients/A-1/"' in page.content.decode() and 'href="/patients/A-2/"' not in page.content.decode()
    sent = hidden(page) | {"only_good": "yes"}
    stored = client.post(reverse("board:import_table_confirm"), sent, follow=True).content.decode()
    assert "1 differs, 1 new." in stored and 'href="/patients/A-2/"' in stored


def test_too_large_is_refused_before_it_is_read(client, clerk):
    answer = client.post(reverse("board:import_table"), {}, CONTENT_LENGTH=str(6 * 1024 * 1024))
    assert answer.status_code == 413


def test_every_template_can_be_had(client, clerk):
    for table in TABLES:
        assert client.get(reverse("board:import_template", args=[table, "csv"])).content.startswith(b"\xef\xbb\xbf")
    book = client.get(reverse("board:import_template", args=["all", "xlsx"]))
    assert len(openpyxl.load_workbook(io.BytesIO(book.content)).sheetnames) == len(TABLES) + 1
    assert client.get(reverse("board:import_template", args=["nothing", "csv"])).status_code == 404
    assert not Patient.objects.exists()


def test_the_trial_shows_the_recorded_and_the_new_value_side_by_side(client, clerk):
    make_patient(by=clerk, case_number="A-1", centre="North")
    page = bring(client, "case_number,centre\nA-1,South\n").content.decode()
    assert re.search(r"<th[^>]*>centre</th>\s*<td>North</td>\s*<td>South</td>", page)


def test_many_unknown_cells_cost_few_statements(clerk):
    def statements(case: str, word: str) -> int:
        head = "case_number,date,primary_site,syndrome,tnm,metastatic_sites\n"
        make_patient(by=clerk, case_number=case)
        data = head + "".join(f"{case},20{n},pancreas,{word},{word},{word}\n" for n in range(10, 50))
        with CaptureQueriesContext(connection) as queries:
            take_tables(by=clerk, found=read(data.encode()))
        return len(queries)

    without, with_unknown = statements("M-1", ""), statements("M-2", "unknown")
    assert with_unknown - without <= 8, (without, with_unknown)
    told = AuditEvent.objects.filter(action="state_unknown", patient__case_number="M-2")
    assert StatedUnknown.objects.count() == told.count() == 3 * 40
    assert set(told.first().after) == {"lineage", "name", "is_unknown"}
