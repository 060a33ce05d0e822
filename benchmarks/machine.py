"""The machine: what it is, which processor does what, and processes that are started to be measured."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
_STOP_SECONDS = 10.0
_BOUND = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"
"""Binds a program to a processor before its first thread: those that it starts later stay there too."""


def describe() -> str:
    """Return one line about processors, memory, system and Python."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} processors, {gibibytes:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load}"
    )


def split_cores() -> int | None:
    """Keep this process on one processor and return another for servers; None where that cannot be."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    os.sched_setaffinity(0, {cores[0]})
    return cores[1]


@contextmanager
def process(
    arguments: Sequence[str], *, core: int | None, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run Python with these arguments on a processor of its own; it is stopped at the end. Paths must be absolute."""
    with program([sys.executable, *arguments], core=core, settings=settings) as started:
        yield started


@contextmanager
def program(
    command: Sequence[str], *, core: int | None, settings: Mapping[str, str] | None = None, talks: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """Run any program as `process` runs Python; one that says more than is read must not be let talk."""
    bound = [] if core is None else [sys.executable, "-c", _BOUND, str(core)]
    started = subprocess.Popen(
        [*bound, *command],
        cwd=ROOT,  # where `benchmarks` is found
        stdout=subprocess.PIPE if talks else subprocess.DEVNULL,
        text=True,
        env=os.environ | dict(settings or {}),
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        if started.stdout is not None:
            started.stdout.close()


def line_of(started: subprocess.Popen[str], word: str) -> str:
    """Wait for a line of a process's output that holds a word and return it; `RuntimeError` when it ends before."""
    assert started.stdout is not None
    for line in started.stdout:
        if word in line:
            return line.strip()
    raise RuntimeError(f"{started.args!r} ended before it said {word!r}")


def held_mebibytes(pid: int) -> float:
    """Return the memory that a process and those that it started hold now, in MiB."""
    page = os.sysconf("SC_PAGE_SIZE")
    held = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page / 2**20
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return held + sum(held_mebibytes(int(child)) for child in started)


def peak_mebibytes() -> float:
    """Return the most memory this process ever held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
