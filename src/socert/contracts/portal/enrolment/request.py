"""What comes from the parent: an application, its cancellation, a message to the organisation.

Source: portal message dictionary, 6.1 (root FormData).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.enrolment.application import (
    Application,
    File,
    read_application,
    read_files,
    render_application,
    render_files,
)
from socert.contracts.portal.enrolment.types import NAMESPACE, REQUEST
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment, normalized
from socert.contracts.portal.write import attribute, element, optional, optional_moment

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancellation:
    """The parent cancels the application (cancelRequest); `reason` in his words, up to 2048 characters."""

    order_id: int
    reason: str | None = None
    requested_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TextMessage:
    """The parent writes to the organisation (textRequest).

    `message_id` is a GUID and makes repeats harmless; `text` 1-2048 characters; up to 5 files.
    """

    order_id: int
    message_id: str
    written_at: datetime
    author: str | None = None
    text: str
    files: tuple[File, ...] = ()


Body = Application | Cancellation | TextMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """From the parent, by way of the municipality that pays: `oktmo` has 8 or 11 digits."""

    message_type: ClassVar[MessageType] = REQUEST

    oktmo: str
    body: Body

    @property
    def order_id(self) -> int:
        """The portal's number of the order that this is about."""
        return self.body.order_id

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for negative amounts and naive moments.
        """
        root = f"{prefix}:{REQUEST.root}"
        return (
            f'<{root} xmlns:{prefix}="{NAMESPACE}" oktmo="{attribute(self.oktmo)}">'
            f"{_render_body(prefix, self.body)}</{root}>"
        )


def _render_body(p: str, body: Body) -> str:
    match body:
        case Application():
            return render_application(p, body)
        case Cancellation():
            return (
                f"<{p}:cancelRequest><{p}:orderId>{body.order_id:d}</{p}:orderId>{optional(p, 'reason', body.reason)}"
                f"{optional_moment(p, 'requestDate', body.requested_at)}</{p}:cancelRequest>"
            )
        case TextMessage():
            return (
                f"<{p}:textRequest><{p}:orderId>{body.order_id:d}</{p}:orderId>"
                f"{element(p, 'messageId', body.message_id)}"
                f"<{p}:messageDate>{format_moment(body.written_at)}</{p}:messageDate>"
                f"{optional(p, 'author', body.author)}{element(p, 'text', body.text)}"
                f"{render_files(p, body.files)}</{p}:textRequest>"
            )


def read_request(element: _Element, *, zone: tzinfo | None = None) -> Request:
    """Read a schema-valid FormData.

    `zone` is where moments without an offset are taken to be; None refuses them. Raises ValueRefused, with the path,
    for what the schema lets through: "-0", a moment without an offset, a year past 9999.
    """
    fields = Fields.of_root(element, REQUEST, zone=zone)
    return Request(oktmo=normalized(element.get("oktmo", "")), body=_read_body(fields))


def _read_body(fields: Fields) -> Body:
    match fields.first_of(("ApplicationRequest", "cancelRequest", "textRequest")):
        case "ApplicationRequest" as kind:
            return read_application(fields.group(kind))
        case "cancelRequest" as kind:
            cancellation = fields.group(kind)
            return Cancellation(
                order_id=cancellation.integer("orderId"),
                reason=cancellation.maybe_text("reason"),
                requested_at=cancellation.maybe_moment("requestDate"),
            )
        case kind:
            message = fields.group(kind)
            return TextMessage(
                order_id=message.integer("orderId"),
                message_id=message.text("messageId"),
                written_at=message.moment("messageDate"),
                author=message.maybe_text("author"),
                text=message.text("text"),
                files=read_files(message),
            )
