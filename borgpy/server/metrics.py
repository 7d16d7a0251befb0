"""What the Borgmaster counts, for Prometheus."""

from collections import Counter as Tally

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
from borgpy.model.priority import Band, band_of


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
        self._pending = Gauge("borg_pending_tasks", "Pending tasks", ["band"], registry=registry)
        self._oldest = Gauge(
            "borg_oldest_pending_seconds", "Age of the oldest", ["band"], registry=registry
        )
        self._machines = Gauge("borg_machines", "Machines", ["state"], registry=registry)
        self._sequence = Gauge("borg_journal_sequence", "Entries applied", registry=registry)
        self._epoch = Gauge("borg_epoch", "Epoch of the leader", registry=registry)

    def count(self, event: Event) -> None:
        """Count one event."""
        match event:
            case TaskScheduled():
                self._placements.inc()
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
