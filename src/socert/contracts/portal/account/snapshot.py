"""The comparison of both sides by digests: AccountSnapshotRequest, AccountSnapshotResponse.

Source: portal message dictionary, 7 (message M17).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal.account.offers import ConsentState, RenewalOffer
from socert.contracts.portal.account.types import NAMESPACE, SNAPSHOT_REQUEST, SNAPSHOT_RESPONSE
from socert.contracts.portal.account.update import render_body
from socert.contracts.portal.read import Fields
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import optional, optional_moment, text

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from lxml.etree import _Element

    from socert.contracts.message import MessageType
    from socert.contracts.portal.account.update import Body


class ObjectKind(StrEnum):
    """Kind of an account object."""

    CERTIFICATE = "CERTIFICATE"
    CONTRACT = "CONTRACT"
    OFFER = "OFFER"
    CONSENT = "CONSENT"


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotRequest:
    """Which versions do you have?

    Of all objects, or of those changed after `changed_since`, or of up to 1000 that are named; `page_token` (up to 256
    characters) asks for the page after an answer that carried it.
    """

    message_type: ClassVar[MessageType] = SNAPSHOT_REQUEST

    snapshot_id: str
    requested_at: datetime
    changed_since: datetime | None = None
    object_ids: tuple[str, ...] = ()
    page_token: str | None = None

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form, its namespace under `prefix`.

        Raises XmlRefused for characters that XML cannot carry, ValueRefused for naive moments.
        """
        p = prefix
        return (
            f'<{p}:AccountSnapshotRequest xmlns:{p}="{NAMESPACE}">'
            f"<{p}:snapshotId>{text(self.snapshot_id)}</{p}:snapshotId>"
            f"<{p}:requestedAt>{format_moment(self.requested_at)}</{p}:requestedAt>"
            f"{optional_moment(p, 'changedSince', self.changed_since)}"
            f"{''.join([f'<{p}:objectId>{text(one)}</{p}:objectId>' for one in self.object_ids])}"
            f"{optional(p, 'pageToken', self.page_token)}</{p}:AccountSnapshotRequest>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotItem:
    """The last version known of one object, and `body_digest` of what it holds."""

    object_kind: ObjectKind
    object_id: str
    seq: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotResponse:
    """Up to 1000 objects as they are known here at `as_of`; a `page_token` means that there are more."""

    message_type: ClassVar[MessageType] = SNAPSHOT_RESPONSE

    snapshot_id: str
    as_of: datetime
    page_token: str | None = None
    items: tuple[SnapshotItem, ...] = ()

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole message in the transform's normal form; errors as of `SnapshotRequest.render`."""
        p = prefix
        return (
            f'<{p}:AccountSnapshotResponse xmlns:{p}="{NAMESPACE}">'
            f"<{p}:snapshotId>{text(self.snapshot_id)}</{p}:snapshotId>"
            f"<{p}:asOf>{format_moment(self.as_of)}</{p}:asOf>{optional(p, 'pageToken', self.page_token)}"
            f"{''.join([_render_item(p, item) for item in self.items])}</{p}:AccountSnapshotResponse>"
        )


def _render_item(p: str, item: SnapshotItem) -> str:
    return (
        f"<{p}:item><{p}:objectKind>{item.object_kind}</{p}:objectKind>"
        f"<{p}:objectId>{text(item.object_id)}</{p}:objectId><{p}:seq>{item.seq:d}</{p}:seq>"
        f"<{p}:digest>{text(item.digest)}</{p}:digest></{p}:item>"
    )


def body_digest(body: Body | None) -> str:
    """Return the SHA-256 of an object's body as 64 hexadecimal digits; both sides compute it the same way.

    Digested is the body's element as it is rendered under the prefix `b`, moments in UTC, without a declaration of the
    namespace; a closed object without a body gives the digest of nothing. No parent's or child's name is in a body.
    """
    return hashlib.sha256(render_body("b", _in_utc(body)).encode()).hexdigest()


def _in_utc(body: Body | None) -> Body | None:
    """The same moments are the same text, whatever offset they came with."""
    match body:
        case RenewalOffer():
            return replace(body, offered_at=body.offered_at.astimezone(UTC), respond_by=body.respond_by.astimezone(UTC))
        case ConsentState():
            return replace(body, changed_at=body.changed_at.astimezone(UTC))
        case _:
            return body


def read_snapshot_request(element: _Element, *, zone: tzinfo | None = None) -> SnapshotRequest:
    """Read a schema-valid AccountSnapshotRequest.

    `zone` is where moments without an offset are taken to be; None refuses them. Raises ValueRefused with the path.
    """
    fields = Fields.of_root(element, SNAPSHOT_REQUEST, zone=zone)
    return SnapshotRequest(
        snapshot_id=fields.text("snapshotId"),
        requested_at=fields.moment("requestedAt"),
        changed_since=fields.maybe_moment("changedSince"),
        object_ids=tuple(fields.texts("objectId")),
        page_token=fields.maybe_text("pageToken"),
    )


def read_snapshot_response(element: _Element, *, zone: tzinfo | None = None) -> SnapshotResponse:
    """Read a schema-valid AccountSnapshotResponse; `zone` and errors as of `read_snapshot_request`."""
    fields = Fields.of_root(element, SNAPSHOT_RESPONSE, zone=zone)
    return SnapshotResponse(
        snapshot_id=fields.text("snapshotId"),
        as_of=fields.moment("asOf"),
        page_token=fields.maybe_text("pageToken"),
        items=tuple([_read_item(item) for item in fields.groups("item")]),
    )


def _read_item(fields: Fields) -> SnapshotItem:
    return SnapshotItem(
        object_kind=fields.choice(ObjectKind, "objectKind"),
        object_id=fields.text("objectId"),
        seq=fields.integer("seq"),
        digest=fields.text("digest"),
    )
