"""How far a job has come, and how a person or a program is told: a live table, lines, or JSON."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import click
import msgspec

from borgpy.cli.options import Options, Output
from borgpy.cli.output import age, printable, show_line
from borgpy.clock import Clock, rfc3339
from borgpy.model.api import JobView
from borgpy.model.lifecycle import PHASE_STATE, Phase, TaskState
from borgpy.model.names import JobKey

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

REDRAWS_PER_SECOND = 4


class Wait(Enum):
    """How far a job must have come."""

    ACCEPTED = "accepted"
    PLACED = "placed"
    RUNNING = "running"
    HEALTHY = "healthy"


class Standing(msgspec.Struct, frozen=True):
    """A job's tasks, counted by how far they have come; finished ones count as having come all the way."""

    desired: int
    placed: int
    running: int
    healthy: int
    failed: int
    outdated: int

    def has_reached(self, wait: Wait) -> bool:
        """Whether all tasks have come so far, and run the present version."""
        match wait:
            case Wait.ACCEPTED:
                return True
            case Wait.PLACED:
                return self.placed >= self.desired and not self.outdated
            case Wait.RUNNING:
                return self.running >= self.desired and not self.outdated
            case Wait.HEALTHY:
                return self.healthy >= self.desired and not self.outdated

    def is_hopeless(self, wait: Wait) -> bool:
        """Whether tasks that failed for good are all that is missing."""
        counts = {Wait.PLACED: self.placed, Wait.RUNNING: self.running, Wait.HEALTHY: self.healthy}
        return self.failed > 0 and counts.get(wait, 0) + self.failed >= self.desired

    def __str__(self) -> str:
        parts = [
            f"{self.desired:,} desired",
            f"{self.placed:,} placed",
            f"{self.running:,} running",
            f"{self.healthy:,} healthy",
        ]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.outdated:
            parts.append(f"{self.outdated:,} not at this version yet")
        return ", ".join(parts)


def standing(view: JobView) -> Standing:
    """How far the tasks that the job wants have come."""
    by_phase = {Phase(name): count for name, count in view.phases.items()}
    finished = by_phase.get(Phase.FINISHED, 0)
    on_machines = sum(
        count for phase, count in by_phase.items() if PHASE_STATE[phase] is TaskState.RUNNING
    )
    return Standing(
        desired=0 if view.stopped else view.spec.replicas,
        placed=on_machines + finished,
        running=view.running + finished,
        healthy=view.healthy + finished,
        failed=by_phase.get(Phase.FAILED, 0) + by_phase.get(Phase.LOST, 0),
        outdated=view.outdated,
    )


def remaining(view: JobView) -> int:
    """How many tasks of a job that was told to stop have not ended."""
    return sum(
        count
        for name, count in view.phases.items()
        if PHASE_STATE[Phase(name)] is not TaskState.DEAD
    )


class Progress(Protocol):
    """Where progress is shown."""

    def show(self, views: Sequence[JobView], notes: Mapping[JobKey, Sequence[str]]) -> None:
        """How the jobs are now, and what holds them up."""
        ...

    def close(self) -> None: ...


def progress_for(options: Options, clock: Clock, *, is_terminal: bool) -> Progress:
    """Progress as the options want it, on stderr that is a terminal or not."""
    if options.output in (Output.JSON, Output.YAML):
        return Objects(options)
    if options.quiet:
        return Silence()
    return LiveTable(clock, color=options.color) if is_terminal else Lines(clock)


class Silence:
    """Progress that nobody wants to see."""

    def show(self, views: Sequence[JobView], notes: Mapping[JobKey, Sequence[str]]) -> None:
        return

    def close(self) -> None:
        return


class Lines:
    """A line on stderr for each change, with its time: for logs and pipes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[JobKey, set[str]] = {}
        self._last: dict[JobKey, str] = {}

    def show(self, views: Sequence[JobView], notes: Mapping[JobKey, Sequence[str]]) -> None:
        for view in views:
            now = view.summary if view.stopped else str(standing(view))
            if self._last.get(view.key) != now:
                self._say(view, now)
                self._last[view.key] = now
        for key, said in notes.items():
            known = self._said.setdefault(key, set())
            for note in said:
                if note not in known:
                    known.add(note)
                    click.echo(f"{rfc3339(self._clock.now())} {key}: {printable(note)}", err=True)

    def close(self) -> None:
        return

    def _say(self, view: JobView, text: str) -> None:
        click.echo(f"{rfc3339(self._clock.now())} {view.key}: {text}", err=True)


class Objects:
    """Each change as the job itself on stdout, a line of JSON or a document of YAML."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._last: dict[JobKey, JobView] = {}

    def show(self, views: Sequence[JobView], notes: Mapping[JobKey, Sequence[str]]) -> None:
        for view in views:
            if self._last.get(view.key) != view:
                show_line(self._options, view, lambda: "")
                self._last[view.key] = view

    def close(self) -> None:
        return


class LiveTable:
    """One table on the terminal, drawn over itself."""

    def __init__(self, clock: Clock, *, color: bool | None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._clock = clock
        self._begun = clock.steady_seconds()
        self._views: Sequence[JobView] = ()
        self._notes: Mapping[JobKey, Sequence[str]] = {}
        console = Console(stderr=True, no_color=color is False, highlight=False)
        # Redrawn by the clock, too: an elapsed time that stands still looks like a command that hangs.
        self._live = Live(
            console=console,
            get_renderable=self._picture,
            refresh_per_second=REDRAWS_PER_SECOND,
            transient=False,
        )
        self._live.start()

    def show(self, views: Sequence[JobView], notes: Mapping[JobKey, Sequence[str]]) -> None:
        self._views, self._notes = tuple(views), {key: tuple(said) for key, said in notes.items()}

    def close(self) -> None:
        self._live.stop()

    def _picture(self) -> "Group":
        from rich.console import Group
        from rich.text import Text

        notes = [
            Text(f"  {key}: {printable(note)}", style="yellow", no_wrap=True, overflow="ellipsis")
            for key, said in self._notes.items()
            for note in said
        ]
        return Group(self._table(), *notes)

    def _table(self) -> "Table":
        from rich.table import Table
        from rich.text import Text

        elapsed = age(round((self._clock.steady_seconds() - self._begun) * 1000))
        table = Table(box=None, pad_edge=False)
        for heading in ("JOB", "DESIRED", "PLACED", "RUNNING", "HEALTHY", "FAILED", "ELAPSED"):
            table.add_column(heading, justify="left" if heading == "JOB" else "right")
        for view in self._views:
            now = standing(view)
            done = now.healthy >= now.desired
            table.add_row(
                view.key,
                f"{now.desired:,}",
                f"{now.placed:,}",
                f"{now.running:,}",
                Text(f"{now.healthy:,}", style="green" if done else ""),
                Text(f"{now.failed:,}", style="red" if now.failed else ""),
                elapsed,
            )
        return table
