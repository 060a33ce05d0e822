"""The portal's question which versions the gateway told it of, answered from what was told (M17, the portal asks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.portal import account
from socert.gateway.exchange.answering import Look, Reply
from socert.gateway.reconcile.told import OBJECT_KINDS, told

if TYPE_CHECKING:
    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import MessageType
    from socert.gateway.exchange.answering import Received

PAGE = 1000
"""Objects of one answer (portal message dictionary, 7, AccountSnapshotResponse)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotAnswerer:
    """Answers AccountSnapshotRequest by pages in the order of the objects' ids; the id is the next page's token."""

    message_type: ClassVar[MessageType] = account.SNAPSHOT_REQUEST

    def take(self, content: etree._Element, received: Received) -> Look:
        """Look what was told; nothing in the answer is personal, only ids, versions and digests."""
        request = account.read_snapshot_request(content, zone=received.at.tzinfo)

        def find(connection: Connection) -> Reply:
            ids = list(request.object_ids) or None
            listed = told(connection, after=request.page_token or "", limit=PAGE + 1, ids=ids)
            since = 0 if request.changed_since is None else int(request.changed_since.timestamp() * 1_000_000)
            items = tuple(
                account.SnapshotItem(
                    object_kind=OBJECT_KINDS[one.kind], object_id=one.object_id, seq=one.seq, digest=one.digest
                )
                for one in listed[:PAGE]
                if one.digest is not None and one.changed_at >= since
            )
            return Reply(
                content=account.SnapshotResponse(
                    snapshot_id=request.snapshot_id,
                    as_of=received.at,
                    page_token=listed[PAGE - 1].object_id if len(listed) > PAGE else None,
                    items=items,
                )
            )

        return Look(find=find)
