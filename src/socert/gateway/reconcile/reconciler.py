"""The reconciler: asks the portal for its versions, compares, repairs where that is wanted; nightly or on demand."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from socert.contracts.portal import account
from socert.gateway.exchange import outbox
from socert.gateway.reconcile import comparing, snapshots
from socert.gateway.reconcile.comparing import CHUNK, What, differences_of, note
from socert.gateway.reconcile.repairing import repair
from socert.gateway.store.tables import micros
from socert.gateway.store.tables_life import SnapshotState
from socert.gateway.store.turns import Turn, take_turn
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, time, tzinfo

    from sqlalchemy import Connection

    from socert.gateway.exchange.caller import Caller
    from socert.gateway.exchange.wake import Wake
    from socert.gateway.ports import Ids, Registry
    from socert.gateway.projection import Projector
    from socert.gateway.reconcile.snapshots import Snapshot
    from socert.gateway.store.writer import Store

log = get_logger("reconcile")


def compare_registry(
    *, store: Store, registry: Registry, projector: Projector, repairs: bool, snapshot_id: str, now: datetime
) -> int:
    """Compare the whole registry with the projection, some certificates a transaction; return how many differ.

    Each is written down under the comparison's id; with `repairs` the portal is told of them.
    """
    after, count = "", 0
    while guids := store.look(partial(registry.guids, after=after, limit=CHUNK)):
        after = guids[-1]
        found = differences_of(guids, store=store, projector=projector, repair=repairs)
        differ = [(one, What.UNTOLD) for one in found]
        repaired_at = micros(now) if repairs else None
        store.run(partial(note, snapshot_id=snapshot_id, found=differ, repaired_at=repaired_at))
        count += len(found)
    return count


class Reconciler:
    """Brings comparisons to their end, and begins one every night at `nightly` of `zone` (None: never by itself)."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        projector: Projector,
        caller: Caller,
        clock: Callable[[], datetime],
        message_ids: Ids,
        ids: Ids,
        nightly: time | None,
        zone: tzinfo,
        repairs: bool,
    ) -> None:
        """Take the parts; `repairs`: whether the nightly one sets right what it finds."""
        self._store = store
        self._registry = registry
        self._projector = projector
        self._caller = caller
        self._clock = clock
        self._message_ids = message_ids
        self._ids = ids
        self._nightly = nightly
        self._zone = zone
        self._repairs = repairs
        self._since = clock()

    async def run(self, arrived: Wake, ready: Wake, watch: float) -> None:
        """Work for ever: when `arrived` is called and every `watch` seconds; call `ready` when something may leave."""
        while True:
            if await self.step():
                ready.call()
            else:
                await arrived.wait(watch)

    async def step(self) -> bool:
        """Do the next thing that there is to do; False when there is none."""
        now = self._clock()
        if await self._store.read(lambda connection: self._has_to_tend(connection, now)):
            await self._store.write(lambda connection: self._tend(connection, now))
        found = await self._store.read(snapshots.current)
        if found is None or found.state is SnapshotState.WAITING:
            return False
        if found.state is SnapshotState.ASKING:
            await self._ask(found, now)
        else:
            await self._compare(found, now)
        return True

    def _has_to_tend(self, connection: Connection, now: datetime) -> bool:
        """Whether a question was lost, or a night's comparison is due."""
        return snapshots.any_lost(connection) or self._is_due(connection, now)

    def _tend(self, connection: Connection, now: datetime) -> None:
        """End what cannot come to its end, and begin the night's comparison when it is due."""
        snapshots.give_up_lost(connection, now)
        if self._is_due(connection, now):
            snapshots.begin(connection, self._ids(), repair=self._repairs, now=now)

    def _is_due(self, connection: Connection, now: datetime) -> bool:
        due = self._last_due(now)
        if due is None:
            return False
        last = snapshots.latest(connection)
        # One that fell into a pause is made up for; a new database has nothing to compare yet.
        return due > self._since if last is None else last.started_at < micros(due)

    def _last_due(self, now: datetime) -> datetime | None:
        """Return when a nightly comparison was due last, None where there is none."""
        if self._nightly is None:
            return None
        local = now.astimezone(self._zone)
        due = local.replace(hour=self._nightly.hour, minute=self._nightly.minute, second=0, microsecond=0)
        return due if due <= local else due - timedelta(days=1)

    async def _ask(self, found: Snapshot, now: datetime) -> None:
        content = account.SnapshotRequest(snapshot_id=found.snapshot_id, requested_at=now, page_token=found.page_token)
        message_id = self._message_ids()
        message = outbox.NewMessage(
            message_id=message_id,
            operation="SendRequest",
            message_type=content.message_type.root,
            reference=found.snapshot_id,
            body=self._caller.request(message_id, content),
        )
        await self._store.write(lambda connection: snapshots.asked(connection, found.snapshot_id, message, now))

    async def _compare(self, found: Snapshot, now: datetime) -> None:
        key = found.snapshot_id
        compared = await self._store.read(partial(comparing.compare, snapshot_id=key, started_at=found.started_at))

        def work(connection: Connection) -> int:
            take_turn(connection, Turn.REGISTRY)
            note(connection, key, compared.differ)
            repaired = 0
            if found.repair:
                repaired = repair(connection, key, registry=self._registry, projector=self._projector, now=now)
            snapshots.end(connection, key, compared=compared.objects, now=now)
            return repaired

        repaired = await self._store.write(work)
        say = log.warning if compared.differ else log.info
        say("compared with the portal", objects=compared.objects, differ=len(compared.differ), repaired=repaired)
