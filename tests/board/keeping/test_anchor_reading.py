"""A page that says how the system is does not read years of anchors each time it is asked for."""

from pathlib import Path

import pytest

from board.keeping import anchor

pytestmark = pytest.mark.django_db
LINES = 20_000


@pytest.fixture
def long_anchor(tmp_path, settings, monkeypatch):
    """The file, and how often a line of it was read."""
    path = tmp_path / "anchor.txt"
    hashes = [f"{n:064x}" for n in range(1, LINES + 1)]
    path.write_text("".join(f"2026-01-01T00:00:00+00:00 signed {n} {made}\n" for n, made in enumerate(hashes, 1)))
    settings.ANCHOR_FILE = str(path)
    read, real = [], anchor._lines

    def counted(asked: Path):
        for one in real(asked):
            read.append(one)
            yield one

    monkeypatch.setattr(anchor, "_lines", counted)
    return path, read


def ask() -> tuple:
    return anchor.last(), anchor.entries_missing(), len(anchor.problems(most=anchor.RECENT))


def test_an_unchanged_file_is_read_once_and_a_longer_one_again(long_anchor):
    path, read = long_anchor
    first = ask()
    assert first[0].sequence == LINES and first[1:] == (LINES, 1)
    assert [ask() for _ in range(20)] == [first] * 20 and len(read) == LINES
    with path.open("a") as file:
        file.write(f"2026-01-02T00:00:00+00:00 signed {LINES + 1} {'f' * 64}\n")
    assert ask()[0].sequence == LINES + 1 and len(read) == 2 * LINES + 1


def test_the_whole_file_is_still_read_where_all_of_it_is_asked_about(long_anchor):
    _, read = long_anchor
    ask()
    anchor.problems()
    assert len(read) == 2 * LINES


def test_a_file_written_anew_in_place_is_seen(long_anchor):
    path, _ = long_anchor
    ask()
    text = path.read_text()
    path.write_text(text.replace(f" {LINES} ", f" {LINES + 9} "))
    assert ask()[0].sequence == LINES + 9
