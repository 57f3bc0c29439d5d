"""SUL beside SUVbw on the scan page: from the factors of the series, stored as one number or one per slice."""

import pytest

from imaging.models import SuvResult, UptakeMeasurement
from imaging.views.voi_rows import _sul


def shown(**factors) -> str:
    return _sul(UptakeMeasurement(suv_result=SuvResult(factors=factors), suv_max=11.47, suv_mean=8.4))


@pytest.mark.parametrize(
    "factors",
    [{"lbm_janmahasatian": 0.0006, "bw": 0.001}, {"lbm_janmahasatian": [0.0006, 0.00066], "bw": [0.001, 0.0011]}],
    ids=["one", "per slice"],
)
def test_sul_is_suvbw_times_the_lean_share(factors):
    assert shown(**factors) == "SUL max 6.88, mean 5.04 (Janmahasatian)"


@pytest.mark.parametrize("factors", [{"lbm_janmahasatian": None, "bw": 0.001}, {"bw": 0.001}, {}])
def test_without_lean_mass_there_is_no_sul(factors):
    assert shown(**factors) == ""
