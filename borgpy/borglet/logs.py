"""Reading a task's log: the segments that its shim writes, as one stream of bytes."""

import os
from pathlib import Path

import msgspec

STREAMS = ("stdout", "stderr")

CHUNK = 64 * 1024


class Segment(msgspec.Struct, frozen=True):
    """A file that holds the stream from offset ``start`` on."""

    start: int
    path: Path

    def size(self) -> int:
        """0 when it was dropped meanwhile."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def segments(folder: Path, stream: str) -> list[Segment]:
    """What is kept of a stream, oldest first."""
    found = []
    if folder.is_dir():
        for name in os.listdir(folder):
            prefix, _, start = name.rpartition(".")
            if prefix == stream and start.isdigit():
                found.append(Segment(int(start), folder / name))
    return sorted(found, key=lambda segment: segment.start)


def end_of(folder: Path, stream: str) -> int:
    """The offset of the next byte that will be written."""
    kept = segments(folder, stream)
    return kept[-1].start + kept[-1].size() if kept else 0


def read_at(folder: Path, stream: str, offset: int) -> tuple[int, bytes]:
    """Some bytes from ``offset`` on, and the offset at which they really begin: what was dropped is skipped.

    No bytes: there is nothing further yet.
    """
    for segment in segments(folder, stream):
        end = segment.start + segment.size()
        if offset >= end:
            continue
        offset = max(offset, segment.start)
        try:
            with segment.path.open("rb") as file:
                file.seek(offset - segment.start)
                return offset, file.read(CHUNK)
        except FileNotFoundError:
            continue
    return offset, b""


def tail_offset(folder: Path, stream: str, lines: int) -> int:
    """Where the last ``lines`` lines begin; a last line without its end counts as one."""
    wanted = lines
    end = end_of(folder, stream)
    if lines <= 0:
        return end
    last = True
    for segment in reversed(segments(folder, stream)):
        try:
            with segment.path.open("rb") as file:
                position = segment.size()
                while position > 0:
                    step = min(CHUNK, position)
                    position -= step
                    file.seek(position)
                    block = file.read(step)
                    cut = len(block)
                    if last and block.endswith(b"\n"):
                        cut -= 1  # it ends the last line, rather than beginning another
                    last = False
                    while (cut := block.rfind(b"\n", 0, cut)) >= 0:
                        wanted -= 1
                        if wanted == 0:
                            return segment.start + position + cut + 1
        except FileNotFoundError:
            break
    kept = segments(folder, stream)
    return kept[0].start if kept else 0
