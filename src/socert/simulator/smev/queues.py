"""Queues of the exchange: one of requests for each participant, one of responses, and one for each of its nodes.

Rules (SMEV 3 manual 3.3, 2.5, 2.3.5 and 2.3.8): first in, first out; a message that was given out is hidden until it is
acknowledged, and returns to the head of the queue when that does not happen in time; meanwhile the next message is
given out. Requests of important participants go before all others. An answer to a request that named a node waits for
that node alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from socert.contracts.smev.status import MessageCategory
from socert.contracts.smev.version import Version
from socert.simulator.clock import from_microseconds, microseconds
from socert.simulator.smev.verdict_text import from_text, to_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta
    from sqlite3 import Row

    from socert.contracts.smev.status import AsyncStatus
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.state import State


#: What stands before the kind of a queue while a message is held: it is in its place, and nobody is given it.
HELD = "held:"


class Kind(StrEnum):
    """Which of a participant's two queues."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued:
    """A message in a queue.

    `message_type` is the name of the message type, the same for its request and its response. `data` and `signature`
    are the sender's signed element and signature as bytes, in the words of `version`; both are empty in a `verdict` of
    the exchange itself. `address` is where answers go: ReplyTo of a request, To of a response. `node_id` is the node
    that asked. `end_of_life`: after this moment nobody wants the message. `priority`: it goes before those without.
    """

    recipient: str
    kind: Kind
    message_type: str
    message_id: str
    sender: str
    sent_at: datetime
    category: MessageCategory = MessageCategory.REQUEST
    version: Version = Version.V1_2
    original_id: str | None = None
    reference_id: str | None = None
    transaction_code: str | None = None
    node_id: str | None = None
    address: str = ""
    end_of_life: datetime | None = None
    priority: bool = False
    data: bytes = b""
    signature: bytes = b""
    verdict: AsyncStatus | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """How many messages wait in one queue; `node_id` is empty for the queues that belong to no node."""

    kind: Kind
    node_id: str
    messages: int


