"""The live read of one child's objects for a page, where the portal keeps no copy (query mode).

Source: portal message dictionary, 7 (AccountQueryRequest) and 7.1, rule 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from socert.contracts.portal.account import Include

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from socert.simulator.portal.cards import Certificate, ConsentCard, Contract, Offer


class LiveOutcome(StrEnum):
    """What came of a live read."""

    OK = "ok"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveAnswer:
    """What a live read told; nothing of it is kept.

    `live` is False when the region answered from a stored copy, true at `as_of`: no order may rest on it. `text` is for
    the parent where there are no data.
    """

    outcome: LiveOutcome
    text: str = ""
    reason_code: str = ""
    as_of: datetime | None = None
    live: bool | None = None
    certificates: tuple[Certificate, ...] = ()
    contracts: tuple[Contract, ...] = ()
    offers: tuple[Offer, ...] = ()
    consents: tuple[ConsentCard, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the answer for testers."""
        raise NotImplementedError


class Live:
    """Asks the region what it holds of a child now."""

    async def read(self, owner: int, child: int, include: Collection[Include] = tuple(Include)) -> LiveAnswer:
        """Ask and wait up to the query deadline. Raises `OrderRefused` for a child that the owner may not see."""
        raise NotImplementedError
