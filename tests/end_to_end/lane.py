"""A simulator in a process of its own, and gateways that live against it, one after another."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from tests.end_to_end import mortal, region

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

DEADLINE = 60.0
UNACKNOWLEDGED = 901
"""Seconds after which the exchange gives an unacknowledged message out again (SMEV 3 manual, 2.5.2), and one."""


def eventually(found: Callable[[], Any], what: str, deadline: float = DEADLINE) -> Any:
    """Look until something is found; fails when it is not within the deadline."""
    until = time.monotonic() + deadline
    while time.monotonic() < until:
        value = found()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {deadline:g} s: {what}")


@dataclass(kw_only=True)
class Lane:
    """One simulator, and the process that gateways are forked from. What they meet stays until `reset` is posted."""

    folder: Path
    url: str = ""
    _simulator: subprocess.Popen[str] | None = None
    _gateways: subprocess.Popen[str] | None = None
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    @property
    def keys(self) -> Path:
        """The folder of keys that both sides use."""
        return self.folder / "keys"

    def start(self) -> None:
        """Start both and wait until the simulator tells its address."""
        people = region.write_people(self.folder / "people.json")
        command = [sys.executable, "-m", "socert", "simulate", "--port", "0", "--query-deadline", f"{DEADLINE:g}"]
        command += ["--keys", str(self.keys), "--people", str(people)]
        with (self.folder / "simulator.log").open("w", encoding="utf-8") as file:
            self._simulator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
        with (self.folder / "gateways.log").open("w", encoding="utf-8") as file:
            self._gateways = subprocess.Popen(
                [sys.executable, "-P", mortal.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        assert self._simulator.stdout is not None
        for line in self._simulator.stdout:
            if line.startswith("Portal pages"):
                self.url = line.split()[-1].rstrip("/")
                return
        raise AssertionError(f"the simulator did not start: {(self.folder / 'simulator.log').read_text()}")

    def stop(self) -> None:
        """Stop both."""
        for process in (self._simulator, self._gateways):
            _end(process)
        self._threads.shutdown()

    def get(self, path: str) -> Any:
        """Return what a control call tells."""
        with urlopen(f"{self.url}/_sim/{path}", timeout=DEADLINE) as answer:
            return json.load(answer)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Make a control call."""
        request = Request(f"{self.url}/_sim/{path}", data=json.dumps(body or {}).encode(), method="POST")
        with urlopen(request, timeout=DEADLINE) as answer:
            return json.load(answer)

    def ask(self, *snils: str) -> list[Future[Any]]:
        """Let the portal ask for these children's certificates, and wait until the questions lie in the queue."""
        futures = []
        for number, one in enumerate(snils, 1):
            futures.append(self._threads.submit(self.post, "query", {"snils": one}))
            eventually(partial(self._asked, number), "a question in the queue")
        return futures

    def befall(self, trouble: dict[str, Any]) -> Future[Any]:
        """Order trouble at the exchange; when all of it has happened its clock moves on. Returns when that is."""
        self.post("faults", trouble)

        def move_on() -> Any:
            eventually(lambda: not self.get("faults")["faults"], "all trouble has happened")
            return self.post("clock", {"advance": UNACKNOWLEDGED})

        return self._threads.submit(move_on)

    def _asked(self, number: int) -> bool:
        """Whether so many messages wait for the region."""
        queues = self.get("queues")["queues"]
        return sum(int(one["waiting"]) for one in queues if one["participant"] == "REGION") >= number

    def live(self, run: mortal.Run) -> int:
        """Let a gateway live in a process of its own; returns its exit code, minus the signal if it was killed."""
        assert self._gateways is not None
        assert self._gateways.stdin is not None
        assert self._gateways.stdout is not None
        self._gateways.stdin.write(run.to_json() + "\n")
        self._gateways.stdin.flush()
        return int(self._gateways.stdout.readline())


def log_of(run: mortal.Run) -> str:
    """Return the end of a run's log, to be shown when something went wrong."""
    lines = run.log.read_text(encoding="utf-8").splitlines() if run.log.exists() else ["nothing was logged"]
    return "\n".join(lines[-60:])


def _end(process: subprocess.Popen[str] | None) -> None:
    if process is None:
        return
    process.terminate()
    process.wait(DEADLINE)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
