"""The limits of a job description, each with the reason for its number."""

MAX_REPLICAS = 100_000
"""Ten times the lecture's job; beyond it one job would hold the journal and the scheduler for whole seconds."""

MAX_CPU_MILLIS = 10_000 * 1000
MAX_RAM_BYTES = 1 << 50
MAX_DISK_BYTES = 1 << 60
"""A thousand times the largest machine one can rent: what is above is a slip of the pen."""

MAX_PACKAGE_BYTES = 1 << 40

MAX_PORTS = 100
MAX_EXTRA_RESOURCES = 32

MAX_TEXTS = 1000
MAX_TEXT_BYTES = 128 * 1024
"""Linux hands a program at most 128 KiB in one argument; all arguments and environment of a task stay within it here."""

MAX_NOTICE_MS = 10 * 60 * 1000
"""A task that is told to go must not hold its machine for longer."""

MAX_HEALTH_MS = 60 * 60 * 1000
MIN_INTERVAL_MS = 100
"""A check more often than ten times a second is a load test."""
