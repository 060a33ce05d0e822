"""A gateway that dies at an appointed point: imports, delivers until nothing waits, and kills itself on the way.

The gateway's code knows nothing of this. Its seams are wrapped here, in a process of their own: each time one is passed
a point with a label is counted, and at the appointed count of the appointed label the process sends itself SIGKILL, so
that nothing is cleaned up, flushed or closed. Without an appointment it runs to the end and tells the counts.

Run as a script it takes runs (JSON) line by line, lets each live in a fork of its own, and tells the exit code: a fork
of a process that has imported everything saves seconds a run.

What a day is: an import of that day's export, then delivery until the gateway is idle and the exchange holds nothing
for the region. A day that is done is marked by a file, so that the next process goes on with the following day, as an
operator would.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from contextlib import redirect_stderr
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from pydantic import SecretStr

from socert.adapters.portal.smev import SmevTransport
from socert.gateway.app import Gateway, Workshop, take_export
from socert.gateway.config import Settings
from socert.gateway.exchange.poller import Poller
from socert.gateway.intake import Silent
from socert.gateway.store.writer import Store
from socert.host import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from socert.gateway.exchange import inbox
    from socert.gateway.exchange.poller import Taken
    from socert.gateway.ports import Sent

PATIENCE = 60.0
"""Seconds after which a run is given up: its exit code says that it did not come to rest."""
SETTINGS: dict[str, Any] = {
    "batch_size": 5,
    "senders": 2,
    "retry_first": 0.05,
    "retry_most": 0.1,
    "breaker_pause": 0.05,
    "poll_least": 0.02,
    "poll_most": 0.05,
    "watch": 0.05,
}
"""Small batches make many messages of a small region; short pauses make it quick."""

WRITES = {
    "ProjectedUnits._whole": "unit",
    "Projector.release": "release",
    "Projector.review": "review",
    "Sender.run": "let go",
    "Packer.pack": "pack",
    "Sender._claim": "claim",
    "Sender.send": "outcome",
    "Handler._tell": "answer",
    "Handler._settle": "settle",
}
"""What each writing part of the gateway is called in the labels; the poller's two are told by their operation."""
SENT = ("SendRequest", "SendResponse", "GetRequest", "GetResponse", "Ack")
LABELS = tuple(
    sorted(
        [f"{name}: {when}" for name in [*WRITES.values(), "inbox GetRequest", "inbox GetResponse"]
         for when in ("written", "committed")]
        + [f"{operation}: {when}" for operation in SENT for when in ("before", "after")]
        + ["GetStatus: before"]  # nothing comes out of the status queue in these days
    )
)  # fmt: skip
"""All labels. written: the statements are done, the transaction is not; committed: done, and nobody was told yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One run: where everything is, which days to live through, and where to die (None: nowhere)."""

    home: Path
    keys: Path
    url: str
    days: tuple[Path, ...]
    database_url: str | None = None
    label: str | None = None
    number: int = 0

    @property
    def counts(self) -> Path:
        """Where a run that came to its end tells how often each point was passed."""
        return self.home / "counts.json"

    @property
    def log(self) -> Path:
        """Where the gateway's log goes."""
        return self.home / "log.txt"

    def to_json(self) -> str:
        """Return one line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> Run:
        """Read such a line."""
        given = json.loads(line)
        places = {"home": Path(given["home"]), "keys": Path(given["keys"]), "days": tuple(map(Path, given["days"]))}
        return cls(**{**given, **places})


class Fate:
    """Counts points and kills at the appointed one."""

    def __init__(self, label: str | None, number: int) -> None:
        self.passed: Counter[str] = Counter()
        self._label = label
        self._number = number
        self._lock = threading.Lock()

    def pass_by(self, label: str) -> None:
        """Pass a point; at the appointed one this does not return."""
        with self._lock:
            self.passed[label] += 1
            if label == self._label and self.passed[label] == self._number:
                os.kill(os.getpid(), signal.SIGKILL)


class Told:
    """Stands before the future of a piece of work: its result is set only once the commit is done."""

    def __init__(self, future: Future[Any], label: str, fate: Fate) -> None:
        self._future = future
        self._label = label
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._future, name)

    def set_result(self, result: Any) -> None:
        if result or self._label != "claim":
            self._fate.pass_by(f"{self._label}: committed")
        self._future.set_result(result)


def main(run: Run) -> None:
    """Live through the days; ends with exit code 0, by SIGKILL, or with the traceback of what went wrong."""
    with run.log.open("a", encoding="utf-8", buffering=1) as file, redirect_stderr(file):
        log.configure(level="DEBUG")
        fate = Fate(run.label, run.number)
        wrap_store(fate)
        wrap_transport(fate)
        for day in run.days:
            done = run.home / f"{day.name}.done"
            if done.exists():
                continue
            asyncio.run(live(run, day))
            done.touch()
        run.counts.write_text(json.dumps(fate.passed), encoding="utf-8")


async def live(run: Run, day: Path) -> None:
    """Import a day's export and deliver what follows from it."""
    settings = Settings(
        data_dir=run.home,
        keys_dir=run.keys,
        exchange_url=f"{run.url}/smev/1.2",
        database_url=SecretStr(run.database_url) if run.database_url else None,
        **SETTINGS,
    )
    with Workshop(settings) as shop:
        take_export(shop, day, profile=None, report=None, progress=Silent())
        async with Gateway(shop) as gateway, aiohttp.ClientSession() as http:
            async with asyncio.timeout(PATIENCE):
                while not (await gateway.idle() and await nothing_waits(http, run.url)):
                    if gateway.failed:
                        raise gateway.failed
                    await asyncio.sleep(0.02)  # a look at both sides' state, under the deadline above


