"""Message ids: UUID version 1, whose timestamp the exchange reads to tell how old a message is.

    ids = MessageIds(clock)
    ids()                    # "0f2a7c3e-3959-11f1-b8b2-6f42333cce59"
    issued_at(message_id)    # datetime, UTC

Sources: SMEV 3 manual 3.3, "MessageID" (RFC 4122, 4.2); the exchange's schema takes lower-case hex only.
"""

from __future__ import annotations

import re
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable

_GREGORIAN = datetime(1582, 10, 15, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TICKS = 10
"""UUID ticks (100 ns) in a microsecond, which is the finest that a `datetime` tells."""

_MULTICAST = 1 << 40
"""The bit that says "this node is no network card's address" (RFC 4122, 4.5)."""

_PATTERN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


class MessageIdInvalid(ContractError):
    """The text is not a message id: not a UUID in lower case, or not of version 1."""

    code: ClassVar[str] = "message_id_invalid"


class MessageIds:
    """Makes message ids, each issued later than the one before, even while the clock stands still or goes back.

    `node` (48 bits) and `clock_seq` (14 bits) are random unless given, so that two makers never meet. Safe to call
    from several threads.
    """

    def __init__(self, clock: Callable[[], datetime], node: int | None = None, clock_seq: int | None = None) -> None:
        """Take the clock (aware datetimes) and, for repeatable ids, the node and the clock sequence."""
        self._clock = clock
        self._node = secrets.randbits(48) | _MULTICAST if node is None else node
        self._clock_seq = secrets.randbits(14) if clock_seq is None else clock_seq
        if not 0 <= self._node < 1 << 48:
            raise ValueError("node must be a number of 48 bits")
        if not 0 <= self._clock_seq < 1 << 14:
            raise ValueError("clock_seq must be a number of 14 bits")
        tail = f"{0x8000 | self._clock_seq:04x}-{self._node:012x}"
        self._tail = tail
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """Return a new id. Where the clock has not moved on since the last one, the id is one tick (100 ns) later."""
        now = (self._clock() - _GREGORIAN) // _MICROSECOND * _TICKS
        with self._lock:
            ticks = self._last = max(now, self._last + 1)
        low, middle, high = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
        return f"{low:08x}-{middle:04x}-{0x1000 | high:04x}-{self._tail}"


def issued_at(message_id: str) -> datetime:
    """Return when the id was issued by its own timestamp, to the microsecond (UTC).

    Raises MessageIdInvalid where the text is not a lower-case UUID of version 1.
    """
    if not _PATTERN.fullmatch(message_id):
        raise MessageIdInvalid("the message id is not a UUID in lower case; make ids with MessageIds")
    # By hand, for the exchange reads every id twice: the version, the variant (RFC 4122, 4.1.1), the three time fields.
    if message_id[14] != "1" or message_id[19] not in "89ab":
        raise MessageIdInvalid("the message id is not a UUID of version 1, whose timestamp the exchange reads")
    ticks = int(message_id[15:18] + message_id[9:13] + message_id[:8], 16)
    return _GREGORIAN + timedelta(microseconds=ticks // _TICKS)
