"""Many files in one body: whole files come out, a cut body is never mistaken for a whole one."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.framing import HEAD, BrokenBody, read_files

FILES = st.lists(st.tuples(st.text(max_size=40), st.binary(max_size=300)), max_size=6)


def body_of(files) -> bytes:
    labels = [label.encode("utf-8", "replace") for label, _ in files]
    return b"".join(HEAD.pack(len(n), len(data)) + n + data for n, (_, data) in zip(labels, files, strict=True))


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, as a slow connection does."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size > 0 else size)


@given(FILES)
def test_what_goes_in_comes_out(files):
    found = []
    for file in read_files(Trickle(body_of(files)), max_files=10):
        data = b""
        while chunk := file.read(64):
            data += chunk
        found.append((file.label, data))
    assert found == [(label.encode("utf-8", "replace").decode(), data) for label, data in files]


@given(FILES.filter(bool), st.data())
def test_a_cut_body_is_broken_or_ends_between_files(files, data):
    whole = body_of(files)
    cut = data.draw(st.integers(0, len(whole) - 1))
    ends = [len(body_of(files[:n])) for n in range(len(files) + 1)]
    if cut in ends:
        assert len(list(read_files(io.BytesIO(whole[:cut]), max_files=10))) == ends.index(cut)
        return
    with pytest.raises(BrokenBody):
        list(read_files(io.BytesIO(whole[:cut]), max_files=10))


def test_files_nobody_reads_are_skipped():
    files = [("a", b"x" * 5000), ("b", b"y")]
    assert [file.label for file in read_files(io.BytesIO(body_of(files)), max_files=10)] == ["a", "b"]


def test_endless_small_files_and_huge_labels_are_refused():
    with pytest.raises(BrokenBody):
        list(read_files(io.BytesIO(body_of([("a", b"")] * 5)), max_files=4))
    with pytest.raises(BrokenBody):
        list(read_files(io.BytesIO(HEAD.pack(1 << 30, 0)), max_files=4))
