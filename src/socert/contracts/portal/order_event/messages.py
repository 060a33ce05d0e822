"""The event message and the portal's answer to it.

Source: portal message dictionary, 3 (roots eventServiceRequest, eventServiceResponse).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.order_event.events import Event, read_event, render_event
from socert.contracts.portal.order_event.types import NAMESPACE, REQUEST, RESPONSE
from socert.contracts.portal.read import Fields
from socert.contracts.portal.write import attribute, element, optional, optional_moment

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


class Environment(StrEnum):
    """An installation of the portal. It must fit the network: the wrong one is valid and arrives nowhere."""

    DEV = "DEV"
    UAT = "UAT"
    EXUAT = "EXUAT"
    SVCDEV = "SVCDEV"
    TCOD = "TCOD"
    PROD = "PROD"


CODE_ACCEPTED = 0
"""Response.code: the event was taken. What the other values mean has never been published."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Something happened to an order that the portal knows.

    `order_id` is the portal's number; `comment`, up to 2048 characters, is shown to the parent and is the text itself
    of a text message (`values.cut` shortens it); `author` has up to 256.
    """

    message_type: ClassVar[MessageType] = REQUEST

    environment: Environment
    order_id: int
    event_date: datetime | None = None
    comment: str | None = None
    author: str | None = None
    event: Event

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for a naive moment.
        """
        p = prefix
        root = f"{p}:{REQUEST.root}"
        return (
            f'<{root} xmlns:{p}="{NAMESPACE}" env="{attribute(self.environment)}">'
            f"<{p}:orderId>{self.order_id:d}</{p}:orderId>{optional_moment(p, 'eventDate', self.event_date)}"
            f"{optional(p, 'eventComment', self.comment)}{optional(p, 'eventAuthor', self.author)}"
            f"{render_event(p, self.event)}</{root}>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The portal's answer: `code` 0 is accepted; `message` is a text of up to 256 characters."""

    message_type: ClassVar[MessageType] = RESPONSE

    code: int
    message: str

    @property
    def accepted(self) -> bool:
        """Whether the portal took the event."""
        return self.code == CODE_ACCEPTED

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry.
        """
        p = prefix
        root = f"{p}:{RESPONSE.root}"
        return (
            f'<{root} xmlns:{p}="{NAMESPACE}"><{p}:code>{self.code:d}</{p}:code>'
            f"{element(p, 'message', self.message)}</{root}>"
        )


def read_request(element: _Element, *, zone: tzinfo | None = None) -> Request:
    """Read a schema-valid eventServiceRequest.

    `zone` is where a moment without an offset is taken to be; None refuses it. Raises ValueRefused with the path.
    """
    fields = Fields.of_root(element, REQUEST, zone=zone)
    return Request(
        environment=_read_environment(element),
        order_id=fields.integer("orderId"),
        event_date=fields.maybe_moment("eventDate"),
        comment=fields.maybe_text("eventComment"),
        author=fields.maybe_text("eventAuthor"),
        event=read_event(fields.group("event")),
    )


def _read_environment(root: _Element) -> Environment:
    try:
        return Environment(root.get("env", ""))
    except ValueError:
        known = ", ".join(Environment)
        raise ValueRefused(f"one of {known} is expected", field=f"{REQUEST.root}/@env") from None


def read_response(element: _Element) -> Response:
    """Read a schema-valid eventServiceResponse. Raises ValueRefused with the path."""
    fields = Fields.of_root(element, RESPONSE, zone=None)
    return Response(code=fields.integer("code"), message=fields.text("message"))
