"""The data desk writes through the services: what it saves is measured, computed again, signed and on the trail."""

import datetime as dt

import pytest
from django.urls import reverse

from imaging import selectors
from imaging.models import Job, Lesion, Reading, Scan, Series, SuvInput, Voi
from imaging.services import answer_reading
from imaging.services.running import run_until_done
from patients.domain.roles import Role
from patients.models import AuditEvent, SsaInjection
from patients.services import create_patient, record
from tests.imaging.phantom import write_pet
from tests.imaging.signing import ANSWERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, doctor):
    doctor.is_staff = True
    doctor.save()
    client.force_login(doctor)
    return client


@pytest.fixture
def scan(tmp_path, phantom_case, import_files):
    import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    return Scan.objects.get()


@pytest.fixture
def lesion(scan, doctor):
    return record(Lesion, by=doctor, patient=scan.patient, label="L01", organ="liver", clinical_date=scan.clinical_date)


def url(name, *args):
    return reverse(f"admin:imaging_{name}", args=args)


def form_of(client, address):
    """What a browser would send back from this page without a change."""
    response = client.get(address)
    assert response.status_code == 200
    context = response.context
    sent = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                sent[field.html_name] = value
    return sent


def post(client, address, **changes):
    sent = form_of(client, address) | changes
    response = client.post(address, sent)
    if response.status_code != 302:
        errors = [
            response.context["errors"],
            [f.errors for f in response.context["inline_admin_formsets"][0].formset.forms],
        ]
        raise AssertionError(errors)
    return response


def work_off():
    while waiting := list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
        for pk in waiting:
            run_until_done(pk)


def test_every_page_of_the_desk_opens(desk, scan, lesion, doctor):
    reading = Reading.objects.create(scan=scan, reader=doctor)
    rows = {
        "scan": scan.pk,
        "lesion": lesion.pk,
        "reading": reading.pk,
        "series": scan.pet_series_id,
        "upload": doctor.uploads.get().pk,
    }
    for name, pk in rows.items():
        assert desk.get(url(f"{name}_changelist")).status_code == 200, name
        assert desk.get(url(f"{name}_change", pk)).status_code == 200, name
    for name in ("scan", "lesion", "reading"):
        assert desk.get(url(f"{name}_add")).status_code == 200, name


def test_a_region_entered_on_the_scan_is_measured_and_shown_with_units(desk, scan, lesion):
    post(
        desk,
        url("scan_change", scan.pk),
        **{
            "vois-TOTAL_FORMS": "1",
            "vois-0-role": "lesion",
            "vois-0-lesion": str(lesion.pk),
            "vois-0-method": "sphere",
            "vois-0-centre_x_mm": "-24",
            "vois-0-centre_y_mm": "0",
            "vois-0-centre_z_mm": "-376",
            "vois-0-radius_mm": "10",
        },
    )
    voi = Voi.objects.get()
    work_off()
    page = desk.get(url("scan_change", scan.pk)).content.decode()
    assert selectors.measurements(scan)[0].state == selectors.CURRENT
    assert "mL" in page and "peak" in page
    post(desk, url("scan_change", scan.pk), **{"vois-0-radius_mm": "12", "change_reason": "too small"})
    voi.refresh_from_db()
    assert voi.radius_mm == 12 and Voi.versions.count() == 2
    assert Job.objects.filter(kind="measure", state="queued").exists()


def test_an_suv_input_corrected_at_the_desk_recomputes(desk, scan):
    post(
        desk,
        url("series_change", scan.pet_series_id),
        **{
            "suv_inputs-TOTAL_FORMS": "1",
            "suv_inputs-0-name": "body_weight_kg",
            "suv_inputs-0-value": "90",
            "suv_inputs-0-justification": "weighed on the ward",
        },
    )
    assert SuvInput.objects.get().justification == "weighed on the ward"
    assert selectors.current_suv(Series.objects.get()).state == selectors.RECOMPUTING
    work_off()
    assert selectors.current_suv(Series.objects.get()).result.inputs["body_weight_kg"]["value"] == 90


@pytest.mark.parametrize(("typed", "stored"), [("72,5", ["72.5"]), ("72,500", [])])
def test_a_comma_at_the_desk_is_read_as_on_the_page(desk, scan, typed, stored):
    sent = form_of(desk, url("series_change", scan.pet_series_id)) | {
        "suv_inputs-TOTAL_FORMS": "1",
        "suv_inputs-0-name": "body_weight_kg",
        "suv_inputs-0-value": typed,
        "suv_inputs-0-justification": "weighed on the ward",
    }
    page = desk.post(url("series_change", scan.pet_series_id), sent, follow=True).content.decode()
    assert list(SuvInput.objects.values_list("value", flat=True)) == stored
    assert bool(stored) != ("Write 72500 or 72.500." in page)


def test_a_value_in_the_wrong_unit_is_answered_with_its_sentence(desk, scan):
    sent = form_of(desk, url("series_change", scan.pet_series_id)) | {
        "suv_inputs-TOTAL_FORMS": "1",
        "suv_inputs-0-name": "body_weight_kg",
        "suv_inputs-0-value": "90000",
        "suv_inputs-0-justification": "x",
    }
    page = desk.post(url("series_change", scan.pet_series_id), sent, follow=True).content.decode()
    assert "not plausible" in page
    assert not SuvInput.versions.exists()


