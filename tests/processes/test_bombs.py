"""Bombs through a real worker: each is refused soon and in little memory, and pages answer meanwhile.

What a busy machine takes from the worker is not the bomb's doing: seconds are those of the worker's own processor.
"""

import time
from statistics import median
from threading import Event, Thread

import psutil
import pytest
from django.urls import reverse

from imaging.models import Job, Series, UploadItem
from imaging.services import add_files, close_upload, open_upload
from tests.imaging.dicom_files import pet_slice, to_bytes
from tests.processes.bombs import bombs
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.one_engine]
SECONDS, MEMORY = 5.0, 512 << 20


class Watch:
    """Memory of each process of a tree at its highest, and the processor time of all, sampled until the block ends."""

    def __init__(self, pid: int) -> None:
        self._root, self._over = psutil.Process(pid), Event()
        self.peak, self.seconds = 0, {}
        self._thread = Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(0.02):
            for process in [self._root, *self._root.children(recursive=True)]:
                try:
                    self.peak = max(self.peak, process.memory_info().rss)
                    used = process.cpu_times()
                except psutil.NoSuchProcess:
                    continue
                first, _ = self.seconds.get(process.pid, (used.user + used.system, 0))
                self.seconds[process.pid] = (first, used.user + used.system)

    @property
    def spent(self) -> float:
        return sum(last - first for first, last in self.seconds.values())


def imported(site, doctor, files) -> Job:
    import io

    upload = open_upload(by=doctor, source="command")
    add_files(by=doctor, upload=upload, files=[(name, io.BytesIO(data)) for name, data in files])
    job = close_upload(by=doctor, upload=upload)
    site.ring(job)
    return job


def test_bombs_are_refused_soon_and_small_while_pages_answer(embedded_site, tmp_path, doctor, client):
    site, answers = embedded_site, []
    client.force_login(doctor)
    worker = site.start_worker()
    site.done(imported(site, doctor, [("warm.dcm", to_bytes(pet_slice()))]), 60)
    for name, data, codes in bombs(tmp_path):
        with Watch(worker.pid) as watch:
            job = imported(site, doctor, [(name, data)])

            def over(job=job) -> bool:
                asked = time.thread_time()
                assert client.get(reverse("imaging:upload")).status_code == 200
                answers.append(time.thread_time() - asked)
                return Job.objects.filter(pk=job.pk, state=Job.State.DONE).exists()

            wait_for(over, 60, name)
        assert watch.spent < SECONDS, (name, watch.spent)
        assert watch.peak < MEMORY, (name, watch.peak >> 20)
        items = UploadItem.objects.filter(upload=job.subject_id)
        assert items.filter(outcome="refused", reason_code__in=codes).exists(), (
            name,
            set(items.values_list("reason_code")),
        )
        assert not items.filter(outcome="waiting").exists()
    assert median(answers) < 1.0
    assert Series.objects.count() == 2, "the good file of the first bomb arrived, and what came before"
