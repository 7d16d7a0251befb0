"""The cell of the GPU experiment: machines that fill up, and pods that wait in the order in which they arrived."""

from collections import Counter

import msgspec

from benchmarks.gpu_inputs import Arrivals, Machine, Pod, Workload
from benchmarks.gpu_published import KINDS, PLENTY, kind_of
from borgpy.model.devices import DeviceOffer, DeviceRequest
from borgpy.model.names import job_key
from borgpy.model.plan import Plan
from borgpy.model.resources import NOTHING, Resources
from borgpy.scheduling.columns import Columns
from borgpy.scheduling.facts import MachineFacts, PendingJob, Want
from borgpy.scheduling.snapshot import Snapshot

USER = "alice"


class GpuCell:
    """Machines are in the order of the trace for the ``default`` policy, and else in the one that was drawn."""

    def __init__(self, workload: Workload, coming: Arrivals, policy: str) -> None:
        drawn = range(len(workload.machines)) if policy == "default" else coming.machines
        self._machines = {
            fact.name: fact
            for number, position in enumerate(drawn)
            for fact in [_machine(f"m{number:05}", workload.machines[position], policy)]
        }
        self._columns = Columns()
        self._columns.update(self._machines.values())
        # Equal pods are tasks of one job. Each waits for itself, so that all come in the order of arrival.
        jobs = {
            pod: _job(number, pod, policy) for number, pod in enumerate(_distinct(workload.pods))
        }
        alike = [jobs[pod] for pod in workload.pods]
        self.pods = [
            msgspec.structs.replace(alike[position], indexes=(number,))
            for number, position in enumerate(coming.pods)
        ]
        self._asked = {job.job: job for job in jobs.values()}
        self.held_millis = 0

    def snapshot(self, first: int, last: int) -> Snapshot:
        """The cell as it is, with these of the pods waiting."""
        return self._columns.snapshot(1, self.pods[first:last])

    def carry_out(self, plan: Plan) -> None:
        """The pods run where the plan says, for ever."""
        held = {(holding.job, holding.index): holding.devices for holding in plan.holdings or ()}
        touched = set()
        for placement in plan.placements:
            job, fact = self._asked[placement.job], self._machines[placement.machine]
            self.held_millis += sum(device.amount() for device in job.devices)
            taken = held.get((placement.job, placement.index), {})
            self._machines[fact.name] = _with_one_more(fact, job, taken.get("gpu", ()))
            touched.add(fact.name)
        self._columns.update(self._machines[name] for name in sorted(touched))


def _distinct(pods: tuple[Pod, ...]) -> list[Pod]:
    """Each but once, in the order of their first."""
    return list(dict.fromkeys(pods))


def _machine(name: str, machine: Machine, policy: str) -> MachineFacts:
    kinds = dict.fromkeys(KINDS, PLENTY) if policy == "clustering" else {}
    capacity = Resources(machine.cpu, machine.ram, 0, 0, kinds)
    offer = DeviceOffer(machine.gpus, model=machine.model)
    return MachineFacts(
        name,
        capacity,
        NOTHING,
        devices=(offer,) if machine.gpus else (),
        device_free={"gpu": (1000,) * machine.gpus} if machine.gpus else {},
    )


def _job(number: int, pod: Pod, policy: str) -> PendingJob:
    kind = kind_of(pod.gpus, pod.millis) if policy == "clustering" else ""
    device = DeviceRequest(pod.gpus, pod.millis, models=pod.models)
    return PendingJob(
        job=job_key(USER, f"pod{number:06}"),
        user=USER,
        priority=100,
        request=Resources(pod.cpu, pod.ram, 0, 0, {kind: 1} if kind else {}),
        spec="pod",
        indexes=(),
        devices=(device,) if pod.gpus else (),
    )


def _with_one_more(fact: MachineFacts, job: PendingJob, numbers: tuple[int, ...]) -> MachineFacts:
    wants = Counter(dict(fact.wants))
    wants[Want(job.request.cpu, job.request.ram, job.devices)] += 1
    free = list(fact.device_free.get("gpu", ()))
    for number in numbers:
        free[number] -= job.devices[0].millis
    return msgspec.structs.replace(
        fact,
        used=fact.used + job.request,
        wants=tuple(sorted(wants.items(), key=lambda entry: entry[0].place())),
        device_free={"gpu": tuple(free)} if free else {},
    )
