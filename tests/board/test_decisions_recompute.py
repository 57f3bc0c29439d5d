"""The whole way: a real series imported, read and decided on; then its weight is corrected."""

import datetime as dt

import pytest

from board.decisions import decisions
from board.looking import read_news
from board.models import DecisionNotice
from board.services import record_decision
from imaging.models import Lesion, Scan, UptakeMeasurement
from imaging.services import correct_suv_input, place_voi, score_lesion, start_reading
from imaging.services.running import run_until_done
from patients.services import record
from tests.imaging.conftest import _own_store, colleague, doctor, import_files, phantom_case  # noqa: F401
from tests.imaging.phantom import write_pet
from tests.imaging.signing import sign

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]
HOT = (-24.0, 0.0, -376.0)


def test_a_corrected_weight_travels_from_the_header_to_the_decision(
    tmp_path,
    phantom_case,  # noqa: F811
    import_files,  # noqa: F811
    doctor,  # noqa: F811
):
    import_files(write_pet(tmp_path / "a"), patient=phantom_case)
    scan = Scan.objects.get()
    lesion = record(Lesion, by=doctor, patient=phantom_case, label="L01", organ="liver", is_target=True)
    shape = {"method": "sphere", "centre_lps": HOT, "radius_mm": 10}
    run_until_done(place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, **shape)[1].pk)
    reading = start_reading(by=doctor, scan=scan)
    score_lesion(by=doctor, reading=reading, lesion=lesion, score_low=3, score_high=3)
    sign(by=doctor, reading=reading)
    old = UptakeMeasurement.objects.get()
    decision = record_decision(
        by=doctor,
        patient=phantom_case,
        decided_on=scan.clinical_date + dt.timedelta(days=1),
        outcome="more_data",
        text="counts and renal function first",
        owner="reader",
    )
    assert decision.assessments.get(guideline_id="krenning-gt2").verdict == "met"
    while read_news():
        pass
    assert not decisions(phantom_case)[0].is_stale and not DecisionNotice.objects.exists()

    job = correct_suv_input(
        by=doctor, series=scan.pet_series, name="body_weight_kg", value="90", reason="weighed before the scan"
    )
    while read_news():
        pass
    assert "computed again" in str(DecisionNotice.objects.get().changes)
    run_until_done(job.pk)
    while read_news():
        pass

    change = next(c for c in decisions(phantom_case)[0].changes if c.row_id == "SSTR.ABOVE_LIVER")
    assert f"SUVmax {old.suv_max:.2f}" in change.old_value
    assert f"SUVmax {old.suv_max * 1.5:.2f}" in change.new_value
    assert change.cause == "corrected"
    notice = DecisionNotice.objects.latest("noticed_at")
    assert notice.decision == decision and f"{old.suv_max * 1.5:.2f}" in str(notice.changes)
    old.refresh_from_db()
    assert old.superseded_at is not None
    assert (
        decision.assessments.get(guideline_id="krenning-gt2")
        .facts["sstr_relation_to_liver"]["value"][0]["uptake"]
        .endswith(f"{old.suv_max:.2f}")
    )
