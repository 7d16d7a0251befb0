"""Logs: what the shim's writer puts down in segments, the reader gives as one stream."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from borgpy.borglet.logs import end_of, read_at, segments, tail_offset
from borgpy.borglet.shim import Log

CHUNKS = st.lists(
    st.lists(st.sampled_from([b"a", b"bb", b"\n", b"ccc\n"]), max_size=30), max_size=12
)


def written(folder: Path, chunks: list[bytes], *, size: int, kept: int) -> None:
    log = Log({"logs": str(folder), "segment_bytes": size, "segments_kept": kept}, "stdout")
    for chunk in chunks:
        log.write(chunk)
    log.close()


def read_all(folder: Path, offset: int = 0) -> tuple[int, bytes]:
    """Where reading really began, and everything from there."""
    begun, content = read_at(folder, "stdout", offset)
    position = begun + len(content)
    while True:
        position, piece = read_at(folder, "stdout", position)
        if not piece:
            return begun, content
        content += piece
        position += len(piece)


@given(pieces=CHUNKS, size=st.integers(1, 20), starts=st.integers(1, 3))
def test_nothing_is_lost_whatever_the_pieces_and_however_often_the_shim_starts(
    pieces: list[list[bytes]], size: int, starts: int
) -> None:
    chunks = [b"".join(piece) for piece in pieces]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(starts):
            written(folder, chunks, size=size, kept=10_000)
        whole = b"".join(chunks) * starts
        assert read_all(folder) == (0, whole)
        assert end_of(folder, "stdout") == len(whole)
        assert all(segment.size() <= 2 * size + 4 * 30 for segment in segments(folder, "stdout"))


@given(pieces=CHUNKS, size=st.integers(1, 20), kept=st.integers(1, 4))
def test_the_newest_segments_are_kept_and_offsets_stay_true(
    pieces: list[list[bytes]], size: int, kept: int
) -> None:
    chunks = [b"".join(piece) for piece in pieces]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, chunks, size=size, kept=kept)
        whole = b"".join(chunks)
        assert len(segments(folder, "stdout")) <= kept
        begun, content = read_all(folder)
        assert content == whole[begun:]


@given(pieces=CHUNKS, size=st.integers(1, 20), lines=st.integers(0, 12))
def test_the_tail_is_the_last_lines(pieces: list[list[bytes]], size: int, lines: int) -> None:
    whole = b"".join(b"".join(piece) for piece in pieces)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder, [whole], size=size, kept=10_000)
        expected = b"".join(whole.splitlines(keepends=True)[-lines:]) if lines else b""
        offset = tail_offset(folder, "stdout", lines)
        assert whole[offset:] == expected


def test_segments_are_cut_between_lines(tmp_path: Path) -> None:
    written(tmp_path, [b"one\ntwo\nthree\nfour\n"], size=6, kept=10)
    assert [s.path.read_bytes() for s in segments(tmp_path, "stdout")] == [
        b"one\ntwo\n",
        b"three\n",
        b"four\n",
    ]


def test_what_cannot_be_written_is_lost_and_the_task_goes_on(tmp_path: Path) -> None:
    """A directory in the place of the segment stands for a full disk: the file cannot be opened."""
    segment = tmp_path / "stdout.0000000000000000"
    segment.mkdir()
    log = Log({"logs": str(tmp_path), "segment_bytes": 100, "segments_kept": 2}, "stdout")
    log.write(b"lost\n")
    segment.rmdir()
    log.write(b"kept\n")
    log.close()
    assert read_all(tmp_path) == (0, b"kept\n")


def test_what_was_never_written_is_empty(tmp_path: Path) -> None:
    assert read_all(tmp_path / "nowhere", 7) == (7, b"")
    assert tail_offset(tmp_path / "nowhere", "stdout", 3) == 0
