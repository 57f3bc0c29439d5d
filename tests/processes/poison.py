"""Work that ends the process that does it, however often it is tried: ``TEST_POISON`` is ``what how``.

``what``: a kind of job, an export, ``news``, or the number of a case that is looked at. ``how``: ``killed`` or ``memory``. Each attempt leaves a line in ``deaths``.
"""

import os
import signal
from pathlib import Path

from django.apps import AppConfig
from django.utils import timezone


class PoisonConfig(AppConfig):
    name, label = "tests.processes.poison", "poison"
    path = str(Path(__file__).parent)

    def ready(self):
        from board import looking
        from board.cohort import running as cohort
        from board.export_patient import archive
        from board.models import PatientExport
        from imaging.services import importing, running
        from tests.processes.apps import run_slowly

        what, how = os.environ["TEST_POISON"].split()
        places = {"import": (importing, "store_series"), "cohort": (cohort, "_read"), "news": (looking, "read_news")}
        if what in places:
            setattr(*places[what], lambda *_args, **_kwargs: _end(how))
        elif what == "patient":
            archive.write = lambda *_args, **_kwargs: _end(how, PatientExport)
        elif what not in running.RUNNERS:
            real = looking.look_again
            looking.look_again = lambda patient: _end(how) if patient.case_number == what else real(patient)
        else:
            running.RUNNERS[what] = lambda *_args: _end(how)
        running.RUNNERS["measure"] = run_slowly


def _end(how: str, model=None) -> None:
    """``model``: of what has a lease that is longer than a test, it is over as soon as its worker is dead."""
    if model is not None:
        model.objects.update(lease_until=timezone.now())
    with (Path(os.environ["PRRT_DATA_DIR"]) / "deaths").open("a") as told:
        told.write(f"{os.getpid()}\n")
    if how == "memory":
        raise MemoryError
    os.kill(os.getpid(), signal.SIGKILL)
