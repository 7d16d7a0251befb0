"""The shim: a small program beside each running task, which outlives the Borglet and lets nothing of the task escape.

    python -I -S -B shim.pyc begin RUN_DIR LOCK_FD READY_FD

It stands alone (it imports nothing of borgpy, and of Python only what the interpreter has loaded or compiled in), as
there is one for every task: 8.4 MB resident, of which 2.9 MB are its own and the rest is shared with every other shim
of the machine (RSS and PSS with 20 of them, CPython 3.11 on x86-64; an interpreter that does nothing has 2.75 MB).
Compiling its source at each start would add 1.2 MB, ``signal`` 0.8 MB, ``json`` and ``subprocess`` more; ctypes is
imported only by processes that then exec.

What it is told lies in RUN_DIR/config (marshal: a format without a library, read by the interpreter that wrote it).
What it says lies beside it, each file written whole or not at all: ``started``, and in the end ``exit``. While it
lives it holds a lock on LOCK_FD, so that its life can be told without trusting a pid. SIGTERM asks it to stop the
task; RUN_DIR/stop then holds the notice in milliseconds and, from its second line on, the reason.
"""

# ruff: noqa: SIM105 - contextlib would have to be imported

import posix
import select
import sys
import time
from marshal import loads

TYPE_CHECKING = False  # as in typing, which would have to be imported for it
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # the part of it that is compiled in

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CHUNK = 65536
SWEEP_MS = 20
"""While what is left of a task is being killed, new children are looked for this often."""


def main(argv: "list[str]") -> None:
    stage, run_dir, lock_fd, ready_fd = argv[1], argv[2], int(argv[3]), int(argv[4])
    posix.chdir(run_dir)
    if stage == "begin":
        # A subreaper stays one over exec, while the memory that ctypes took does not.
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        again = [sys.executable, "-I", "-S", "-B", argv[0], "run", *argv[2:]]
        posix.execv(sys.executable, again)
    posix.set_inheritable(lock_fd, False)
    posix.set_inheritable(ready_fd, False)
    Shim(loads(_read("config")), ready_fd).serve()


