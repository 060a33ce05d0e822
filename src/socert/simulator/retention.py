"""Forgetting: what the simulator keeps of messages has an end, so that one may run for months.

Ids of messages are kept against repetition as long as their age allows one; where answers go, what waits in queues
and what the portal answered, for the time of retention. Accounts, people and the count of effects stay: they grow with
the region, not with time. Times are the simulator's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from socert.host.log import get_logger
from socert.simulator.clock import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from socert.simulator.state import State

#: How often it is looked for what to forget, so that a round is short and most messages pay a comparison only.
_ROUND = timedelta(minutes=1)
#: A route is kept while the portal expects answers there: an application is answered for months.
_BY_RETENTION = {"route": "kept = 0 AND created", "portal_inbox": "received", "queue": "sent_at", "status": "created"}

log = get_logger("retention")


class Retention:
    """Deletes what is older than `keep`, and ids older than twice `message_age`, which are refused by age anyway."""

    def __init__(self, state: State, *, message_age: timedelta, keep: timedelta) -> None:
        self._state = state
        self._id_age = 2 * message_age
        self._keep = keep
        self._last: datetime | None = None
        self._listeners: list[Callable[[datetime], None]] = []

    def on_round(self, listener: Callable[[datetime], None]) -> None:
        """Call `listener` with the moment after every round: what it keeps may have lost its message."""
        self._listeners.append(listener)

    def look(self, now: datetime) -> None:
        """Forget what is too old at `now`, if the last time was a while ago; the clock may have gone back since."""
        if self._last is not None and abs(now - self._last) < _ROUND:
            return
        self._last = now
        self._state.run("DELETE FROM sent WHERE received < ?", microseconds(now - self._id_age))
        for table, old in _BY_RETENTION.items():
            statement = f"DELETE FROM {table} WHERE {old} < ?"  # noqa: S608 - names from the table above
            removed = self._state.run(statement, microseconds(now - self._keep))
            if removed:
                log.info("forgotten by age", table=table, rows=removed)
        for listener in self._listeners:
            listener(now)
