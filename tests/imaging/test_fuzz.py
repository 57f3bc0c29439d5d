"""A short slice of `make fuzz`, and proof that it would notice: planted faults are found."""

import io
import random
import time
from collections import Counter

import pytest

from imaging import dicom, sandbox
from imaging.models import Job, UploadItem
from imaging.services import add_files, close_upload, open_upload
from imaging.services.running import run_until_done
from tests.fuzz import frames, importer
from tests.fuzz.importer import Broken, Tally
from tests.fuzz.mutations import SLICES, mutated

SEED = 7
DYING = sandbox._BOOT.replace(
    "main(", "from imaging import dicom; import os; dicom.parse = lambda *_: os.kill(os.getpid(), 11); main("
)
SERIES = 250


def changed(number: int) -> list[bytes]:
    return mutated(random.Random(f"{SEED}/{number}"))


def fuzz(count: int = SERIES) -> Tally:
    tally = Tally()
    for number in range(count):
        importer.run(changed(number), tally)
    return tally


def test_changed_files_are_read_or_refused_and_no_suv_stands_on_slices_that_disagree():
    tally = fuzz()
    assert tally.files == SERIES * SLICES
    assert min(tally.outcomes[outcome] for outcome in ("SUV", "no SUV", "read", "file_truncated")) > 10
    assert tally.slowest < importer.SECONDS


def test_an_exception_that_nobody_expects_is_found(monkeypatch):
    """A value that cannot be read makes the reader stumble: the run ends with it."""
    real = importer.dicom.parse

    def stumbling(descriptor):
        found = real(descriptor)
        if found.get("problems"):
            raise KeyError("planted")
        return found

    monkeypatch.setattr(importer.dicom, "parse", stumbling)
    with pytest.raises(KeyError, match="planted"):
        fuzz(100)


def test_an_suv_on_slices_that_disagree_is_found(monkeypatch):
    """As the importer would be if it took the first slice's word for all."""
    real = importer.assemble

    def trusting(parsed):
        from dataclasses import replace

        from imaging.suv_header import suv_inputs

        found = real(parsed)
        return [replace(s, suv_inputs=suv_inputs([s.first])[0]) for s in found]

    monkeypatch.setattr(importer, "assemble", trusting)
    with pytest.raises(Broken, match="although the slices disagree"):
        fuzz(100)


@pytest.mark.parametrize(
    ("vr", "value", "other", "is_same"),
    [
        ("DT", b"202503101100", b"20250310110000.000", True),
        ("DT", b"20250310110000", b"20250310111500", False),
        ("TM", b"12", b"120000", True),
        ("TM", b"120000.5", b"120000", False),
        ("DS", b"70", b"70.0", True),
        ("DS", b"70", b"71", False),
        ("DS", b"\xff\x01", b"\xff\x02", True),
        ("DS", b"70", b"7O", False),
        ("CS", b"NORM\\ATTN", b"NORM\\ATTN ", True),
        ("CS", b"NORM\\ATTN", b"NORM\\DECY", False),
        ("CS", b"", None, True),
        ("CS", b"BW", None, False),
        ("DA", b"20250310", b"20250309", False),
        ("DA", b"20250310", None, False),
    ],
)
def test_the_judge_compares_what_is_said(vr, value, other, is_same):
    assert (importer.meaning(vr, value) == importer.meaning(vr, other)) is is_same


def test_a_reader_that_hangs_is_found(monkeypatch):
    def endless(descriptor):
        while True:
            pass

    monkeypatch.setattr(importer.dicom, "parse", endless)
    monkeypatch.setattr(importer, "SECONDS", 0.2)
    with pytest.raises(Broken, match="no answer"):
        fuzz(1)


def test_a_reader_that_waits_for_ever_is_found(monkeypatch):
    monkeypatch.setattr(importer.dicom, "parse", lambda descriptor: time.sleep(60))
    monkeypatch.setattr(importer, "SECONDS", 0.1)
    with pytest.raises(Broken, match="no answer"):
        fuzz(1)


def test_a_mistake_that_the_reader_takes_for_damage_is_found(monkeypatch):
    """The reader answers every exception with a refusal, so a mistake of its own would look like a bad file."""
    real = dicom.describe
    by_units = {"BQML": {}, "CNTS": {}, "GML": {}}
    monkeypatch.setattr(dicom, "describe", lambda elements: real(elements) | by_units[real(elements)["units"]])
    with pytest.raises(Broken, match="stumbled: KeyError"):
        fuzz(100)


def test_a_reader_that_dies_is_found(monkeypatch):
    """One that is gone has nothing to say of the files it was given."""
    monkeypatch.setattr(sandbox, "_BOOT", DYING)
    monkeypatch.setattr(sandbox, "_current", None)
    with pytest.raises(Broken, match="parser_crash"):
        importer.through_the_sandbox(changed(0))


def test_changed_compressed_frames_are_unpacked_or_refused():
    found = Counter(frames.unpack(frames.changed(random.Random(f"{SEED}/{number}"))) for number in range(60))
    assert found["unpacked"] and found["dicom_damaged"]


def test_a_decoder_that_dies_is_found(monkeypatch):
    monkeypatch.setattr(sandbox, "_BOOT", DYING.replace("dicom.parse", "dicom.decode"))
    monkeypatch.setattr(sandbox, "_current", None)
    with pytest.raises(Broken, match="parser_crash"):
        frames.unpack(frames.packed("JPEGLSLossless"))


def test_the_sandbox_reads_them_alike():
    for number in range(0, 60, 5):
        importer.through_the_sandbox(changed(number))


@pytest.mark.django_db
@pytest.mark.one_engine
def test_a_sample_through_the_whole_import(phantom_case, doctor):
    """Every file has its outcome and its sentence, and no job stumbles."""
    files = [(f"{n}-{k}.dcm", data) for n in range(40) for k, data in enumerate(changed(n))]
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    add_files(by=doctor, upload=upload, files=[(name, io.BytesIO(data)) for name, data in files])
    run_until_done(close_upload(by=doctor, upload=upload).pk)
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
    outcomes = Counter(UploadItem.objects.filter(upload=upload).values_list("outcome", flat=True))
    assert sum(outcomes.values()) == len(files) and not outcomes["waiting"]
    assert not outcomes["stored"], "the files are of nobody who has this case"
    assert not UploadItem.objects.filter(outcome="refused", reason_code="").exists()
