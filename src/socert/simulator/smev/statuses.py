"""Status queues: what the exchange has to say to senders beside the messages, one queue for each participant.

What comes there (SMEV 3 manual 3.3, table 1): errors of asynchronous processing, a certificate that the certification
authority refuses, files that cannot be taken over, a push notification that could not be delivered. A status has no id
of its own, so it cannot be acknowledged: it is gone once it was given out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.simulator.clock import from_microseconds, microseconds
from socert.simulator.smev.verdict_text import from_text, to_text

if TYPE_CHECKING:
    from socert.contracts.smev.status import AsyncStatus
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.state import State


class Statuses:
    """All status queues, in the state."""

    def __init__(self, state: State, clock: SimulatorClock) -> None:
        self._state = state
        self._clock = clock

    def put(self, recipient: str, status: AsyncStatus) -> None:
        """Add a status at the tail of a participant's queue."""
        self._state.run(
            "INSERT INTO status (recipient, document, created) VALUES (?, ?, ?)",
            recipient,
            to_text(status),
            microseconds(self._clock()),
        )

    def take(self, recipient: str) -> AsyncStatus | None:
        """Give out the first status and forget it; None when there is none."""
        row = self._state.one("SELECT seq, document FROM status WHERE recipient = ? ORDER BY seq LIMIT 1", recipient)
        if row is None:
            return None
        self._state.run("DELETE FROM status WHERE seq = ?", row["seq"])
        return from_text(row["document"])

    def waiting(self, recipient: str) -> int:
        """How many statuses wait for a participant."""
        row = self._state.one("SELECT count(*) AS total FROM status WHERE recipient = ?", recipient)
        return 0 if row is None else int(row["total"])

    def sizes(self) -> list[dict[str, Any]]:
        """How many statuses wait, by participant."""
        rows = self._state.all("SELECT recipient, count(*) AS total FROM status GROUP BY recipient ORDER BY recipient")
        return [{"participant": row["recipient"], "waiting": row["total"]} for row in rows]

    def listing(self, recipient: str, most: int) -> list[dict[str, Any]]:
        """What waits for a participant, oldest first."""
        rows = self._state.all("SELECT * FROM status WHERE recipient = ? ORDER BY seq LIMIT ?", recipient, most)
        found = ((row, from_text(row["document"])) for row in rows)
        return [
            {
                "message_id": status.original_message_id,
                "category": status.category.value,
                "details": status.details,
                "fault": None if status.fault is None else status.fault.kind.value,
                "created": from_microseconds(row["created"]).isoformat(),
            }
            for row, status in found
        ]
