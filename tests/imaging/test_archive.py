"""ZIP files that lie, explode or reach outside: the bad entry is refused, its neighbours arrive."""

import io
import random
import stat
import struct
import zipfile

import pytest

from imaging import archive
from imaging.archive import Budget, entries
from imaging.refused import SENTENCES, Refused


def zipped(*files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as target:
        for name, data in files:
            target.writestr(name, data)
    return buffer


def read_all(buffer, budget=None):
    found = {}
    for entry in entries(buffer, budget or Budget()):
        code, data = entry.code, b""
        if entry.stream is not None:
            try:
                while chunk := entry.stream.read():
                    data += chunk
            except Refused as refusal:
                code = refusal.code
        found.setdefault(entry.label, []).append(code or data)
    return found


def test_files_come_out_whole_and_directories_do_not():
    data = random.Random(1).randbytes(5 << 20)
    found = read_all(zipped(("a/", b""), ("a/1.dcm", data), ("2.dcm", b"x")))
    assert found == {"a/1.dcm": [data], "2.dcm": [b"x"]}


@pytest.mark.parametrize(
    "name", ["../x", "/etc/cron.d/x", "a/../../x", "..\\x", "C:\\x", "C:/x", "\\\\server\\x", "a" * 2000]
)
def test_a_name_that_points_outside_is_refused_alone(name):
    found = read_all(zipped((name, b"evil"), ("good.dcm", b"good")))
    assert found.pop("good.dcm") == [b"good"]
    assert list(found.values()) == [["archive_unsafe_name"]]


def test_a_name_twice_or_differing_in_case_only_counts_once():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("a.dcm", b"first")
        with pytest.warns(UserWarning):
            target.writestr("a.dcm", b"second")
        target.writestr("A.DCM", b"third")
    found = read_all(buffer)
    assert found == {"a.dcm": [b"first", "archive_name_twice"], "A.DCM": ["archive_name_twice"]}


def test_links_and_devices_are_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, mode in (("link", stat.S_IFLNK), ("fifo", stat.S_IFIFO), ("device", stat.S_IFBLK)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode | 0o777) << 16
            target.writestr(info, "/etc/passwd")
        target.writestr("good", b"good")
    found = read_all(buffer)
    assert found.pop("good") == [b"good"]
    assert set(map(tuple, found.values())) == {("archive_link",)}


def test_a_bomb_is_stopped_by_the_bytes_that_come_out():
    found = read_all(zipped(("bomb", bytes(64 << 20)), ("good", b"good")))
    assert found == {"bomb": ["archive_bomb"], "good": [b"good"]}


def test_a_lying_size_does_not_help():
    raw = bytearray(zipped(("bomb", bytes(64 << 20)), ("good", b"good")).getvalue())
    at = raw.rfind(b"PK\x01\x02", 0, raw.rfind(b"PK\x01\x02"))
    struct.pack_into("<L", raw, at + 24, 100)  # uncompressed size in the central directory
    found = read_all(io.BytesIO(bytes(raw)))
    assert found["good"] == [b"good"]
    assert found["bomb"] in (["archive_bomb"], ["archive_damaged"], [bytes(100)]) and found["bomb"] != [bytes(64 << 20)]


def test_one_large_entry_is_capped(monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 1000)
    found = read_all(zipped(("large", bytes(range(250)) * 8), method=zipfile.ZIP_STORED))
    assert found == {"large": ["archive_bomb"]}


@pytest.mark.parametrize("budget, code", [(Budget(files=2), "too_many_files"), (Budget(size=5), "upload_too_large")])
def test_the_whole_import_has_caps(budget, code):
    with pytest.raises(Refused) as refusal:
        for entry in entries(zipped(("a", b"xxx"), ("b", b"yyy"), ("c", b"zzz")), budget):
            entry.stream.read()
    assert refusal.value.code == code


@pytest.mark.parametrize("inner", [zipped(("x", b"x")).getvalue(), b"\x1f\x8b\x08\x00rest", b"7z\xbc\xaf\x27\x1crest"])
def test_archives_inside_are_not_opened(inner):
    assert read_all(zipped(("inner", inner), ("good", b"good"))) == {"inner": ["archive_nested"], "good": [b"good"]}


def test_entries_that_share_their_bytes_are_refused():
    """Overlapping entries (one packed stream named many times) multiply without nesting."""
    buffer = zipped(*((f"f{n}", bytes(1 << 20)) for n in range(3)))
    raw = bytearray(buffer.getvalue())
    at = -1
    while (at := raw.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<L", raw, at + 20, len(raw) // 2)  # each claims half the archive as its packed bytes
    found = read_all(io.BytesIO(bytes(raw)))
    assert ["archive_bomb"] in found.values()


def test_a_password_is_named():
    raw = bytearray(zipped(("secret", b"data")).getvalue())
    struct.pack_into("<H", raw, raw.find(b"PK\x01\x02") + 8, 1)
    assert read_all(io.BytesIO(bytes(raw))) == {"secret": ["archive_encrypted"]}


def test_an_unusual_method_is_named():
    assert read_all(zipped(("a", b"data"), method=zipfile.ZIP_LZMA)) == {"a": ["archive_method"]}


@pytest.mark.parametrize("cut", [10, 60, -1, -30])
def test_a_damaged_archive_is_refused(cut):
    whole = zipped(("a", b"data" * 100), ("b", b"other" * 100)).getvalue()
    with pytest.raises(Refused) as refusal:
        read_all(io.BytesIO(whole[:cut]))
    assert refusal.value.code == "archive_damaged"


def test_damaged_bytes_of_one_entry_leave_the_next_alone():
    raw = bytearray(zipped(("a", bytes(range(256)) * 99), ("b", b"other"), method=zipfile.ZIP_STORED).getvalue())
    raw[200] ^= 0xFF
    assert read_all(io.BytesIO(bytes(raw))) == {"a": ["archive_damaged"], "b": [b"other"]}


def test_a_huge_table_of_contents_is_not_read(monkeypatch):
    monkeypatch.setattr(archive, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(Refused) as refusal:
        read_all(zipped(*((f"file-{n}", b"") for n in range(50))))
    assert refusal.value.code == "too_many_files"


def test_every_code_has_its_sentence():
    import re
    from pathlib import Path

    used = set(re.findall(r'"(archive_\w+|too_many_files|upload_too_large)"', Path(archive.__file__).read_text()))
    assert used <= SENTENCES.keys()


def test_many_small_entries_are_a_bomb_as_one_large_one_is(monkeypatch):
    """Each of them is small enough to compress as it likes."""
    monkeypatch.setattr(archive, "ARCHIVE_FREE_BYTES", 4 << 20)
    good = random.Random(2).randbytes(5000)
    found = read_all(zipped(("good.dcm", good), *((f"{n}.dcm", bytes(1 << 20)) for n in range(20))))
    assert found["good.dcm"] == [good] and found["0.dcm"] == [bytes(1 << 20)]
    codes = [found[f"{n}.dcm"] for n in range(20)]
    assert ["archive_bomb"] in codes and codes[-1] == ["archive_bomb"]
    unpacked = sum(len(one[0]) for one in codes if isinstance(one[0], bytes))
    assert unpacked <= (4 << 20) + archive.MAX_RATIO * 40_000
