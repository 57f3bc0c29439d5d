"""What a question offers to take over: reckoned only from what is known, and only beside the question."""

import pytest

from board.entry.answers import look
from tests.board.entry.test_submit import typed
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
LINE = {
    "lines.n1.regimen": "captem",
    "lines.n1.treatment_class": "chemo",
    "lines.n1.clinical_date": "2025-09-01",
    "lines.n1.stop_date": "2025-02-15",
    "lines.n1.cycles": "6",
}
CYCLE = {"prrt.n1.number": "1", "prrt.n1.clinical_date": "2025-03-01", "prrt.n1.compound": "177Lu-DOTATATE"}


@pytest.fixture
def clerk():
    return make_user("data_entry")


def beside(user, field: str, values: dict[str, str]) -> list[dict]:
    entry = typed(user, values)
    return [one for one in look(entry, user)["checks"] if one["name"] == field and one["level"] != "word"]


def test_a_stop_before_its_start_is_offered_the_last_day_of_the_cycles(clerk):
    (asked,) = beside(clerk, "lines.n1.stop_date", LINE)
    assert asked["text"] == "The line stops before it starts. Keep?"
    assert (asked["offer"], asked["why"]) == ("2026-02-15", "6 cycles of 28 days from 2025-09-01 end about 2026-02-15.")
    assert beside(clerk, "lines.n1.stop_date", LINE | {"lines.n1.stop_date": asked["offer"]}) == []


@pytest.mark.parametrize(
    "other",
    [
        {"lines.n1.clinical_date": "2025-09"},
        {"lines.n1.cycles": ""},
        {"lines.n1.cycles": "unknown"},
        {"lines.n1.regimen": "STZ/5-FU"},
        {"lines.n1.regimen": "something else"},
        {"lines.n1.cycles": "60"},
    ],
    ids=["start of a month", "no cycles", "cycles unknown", "two schedules", "unknown regimen", "end in the future"],
)
def test_nothing_is_offered_that_is_not_known(clerk, other):
    (asked,) = beside(clerk, "lines.n1.stop_date", LINE | other)
    assert (asked["text"], asked["offer"], asked["why"]) == ("The line stops before it starts. Keep?", "", "")


@pytest.mark.parametrize(("activity", "offer"), [("7.4", "7400"), ("5,6", "5600"), ("0.1", ""), ("20000", "")])
def test_an_activity_in_gbq_is_offered_in_mbq(clerk, activity, offer):
    values = CYCLE | {"prrt.n1.activity_mbq": activity}
    (asked,) = beside(clerk, "prrt.n1.activity_mbq", values)
    assert asked["offer"] == offer
    (kept,) = beside(clerk, "prrt.n1.activity_mbq", values | {"prrt.n1.note": "So in the report"})
    assert (kept["level"], kept["offer"]) == ("kept", "")