def open_draft(desk, scan):
    sent = form_of(desk, url("reading_add")) | {"scan": str(scan.pk), "scale_id": "KR-ORIG"}
    response = desk.post(url("reading_add"), sent)
    reading = Reading.objects.get()
    assert response["Location"] == url("reading_change", reading.pk)
    return reading


def test_a_reading_is_entered_signed_by_action_and_then_closed(desk, scan, lesion, doctor):
    reading = open_draft(desk, scan)
    score = {"lesions-0-score_low": "3", "lesions-0-score_high": "3", "change_reason": "read"} | ANSWERS
    post(desk, url("reading_change", reading.pk), **score)
    assert (reading.reader, reading.lesions.get().score_high) == (doctor, 3)
    desk.post(url("reading_changelist"), {"action": "sign", "_selected_action": [str(reading.pk)]})
    reading.refresh_from_db()
    assert reading.state == "signed"
    assert AuditEvent.objects.filter(action="sign_reading", by=doctor).exists()
    page = desk.get(url("reading_change", reading.pk)).content.decode()
    assert 'name="_save"' not in page and 'name="lesions-0-score_low"' not in page and 'name="_sign"' not in page
    desk.post(url("reading_changelist"), {"action": "amend", "_selected_action": [str(reading.pk)]})
    assert Reading.objects.get(amends=reading).version == 2


def test_a_draft_lists_the_lesions_of_its_own_patient_and_is_signed_where_it_is_scored(desk, scan, lesion, doctor):
    other = create_patient(by=doctor, case_number="NET-0099")
    stranger = record(Lesion, by=doctor, patient=other, label="L01", organ="bone")
    reading = open_draft(desk, scan)
    page = desk.get(url("reading_change", reading.pk)).content.decode()
    assert str(lesion.pk) in page and scan.patient.case_number in page
    assert str(stranger.pk) not in page and "NET-0099" not in page
    sent = form_of(desk, url("reading_change", reading.pk))
    assert sent["lesions-0-lesion"] == lesion.pk, "the row is there, only the score is missing"
    sent |= {"lesions-0-score_low": "2", "lesions-0-score_high": "2", "change_reason": "read", "_sign": "1"}
    sent |= ANSWERS | {"cold_lesions": ""}
    desk.post(url("reading_change", reading.pk), sent)
    reading.refresh_from_db()
    assert reading.state == "draft", "the question about lesions without uptake is not answered"
    sent = form_of(desk, url("reading_change", reading.pk))
    sent |= {"cold_lesions": "listed", "change_reason": "read", "_sign": "1"}
    desk.post(url("reading_change", reading.pk), sent)
    reading.refresh_from_db()
    assert (reading.state, reading.lesions.get().score_low) == ("signed", 2)


def test_given_leaves_the_injection_that_was_chosen(desk, scan, lesion, doctor):
    """Of a draft that is continued too, where the form asks for the answer once more."""
    days = (scan.clinical_date - dt.timedelta(days=n) for n in (40, 5))
    given = {"by": doctor, "patient": scan.patient, "drug": "octreotide"}
    early, late = (record(SsaInjection, **given, clinical_date=day) for day in days)
    sent = form_of(desk, url("reading_add")) | {"scan": str(scan.pk), "scale_id": "KR-ORIG", "ssa": "given"}
    desk.post(url("reading_add"), sent)
    assert Reading.objects.get().ssa_injection == late, "nobody has named one"
    answer_reading(by=doctor, reading=Reading.objects.get(), ssa="given", injection=early)
    desk.post(url("reading_add"), sent | {"comment": "stable"})
    kept = Reading.objects.get()
    assert (kept.comment, kept.ssa_injection) == ("stable", early)


def test_scans_and_lesions_are_named_with_their_case(desk, scan, lesion):
    assert str(scan).startswith(f"{scan.patient.case_number}: ")
    assert str(lesion).startswith(f"{scan.patient.case_number}: L")
    found = desk.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "imaging",
            "model_name": "reading",
            "field_name": "scan",
            "term": scan.patient.case_number,
        },
    ).json()
    assert [row["text"] for row in found["results"]] == [str(scan)]


def test_a_scored_lesion_stays(desk, scan, lesion, doctor):
    from imaging.services import score_lesion, start_reading

    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=1, score_high=1)
    page = desk.post(url("lesion_delete", lesion.pk), {"reason": "typed twice"}, follow=True)
    assert Lesion.objects.filter(pk=lesion.pk).exists()
    assert page.status_code == 200 and "resolved" in page.content.decode()


def test_nothing_of_a_case_one_may_not_read_and_no_desk_without_the_role(desk, scan, lesion, doctor, django_user_model):
    stranger = django_user_model.objects.create_user("s", role=Role.NUCLEAR_MEDICINE, is_staff=True)
    desk.force_login(stranger)
    for name, pk in (("scan", scan.pk), ("lesion", lesion.pk), ("series", scan.pet_series_id)):
        assert desk.get(url(f"{name}_change", pk)).status_code == 302, name
    other = create_patient(by=stranger, case_number="NET-0077")
    page = desk.get(url("scan_changelist")).content.decode()
    assert "SYN-a" not in page and other.case_number not in page
    admin = django_user_model.objects.create_user("root", role=Role.SYSTEM_ADMIN, is_staff=True, is_superuser=True)
    desk.force_login(admin)
    assert desk.get(url("scan_changelist")).status_code == 403
