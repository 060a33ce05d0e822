"""The parent's decisions in the account: an answer to a renewal offer, consents given and withdrawn (M13, M14).

Source: portal message dictionary, 7 (AccountActionRequest) and 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from socert.contracts.portal.account import Answer, ConsentDeed
    from socert.contracts.portal.blocks import FormCode


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A decision and what became of it.

    `kind` is "offer" or "consent"; `subject` the offer's id, or the forms' codes with commas. `result` is an
    `account.ActionResult`'s value, "SENT" while no answer has come (it may still come later), "FAILED" when the
    exchange did not take it or the region refused to answer; `text` says it in Russian. `object_id` and `seq` name
    what it changed or made.
    """

    id: str
    owner: int
    child: int
    kind: str
    subject: str
    deed: str
    sent: datetime
    result: str = "SENT"
    reason_code: str = ""
    text: str = ""
    object_id: str = ""
    seq: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the decision for testers."""
        raise NotImplementedError


class Actions:
    """Sends decisions and keeps what became of them."""

    async def answer_offer(
        self,
        *,
        owner: int,
        offer: str,
        seq: int,
        answer: Answer,
        own_part_accepted: bool = False,
        forms: Collection[FormCode] = (),
        comment: str = "",
        checked: bool = True,
    ) -> Decision:
        """Answer a renewal offer as it was seen: `seq` is the version of the card on the screen (`cards.Offer.seq`).

        Waits for the region's answer up to the query deadline. Raises `OrderRefused`.
        """
        raise NotImplementedError

    async def consent(
        self,
        *,
        owner: int,
        child: int,
        deed: ConsentDeed,
        forms: Collection[FormCode],
        reason: str = "",
        version: str | None = None,
    ) -> Decision:
        """Give or withdraw consents of a child; `version` is the form's, the current one unless told.

        Waits for the region's answer up to the query deadline. Raises `OrderRefused`.
        """
        raise NotImplementedError

    async def repeat(self, action_id: str, owner: int | None = None) -> Decision:
        """Send a decision again, the very same content with the same action id. Raises `OrderRefused`."""
        raise NotImplementedError

    def get(self, action_id: str) -> Decision | None:
        """Return a decision."""
        raise NotImplementedError

    def of(self, owner: int, child: int) -> list[Decision]:
        """Return the decisions of an owner for a child, the latest first."""
        raise NotImplementedError
