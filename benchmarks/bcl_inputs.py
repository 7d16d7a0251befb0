"""The texts that `benchmarks.bcl` evaluates: what people write, in great number."""

from itertools import chain

TEMPLATE = """\
template web = {
  runtime = { cell = ic }
  binary = ../web_server
  args = { port = %port%, shard = 0 }
  requirements = { ram = 100M, disk = 100M, cpu = 0.1 }
  hidden factor = 2
  replicas = factor * 2
  priority = production
}
"""

JOB = """\
job web_{i} = web {{
  args {{ shard = {i} }}
  requirements {{ ram = super.ram * {n} }}
  factor = {n}
}}
"""


def jobs_by_inheritance(jobs: int) -> str:
    """A template and jobs of five lines that extend it: 200 jobs make 1,009 lines, 4,000 jobs 20,009."""
    return TEMPLATE + "".join(JOB.format(i=i, n=i % 7 + 1) for i in range(jobs))


def records_by_loop(records: int) -> str:
    """One line that makes so many records, with arithmetic, text and a record inside each."""
    return (
        "records = [{ id = i, name = f'task-{i:05d}', shard = i % 16, ram = 100M + i * 1Ki,"
        " labels = { tier = if i % 2 == 0 then 'even' else 'odd' } }"
        f" for i in range({records})]\n"
    )


def grown(first: str, line: str, times: int, last: str = "") -> str:
    """``first``, then ``line`` so often with ``@i`` counted up from 0 and ``@n`` being one more, then ``last``."""
    lines = (line.replace("@i", str(i)).replace("@n", str(i + 1)) for i in range(times))
    return "".join(f"{text}\n" for text in chain([first], lines, [last]) if text)
