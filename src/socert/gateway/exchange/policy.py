"""What a region decides about messages that nobody here can handle."""

from __future__ import annotations

from enum import StrEnum


class WhenUnhandled(StrEnum):
    """How a message that nobody here can handle is acknowledged; it is kept and shown in any case."""

    ACCEPT = "accept"  # as received: the exchange never brings it again
    REJECT = "reject"  # as thrown away: neither does it then, and its books say so
    LEAVE = "leave"  # not at all: it comes again until somebody settles it with the exchange's support

    @property
    def accepted(self) -> bool | None:
        """What Ack says of it; None where there is no Ack."""
        return {WhenUnhandled.ACCEPT: True, WhenUnhandled.REJECT: False, WhenUnhandled.LEAVE: None}[self]
