"""The live read of one child's objects for the account page: AccountQueryRequest, AccountQueryResponse.

Source: portal message dictionary, 7 and 7.1 (rule 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.account.types import NAMESPACE, QUERY_REQUEST, QUERY_RESPONSE
from socert.contracts.portal.account.update import (
    Recipient,
    Update,
    read_recipient,
    read_update,
    render_recipient,
    render_update,
)
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import optional, optional_boolean, optional_moment, text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


class Include(StrEnum):
    """Which objects a query asks for."""

    CERTIFICATE = "CERTIFICATE"
    CONTRACTS = "CONTRACTS"
    OFFERS = "OFFERS"
    CONSENTS = "CONSENTS"


class QueryResult(StrEnum):
    """Outcome of a query."""

    OK = "OK"
    NOT_FOUND = "NOT_FOUND"
    REFUSED = "REFUSED"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryRequest:
    """Who asks, about which child, for what (1-4 kinds). `query_id` is a GUID."""

    message_type: ClassVar[MessageType] = QUERY_REQUEST

    query_id: str
    sent_at: datetime
    recipient: Recipient
    include: tuple[Include, ...]

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for naive moments.
        """
        p = prefix
        included = "".join(f"<{p}:include>{kind}</{p}:include>" for kind in self.include)
        return (
            f'<{p}:AccountQueryRequest xmlns:{p}="{NAMESPACE}"><{p}:queryId>{text(self.query_id)}</{p}:queryId>'
            f"<{p}:sentAt>{format_moment(self.sent_at)}</{p}:sentAt>{render_recipient(p, self.recipient)}"
            f"{included}</{p}:AccountQueryRequest>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryResponse:
    """Up to 200 objects in the shape of a push with the cause RECONCILE.

    `as_of` is when the data were true, and is needed with the result OK. `live` is False when they come from a stored
    copy; then nothing may be ordered on their ground.
    """

    message_type: ClassVar[MessageType] = QUERY_RESPONSE

    query_id: str
    result: QueryResult
    reason_code: str | None = None
    as_of: datetime | None = None
    live: bool | None = None
    objects: tuple[Update, ...] = ()

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for negative amounts and naive moments.
        """
        p = prefix
        return (
            f'<{p}:AccountQueryResponse xmlns:{p}="{NAMESPACE}"><{p}:queryId>{text(self.query_id)}</{p}:queryId>'
            f"<{p}:result>{self.result}</{p}:result>{optional(p, 'reasonCode', self.reason_code)}"
            f"{optional_moment(p, 'asOf', self.as_of)}{optional_boolean(p, 'live', self.live)}"
            f"{''.join(render_update(p, 'object', one) for one in self.objects)}</{p}:AccountQueryResponse>"
        )


def read_query_request(element: _Element, *, zone: tzinfo | None = None) -> QueryRequest:
    """Read a schema-valid AccountQueryRequest.

    `zone` is where moments without an offset are taken to be; None refuses them. Raises ValueRefused with the path.
    """
    fields = Fields.of_root(element, QUERY_REQUEST, zone=zone)
    return QueryRequest(
        query_id=fields.text("queryId"),
        sent_at=fields.moment("sentAt"),
        recipient=read_recipient(fields.group("recipient")),
        include=fields.choices(Include, "include"),
    )


def read_query_response(element: _Element, *, zone: tzinfo | None = None) -> QueryResponse:
    """Read a schema-valid AccountQueryResponse; `zone` and errors as of `read_query_request`."""
    fields = Fields.of_root(element, QUERY_RESPONSE, zone=zone)
    return QueryResponse(
        query_id=fields.text("queryId"),
        result=fields.choice(QueryResult, "result"),
        reason_code=fields.maybe_text("reasonCode"),
        as_of=fields.maybe_moment("asOf"),
        live=fields.maybe_boolean("live"),
        objects=tuple(read_update(one) for one in fields.groups("object")),
    )
