"""A small PET series as files: a warm box with one hot spot, enough for SUV, volume and picture."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imaging.dicom_export import PetAcquisition, SeriesIdentity, Subject, make_uid, write_pet_series
from imaging.domain.vocabulary import Tracer

START = dt.datetime.fromisoformat("2026-05-03T10:00")
INJECTED = dt.datetime.fromisoformat("2026-05-03T09:00")
BORN = dt.date(1967, 3, 2)
AFFINE = np.array([[4.0, 0, 0, -64], [0, 4.0, 0, -64], [0, 0, 4.0, -400], [0, 0, 0, 1]])


def one_voxel(values: np.ndarray) -> None:
    values[len(values) // 2, 16, 10] = 30_000


def two_bodies(values: np.ndarray) -> None:
    """Two hot bodies joined by a colder bridge, at LPS (-24, 0, -376) and (0, 0, -376)."""
    values[5:8, 15:18, 9:12] = 20_000
    values[6, 16, 10] = 30_000
    values[5:8, 15:18, 15:18] = 16_000
    values[6, 16, 16] = 24_000
    values[6, 16, 12:15] = 12_000


def write_pet(
    folder: Path,
    name: str = "a",
    *,
    slices: int = 12,
    paint: Callable[[np.ndarray], None] = one_voxel,
    days_later: int = 0,
    tracer: Tracer = Tracer.GA68_DOTATATE,
    **subject,
) -> list[Path]:
    """``name`` tells series apart; ``paint`` puts uptake (Bq/mL) in; ``subject`` overrides who is on the images."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.full((slices, 32, 32), 2000.0)
    values[:, :4], values[:, -4:] = 0, 0
    paint(values)
    injected, start = (moment + dt.timedelta(days=days_later) for moment in (INJECTED, START))
    who = {
        "patient_id": f"SYN-{name}",
        "birth_date": BORN,
        "sex": "F",
        "body_weight_kg": 60.0,
        "body_height_m": 1.65,
    }
    return write_pet_series(
        folder,
        activity_bq_ml=values,
        affine=AFFINE,
        subject=Subject(**{"family_name": f"{(who | subject)['patient_id']}^"} | who | subject),
        identity=SeriesIdentity(
            make_uid(name, "study"), make_uid(name, "pet"), make_uid(name, "frame"), 2, "PET", injected, start
        ),
        acquisition=PetAcquisition(tracer, 150e6, injected),
    )
