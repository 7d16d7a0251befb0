"""The limits of what people ask for, each with the reason for its number."""

MAX_REPLICAS = 100_000
"""Ten times the lecture's job; beyond it one job would hold the journal and the scheduler for whole seconds."""

MAX_CPU_MILLIS = 10_000 * 1000
MAX_RAM_BYTES = 1 << 50
MAX_DISK_BYTES = 1 << 60
"""A thousand times the largest machine one can rent: what is above is a slip of the pen."""

MAX_EXTRA_AMOUNT = 1 << 60
"""Of a resource that only the cell knows: sums of a hundred thousand still fit into the journal's integers."""

MAX_PACKAGE_BYTES = 1 << 40
MAX_PACKAGES = 64
"""Every machine fetches each of them before a task starts; Borg's own tasks wait for little else."""

MAX_PORTS = 100
MAX_PORT_NUMBER = 65535
MAX_EXTRA_RESOURCES = 32

MAX_DEVICES = 256
MAX_DEVICE_MODELS = 16
"""Of one kind in one machine: sixteen times as many GPUs as the largest machine has that one can rent."""

MAX_KINDS = 32
"""Of devices, and of resource sets, that one task asks for: `why` looks at all machines without each of them in turn."""

MAX_SETS = 256
MAX_SLOTS = 1_000_000
"""Resource sets of one name in one machine, and the slots of each: a cloud machine has up to 15 interfaces with 50
addresses each."""

MAX_RUNTIME_MS = 366 * 24 * 60 * 60 * 1000
"""What is expected to run for longer does not end as far as placing is concerned."""

MAX_TEXTS = 1000
MAX_TEXT_BYTES = 128 * 1024
"""Linux hands a program at most 128 KiB in one argument; all arguments and environment of a task stay within it here."""

MAX_OVERRIDE_RANGES = 500
MAX_OVERRIDE_BYTES = 8 << 20
"""Each range of tasks with overrides is a task specification of its own: all are hashed at once when the job changes,
which must not hold the event loop for long. More tasks than that tell themselves apart by ``%task%``."""

MAX_NOTICE_MS = 10 * 60 * 1000
"""A task that is told to go must not hold its machine for longer."""

MAX_HEALTH_MS = 60 * 60 * 1000
MIN_INTERVAL_MS = 100
"""A check more often than ten times a second is a load test."""

MAX_FAILURES_ALLOWED = 1000

MAX_LABELS = 64

MAX_CONSTRAINTS = 64
MAX_CONSTRAINT_VALUES = 1000
"""Each constraint is looked at for each kind of machine in each pass."""

MAX_WEIGHT = 100
"""Weights of soft constraints are percentages of each other; finer ones would promise what no score can tell apart."""

MAX_AFTER = 32
