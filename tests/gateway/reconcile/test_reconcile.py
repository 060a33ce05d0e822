"""Registry, projection and portal compared: what differs is found, told again above what was seen, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update
from tests.gateway import records
from tests.gateway.records import Clock, Numbers
from tests.gateway.stub import REGION

from socert.contracts.portal import account
from socert.contracts.portal.account.snapshot import body_digest
from socert.contracts.smev.ids import MessageIds
from socert.gateway.errors import Unhandled
from socert.gateway.exchange.caller import Caller
from socert.gateway.reconcile import Reconciler, What, snapshots
from socert.gateway.reconcile.reconciler import compare_registry
from socert.gateway.store import tables
from socert.gateway.store.tables_life import SnapshotState, snapshot_item

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from tests.gateway.region import Region

NOTHING = body_digest(None)


@dataclass
class Desk:
    """A reconciler of a region, and a portal that answers as a test says."""

    region: Region
    clock: Clock
    ids: Numbers = field(default_factory=Numbers)
    nightly: time | None = None
    repairs: bool = False

    def __post_init__(self) -> None:
        self.reconciler = Reconciler(
            store=self.region.store,
            registry=self.region.registry,
            projector=self.region.projector,
            caller=Caller(signer=REGION),
            clock=self.clock,
            message_ids=MessageIds(self.clock),
            ids=self.ids,
            nightly=self.nightly,
            zone=UTC,
            repairs=self.repairs,
        )

    def begin(self, *, repair: bool = False) -> str:
        now = self.clock()
        return self.region.store.run(lambda connection: snapshots.begin(connection, self.ids(), repair=repair, now=now))

    def shows(self) -> dict[str, tuple[int, str]]:
        """Return what a portal that missed nothing has: version and digest of each object."""
        shown: dict[str, tuple[int, str]] = {}
        for row in self.region.changes():
            if row["state"] == "delivered" and row["body"] is not None:
                told = read(row["body"])
                shown[row["object_id"]] = (told.seq, body_digest(told.body))
        return shown

    async def compare(self, shows: dict[str, tuple[int, str]], *, repair: bool = False) -> list[tuple[str, str, bool]]:
        """Compare with a portal that has these versions; return the differences as (object, what, repaired)."""
        key = self.begin(repair=repair)
        self.clock.advance(1)
        assert await self.reconciler.step()
        self.answer(key, shows)
        assert await self.reconciler.step()
        assert self.state(key).state is SnapshotState.DONE
        return list(self.region.store.look(lambda connection: snapshots.listed(connection, key)))

    def answer(self, key: str, shows: dict[str, tuple[int, str]], token: str | None = None) -> None:
        """Let the portal answer the last question of a comparison with one page."""
        message_id = self.questions()[-1]
        items = tuple(
            account.SnapshotItem(
                object_kind=account.ObjectKind.CERTIFICATE, object_id=object_id, seq=seq, digest=digest
            )
            for object_id, (seq, digest) in shows.items()
        )
        page = account.SnapshotResponse(snapshot_id=key, as_of=self.clock(), page_token=token, items=items)
        now = self.clock()
        self.region.store.run(lambda connection: snapshots.take_answer(connection, message_id, page, now))

    def questions(self) -> list[str]:
        rows = [row for row in self.region.rows(tables.outbox) if row["message_type"] == "AccountSnapshotRequest"]
        return [row["message_id"] for row in sorted(rows, key=lambda row: row["created_at"])]

    def state(self, key: str) -> snapshots.Snapshot:
        found = self.region.store.look(lambda connection: snapshots.latest(connection, key))
        assert found is not None
        return found


def read(body: str) -> account.Update:
    from tests.gateway.region import read_update

    return read_update(body)


@pytest.fixture
def desk(region: Region, clock: Clock) -> Desk:
    """A region with one certificate and its contract, which the portal has; some time has passed."""
    region.put(records.certificate(balance=records.balance(reserved=40_000)))
    region.sign(records.contract())
    region.deliver()
    clock.advance(60)
    return Desk(region=region, clock=clock)


async def test_nothing_differs_where_nothing_was_lost(desk: Desk) -> None:
    assert await desk.compare(desk.shows(), repair=True) == []
    assert desk.region.waiting() == []


async def test_the_question_is_a_message_that_the_portal_can_read(desk: Desk) -> None:
    key = desk.begin()
    assert await desk.reconciler.step()
    assert not await desk.reconciler.step(), "the answer is awaited"
    body = next(row["body"] for row in desk.region.rows(tables.outbox) if row["message_id"] == desk.questions()[0])
    assert key.encode() in body
    assert b"AccountSnapshotRequest" in body


async def test_what_the_portal_lacks_is_found_and_told_again(desk: Desk) -> None:
    shows = desk.shows()
    del shows["РД-1"]
    assert await desk.compare(shows) == [("РД-1", What.MISSING, False)]
    assert desk.region.waiting() == [], "nothing is told unless that is wanted"
    assert await desk.compare(shows, repair=True) == [("РД-1", What.MISSING, True)]
    [again] = desk.region.waiting()
    assert (again.object_id, again.cause) == ("РД-1", account.Cause.RECONCILE)
    assert again.body is not None


@pytest.mark.invariant(7)
async def test_what_the_portal_has_otherwise_is_told_above_its_version(desk: Desk) -> None:
    shows, guid = desk.shows(), records.guid(1)
    ahead = shows[guid][0] + 5_000_000
    shows[guid] = (ahead, "0" * 64)
    assert await desk.compare(shows, repair=True) == [(guid, What.DIFFERENT, True)]
    [again] = desk.region.waiting()
    assert again.object_id == guid
    assert again.seq + records.FLOOR > ahead
    assert again.cause is account.Cause.RECONCILE


async def test_the_same_content_at_another_version_differs(desk: Desk) -> None:
    shows = {object_id: (seq - 1, digest) for object_id, (seq, digest) in desk.shows().items()}
    assert {what for _, what, _ in await desk.compare(shows)} == {What.DIFFERENT}


async def test_what_was_closed_and_is_still_shown_is_closed_again(desk: Desk) -> None:
    before = desk.shows()
    desk.region.put(records.certificate(consent_form=None, balance=records.balance(reserved=40_000)))
    desk.region.deliver()
    desk.clock.advance(60)
    found = await desk.compare(before, repair=True)
    assert found == [(records.guid(1), What.STILL_SHOWN, True), ("РД-1", What.STILL_SHOWN, True)]
    again = desk.region.waiting()
    assert {(one.operation, one.cause, one.body) for one in again} == {
        (account.Operation.CLOSE, account.Cause.CONSENT_WITHDRAWN, None)
    }
    assert all(one.seq + records.FLOOR > before[one.object_id][0] for one in again)


async def test_what_is_closed_at_both_sides_is_no_difference(desk: Desk) -> None:
    desk.region.put(records.certificate(consent_form=None, balance=records.balance(reserved=40_000)))
    desk.region.deliver()
    desk.clock.advance(60)
    closed = {row["object_id"]: (row["seq"] + records.FLOOR, NOTHING) for row in desk.region.changes()}
    assert await desk.compare(closed) == []
    assert await desk.compare({}) == []


async def test_what_nobody_here_knows_is_left_to_a_person(desk: Desk) -> None:
    shows = desk.shows() | {"РД-чужой": (7, "1" * 64), "РД-закрытый": (8, NOTHING)}
    assert await desk.compare(shows, repair=True) == [("РД-чужой", What.UNKNOWN, False)]
    assert desk.region.waiting() == []


async def test_what_is_on_its_way_is_not_compared(desk: Desk) -> None:
    shows = desk.shows()
    desk.region.put(records.certificate(balance=records.balance(reserved=40_000, spent=100)))
    assert await desk.compare(shows) == []


async def test_what_changed_after_the_question_is_not_compared(desk: Desk) -> None:
    shows = desk.shows()
    key = desk.begin()
    desk.clock.advance(1)
    await desk.reconciler.step()
    desk.region.put(records.certificate(balance=records.balance(reserved=40_000, spent=100)))
    desk.region.deliver()
    desk.answer(key, shows)
    await desk.reconciler.step()
    assert desk.region.store.look(lambda connection: snapshots.listed(connection, key)) == []


async def test_pages_are_asked_for_until_the_last(desk: Desk) -> None:
    shows = desk.shows()
    first, last = dict(list(shows.items())[:1]), dict(list(shows.items())[1:])
    key = desk.begin()
    await desk.reconciler.step()
    desk.answer(key, first, token="next")
    assert desk.state(key).state is SnapshotState.ASKING
    desk.clock.advance(1)
    await desk.reconciler.step()
    assert len(desk.questions()) == 2
    desk.answer(key, last)
    await desk.reconciler.step()
    assert desk.state(key).compared == 2
    assert desk.region.rows(snapshot_item) == [], "what the portal said is not kept for ever"


async def test_pages_without_end_end(desk: Desk) -> None:
    key = desk.begin()
    await desk.reconciler.step()
    desk.answer(key, {}, token="again")
    desk.clock.advance(1)
    await desk.reconciler.step()
    desk.answer(key, {}, token="again")
    assert desk.state(key).state is SnapshotState.FAILED


async def test_a_page_that_comes_twice_is_kept_once(desk: Desk) -> None:
    key = desk.begin()
    await desk.reconciler.step()
    desk.answer(key, desk.shows())
    desk.answer(key, {})
    await desk.reconciler.step()
    assert desk.region.store.look(lambda connection: snapshots.listed(connection, key)) == []


async def test_an_answer_that_nobody_asked_for_is_not_taken(desk: Desk) -> None:
    answer = account.SnapshotResponse(snapshot_id="x", as_of=desk.clock())
    with pytest.raises(Unhandled):
        desk.region.store.run(lambda connection: snapshots.take_answer(connection, "nobody's", answer, desk.clock()))


async def test_a_question_that_is_refused_ends_the_comparison(desk: Desk) -> None:
    key = desk.begin()
    await desk.reconciler.step()
    dead = update(tables.outbox).values(state=tables.MessageState.DEAD.value)
    desk.region.store.run(lambda connection: connection.execute(dead))
    assert not await desk.reconciler.step()
    assert desk.state(key).state is SnapshotState.FAILED


async def test_a_second_comparison_joins_the_first(desk: Desk) -> None:
    first = desk.begin()
    assert desk.begin(repair=True) == first
    assert desk.state(first).repair


# Nightly


async def test_a_comparison_begins_every_night_and_makes_up_for_a_pause(region: Region) -> None:
    clock = Clock(datetime(2026, 9, 7, 1, 0, tzinfo=UTC))
    desk = Desk(region=region, clock=clock, nightly=time(3, 0))

    async def begun() -> bool:
        await desk.reconciler.step()
        found = region.store.look(snapshots.current)
        if found is None:
            return False
        now = clock()
        region.store.run(lambda connection: snapshots.end(connection, found.snapshot_id, compared=0, now=now))
        return True

    assert not await begun(), "a new database has nothing to compare"
    clock.advance(timedelta(hours=2, minutes=1).total_seconds())
    assert await begun()
    assert not await begun()
    clock.advance(timedelta(hours=30).total_seconds())
    assert await begun(), "the night of the pause is made up for"
    assert not await begun()


# Registry and projection


def compare_with_registry(desk: Desk, *, repair: bool) -> int:
    return compare_registry(
        store=desk.region.store,
        registry=desk.region.registry,
        projector=desk.region.projector,
        repairs=repair,
        snapshot_id="by-hand",
        now=desk.clock(),
    )


def test_a_registry_that_was_told_whole_does_not_differ(desk: Desk) -> None:
    assert compare_with_registry(desk, repair=False) == 0


@pytest.mark.parametrize("repair", [False, True])
def test_what_the_projection_missed_is_found(desk: Desk, *, repair: bool) -> None:
    def lose(connection: Connection) -> None:
        connection.execute(delete(tables.projection).where(tables.projection.c.object_id == "РД-1"))

    desk.region.store.run(lose)
    assert compare_with_registry(desk, repair=repair) == 1
    listed = desk.region.store.look(lambda connection: snapshots.listed(connection, "by-hand"))
    assert listed == [("РД-1", What.UNTOLD, repair)]
    assert [one.object_id for one in desk.region.waiting()] == (["РД-1"] if repair else [])


def test_a_certificate_that_was_never_projected_is_found(desk: Desk) -> None:
    desk.region.store.run(lambda connection: connection.execute(delete(tables.projection)))
    desk.region.store.run(lambda connection: connection.execute(delete(tables.change)))
    assert compare_with_registry(desk, repair=True) == 2


def test_a_held_certificate_is_no_difference(desk: Desk) -> None:
    desk.region.put(replace(records.certificate(2), consent_form=None))
    assert compare_with_registry(desk, repair=False) == 0
