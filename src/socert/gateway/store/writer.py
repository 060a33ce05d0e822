"""The store: short transactions for the event loop, many of them in one commit.

A commit to disk costs the same for one message as for fifty. So writers hand their work to one thread, which takes all
that waits, runs each piece inside its own savepoint of one transaction, commits once and only then tells each that its
work is durable. A piece that fails rolls back alone.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from socert.gateway.errors import StoreError
from socert.gateway.store.engine import READS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

T = TypeVar("T")
GROUP = 256
"""At most so many pieces of work share a commit: bounds what one crash makes others wait for."""


class Store:
    """One database. `run` for plain programs, `write` and `read` for the event loop."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine; the writer thread starts with the first `write`."""
        self.engine = engine
        self._reader = engine.execution_options(**{READS: True})
        self._work: queue.SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run work in one transaction of its own on this thread: commits its result or rolls back."""
        with self.engine.begin() as connection:
            return work(connection)

    def look(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads, on this thread, in a consistent picture of the database."""
        with self._reader.connect() as connection, connection.begin():
            return work(connection)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run work on the writer thread; returns when it is committed. Its exception is raised here, rolled back."""
        return await asyncio.wrap_future(self._submit(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads on another thread, without waiting for writers."""
        return await asyncio.to_thread(self.look, work)

    def close(self) -> None:
        """Finish what was handed in, stop the writer thread and let go of all connections."""
        with self._lock:
            self._closed = True
            thread = self._thread
            if thread is not None:
                self._work.put(None)
        if thread is not None:
            thread.join()
        self.engine.dispose()

    def _submit(self, work: Callable[[Connection], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise StoreError("The store is closed: nothing can be written any more.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="socert-writer", daemon=True)
                self._thread.start()
            self._work.put((work, future))
        return future

    def _serve(self) -> None:
        while True:
            first = self._work.get()
            if first is None:
                return
            group = [first]
            last = False
            while len(group) < GROUP and not last:
                try:
                    item = self._work.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    last = True
                else:
                    group.append(item)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            with self.engine.begin() as connection:
                # Said to the driver directly: an object for each savepoint costs more than most pieces of work.
                driver = connection.connection.cursor()
                for work, future in group:
                    if not future.set_running_or_notify_cancel():
                        continue
                    driver.execute("SAVEPOINT piece")
                    try:
                        result = work(connection)
                    except Exception as error:  # noqa: BLE001  it belongs to the caller, whose future carries it
                        driver.execute("ROLLBACK TO SAVEPOINT piece")
                        future.set_exception(error)
                    else:
                        done.append((future, result))
                    driver.execute("RELEASE SAVEPOINT piece")
        except Exception as error:  # noqa: BLE001  the commit itself failed: nobody's work is durable
            for _work, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)
