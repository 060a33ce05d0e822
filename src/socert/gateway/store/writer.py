"""The store: short transactions for the event loop, many of them in one commit.

A commit to disk costs the same for one message as for fifty, and so does waking a thread. So work gathers in the event
loop while a commit is under way, and is handed to the writer thread as one group: it runs each piece inside its own
savepoint of one transaction, commits once and only then tells all that their work is durable. A piece that fails rolls
back alone.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from socert.gateway.errors import StoreError
from socert.gateway.store.engine import READS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    Group = list[tuple[Callable[[Connection], Any], Future[Any]]]

T = TypeVar("T")
GROUP = 256
"""At most so many pieces of work share a commit: bounds what one crash makes others wait for."""
READERS = 4
"""Threads that read for the event loop; with the writer and the loop's own they stay below the pool's connections."""


class Store:
    """One database. `run` for plain programs, `write` and `read` for the event loop.

    `errors` are those of the database itself, as SQLAlchemy or the driver raises them.
    """

    def __init__(self, engine: Engine) -> None:
        """Take an engine; the writer thread starts with the first `write`."""
        self.engine = engine
        self.errors: tuple[type[Exception], ...] = (SQLAlchemyError, engine.dialect.loaded_dbapi.Error)
        self._reader = engine.execution_options(**{READS: True})
        self._work: queue.SimpleQueue[tuple[_Line, Group] | None] = queue.SimpleQueue()
        self._line: _Line | None = None
        self._waiters: dict[Future[Any], asyncio.Future[Any]] = {}
        self._thread: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="socert-reader")
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
        future = self._submit(work)
        waiter = self._waiters[future] = asyncio.get_running_loop().create_future()
        try:
            return cast("T", await waiter)
        except asyncio.CancelledError:
            future.cancel()  # left out, unless it has begun
            raise

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run work that only reads on another thread, without waiting for writers."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.look, work)

    def close(self) -> None:
        """Finish what was handed in, stop the writer thread and let go of all connections."""
        with self._lock:
            self._closed = True
            if self._line is not None:
                self._pass_on(self._line)
            thread = self._thread
            if thread is not None:
                self._work.put(None)
        if thread is not None:
            thread.join()
        self._readers.shutdown()  # a reader whose caller was cancelled still holds its connection
        self.engine.dispose()

    def _submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Put work into the line of the running event loop, to be handed over when the writer is free."""
        future: Future[T] = Future()
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._closed:
                raise StoreError("The store is closed: nothing can be written any more.")
            if self._line is None or self._line.loop is not loop:
                if self._line is not None:
                    self._pass_on(self._line)
                self._line = _Line(loop)
            self._line.gathered.append((work, future))
            if not self._line.busy:
                self._line.busy = True
                loop.call_soon(self._hand_over, self._line)
        return future

    def _hand_over(self, line: _Line) -> None:
        """Give the writer what has gathered; called in the loop when the writer has nothing of this line."""
        with self._lock:
            line.busy = bool(line.gathered)
            self._pass_on(line)

    def _pass_on(self, line: _Line) -> None:
        if not line.gathered:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="socert-writer", daemon=True)
            self._thread.start()
        self._work.put((line, line.gathered))
        line.gathered = []

    def _serve(self) -> None:
        while (item := self._work.get()) is not None:
            line, group = item
            for start in range(0, len(group), GROUP):
                self._commit(group[start : start + GROUP])
            # A loop that has ended waits for nothing.
            with suppress(RuntimeError):
                line.loop.call_soon_threadsafe(self._tell, line, group)

    def _tell(self, line: _Line, group: Group) -> None:
        """Tell in the loop what came of a group, and hand over what gathered meanwhile."""
        for _work, future in group:
            waiter = self._waiters.pop(future)
            if waiter.done() or future.cancelled():
                continue
            error = future.exception()
            if error is None:
                waiter.set_result(future.result())
            else:
                waiter.set_exception(error)
        self._hand_over(line)

    def _commit(self, group: Group) -> None:
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


class _Line:
    """Work that gathered in one event loop. `busy` while the writer has some of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.gathered: Group = []
        self.busy = False
