"""The journal: what the last exchanges were, without any personal data."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

#: How many exchanges are remembered.
LENGTH = 1000
#: Longer reasons are cut: a call may break a schema in many places.
LONGEST_REASON = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One call to the exchange.

    `outcome`: "ok", "empty" (nothing in the queue), "fault", "error" (the node failed), "dropped" (the connection was
    cut by an ordered fault). `fault`: name of the fault, if any; `milliseconds`: how long the node took. `reason`: what
    rule was broken and where in the call, without any value that stands there; empty where nothing was.
    """

    time: datetime
    operation: str
    participant: str
    message_id: str
    outcome: str
    fault: str
    milliseconds: float
    reason: str = ""


class Journal:
    """Remembers the last exchanges, oldest first."""

    def __init__(self, length: int = LENGTH) -> None:
        self._entries: deque[Entry] = deque(maxlen=length)

    def add(self, entry: Entry) -> None:
        """Remember one exchange and forget the oldest one when full."""
        if len(entry.reason) > LONGEST_REASON:
            entry = replace(entry, reason=entry.reason[: LONGEST_REASON - 1] + "…")
        self._entries.append(entry)

    def last(self, count: int = LENGTH) -> list[dict[str, Any]]:
        """Return the last `count` exchanges as JSON-ready objects, oldest first."""
        chosen = list(self._entries)[-count:] if count > 0 else []
        return [asdict(entry) | {"time": entry.time.isoformat()} for entry in chosen]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
