"""The parent's decision in the account and its answer: AccountActionRequest, AccountActionResponse.

Source: portal message dictionary, 7 (messages M13, M14).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.account.offers import Answer
from socert.contracts.portal.account.types import ACTION_REQUEST, ACTION_RESPONSE, NAMESPACE
from socert.contracts.portal.account.update import Recipient, read_recipient, render_recipient
from socert.contracts.portal.agreed import (
    AgreedSplit,
    Consent,
    maybe_read_agreed_split,
    read_consents,
    render_agreed_split,
    render_consents,
)
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import optional, optional_number, text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


class ConsentDeed(StrEnum):
    """What the parent does with a consent."""

    GIVE = "GIVE"
    WITHDRAW = "WITHDRAW"


class ActionResult(StrEnum):
    """What became of a decision; STALE: the offer or the balance has changed, show it again."""

    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    DUPLICATE = "DUPLICATE"
    STALE = "STALE"
    REJECTED = "REJECTED"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenewalAnswer:
    """An answer to a renewal offer.

    `offer_seq` is the version of the offer that the parent saw; `agreed_split` is needed to accept; up to 5 consents;
    `comment` up to 2048 characters.
    """

    offer_id: str
    offer_seq: int
    answer: Answer
    agreed_split: AgreedSplit | None = None
    consents: tuple[Consent, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentAction:
    """1-5 forms of consent given or withdrawn; `reason` is the parent's, up to 2048 characters."""

    deed: ConsentDeed
    consents: tuple[Consent, ...]
    reason: str | None = None


Action = RenewalAnswer | ConsentAction


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRequest:
    """The parent decided something for a child. `action_id` is a GUID and makes repeats harmless."""

    message_type: ClassVar[MessageType] = ACTION_REQUEST

    action_id: str
    sent_at: datetime
    recipient: Recipient
    action: Action

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for negative amounts and naive moments.
        """
        p = prefix
        return (
            f'<{p}:AccountActionRequest xmlns:{p}="{NAMESPACE}"><{p}:actionId>{text(self.action_id)}</{p}:actionId>'
            f"<{p}:sentAt>{format_moment(self.sent_at)}</{p}:sentAt>{render_recipient(p, self.recipient)}"
            f"{_render_action(p, self.action)}</{p}:AccountActionRequest>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionResponse:
    """What became of a decision.

    `reason_code` is one of the portal message dictionary, 6.4; `object_id` and `seq` name what it changed or made.
    """

    message_type: ClassVar[MessageType] = ACTION_RESPONSE

    action_id: str
    result: ActionResult
    reason_code: str | None = None
    message: str | None = None
    object_id: str | None = None
    seq: int | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `ActionRequest.render`."""
        p = prefix
        return (
            f'<{p}:AccountActionResponse xmlns:{p}="{NAMESPACE}"><{p}:actionId>{text(self.action_id)}</{p}:actionId>'
            f"<{p}:result>{self.result}</{p}:result>{optional(p, 'reasonCode', self.reason_code)}"
            f"{optional(p, 'message', self.message)}{optional(p, 'objectId', self.object_id)}"
            f"{optional_number(p, 'seq', self.seq)}</{p}:AccountActionResponse>"
        )


def _render_action(p: str, action: Action) -> str:
    if isinstance(action, ConsentAction):
        return (
            f"<{p}:consentAction><{p}:action>{action.deed}</{p}:action>{render_consents(p, action.consents)}"
            f"{optional(p, 'reason', action.reason)}</{p}:consentAction>"
        )
    return (
        f"<{p}:renewalAnswer><{p}:offerId>{text(action.offer_id)}</{p}:offerId>"
        f"<{p}:offerSeq>{action.offer_seq:d}</{p}:offerSeq><{p}:answer>{action.answer}</{p}:answer>"
        f"{render_agreed_split(p, action.agreed_split)}{render_consents(p, action.consents)}"
        f"{optional(p, 'comment', action.comment)}</{p}:renewalAnswer>"
    )


def read_action_request(element: _Element, *, zone: tzinfo | None = None) -> ActionRequest:
    """Read a schema-valid AccountActionRequest.

    `zone` is where moments without an offset are taken to be; None refuses them. Raises ValueRefused with the path.
    """
    fields = Fields.of_root(element, ACTION_REQUEST, zone=zone)
    return ActionRequest(
        action_id=fields.text("actionId"),
        sent_at=fields.moment("sentAt"),
        recipient=read_recipient(fields.group("recipient")),
        action=_read_action(fields),
    )


def _read_action(fields: Fields) -> Action:
    if fields.first_of(("renewalAnswer", "consentAction")) == "consentAction":
        action = fields.group("consentAction")
        return ConsentAction(
            deed=action.choice(ConsentDeed, "action"),
            consents=read_consents(action),
            reason=action.maybe_text("reason"),
        )
    answer = fields.group("renewalAnswer")
    return RenewalAnswer(
        offer_id=answer.text("offerId"),
        offer_seq=answer.integer("offerSeq"),
        answer=answer.choice(Answer, "answer"),
        agreed_split=maybe_read_agreed_split(answer),
        consents=read_consents(answer),
        comment=answer.maybe_text("comment"),
    )


def read_action_response(element: _Element) -> ActionResponse:
    """Read a schema-valid AccountActionResponse. Raises ValueRefused with the path."""
    fields = Fields.of_root(element, ACTION_RESPONSE, zone=None)
    return ActionResponse(
        action_id=fields.text("actionId"),
        result=fields.choice(ActionResult, "result"),
        reason_code=fields.maybe_text("reasonCode"),
        message=fields.maybe_text("message"),
        object_id=fields.maybe_text("objectId"),
        seq=fields.maybe_integer("seq"),
    )
