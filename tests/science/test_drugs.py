"""What the name of a treatment says, and what it leaves open."""

import pytest

from patients.domain.drugs import is_long_acting_ssa, local_kinds


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
