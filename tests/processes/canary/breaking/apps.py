import os
from pathlib import Path

from django.apps import AppConfig

from tests.processes.canary.words import BIRTH, WEIGHT, WORD

SAID = f"could not digest {WORD}-NAME born {BIRTH} of {WEIGHT} kg"


def is_asked_for(what: str) -> bool:
    return (Path(os.environ["PRRT_DATA_DIR"]) / f"break-{what}").exists()


class BreakingConfig(AppConfig):
    name = "tests.processes.canary.breaking"
    label = "breaking"

    def ready(self):
        from board.export_patient import archive
        from imaging import jobs
        from imaging.services import importing

        from . import work

        work.wrap(importing, "store_series", "import")
        work.wrap(jobs, "sweep", "lookout")
        work.wrap(archive, "write", "export")