async def nothing_waits(http: aiohttp.ClientSession, url: str) -> bool:
    """Whether no queue of the exchange holds anything, given out or not."""
    async with http.get(f"{url}/_sim/queues") as answer:
        queues = (await answer.json())["queues"]
    return all(queue["waiting"] + queue["unacknowledged"] == 0 for queue in queues)


# --- the wrapped seams ----------------------------------------------------------------------------------------------


class Labelled:
    """A piece of work for the store, with a point after its last statement."""

    def __init__(self, work: Callable[[Connection], Any], label: str, fate: Fate) -> None:
        self.label = label
        self._work = work
        self._fate = fate

    def __call__(self, connection: Connection) -> Any:
        result = self._work(connection)
        if result or self.label != "claim":  # claims that find nothing are made all the time and change nothing
            self._fate.pass_by(f"{self.label}: written")
        return result


def wrap_store(fate: Fate) -> None:
    """Count points in every transaction: one when its statements are done, one when it is committed."""
    polled: ContextVar[str] = ContextVar("polled", default="")
    keep, run, submit, commit = Poller._commit, Store.run, Store._submit, Store._commit

    async def counted_keep(self: Poller, one: Taken) -> inbox.Taken:
        polled.set(f"inbox {self._operation}")
        return await keep(self, one)

    def counted_run(self: Store, work: Callable[[Connection], Any]) -> Any:
        labelled = Labelled(work, label_of(work), fate)
        result = run(self, labelled)
        fate.pass_by(f"{labelled.label}: committed")
        return result

    def counted_submit(self: Store, work: Callable[[Connection], Any]) -> Future[Any]:
        return submit(self, Labelled(work, label_of(work, polled.get()), fate))

    def counted_commit(self: Store, group: list[tuple[Labelled, Any]]) -> None:
        told: list[Any] = [(work, Told(future, work.label, fate)) for work, future in group]
        commit(self, told)

    replace(Poller, "_commit", counted_keep)
    replace(Store, "run", counted_run)
    replace(Store, "_submit", counted_submit)
    replace(Store, "_commit", counted_commit)


def wrap_transport(fate: Fate) -> None:
    """Count points before each call to the exchange and after its answer; empty queues answer without a point."""
    send = SmevTransport.send

    async def counted_send(
        self: SmevTransport, operation: str, envelope: bytes, content_type: str | None = None
    ) -> Sent:
        fate.pass_by(f"{operation}: before")
        sent = await send(self, operation, envelope, content_type)
        if not operation.startswith("Get") or b"MessageMetadata" in sent.body:
            fate.pass_by(f"{operation}: after")
        return sent

    replace(SmevTransport, "send", counted_send)


def replace(owner: type, name: str, function: Callable[..., Any]) -> None:
    """Put a wrapper in a method's place, for the rest of this process's life."""
    assert callable(getattr(owner, name))
    setattr(owner, name, function)


def label_of(work: Callable[[Connection], Any], polled: str = "") -> str:
    """Return what a piece of work is called, by the function that it was made in."""
    made = work.func if isinstance(work, partial) else work
    name = made.__qualname__.partition(".<locals>")[0]
    return polled if name == "Poller._commit" else WRITES.get(name, name)


def serve() -> None:
    """Fork for each run that comes in by a line, and tell how it ended: an exit code, or minus the signal."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                signal.alarm(round(2 * PATIENCE))
                main(Run.from_json(line))
                code = 0
            except BaseException:  # noqa: BLE001  the fork must never go on as its parent
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
