"""A simulator in a process of its own, and runs of the gateway against it, one after another."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
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
    """One simulator; `ask` and `run` share its state until `reset`."""

    folder: Path
    url: str = ""
    _process: subprocess.Popen[str] | None = None
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    @property
    def keys(self) -> Path:
        """The folder of keys that both sides use."""
        return self.folder / "keys"

    def start(self) -> None:
        """Start the simulator and wait until it tells its address."""
        people = region.write_people(self.folder / "people.json")
        command = [sys.executable, "-m", "socert", "simulate", "--port", "0", "--query-deadline", f"{DEADLINE:g}"]
        command += ["--keys", str(self.keys), "--people", str(people)]
        with (self.folder / "simulator.log").open("w", encoding="utf-8") as file:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("Portal pages"):
                self.url = line.split()[-1].rstrip("/")
                return
        raise AssertionError(f"the simulator did not start: {(self.folder / 'simulator.log').read_text()}")

    def stop(self) -> None:
        """Stop the simulator."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(DEADLINE)
            assert self._process.stdout is not None
            self._process.stdout.close()
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

    def _asked(self, number: int) -> bool:
        """Whether so many messages wait for the region."""
        queues = self.get("queues")["queues"]
        return sum(int(one["waiting"]) for one in queues if one["participant"] == "REGION") >= number

    def live(self, run: mortal.Run) -> int:
        """Let a gateway live in a process of its own; returns its exit code, minus the signal if it was killed."""
        process = CONTEXT.Process(target=mortal.main, args=(run,))
        process.start()
        process.join(DEADLINE + mortal.PATIENCE)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        assert code is not None, f"the gateway hung; {log_of(run)}"
        return code


def log_of(run: mortal.Run) -> str:
    """Return the end of a run's log, to be shown when something went wrong."""
    lines = (run.home / "log.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[-60:])


KILLED = -signal.SIGKILL
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload([mortal.__name__])
"""Each gateway is a fork of a process that has imported everything and done nothing: that saves seconds a run."""