class Queues:
    """All queues, in the state. Times are the simulator's."""

    def __init__(self, state: State, clock: SimulatorClock, ack_timeout: timedelta) -> None:
        self._state = state
        self._clock = clock
        self._timeout = ack_timeout

    def put(self, message: Queued) -> None:
        """Add a message at the tail of its recipient's queue, in its rank."""
        end = message.end_of_life
        self._state.run(
            "INSERT INTO queue (recipient, kind, node, rank, category, version, message_type, message_id, original_id,"
            " reference_id, transaction_code, sender, node_id, address, sent_at, end_of_life, data, signature, verdict)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            message.recipient,
            message.kind.value,
            (message.node_id or "") if message.kind is Kind.RESPONSE else "",
            0 if message.priority else 1,
            message.category.value,
            message.version.value,
            message.message_type,
            message.message_id,
            message.original_id,
            message.reference_id,
            message.transaction_code,
            message.sender,
            message.node_id,
            message.address,
            microseconds(message.sent_at),
            None if end is None else microseconds(end),
            message.data,
            message.signature,
            None if message.verdict is None else to_text(message.verdict),
        )

    def take(
        self, recipient: str, kind: Kind, message_type: str | None = None, node_id: str | None = None
    ) -> Queued | None:
        """Give out the first visible message and hide it for the time of acknowledgement; None when there is none.

        Messages that came back unacknowledged stand before those of their rank that were never given out. `node_id`
        chooses the queue of a node; requests have none of these.
        """
        now = microseconds(self._clock())
        queue = (recipient, kind.value, (node_id or "") if kind is Kind.RESPONSE else "")
        row = self._first(queue, message_type, "hidden_until <= ?", (now,))
        if row is None or row["rank"]:
            fresh = self._first(queue, message_type, "hidden_until IS NULL", ())
            if row is None or (fresh is not None and fresh["rank"] < row["rank"]):
                row = fresh
        if row is None:
            return None
        until = microseconds(self._clock() + self._timeout)
        self._state.run("UPDATE queue SET hidden_until = ? WHERE seq = ?", until, row["seq"])
        return _queued(row)

    def acknowledge(self, recipient: str, message_id: str) -> bool:
        """Remove a message that was given out to the recipient and waits for this; False when there is none."""
        removed = self._state.run(
            "DELETE FROM queue WHERE message_id = ? AND recipient = ? AND hidden_until > ?",
            message_id,
            recipient,
            microseconds(self._clock()),
        )
        return removed > 0

    def expired(self) -> list[Queued]:
        """Return every message whose end of life has passed while it waits.

        What was given out is left alone as long as it may be acknowledged: it has reached its recipient.
        """
        now = microseconds(self._clock())
        rows = self._state.all(
            "SELECT * FROM queue WHERE end_of_life <= ? AND coalesce(hidden_until <= ?, 1) AND kind IN (?, ?)"
            " ORDER BY end_of_life, seq",  # the index's own order: by seq alone the whole queue would be read
            now,
            now,
            *Kind,
        )
        return [_queued(row) for row in rows]

    def remove(self, message: Queued) -> None:
        """Remove a message that no longer waits for its recipient."""
        self._state.run(
            "DELETE FROM queue WHERE message_id = ? AND recipient = ?", message.message_id, message.recipient
        )

    def withdraw(self, message_id: str) -> list[Queued]:
        """Remove a message from every queue that it is in, held or not, and return what was removed."""
        rows = self._state.all("DELETE FROM queue WHERE message_id = ? RETURNING *", message_id)
        return [_queued(row) for row in rows]

    def holds(self, recipient: str, kind: Kind, limit: int) -> bool:
        """Whether the queues of one kind of a participant hold `limit` messages, given out or not."""
        row = self._state.one(
            "SELECT count(*) AS total FROM (SELECT 1 FROM queue WHERE recipient = ? AND kind = ? LIMIT ?)",
            recipient,
            kind.value,
            limit,
        )
        assert row is not None
        return bool(row["total"] >= limit)

    def find(self, message_id: str) -> Queued | None:
        """Return the first message that is in a queue under an id, given out or not."""
        row = self._state.one("SELECT * FROM queue WHERE message_id = ? ORDER BY seq LIMIT 1", message_id)
        return None if row is None else _queued(row)

    def next_return(self, recipient: str, after: datetime) -> datetime | None:
        """Return when the first message given out to a participant comes back after a moment, None when none will.

        Queues of nodes are not looked at.
        """
        first = [
            row["moment"]
            for kind in Kind
            for row in self._state.all(
                "SELECT min(hidden_until) AS moment FROM queue"
                " WHERE recipient = ? AND kind = ? AND node = '' AND hidden_until > ?",
                recipient,
                kind.value,
                microseconds(after),
            )
            if row["moment"] is not None
        ]
        return from_microseconds(min(first)) if first else None

    def release(self, recipient: str) -> None:
        """Return everything given out to a participant to its queue at once: it was restarted and has nothing."""
        self._state.run(
            "UPDATE queue SET hidden_until = ? WHERE recipient = ? AND hidden_until IS NOT NULL",
            microseconds(self._clock()),
            recipient,
        )

    def sizes(self) -> list[dict[str, Any]]:
        """How many messages wait and how many are given out but not acknowledged, by queue and message type."""
        rows = self._state.all(
            "SELECT recipient, kind, node, message_type, count(*) AS total,"
            " sum(coalesce(hidden_until > ?, 0)) AS hidden FROM queue"
            " GROUP BY recipient, kind, node, message_type ORDER BY recipient, kind, node, message_type",
            microseconds(self._clock()),
        )
        return [
            {
                "participant": row["recipient"],
                "queue": row["kind"],
                "node": row["node"],
                "message_type": row["message_type"],
                "waiting": row["total"] - row["hidden"],
                "unacknowledged": row["hidden"],
            }
            for row in rows
        ]

    def waiting(self, recipient: str) -> list[Waiting]:
        """How many messages wait to be given out to a participant: its requests, its responses, those of its nodes."""
        rows = self._state.all(
            "SELECT kind, node, count(*) AS total FROM queue"
            " WHERE recipient = ? AND coalesce(hidden_until <= ?, 1) AND kind IN (?, ?) GROUP BY kind, node",
            recipient,
            microseconds(self._clock()),
            *Kind,
        )
        found = {(kind.value, ""): 0 for kind in Kind} | {(row["kind"], row["node"]): row["total"] for row in rows}
        return [
            Waiting(kind=Kind(kind), node_id=node, messages=messages)
            for (kind, node), messages in sorted(found.items())
        ]

    def listing(self, recipient: str, most: int) -> list[dict[str, Any]]:
        """What lies in a participant's queues, oldest first, without contents."""
        rows = self._state.all(
            "SELECT * FROM queue WHERE recipient = ? ORDER BY kind, node, rank, seq LIMIT ?", recipient, most
        )
        now = microseconds(self._clock())
        return [
            {
                "queue": row["kind"],
                "node": row["node"],
                "message_id": row["message_id"],
                "original_id": row["original_id"],
                "message_type": row["message_type"],
                "category": row["category"],
                "version": row["version"],
                "sender": row["sender"],
                "sent_at": from_microseconds(row["sent_at"]).isoformat(),
                "end_of_life": None
                if row["end_of_life"] is None
                else from_microseconds(row["end_of_life"]).isoformat(),
                "priority": row["rank"] == 0,
                "unacknowledged": row["hidden_until"] is not None and row["hidden_until"] > now,
                "verdict": None if row["verdict"] is None else from_text(row["verdict"]).category.value,
            }
            for row in rows
        ]

    def _first(
        self, queue: tuple[str, str, str], message_type: str | None, visible: str, values: Collection[int]
    ) -> Row | None:
        typed = "" if message_type is None else "AND message_type = ? "
        given = () if message_type is None else (message_type,)
        return self._state.one(
            f"SELECT * FROM queue WHERE recipient = ? AND kind = ? AND node = ? {typed}AND {visible}"  # noqa: S608 - the pieces are constants of this module
            " ORDER BY rank, seq LIMIT 1",
            *queue,
            *given,
            *values,
        )


def queue_name(recipient: str, kind: str, node_id: str = "") -> str:
    """Return what a queue is called where the exchange names one: `REGION.request`, `REGION.response.node-1`."""
    return f"{recipient}.{kind}.{node_id}" if node_id else f"{recipient}.{kind}"


def _queued(row: Row) -> Queued:
    verdict, end = row["verdict"], row["end_of_life"]
    return Queued(
        recipient=row["recipient"],
        kind=Kind(row["kind"].removeprefix(HELD)),
        message_type=row["message_type"],
        message_id=row["message_id"],
        sender=row["sender"],
        sent_at=from_microseconds(row["sent_at"]),
        category=MessageCategory(row["category"]),
        version=Version(row["version"]),
        original_id=row["original_id"],
        reference_id=row["reference_id"],
        transaction_code=row["transaction_code"],
        node_id=row["node_id"],
        address=row["address"],
        end_of_life=None if end is None else from_microseconds(end),
        priority=row["rank"] == 0,
        data=row["data"],
        signature=row["signature"],
        verdict=None if verdict is None else from_text(verdict),
    )
