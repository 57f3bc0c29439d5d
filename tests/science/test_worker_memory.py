"""One worker stays under 2 GiB with the largest PET/CT we promise to take."""

import pytest

from bench.memory import LESIONS, LIMIT_GIB, of_one_worker


@pytest.mark.slow
@pytest.mark.long
def test_a_worker_needs_less_than_two_gib_for_a_whole_body_pet_and_ct(tmp_path):
    found = of_one_worker(tmp_path)
    assert found["measured"] == LESIONS
    assert found["products"] == 6 * LESIONS + 6
    assert found["peak_gib"] < LIMIT_GIB
