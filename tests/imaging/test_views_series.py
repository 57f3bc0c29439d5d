"""The series page: every number with its inputs, a refusal with its way forward, and whose scan it is."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from imaging import selectors
from imaging.models import Job, Scan, Series, SuvInput, Upload
from imaging.services import add_files, close_upload, open_upload, running
from tests.imaging.phantom import BORN, write_pet
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client):
    user = make_user("nuclear_medicine")
    client.force_login(user)
    return user


def bring(by, paths, patient=None) -> Series:
    upload = open_upload(by=by, patient=patient, source=Upload.Source.COMMAND)
    streams = [path.open("rb") for path in paths]
    add_files(by=by, upload=upload, files=[(p.name, s) for p, s in zip(paths, streams, strict=True)])
    for stream in streams:
        stream.close()
    running.run_until_done(close_upload(by=by, upload=upload).pk)
    return Series.objects.get(upload_items__upload=upload, upload_items__label=paths[0].name)


def run_all() -> None:
    for job in Job.objects.filter(state=Job.State.QUEUED):
        running.run_until_done(job.pk)


def page(client, series: Series) -> str:
    return client.get(reverse("imaging:series", args=[series.pk])).content.decode()


def post(client, route: str, series: Series, /, **fields):
    return client.post(reverse(f"imaging:{route}", args=[series.pk]), fields)


def test_each_kind_has_its_factor_and_every_input_its_tag(client, user, tmp_path):
    shown = page(client, bring(user, write_pet(tmp_path)))
    for words in (
        "Body weight, SUVbw",
        "Janmahasatian",
        "Body surface area",
        "(0010,1030)",
        "(0018,1074)",
        "(0018,1075)",
    ):
        assert words in shown
    result = selectors.current_suv(Series.objects.get()).result
    assert f"{result.statistics['bw']['max']:.2f}" in shown


def test_a_refusal_says_what_to_do_and_the_weight_mends_it(client, user, tmp_path):
    patient = make_patient(by=user, case_number="SYN-w", birth_date=BORN, sex_for_formulas="F")
    series = bring(user, write_pet(tmp_path, "w", body_weight_kg=None), patient)
    shown = page(client, series)
    assert "The PET header has no body weight." in shown and "Who can fix it" in shown and "Enter the weight" in shown
    assert client.get(reverse("imaging:mip", args=[series.pk])).status_code == 404
    answer = post(client, "suv_input", series, name="body_weight_kg", value="61.5", reason="weighed that day")
    assert answer.status_code == 302
    assert "Recomputing" in page(client, series)
    assert client.get(reverse("imaging:series_state", args=[series.pk])).json()["is_computing"]
    run_all()
    shown = page(client, series)
    assert "61.5" in shown and "weighed that day" in shown and "Recomputing" not in shown
    assert not client.get(reverse("imaging:series_state", args=[series.pk])).json()["is_computing"]


def test_a_correction_keeps_the_old_value_as_superseded(client, user, tmp_path):
    patient = make_patient(by=user, case_number="SYN-c", birth_date=BORN)
    series = bring(user, write_pet(tmp_path, "c"), patient)
    for value in ("70", "71"):
        post(client, "suv_input", series, name="body_weight_kg", value=value, reason="checked")
        run_all()
    shown = page(client, series)
    assert "superseded" in shown and "Earlier SUV results (2)" in shown
    assert SuvInput.versions.filter(series=series).count() == 2


def test_activity_is_typed_in_mbq_and_height_in_cm(client, user, tmp_path):
    series = bring(user, write_pet(tmp_path), make_patient(by=user, case_number="SYN-a", birth_date=BORN))
    post(client, "suv_input", series, name="injected_activity_bq", value="151.5", reason="calibrator log")
    post(client, "suv_input", series, name="body_height_m", value="171", reason="measured")
    assert dict(SuvInput.objects.values_list("name", "value")) == {
        "injected_activity_bq": "151500000",
        "body_height_m": "1.71",
    }


def test_a_decimal_comma_is_read_as_it_is_everywhere(client, user, tmp_path):
    series = bring(user, write_pet(tmp_path), make_patient(by=user, case_number="SYN-a", birth_date=BORN))
    assert post(client, "suv_input", series, name="body_weight_kg", value="72,5", reason="scales").status_code == 302
    assert (
        post(client, "suv_input", series, name="injected_activity_bq", value="151,25", reason="log").status_code == 302
    )
    assert dict(SuvInput.objects.values_list("name", "value")) == {
        "body_weight_kg": "72.5",
        "injected_activity_bq": "151250000",
    }


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("abc", "This is no number"),
        ("-3", "Type a number"),
        ("71000", "not plausible"),
        ("72,500", "“72,500” can be thousands or decimals. Write 72500 or 72.500."),
    ],
)
def test_an_implausible_value_is_refused_in_words(client, user, tmp_path, value, sentence):
    series = bring(user, write_pet(tmp_path), make_patient(by=user, case_number="SYN-a", birth_date=BORN))
    answer = post(client, "suv_input", series, name="body_weight_kg", value=value, reason="x")
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not SuvInput.objects.exists()


def test_a_value_without_a_reason_is_refused(client, user, tmp_path):
    series = bring(user, write_pet(tmp_path), make_patient(by=user, case_number="SYN-a", birth_date=BORN))
    assert post(client, "suv_input", series, name="body_weight_kg", value="70", reason="").status_code == 422


def test_the_picture_is_inverse_grey_in_true_proportion(client, user, tmp_path):
    series = bring(user, write_pet(tmp_path))
    answer = client.get(reverse("imaging:mip", args=[series.pk]))
    assert answer.status_code == 200 and answer["Content-Type"] == "image/png"
    assert "no-store" in answer["Cache-Control"]
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.mode == "L" and picture.size == (128, 48)
    grey = picture.getdata()
    assert picture.getpixel((42, 22)) == min(grey) < 60
    assert picture.getpixel((2, 2)) > picture.getpixel((42, 22))
    assert client.get(reverse("imaging:mip", args=[series.pk])).content == answer.content


def test_a_corrected_weight_changes_the_picture(client, user, tmp_path):
    series = bring(user, write_pet(tmp_path), make_patient(by=user, case_number="SYN-a", birth_date=BORN))
    before = client.get(reverse("imaging:mip", args=[series.pk])).content
    post(client, "suv_input", series, name="body_weight_kg", value="30", reason="x")
    assert client.get(reverse("imaging:mip", args=[series.pk])).status_code == 404
    run_all()
    assert client.get(reverse("imaging:mip", args=[series.pk])).content != before


# --- whose scan it is ---------------------------------------------------------------------------


def test_a_held_series_shows_both_identities_and_is_confirmed(client, user, tmp_path):
    patient = make_patient(by=user, case_number="CASE-7", sex_for_formulas="F")
    series = bring(user, write_pet(tmp_path, "h"), patient)
    assert series.identity == Series.Identity.HELD
    shown = page(client, series)
    for words in ("Held", "CASE-7", "SYN-h", "not known for this case", "1967-03-02"):
        assert words in shown
    assert not Scan.objects.exists()
    answer = post(client, "confirm", series, case="CASE-7", reason="request form of the sending site")
    assert answer.status_code == 302
    assert Scan.objects.get().patient == patient
    run_all()
    shown = page(client, series)
    assert "Held" not in shown and "CASE-7" in shown


def test_a_contradiction_needs_a_second_person(client, user, tmp_path):
    import datetime as dt

    patient = make_patient(by=user, case_number="SYN-k", birth_date=dt.date(1950, 1, 1))
    series = bring(user, write_pet(tmp_path, "k"), patient)
    shown = page(client, series)
    assert "a second person" in shown and "Confirm: this scan" not in shown and "Reject" in shown
    answer = post(client, "confirm", series, case="SYN-k", reason="I am sure")
    assert answer.status_code == 422 and "a second person" in answer.content.decode()
    assert not Scan.objects.exists()
    second = make_user("nuclear_medicine")
    from patients.services import grant_access

    grant_access(by=user, patient=patient, kind="care_team", user=second)
    client.force_login(second)
    assert "Confirm: this scan" in page(client, series)
    assert post(client, "confirm", series, case="SYN-k", reason="birth date was mistyped").status_code == 302
    assert Scan.objects.get().patient == patient


def test_a_rejected_series_stays_out_of_every_chart(client, user, tmp_path):
    patient = make_patient(by=user, case_number="CASE-8")
    series = bring(user, write_pet(tmp_path, "r"), patient)
    assert post(client, "reject", series, case="", reason="other patient").status_code == 302
    shown = page(client, series)
    assert "Not this patient" in shown and "Confirm: this scan" not in shown
    assert not Scan.objects.exists()


@pytest.mark.parametrize(("case", "reason"), [("", "x"), ("CASE-9", ""), ("NO-SUCH", "x")])
def test_a_confirmation_needs_case_and_reason(client, user, tmp_path, case, reason):
    series = bring(user, write_pet(tmp_path, "n"), make_patient(by=user, case_number="CASE-9"))
    assert post(client, "confirm", series, case=case, reason=reason).status_code == 422
    assert not Scan.objects.exists()


def test_an_import_without_case_is_assigned_to_one(client, user, tmp_path):
    series = bring(user, write_pet(tmp_path, "u"))
    patient = make_patient(by=user, case_number="SYN-u", birth_date=BORN)
    assert "No case chosen" in page(client, series)
    assert "Waiting for a person" in client.get(reverse("imaging:upload")).content.decode()
    assert post(client, "confirm", series, case="SYN-u", reason="request form").status_code == 302
    assert Scan.objects.get().patient == patient


def test_those_without_the_right_are_told_who_has_it(client, tmp_path):
    coordinator = make_user("coordinator")
    patient = make_patient(by=coordinator, case_number="CASE-10")
    series = bring(coordinator, write_pet(tmp_path, "q"), patient)
    client.force_login(coordinator)
    shown = page(client, series)
    assert "nuclear-medicine physician may confirm" in shown and "Reject: not this patient" not in shown
    answer = post(client, "confirm", series, case="CASE-10", reason="x")
    assert answer.status_code == 403 and not Scan.objects.exists()


def test_forms_sent_twice_act_once(client, user, tmp_path):
    patient = make_patient(by=user, case_number="CASE-11")
    series = bring(user, write_pet(tmp_path, "t"), patient)
    for _ in range(2):
        assert post(client, "confirm", series, case="CASE-11", reason="request form").status_code == 302
        assert post(client, "suv_input", series, name="body_weight_kg", value="70", reason="checked").status_code == 302
    assert Scan.versions.count() == 1 and SuvInput.versions.count() == 1
    assert post(client, "reject", series, case="", reason="changed my mind").status_code == 302
    series.refresh_from_db()
    assert series.identity == Series.Identity.ATTACHED


def test_a_dose_in_mbq_is_provisional_until_a_person_confirms_it(client, user, tmp_path):
    import pydicom

    paths = write_pet(tmp_path, "d")
    for path in paths:
        header = pydicom.dcmread(path)
        header.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = 150.0
        header.save_as(path)
    series = bring(user, paths, make_patient(by=user, case_number="SYN-d", birth_date=BORN))
    shown = page(client, series)
    assert "provisional: not used as a fact" in shown and "Confirm the injected activity in MBq" in shown
    assert 'value="150"' in shown
    post(client, "suv_input", series, name="injected_activity_bq", value="150", reason="calibrator log")
    run_all()
    shown = page(client, series)
    assert "provisional: not used as a fact" not in shown and "Correct an input" in shown
