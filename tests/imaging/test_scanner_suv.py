"""Images that are SUV already: a corrected weight reaches the SUV, and the page says what it was converted from."""

import pytest
from django.urls import reverse

from imaging import digests, selectors
from imaging.models import Scan, Series, SuvResult
from imaging.services import correct_suv_input, withdraw_suv_input
from imaging.services.running import run_until_done
from tests.imaging.dicom_files import write_series
from tests.imaging.test_questions import case  # noqa: F401 - the case whose number pet_slice carries

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


@pytest.fixture
def scan(tmp_path, case, import_files):  # noqa: F811
    import_files(write_series(tmp_path / "suv", 8, Units="GML", RescaleSlope="0.001"), patient=case)
    return Scan.objects.get()


def correct(scan, by, name, value) -> SuvResult:
    run_until_done(correct_suv_input(by=by, series=scan.pet_series, name=name, value=value, reason="weighed").pk)
    return selectors.current_suv(Series.objects.get()).result


def test_a_corrected_weight_is_in_the_suv_and_comes_out_again(scan, doctor, client):
    first = selectors.current_suv(scan.pet_series).result
    corrected = correct(scan, doctor, "body_weight_kg", "35")
    assert corrected.factors["bw"] == pytest.approx(0.5)
    assert corrected.statistics["bw"]["max"] == pytest.approx(first.statistics["bw"]["max"] / 2)
    assert "scanner_suv_converted" in {warning["code"] for warning in corrected.warnings}
    client.force_login(doctor)
    page = client.get(reverse("imaging:series", args=[scan.pet_series_id])).content.decode()
    assert "; in the header 70" in page and "it was converted to what was corrected: body weight." in page
    row = scan.pet_series.suv_inputs.get(superseded_at=None)
    run_until_done(withdraw_suv_input(by=doctor, correction=row, reason="wrong patient's scale").pk)
    again = selectors.current_suv(Series.objects.get()).result
    assert (again.factors, again.statistics) == (first.factors, first.statistics)


def test_what_an_earlier_version_left_as_the_scanner_had_it_is_not_current(scan, doctor, monkeypatch):
    """Its digest was made without a word of conversion."""
    with monkeypatch.context() as earlier:
        earlier.setattr(digests, "SCANNERS_UNITS", frozenset())
        correct(scan, doctor, "body_weight_kg", "35")
    assert selectors.current_suv(Series.objects.get()).state != selectors.CURRENT


def test_bqml_is_computed_as_before(tmp_path, case, doctor, import_files):  # noqa: F811
    import_files(write_series(tmp_path / "bq", 8), patient=case)
    scan = Scan.objects.get()
    first = selectors.current_suv(scan.pet_series).result
    corrected = correct(scan, doctor, "body_weight_kg", "35")
    assert corrected.factors["bw"] == pytest.approx(first.factors["bw"] / 2)
    assert "scanner_suv_converted" not in {warning["code"] for warning in corrected.warnings}
