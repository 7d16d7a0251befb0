"""What the Borgmaster counts, for Prometheus."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from borgpy.model.api import PassView
from borgpy.model.cell import CellView
from borgpy.model.events import (
    Event,
    Faulted,
    MachineLost,
    PlacementStale,
    TaskEnded,
    TaskEvicted,
    TaskScheduled,
)
from borgpy.model.plan import VetoKind
from borgpy.model.priority import Band, band_of


class PassCounters:
    """What scheduling passes did, from their records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._classes = Counter(
            "borg_schedule_classes", "Kinds of request told apart", registry=registry
        )
        self._scored = Counter(
            "borg_schedule_scores", "Scores of a machine worked out", registry=registry
        )
        self._hits = Counter(
            "borg_schedule_cache_hits", "Scores of a machine found ready", registry=registry
        )
        self._placed = Counter("borg_schedule_planned", "Placements planned", registry=registry)
        self._phases = Counter(
            "borg_schedule_phase_seconds", "Time of passes", ["phase"], registry=registry
        )
        self._failed = Counter(
            "borg_schedule_failed_passes", "Passes that raised", registry=registry
        )
        self._faults = Counter(
            "borg_plugin_failures", "Plug-ins that failed in a pass", registry=registry
        )
        self.running = Gauge(
            "borg_schedule_pass_running_seconds", "Age of the running pass", registry=registry
        )
        self._unplaced = Gauge(
            "borg_unplaced_tasks",
            "Tasks left over by the last pass, by what keeps them off some machine",
            ["veto"],
            registry=registry,
        )

    def count(self, view: PassView) -> None:
        record = view.record
        self._classes.inc(record.classes)
        self._scored.inc(record.scored)
        self._hits.inc(record.cache_hits)
        self._placed.inc(record.placed)
        self._failed.inc(bool(view.trouble))
        self._faults.inc(len(record.faults))
        for phase, nanoseconds in record.phases:
            self._phases.labels(phase).inc(nanoseconds / 1e9)
        vetoes = dict(record.vetoes)
        for kind in VetoKind:
            self._unplaced.labels(kind.value).set(vetoes.get(kind, 0))


class Metrics:
    """Counters that events move, and gauges that are read off the cell when somebody asks."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._placements = Counter("borg_placements", "Tasks placed", registry=registry)
        self._stale = Counter(
            "borg_stale_placements", "Planned placements that no longer held", registry=registry
        )
        self._evictions = Counter(
            "borg_evictions", "Tasks taken off their machine", ["cause"], registry=registry
        )
        self._ended = Counter("borg_tasks_ended", "Tasks that died", ["how"], registry=registry)
        self._lost = Counter("borg_machines_lost", "Machines lost", registry=registry)
        self._faults = Counter("borg_faults", "Operations that met a fault", registry=registry)
        self._polls = Counter("borg_polls", "Polls of Borglets", ["outcome"], registry=registry)
        self.pass_seconds = Histogram(
            "borg_schedule_pass_seconds",
            "Time of one scheduling pass",
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
            registry=registry,
        )
        self._passes = PassCounters(registry)
        self._pending = Gauge("borg_pending_tasks", "Pending tasks", ["band"], registry=registry)
        self._oldest = Gauge(
            "borg_oldest_pending_seconds", "Age of the oldest", ["band"], registry=registry
        )
        self._machines = Gauge("borg_machines", "Machines", ["state"], registry=registry)
        self._sequence = Gauge("borg_journal_sequence", "Entries applied", registry=registry)
        self._epoch = Gauge("borg_epoch", "Epoch of the leader", registry=registry)

    def count(self, events: Iterable[Event]) -> None:
        """Count the events of an entry. Its placements may be thousands, and are added up first."""
        placements = 0
        for event in events:
            if type(event) is TaskScheduled:
                placements += 1
            else:
                self._count_one(event)
        if placements:
            self._placements.inc(placements)

    def _count_one(self, event: Event) -> None:
        match event:
            case PlacementStale():
                self._stale.inc()
            case TaskEvicted(cause=cause):
                self._evictions.labels(cause.value).inc()
            case TaskEnded(how=how):
                self._ended.labels(how.value).inc()
            case MachineLost():
                self._lost.inc()
            case Faulted():
                self._faults.inc()

    def watch_running_pass(self, seconds: Callable[[], float]) -> None:
        """Ask ``seconds`` for how long a pass has been running, 0 if none is, whenever somebody looks."""
        self._passes.running.set_function(seconds)

    def passed(self, view: PassView) -> None:
        """Count one scheduling pass."""
        self.pass_seconds.observe(view.nanoseconds / 1e9)
        self._passes.count(view)

    def polled(self, answered: bool) -> None:
        """Count one poll."""
        self._polls.labels("answered" if answered else "unanswered").inc()

    def text(self, cell: CellView, now: int) -> bytes:
        """Everything in Prometheus' text format."""
        pending: Tally[Band] = Tally()
        oldest: dict[Band, int] = {}
        for key, indexes in cell.pending.items():
            job = cell.jobs[key]
            band = band_of(job.spec.priority)
            pending[band] += len(indexes)
            since = min(job.tasks[index].since for index in indexes)
            oldest[band] = min(oldest.get(band, now), since)
        for band in Band:
            self._pending.labels(band.value).set(pending[band])
            self._oldest.labels(band.value).set((now - oldest.get(band, now)) / 1000)
        states = Tally(machine.state.value for machine in cell.machines.values())
        for state in ("up", "lost", "returning"):
            self._machines.labels(state).set(states[state])
        self._sequence.set(cell.seq)
        self._epoch.set(cell.epoch)
        return generate_latest(self._registry)
