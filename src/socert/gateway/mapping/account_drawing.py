"""Objects of the account, drawn and rendered as updates of some version (portal message dictionary, 7).

An object is drawn once per change: the update is rendered when the change is recorded, in the prefix that it will have
inside an envelope; a message is the joined text of its updates. So what is sent is what was true at the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from lxml import etree

from socert.contracts.errors import ContractError
from socert.contracts.portal import account
from socert.contracts.portal.account.update import read_update as parse_update
from socert.contracts.portal.account.update import render_body, render_recipient
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import optional_number
from socert.contracts.xml import escape_text

if TYPE_CHECKING:
    from socert.contracts.message import MessageType
    from socert.contracts.portal.account.update import Body

PREFIX = "ns3"
"""The prefix that business content has inside the signed block of an envelope: the third namespace declared there."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = f"<{PREFIX}:version>{{}}</{PREFIX}:version>"
_PAYER = f"<{PREFIX}:certificateVersion>{{}}</{PREFIX}:certificateVersion>"


class NotTellable(ContractError):
    """The object's figures contradict each other, so the portal must not show them; the text says where."""

    code: ClassVar[str] = "not_tellable"


class WrongPrefixError(Exception):
    """A batch of rendered updates was asked for in another prefix than they were rendered in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """An AccountUpdateRequest out of updates that are rendered already, at most 100."""

    message_type: ClassVar[MessageType] = account.UPDATE_REQUEST

    batch_id: str
    sent_at: datetime
    updates: tuple[str, ...]

    def render(self, prefix: str = PREFIX) -> str:
        """Return the whole message in normal form; `WrongPrefixError` for any prefix but that of the updates."""
        if prefix != PREFIX:
            raise WrongPrefixError(f"updates are rendered with the prefix {PREFIX}, not {prefix}")
        return (
            f'<{PREFIX}:AccountUpdateRequest xmlns:{PREFIX}="{account.NAMESPACE}">'
            f"<{PREFIX}:batchId>{escape_text(self.batch_id)}</{PREFIX}:batchId>"
            f"<{PREFIX}:sentAt>{format_moment(self.sent_at)}</{PREFIX}:sentAt>"
            f"{''.join(self.updates)}</{PREFIX}:AccountUpdateRequest>"
        )


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """An object as it stands now, ready to be rendered as a change of some version.

    Its recipient and body are written once, for the digest and for every change.
    """

    object_id: str
    recipient: account.Recipient
    body: Body | None
    order_id: int | None = None

    def digest(self) -> str:
        """Return a SHA-256 of what the account shows; versions and times, which always differ, are left out."""
        body = self._written
        match self.body:
            case account.CertificateCard(version=version):
                body = body.replace(_VERSION.format(version), _VERSION.format(0), 1)
            case account.ContractCard(certificate_version=version) | account.RenewalOffer(certificate_version=version):
                body = body.replace(_PAYER.format(version), _PAYER.format(0), 1)
        text = self._assembled(1, _EPOCH, account.Cause.RECONCILE, account.Operation.UPDATE, body)
        return sha256(text.encode()).hexdigest()

    def render(self, *, seq: int, as_of: datetime, cause: str, operation: str) -> str:
        """Return the rendered update; `ContractError` for text that XML cannot carry, `NotTellable` for bad figures."""
        update = self._update(seq, as_of, account.Cause(cause), account.Operation(operation))
        problems = account.check_update(update)
        if problems:
            raise NotTellable("; ".join(str(problem) for problem in problems))
        return self._assembled(seq, as_of, update.cause, update.operation, self._written)

    def update(self, *, seq: int, as_of: datetime) -> account.Update:
        """Return the object as an answer to a question carries it: whole, with the cause RECONCILE."""
        return self._update(seq, as_of, account.Cause.RECONCILE, account.Operation.UPDATE)

    def told_to(self) -> str:
        """Return whose account and which child it is told to, rendered: what `render_closing` needs later."""
        return self._addressed

    @cached_property
    def _addressed(self) -> str:
        return render_recipient(PREFIX, self.recipient)

    @cached_property
    def _written(self) -> str:
        return render_body(PREFIX, self.body)

    def _assembled(
        self, seq: int, as_of: datetime, cause: account.Cause, operation: account.Operation, body: str
    ) -> str:
        return _assemble(
            self.object_id, seq, as_of, cause, operation, told_to=self._addressed, order_id=self.order_id, body=body
        )

    def _update(self, seq: int, as_of: datetime, cause: account.Cause, operation: account.Operation) -> account.Update:
        return account.Update(
            object_id=self.object_id,
            operation=operation,
            seq=seq,
            as_of=as_of,
            cause=cause,
            recipient=self.recipient,
            order_id=self.order_id,
            body=self.body,
        )


def render_closing(
    object_id: str,
    *,
    seq: int,
    as_of: datetime,
    cause: str,
    told_to: str,
    body: account.ConsentState | None = None,
) -> str:
    """Return the rendered update that closes an object in the account that shows it (`Drawing.told_to` at the time).

    It has no figures and no reason beyond the cause, and nothing that the portal was not told before. A consent that
    was withdrawn says so itself in its `body`.
    """
    return render_told(object_id, seq=seq, as_of=as_of, cause=cause, operation="CLOSE", told_to=told_to, body=body)


def render_told(
    object_id: str,
    *,
    seq: int,
    as_of: datetime,
    cause: str,
    operation: str,
    told_to: str,
    body: account.ConsentState | None,
) -> str:
    """Return a rendered update whose recipient is, word for word, the one that the portal was told before."""
    return _assemble(
        object_id,
        seq,
        as_of,
        account.Cause(cause),
        account.Operation(operation),
        told_to=told_to,
        order_id=None,
        body=render_body(PREFIX, body),
    )


def read_update(body: str) -> account.Update:
    """Read an update as it was rendered here: our own text, which was valid when it was written."""
    inside = etree.fromstring(f'<{PREFIX}:all xmlns:{PREFIX}="{account.NAMESPACE}">{body}</{PREFIX}:all>'.encode())
    return parse_update(Fields(inside[0], "update", None))


def _assemble(
    object_id: str,
    seq: int,
    as_of: datetime,
    cause: account.Cause,
    operation: account.Operation,
    *,
    told_to: str,
    order_id: int | None,
    body: str,
) -> str:
    """Put an update together out of parts that are rendered already; the same text as `render_update` gives."""
    p = PREFIX
    return (
        f"<{p}:update><{p}:objectId>{escape_text(object_id)}</{p}:objectId>"
        f"<{p}:operation>{operation}</{p}:operation><{p}:seq>{seq:d}</{p}:seq>"
        f"<{p}:asOf>{format_moment(as_of)}</{p}:asOf><{p}:cause>{cause}</{p}:cause>"
        f"{told_to}{optional_number(p, 'orderId', order_id)}{body}</{p}:update>"
    )
