"""Tracers and nuclides from codes and from the words sites use."""

import pytest

from imaging.domain.vocabulary import NUCLIDES, TRACER_CODES, Tracer, find_nuclide, find_tracer, is_sstr, nuclide_of


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("C-111A1", "", "18F"),
        ("C-131A1", "", "68Ga"),
        ("35337001", "", "68Ga"),
        ("", "^68^Gallium", "68Ga"),
        ("", "Ga-68", "68Ga"),
        ("", "Copper-64", "64Cu"),
        ("", "18F", "18F"),
        ("", "Gallium", ""),
        ("", "", ""),
    ],
)
def test_nuclide(code, text, expected):
    assert find_nuclide(code, text) == expected


@pytest.mark.parametrize(
    ("code", "text", "nuclide", "expected"),
    [
        ("724025002", "", "", Tracer.GA68_DOTATATE),
        ("", "68Ga-DOTATATE", "", Tracer.GA68_DOTATATE),
        ("", "DOTATATE", "68Ga", Tracer.GA68_DOTATATE),
        ("", "DOTATATE", "64Cu", Tracer.CU64_DOTATATE),
        ("", "Ga-68 DOTANOC", "", Tracer.GA68_DOTANOC),
        ("", "Edotreotide Ga-68", "", Tracer.GA68_DOTATOC),
        ("", "FDG -- fluorodeoxyglucose", "18F", Tracer.F18_FDG),
        ("C-B1031", "", "", Tracer.F18_FDG),
        ("", "DOTATATE", "", Tracer.OTHER),
        ("", "DOTATATE", "18F", Tracer.OTHER),
        ("", "Ga68-PSMA", "68Ga", Tracer.OTHER),
        ("", "", "", Tracer.OTHER),
    ],
)
def test_tracer(code, text, nuclide, expected):
    assert find_tracer(code, text, nuclide) == expected


def test_only_somatostatin_receptor_tracers_count():
    assert is_sstr("68Ga-DOTATATE")
    assert not is_sstr("18F-FDG")
    assert not is_sstr("other")
    assert not is_sstr("")


def test_every_tracer_names_a_nuclide_of_the_table_and_has_a_code():
    for tracer in set(Tracer) - {Tracer.OTHER}:
        assert nuclide_of(tracer) in NUCLIDES
        assert tracer in TRACER_CODES
    assert nuclide_of("other") == ""


def test_half_lives_leave_the_published_share_after_an_hour():
    for name, share in (("68Ga", 0.541), ("64Cu", 0.947), ("18F", 0.685)):
        assert 2 ** (-3600 / NUCLIDES[name].half_life_s) == pytest.approx(share, abs=5e-4)