class Shim:
    """Serves one run of a task from its start to its exit status."""

    def __init__(self, config: "dict[str, Any]", ready_fd: int) -> None:
        self.config = config
        self.ready_fd = ready_fd
        self.exit_fd = _reserve_exit_file()
        self.wake_fd = _wake_on_signals()
        self.logs: dict[int, Log] = {}
        self.main = 0
        self.status: int | None = None  # of the main process, as wait gives it
        self.ended_at = 0
        self.reason = ""
        self.kill_at: int | None = None  # when everything left is killed, in steady milliseconds

    def serve(self) -> None:
        self.start()
        while self.reap():
            now = _steady_ms()
            if self.kill_at is not None and now >= self.kill_at:
                for pid, _ in _descendants(posix.getpid()):
                    _kill(pid, signal.SIGKILL)
                self.kill_at = now + SWEEP_MS
            self.wait(self.kill_at)
        for fd in list(self.logs):
            self.drain(fd)
        self.finish()

    def start(self) -> None:
        out, out_end = posix.pipe()
        err, err_end = posix.pipe()
        failure, failure_end = posix.pipe()
        self.main = posix.fork()
        if self.main == 0:
            _become_task(self.config, out_end, err_end, failure_end)
        for fd in (out_end, err_end, failure_end):
            posix.close(fd)
        for fd, stream in ((out, "stdout"), (err, "stderr")):
            posix.set_blocking(fd, False)
            self.logs[fd] = Log(self.config, stream)
        self.reason = posix.read(failure, 4096).decode("utf-8", "replace")
        posix.close(failure)
        said = (
            f"shim={posix.getpid()}\nshim_ticks={_ticks(posix.getpid())}\n"
            f"pid={self.main}\nticks={_ticks(self.main)}\nat={_now_ms()}\n"
        )
        if not self.reason:
            _write_whole("started", said.encode())
        try:
            posix.write(self.ready_fd, (self.reason or said).encode())
        except OSError:
            pass  # the Borglet has gone meanwhile; its successor reads the file
        posix.close(self.ready_fd)

    def wait(self, until: "int | None") -> None:
        """Until a signal came, the task wrote something, or it is time."""
        poll = select.poll()
        poll.register(self.wake_fd, select.POLLIN)
        for fd in self.logs:
            poll.register(fd, select.POLLIN)
        timeout = -1 if until is None else max(until - _steady_ms(), 0)
        for fd, _ in poll.poll(timeout):
            if fd == self.wake_fd:
                if signal.SIGTERM in posix.read(fd, 512):
                    self.stop()
            else:
                self.copy(fd)

    def stop(self) -> None:
        """SIGTERM for every process of the task; what is left after the notice is killed. A second request may hurry."""
        notice, _, reason = _read_or_nothing("stop").decode().partition("\n")
        kill_at = _steady_ms() + int(notice or self.config["notice_ms"])
        if self.kill_at is None:
            self.reason = reason
            for pid, group in _descendants(posix.getpid()):
                if group != self.main:
                    _kill(pid, signal.SIGTERM)
            _kill(-self.main, signal.SIGTERM)
        self.kill_at = kill_at if self.kill_at is None else min(self.kill_at, kill_at)

    def reap(self) -> bool:
        """Bury the dead; whether anybody is left. When the main process leaves by itself, nobody may stay."""
        while True:
            try:
                pid, status = posix.waitpid(-1, posix.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.main and self.status is None:
                self.status, self.ended_at = status, _now_ms()
                if self.kill_at is None:
                    self.kill_at = _steady_ms()

    def copy(self, fd: int) -> bool:
        """Move what the task wrote into its log; whether there was something."""
        try:
            chunk = posix.read(fd, CHUNK)
        except BlockingIOError:
            return False
        if chunk:
            self.logs[fd].write(chunk)
            return True
        posix.close(fd)
        del self.logs[fd]
        return False

    def drain(self, fd: int) -> None:
        while fd in self.logs and self.copy(fd):
            pass

    def finish(self) -> None:
        status = self.status or 0
        signalled = posix.WIFSIGNALED(status)
        code = -posix.WTERMSIG(status) if signalled else posix.WEXITSTATUS(status)
        said = f"code={code}\nat={self.ended_at}\nreason={self.reason}\n".encode()
        while True:
            try:
                posix.pwrite(self.exit_fd, said, 0)
                posix.ftruncate(self.exit_fd, len(said))
                posix.fsync(self.exit_fd)
                posix.rename("exit.new", "exit")
                _sync_directory(".")
                return
            except OSError:
                # An exit status is never given up; the lock tells that we are still at it.
                time.sleep(1)


class Log:
    """One stream's log: segments named after the offset in the stream at which they begin.

    Nothing is renamed, so that a reader needs no luck, and the segments one after another are the stream.
    """

    def __init__(self, config: "dict[str, Any]", stream: str) -> None:
        self.prefix = config["logs"] + "/" + stream + "."
        self.segment_bytes: int = config["segment_bytes"]
        self.segments_kept: int = config["segments_kept"]
        names = sorted(n for n in posix.listdir(config["logs"]) if n.startswith(stream + "."))
        self.starts = [int(name.rpartition(".")[2]) for name in names] or [0]
        self.size = 0
        self.fd = -1
        self.open()

    def open(self) -> None:
        path = f"{self.prefix}{self.starts[-1]:016d}"
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_CLOEXEC
        try:
            self.fd = posix.open(path, flags, 0o600)
            self.size = posix.fstat(self.fd).st_size
        except OSError:
            # No room for another file: what the task says is lost, and the task goes on.
            self.fd = -1

    def write(self, chunk: bytes) -> None:
        """Append; a segment that is full ends with the line it is in, or when it has twice its size."""
        while chunk:
            if self.size < self.segment_bytes:
                cut = min(len(chunk), self.segment_bytes - self.size)
            else:
                cut = chunk.find(b"\n") + 1
                if cut == 0 and self.size < 2 * self.segment_bytes:
                    cut = len(chunk)
            self.append(chunk[:cut])
            line_ended = chunk[:cut].endswith(b"\n")
            chunk = chunk[cut:]
            if self.size >= self.segment_bytes and (line_ended or cut == 0):
                self.rotate()

    def append(self, chunk: bytes) -> None:
        if self.fd < 0:
            self.open()
        try:
            while chunk:
                written = posix.write(self.fd, chunk)
                self.size += written
                chunk = chunk[written:]
        except OSError:
            pass  # the disk is full: a task must not stand still for its log

    def close(self) -> None:
        if self.fd >= 0:
            posix.close(self.fd)
            self.fd = -1

    def rotate(self) -> None:
        self.close()
        self.starts.append(self.starts[-1] + self.size)
        self.open()
        while len(self.starts) > self.segments_kept:
            try:
                posix.unlink(f"{self.prefix}{self.starts.pop(0):016d}")
            except OSError:
                pass


def _become_task(config: "dict[str, Any]", out: int, err: int, failure: int) -> None:
    """In the forked child: put on everything the task is to have, and become it. Does not return."""
    try:
        shim = posix.getppid()
        posix.setsid()
        for path in config["cgroup_procs"]:
            fd = posix.open(path, posix.O_WRONLY)
            posix.write(fd, b"0")
            posix.close(fd)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if posix.getppid() != shim:
            posix._exit(127)  # the shim died before it could take us along
        _limit(config["rlimits"])
        null = posix.open("/dev/null", posix.O_RDONLY)
        for source, target in ((null, 0), (out, 1), (err, 2)):
            posix.dup2(source, target)
        for number in (
            signal.SIGPIPE,
            signal.SIGXFSZ,
            signal.SIGHUP,
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGCHLD,
        ):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        posix.umask(0o022)
        posix.chdir(config["sandbox"])
        posix.execve(config["argv"][0], config["argv"], config["env"])
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must be told and end here
        text = error.strerror if isinstance(error, OSError) and error.strerror else repr(error)
        posix.write(failure, f"cannot run {config['name']}: {text}".encode())
    posix._exit(127)


def _prctl(option: int, value: int) -> None:
    from ctypes import CDLL

    CDLL(None).prctl(option, value, 0, 0, 0)


def _limit(rlimits: "list[tuple[int, int]]") -> None:
    if rlimits:
        from resource import setrlimit

        for which, most in rlimits:
            setrlimit(which, (most, most))


def _wake_on_signals() -> int:
    """A pipe on which each signal that we get appears as a byte."""
    wake_fd, wake_end = posix.pipe()
    posix.set_blocking(wake_fd, False)
    posix.set_blocking(wake_end, False)
    signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    return wake_fd


def _descendants(ancestor: int) -> "list[tuple[int, int]]":
    """``(pid, process group)`` of everything below ``ancestor``, as far as it holds still."""
    children: dict[int, list[tuple[int, int]]] = {}
    for name in posix.listdir("/proc"):
        if name.isdigit():
            fields = _stat(name)
            if fields and fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append((int(name), int(fields[2])))
    found: list[tuple[int, int]] = []
    parents = [ancestor]
    while parents:
        below = children.pop(parents.pop(), [])
        found += below
        parents += [pid for pid, _ in below]
    return found


def _stat(pid: str) -> "list[str]":
    """The fields of /proc/PID/stat from the state on; the command before them may hold anything."""
    text = _read_or_nothing(f"/proc/{pid}/stat").decode("utf-8", "replace")
    return text.rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    fields = _stat(str(pid))
    return int(fields[19]) if fields else 0


def _kill(pid: int, number: int) -> None:
    try:
        posix.kill(pid, number)
    except OSError:
        pass


def _reserve_exit_file() -> int:
    """The exit file takes its place on the disk while there is one: it is overwritten, not extended, in the end."""
    fd = posix.open("exit.new", posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600)
    try:
        posix.write(fd, b" " * 512)
    except OSError:
        pass
    return fd


def _read(path: str) -> bytes:
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        parts = []
        while part := posix.read(fd, CHUNK):
            parts.append(part)
        return b"".join(parts)
    finally:
        posix.close(fd)


def _read_or_nothing(path: str) -> bytes:
    try:
        return _read(path)
    except OSError:
        return b""


def _write_whole(name: str, content: bytes) -> None:
    fd = posix.open(name + ".new", posix.O_WRONLY | posix.O_CREAT | posix.O_CLOEXEC, 0o600)
    posix.write(fd, content)
    posix.fsync(fd)
    posix.close(fd)
    posix.rename(name + ".new", name)
    _sync_directory(".")


def _sync_directory(path: str) -> None:
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    posix.fsync(fd)
    posix.close(fd)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv)
