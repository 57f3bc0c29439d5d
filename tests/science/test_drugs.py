"""What the name of a treatment says, and what it leaves open."""

from decimal import Decimal

import pytest

from patients.domain.drugs import is_long_acting_ssa, is_prrt, local_kinds
from patients.domain.months import months_in


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("right hemicolectomy", {"surgery"}),
        ("Liver resection", {"surgery"}),
        ("TACE of segment VIII", {"embolisation"}),
        ("bland embolisation", {"embolisation"}),
        ("90Y radioembolisation", {"sirt"}),
        ("SIRT", {"sirt"}),
        ("radiofrequency ablation", {"ablation"}),
        ("resection and ablation", {"surgery", "ablation"}),
        ("liver procedure", set()),
        ("", set()),
    ],
)
def test_local_treatments_are_told_apart_by_their_names(name, kinds):
    assert local_kinds(name) == kinds


@pytest.mark.parametrize(
    ("name", "answer"),
    [("octreotide LAR", True), ("Lanreotide", True), ("lanreotide-autogel", True), ("octreotide", None), ("SSA", None)],
)
def test_a_depot_is_known_by_its_name_and_nothing_else_is_guessed(name, answer):
    assert is_long_acting_ssa(name) is answer


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (["177Lu-DOTATATE"], True),
        (["90Y-DOTATOC"], True),
        (["study drug", "177Lu-Edotreotide"], True),
        (["PRRT abroad"], True),
        (["68Ga-DOTATATE"], False),
        (["68Ga-DOTATATE", "177Lu-DOTATATE"], True),
        (["177Lu-PSMA-617"], False),
        (["CAPTEM", "temozolomide"], False),
        ([], False),
    ],
)
def test_a_radioligand_is_known_by_its_name_and_a_tracer_is_none(names, answer):
    assert is_prrt(names) is answer


@pytest.mark.parametrize(
    ("text", "months"),
    [("20", "20"), (" 20 months ", "20"), ("1 month", "1"), ("19.5 Mo", "19.5")],
)
def test_months_are_read_with_or_without_their_unit(text, months):
    assert months_in(text) == Decimal(months)


@pytest.mark.parametrize(
    "text", ["", "months", "30 weeks", "2 years", "1,9 y", "18 d", "18/12/2023 PD", "PFS 24", "20 months then PD"]
)
def test_anything_else_is_no_number_of_months(text):
    assert months_in(text) is None
