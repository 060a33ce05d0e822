"""Queues of the exchange: one of requests and one of responses for each participant.

Rules (SMEV 3 manual, 2.5): first in, first out; a message that was given out is hidden until it is acknowledged, and
returns to the head of the queue when that does not happen in time; meanwhile the next message is given out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from socert.simulator.clock import from_microseconds, microseconds

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta
    from sqlite3 import Row

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.state import State


class Kind(StrEnum):
    """Which of a participant's two queues."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """Why the exchange itself refused a message after it had taken it: category and text of an AsyncProcessingStatus.

    `errors`: the validator's complaints, each a line and a text.
    """

    category: str
    text: str
    errors: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued:
    """A message in a queue.

    `message_type` is the name of the message type, the same for its request and its response. `data` and `signature`
    are the sender's signed element and signature as bytes; both are empty in a rejection by the exchange.
    `address` is where answers go: ReplyTo of a request, To of a response.
    """

    recipient: str
    kind: Kind
    message_type: str
    message_id: str
    sender: str
    sent_at: datetime
    original_id: str | None = None
    reference_id: str | None = None
    node_id: str | None = None
    address: str = ""
    data: bytes = b""
    signature: bytes = b""
    rejection: Rejection | None = None


class Queues:
    """All queues, in the state. Times are the simulator's."""

    def __init__(self, state: State, clock: SimulatorClock, ack_timeout: timedelta) -> None:
        self._state = state
        self._clock = clock
        self._timeout = ack_timeout

    def put(self, message: Queued) -> None:
        """Add a message at the tail of its recipient's queue."""
        rejection = message.rejection
        self._state.run(
            "INSERT INTO queue (recipient, kind, message_type, message_id, original_id, reference_id, sender, node_id,"
            " address, sent_at, data, signature, rejection) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            message.recipient,
            message.kind.value,
            message.message_type,
            message.message_id,
            message.original_id,
            message.reference_id,
            message.sender,
            message.node_id,
            message.address,
            microseconds(message.sent_at),
            message.data,
            message.signature,
            None if rejection is None else json.dumps([rejection.category, rejection.text, rejection.errors]),
        )

    def take(self, recipient: str, kind: Kind, message_type: str | None = None) -> Queued | None:
        """Give out the first visible message and hide it for the time of acknowledgement; None when there is none.

        Messages that came back unacknowledged stand before those never given out.
        """
        now = microseconds(self._clock())
        row = self._first(recipient, kind, message_type, "hidden_until <= ?", (now,))
        if row is None:
            row = self._first(recipient, kind, message_type, "hidden_until IS NULL", ())
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

    def next_return(self, recipient: str, after: datetime) -> datetime | None:
        """Return when the first message given out to a participant comes back after a moment, None when none will."""
        first = [
            row["moment"]
            for kind in Kind
            for row in self._state.all(
                "SELECT min(hidden_until) AS moment FROM queue WHERE recipient = ? AND kind = ? AND hidden_until > ?",
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
        """How many messages wait and how many are given out but not acknowledged, by recipient, kind and type."""
        rows = self._state.all(
            "SELECT recipient, kind, message_type, count(*) AS total, sum(coalesce(hidden_until > ?, 0)) AS hidden"
            " FROM queue GROUP BY recipient, kind, message_type ORDER BY recipient, kind, message_type",
            microseconds(self._clock()),
        )
        return [
            {
                "participant": row["recipient"],
                "queue": row["kind"],
                "message_type": row["message_type"],
                "waiting": row["total"] - row["hidden"],
                "unacknowledged": row["hidden"],
            }
            for row in rows
        ]

    def _first(
        self, recipient: str, kind: Kind, message_type: str | None, visible: str, values: Collection[int]
    ) -> Row | None:
        typed = "" if message_type is None else "AND message_type = ? "
        given = () if message_type is None else (message_type,)
        return self._state.one(
            f"SELECT * FROM queue WHERE recipient = ? AND kind = ? {typed}AND {visible} ORDER BY seq LIMIT 1",  # noqa: S608 - the pieces are constants of this module
            recipient,
            kind.value,
            *given,
            *values,
        )


def _queued(row: Row) -> Queued:
    raw = row["rejection"]
    rejection = None
    if raw is not None:
        category, text, errors = json.loads(raw)
        rejection = Rejection(category=category, text=text, errors=tuple((line, words) for line, words in errors))
    return Queued(
        recipient=row["recipient"],
        kind=Kind(row["kind"]),
        message_type=row["message_type"],
        message_id=row["message_id"],
        sender=row["sender"],
        sent_at=from_microseconds(row["sent_at"]),
        original_id=row["original_id"],
        reference_id=row["reference_id"],
        node_id=row["node_id"],
        address=row["address"],
        data=row["data"],
        signature=row["signature"],
        rejection=rejection,
    )
