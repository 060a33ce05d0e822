"""Many pieces of work in one commit: what each of them can rely on."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from socert.gateway.errors import StoreError
from socert.gateway.store.engine import open_engine
from socert.gateway.store.tables import attempt
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def gate(store: Store) -> Iterator[threading.Event]:
    """Something that keeps the writer busy until it is set, so that work piles up behind it."""
    opened = threading.Event()
    yield opened
    opened.set()


async def pile_up(store: Store, gate: threading.Event, *works: Any) -> list[Any]:
    """Hand in pieces of work while the writer is busy, so that they share one commit; return results or errors."""
    entered = threading.Event()

    def busy(_connection: Connection) -> None:
        entered.set()
        assert gate.wait(10)

    first = asyncio.ensure_future(store.write(busy))
    assert await asyncio.to_thread(entered.wait, 10)
    futures = [asyncio.ensure_future(store.write(work)) for work in works]
    await asyncio.sleep(0)  # each has handed in its work
    gate.set()
    await first
    return await asyncio.gather(*futures, return_exceptions=True)


def add(text: str) -> Callable[[Connection], int]:
    """Return work that adds a row and returns 1."""

    def work(connection: Connection) -> int:
        connection.execute(insert(attempt).values(message_id=text, at=0, result="x"))
        return 1

    return work


def there(store: Store) -> list[str]:
    chosen = select(attempt.c.message_id).order_by(attempt.c.id)
    return store.look(lambda connection: list(connection.scalars(chosen)))


class Commits:
    """Counts the commits of an engine."""

    def __init__(self, store: Store) -> None:
        self.count = 0
        event.listen(store.engine, "commit", self._seen)

    def _seen(self, _connection: Connection) -> None:
        self.count += 1


async def test_work_that_waits_shares_one_commit(store: Store, gate: threading.Event) -> None:
    commits = Commits(store)
    assert await pile_up(store, gate, *(add(str(number)) for number in range(20))) == [1] * 20
    assert commits.count == 2, "one for the piece that kept it busy, one for all others"
    assert there(store) == [str(number) for number in range(20)], "in the order in which it was handed in"


async def test_a_piece_that_fails_rolls_back_alone(store: Store, gate: threading.Event) -> None:
    def fail(connection: Connection) -> None:
        add("halfway")(connection)
        raise LookupError("it went wrong")

    def clash(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(insert(attempt).values(id=7, message_id="twice", at=0, result="x"))

    ends = await pile_up(store, gate, add("before"), fail, add("between"), clash, add("after"))
    assert [type(end) for end in ends] == [int, LookupError, int, IntegrityError, int]
    assert there(store) == ["before", "between", "after"]


async def test_a_commit_that_fails_fails_for_all(store: Store, gate: threading.Event) -> None:
    def break_down(_connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(store.engine, "commit", break_down)
    ends = await pile_up_unheeded(store, gate, add("one"), add("two"))
    event.remove(store.engine, "commit", break_down)
    assert [type(end) for end in ends] == [OperationalError, OperationalError]
    assert there(store) == []
    assert await store.write(add("three")) == 1, "the writer goes on"
    assert there(store) == ["three"]


async def pile_up_unheeded(store: Store, gate: threading.Event, *works: Any) -> list[Any]:
    gate.set()
    return await asyncio.gather(*(store.write(work) for work in works), return_exceptions=True)


async def test_nobody_is_told_before_the_commit(store: Store) -> None:
    told: list[str] = []
    event.listen(store.engine, "commit", lambda _connection: told.append("commit"))
    await store.write(add("one"))
    told.append("told")
    assert told == ["commit", "told"]


async def test_work_that_nobody_waits_for_any_more_is_left_out(store: Store, gate: threading.Event) -> None:
    entered = threading.Event()

    def busy(_connection: Connection) -> None:
        entered.set()
        assert gate.wait(10)

    first = asyncio.ensure_future(store.write(busy))
    assert await asyncio.to_thread(entered.wait, 10)
    dropped, kept = asyncio.ensure_future(store.write(add("dropped"))), asyncio.ensure_future(store.write(add("kept")))
    await asyncio.sleep(0)
    dropped.cancel()
    await asyncio.sleep(0)
    gate.set()
    await first
    assert await kept == 1
    assert there(store) == ["kept"]


async def test_work_under_way_is_finished_though_nobody_waits(store: Store, gate: threading.Event) -> None:
    """A gateway that stops cancels its tasks; half a piece must not be the result."""
    entered = threading.Event()

    def slow(connection: Connection) -> None:
        add("first half")(connection)
        entered.set()
        assert gate.wait(10)
        add("second half")(connection)

    task = asyncio.ensure_future(store.write(slow))
    assert await asyncio.to_thread(entered.wait, 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    gate.set()
    await store.write(add("later"))
    assert there(store) == ["first half", "second half", "later"]


async def test_closing_finishes_what_was_handed_in(store: Store) -> None:
    other = Store(open_engine(store.engine.url.render_as_string(hide_password=False)))
    futures = [asyncio.ensure_future(other.write(add(str(number)))) for number in range(5)]
    await asyncio.sleep(0)
    await asyncio.to_thread(other.close)
    assert await asyncio.gather(*futures) == [1] * 5
    assert len(there(store)) == 5
    with pytest.raises(StoreError, match="closed"):
        await other.write(add("too late"))


async def test_reading_does_not_wait_for_writing(store: Store, gate: threading.Event) -> None:
    await store.write(add("seen"))
    entered = threading.Event()

    def busy(connection: Connection) -> None:
        add("not yet")(connection)
        entered.set()
        assert gate.wait(10)

    task = asyncio.ensure_future(store.write(busy))
    assert await asyncio.to_thread(entered.wait, 10)
    async with asyncio.timeout(5):
        found = await store.read(lambda connection: list(connection.scalars(select(attempt.c.message_id))))
    assert found == ["seen"]
    gate.set()
    await task


def test_a_plain_piece_of_work_commits_or_rolls_back(store: Store) -> None:
    def fail(connection: Connection) -> None:
        add("halfway")(connection)
        raise LookupError

    assert store.run(add("whole")) == 1
    with pytest.raises(LookupError):
        store.run(fail)
    assert there(store) == ["whole"]
