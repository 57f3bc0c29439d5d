"""A reader who signs that the images are non-diagnostic has not seen how lesions relate to liver."""

import pytest

from eligibility.selectors import assess_all
from imaging.models import Reading
from tests.eligibility.cases import DAY, add_reading, complete_case
from tests.eligibility.test_cold_lesions import lesion_states

SAID = "the signed reading says that the images are non-diagnostic"


@pytest.fixture
def case(db):
    return complete_case()


def sign_again(by, scan, scores, quality, *, amends=None):
    draft = add_reading(by, scan, scores, is_signed=False, amends=amends)
    draft.quality, draft.state = quality, Reading.State.SIGNED
    draft.signed_at = Reading.objects.filter(state="signed").latest("signed_at").signed_at
    draft.save()


@pytest.mark.parametrize("score", [(3, 3), (1, 1)])
def test_non_diagnostic_images_leave_every_lesion_row_unknown_whatever_was_scored(case, score):
    by, patient, scan, lesion, _ = case
    sign_again(by, scan, {lesion: score}, "non_diagnostic", amends=Reading.objects.get())
    assert lesion_states(patient) == {"unknown"}
    (row,) = [r for r in assess_all(patient, as_of=DAY)["krenning-gt2"].rows if r.state == "unknown"]
    assert SAID in row.reason_text


def test_limited_images_count(case):
    by, patient, scan, lesion, _ = case
    sign_again(by, scan, {lesion: (3, 3)}, "limited", amends=Reading.objects.get())
    assert lesion_states(patient) == {"met", "clear"}


def test_of_two_readers_one_who_could_not_tell_leaves_it_open(case):
    by, patient, scan, lesion, _ = case
    sign_again(by, scan, {lesion: (3, 3)}, "non_diagnostic")
    assert lesion_states(patient) == {"unknown"}
