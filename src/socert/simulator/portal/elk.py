"""Orders that the region puts into accounts by itself, shown as text cards (ELK).

Source: portal message dictionary, 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ElkEntry:
    """A line of a text card: `kind` is "status", "event" (information) or "text" (a message); `code` its code."""

    at: datetime
    kind: str
    code: str
    comment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ElkOrder:
    """An order in the account that no parent filed. `number` is the portal's (elkOrderNumber), `order_number` the
    sender's; `status` is of classifier 7212; `entries` oldest first, the last one's comment is what the card says.
    """

    number: int
    order_number: str
    sender_inn: str
    owner: int
    service: str
    status: int
    created: datetime
    entries: tuple[ElkEntry, ...]

    @property
    def text(self) -> str:
        """What the card says now."""
        return next((one.comment for one in reversed(self.entries) if one.comment), "")


class ElkOrders:
    """The text cards, in the state."""

    def of(self, owner: int) -> list[ElkOrder]:
        """Return the text cards of an account, the latest first."""
        raise NotImplementedError
