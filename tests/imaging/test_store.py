"""Content-addressed store: complete or absent, never overwritten, durable in the right order."""

import errno
import hashlib
import io
import os
import stat

import pytest

from imaging import store

DATA = b"one slice of a scan" * 1000


@pytest.fixture
def root(settings, tmp_path):
    settings.FILE_STORE_DIR = tmp_path / "store"
    return settings.FILE_STORE_DIR


def files(root):
    return sorted(p for p in root.rglob("*") if p.is_file())


def test_a_file_is_named_by_its_content_and_read_only(root):
    stored = store.put(io.BytesIO(DATA), max_bytes=10**6)
    assert stored == (hashlib.sha256(DATA).hexdigest(), len(DATA))
    assert store.path(stored.sha256).read_bytes() == DATA
    assert stat.S_IMODE(store.path(stored.sha256).stat().st_mode) == 0o440
    assert store.exists(stored.sha256) and store.open_stored(stored.sha256).read() == DATA


def test_same_content_is_kept_not_overwritten(root):
    first = store.put_bytes(DATA)
    before = store.path(first.sha256).stat()
    assert store.put(io.BytesIO(DATA), max_bytes=10**6) == first
    after = store.path(first.sha256).stat()
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)
    assert after.st_mtime_ns >= before.st_mtime_ns, "its time says when it was last put (imaging/store_check.py)"
    assert len(files(root)) == 1


def test_a_damaged_file_of_the_same_name_is_reported(root):
    stored = store.put_bytes(DATA)
    damaged = store.path(stored.sha256)
    damaged.chmod(0o640)
    damaged.write_bytes(DATA[:-1])
    with pytest.raises(store.StoreError) as error:
        store.put_bytes(DATA)
    assert error.value.code == "store_damaged"
    assert damaged.read_bytes() == DATA[:-1]


def test_too_large_leaves_nothing(root):
    with pytest.raises(store.StoreError) as error:
        store.put(io.BytesIO(DATA), max_bytes=len(DATA) - 1)
    assert error.value.code == "file_too_large"
    assert files(root) == []


def test_a_stream_that_breaks_leaves_nothing_and_keeps_its_own_error(root):
    class Broken(io.BytesIO):
        def read(self, size=-1, /):
            if self.tell() > 0:
                raise ConnectionResetError("gone")
            return super().read(10)

    with pytest.raises(ConnectionResetError):
        store.put(Broken(DATA), max_bytes=10**6)
    assert files(root) == []


@pytest.mark.parametrize("call", ["write", "fsync", "link"])
@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EIO, "store_unwritable")])
def test_a_failing_disk_never_shows_a_partial_file(root, monkeypatch, call, at, number, code):
    seen, real = {"n": 0}, getattr(os, call)

    def failing(*args, **kwargs):
        seen["n"] += 1
        if seen["n"] == at:
            raise OSError(number, "injected")
        return real(*args, **kwargs)

    monkeypatch.setattr(store.os, call, failing)
    blobs = [DATA + bytes([k]) for k in range(3)]
    with pytest.raises(store.StoreError) as error, store.batch() as add:
        for blob in blobs:
            add(io.BytesIO(blob), max_bytes=10**6)
    monkeypatch.undo()
    assert error.value.code == code
    for file in files(root):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name
    with store.batch() as add:
        again = [add(io.BytesIO(blob), max_bytes=10**6) for blob in blobs]
    assert all(store.exists(s.sha256) for s in again)
    assert len(files(root)) == 3


def test_names_come_after_content_and_directories_last(root, monkeypatch):
    order, directories = [], []
    real_fsync, real_link = os.fsync, os.link

    def fsync(descriptor):
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("directory" if is_directory else "file")
        if is_directory:
            directories.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real_fsync(descriptor)

    monkeypatch.setattr(store.os, "fsync", fsync)
    monkeypatch.setattr(store.os, "link", lambda *a, **k: (order.append("link"), real_link(*a, **k)))
    with store.batch() as add:
        stored = [add(io.BytesIO(bytes([k]) * 100), max_bytes=100) for k in range(10)]
    assert order[:20] == ["file"] * 10 + ["link"] * 10
    assert set(order[20:]) == {"directory"}
    assert len(directories) == len(set(directories))
    assert {str(store.path(s.sha256).parent) for s in stored} <= set(directories)
    assert str(root) in directories


def test_more_files_than_a_window(root):
    with store.batch() as add:
        stored = [add(io.BytesIO(b"%d" % k), max_bytes=100) for k in range(store.WINDOW * 2 + 5)]
        assert len(os.listdir("/proc/self/fd")) < store.WINDOW + 40
    assert all(store.exists(s.sha256) for s in stored)


def test_works_where_unnamed_files_do_not_exist(root, monkeypatch):
    real = os.open

    def open_without(file, flags, *args, **kwargs):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not here")
        return real(file, flags, *args, **kwargs)

    monkeypatch.setattr(store.os, "open", open_without)
    stored = store.put_bytes(DATA)
    assert [p.name for p in files(root)] == [stored.sha256]
    assert store.path(stored.sha256).stat().st_nlink == 1


def test_a_stored_file_has_one_name_so_it_could_be_imported_from_there(root):
    for _ in range(2):
        assert store.path(store.put_bytes(DATA).sha256).stat().st_nlink == 1


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "ab" * 31, "AB" * 32, "ab" * 32 + "\n"])
def test_only_a_digest_is_a_name(root, name):
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)


STEPS = ("open", "write", "fsync", "link", "close", "mkdir")


def killed_at(step: int, blobs: list[bytes]) -> bool:
    """Store ``blobs`` in a child that dies without a word at its so-maniest call to the system; True if it came to the end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    seen = {"n": 0}

    def counted(real):
        def call(*args, **kwargs):
            seen["n"] += 1
            if seen["n"] == step:
                os._exit(9)
            return real(*args, **kwargs)

        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    try:
        with store.batch() as add:
            for blob in blobs:
                add(io.BytesIO(blob), max_bytes=10**6)
        os._exit(0)
    except BaseException:
        os._exit(1)


def test_killed_at_every_step_a_name_is_absent_or_complete(root, monkeypatch):
    """Every point at which a process may die, from the first call to the last; what is stored again is whole."""
    monkeypatch.setattr(store, "FLUSHERS", 1)
    blobs = [DATA + bytes([k]) for k in range(3)]
    step, ended = 0, False
    while not ended:
        step += 1
        ended = killed_at(step, blobs)
        for file in files(root):
            assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name, step
        for file in files(root):
            file.unlink()
        for folder in sorted((p for p in root.rglob("*") if p.is_dir()), reverse=True):
            folder.rmdir()
    assert step > 20, "the child came to no step, so nothing was tested"
    assert all(store.exists(store.put_bytes(blob).sha256) for blob in blobs)
