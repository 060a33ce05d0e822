"""Where personal data of a child lie in the gateway's own tables, and how they are taken out.

Steps of a transaction.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, or_, select, update

from socert.gateway.exchange import answers, files, recall
from socert.gateway.mapping.account import PREFIX
from socert.gateway.mapping.elk_status import order_number
from socert.gateway.store.tables import (
    ChangeState,
    InboxState,
    Kind,
    MessageState,
    attempt,
    change,
    inbox,
    micros,
    outbox,
    projection,
)
from socert.gateway.store.tables_life import answer, order_text, portal_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from socert.gateway.domain.records import Certificate
    from socert.gateway.store.writer import Store

PAGE = 200
_FORMER = (MessageState.REJECTED.value, MessageState.RENEWED.value)
"""States of messages whose changes have gone on to others: nothing but their bytes says what they hold."""
_PARTS = re.compile(
    rb"<%(p)s:update>.*?</%(p)s:update>|<%(p)s:order>.*?</%(p)s:order>" % {b"p": PREFIX.encode()}, re.DOTALL
)
_TAKEN_OUT = b"<!-- erased -->"


@dataclass(frozen=True, kw_only=True, slots=True)
class Needles:
    """What tells that a text is about a child: any of `marks`, or all of `pair` (number of a document and a name)."""

    marks: tuple[bytes, ...]
    pair: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, guid: str, certificate: Certificate | None) -> Needles:
        """Make them of what the registry still knows."""
        marks, pair = [guid.encode()], []
        if certificate is not None:
            child = certificate.child
            if child.snils:
                bare = child.snils
                parted = f"{bare[:3]}-{bare[3:6]}-{bare[6:9]}"
                marks += [bare.encode(), f"{parted} {bare[9:]}".encode(), f"{parted}-{bare[9:]}".encode()]
            if child.birth_certificate:
                pair = [child.birth_certificate.rpartition(" ")[2].encode(), child.last_name.encode()]
        return cls(marks=tuple(marks), pair=tuple(pair))

    def in_(self, text: bytes) -> bool:
        """Say whether a text is about the child."""
        return any(mark in text for mark in self.marks) or (bool(self.pair) and all(one in text for one in self.pair))


@dataclass(kw_only=True, slots=True)
class Erased:
    """What went: how many records of which table, and one digest over the digests of all contents."""

    counts: Counter[str] = field(default_factory=Counter)
    _digests: list[str] = field(default_factory=list)

    def take(self, table: str, key: object, content: bytes) -> None:
        """Note a content that is taken out."""
        self.counts[table] += 1
        self._digests.append(f"{table}:{key}:{sha256(content).hexdigest()}")

    def add(self, table: str, number: int) -> None:
        """Note how many records were changed where there is no content to digest."""
        if number:
            self.counts[table] += number

    @property
    def any(self) -> bool:
        """Whether anything went."""
        return bool(self.counts)

    @property
    def digest(self) -> str:
        """The digest of all of it, 64 hexadecimal digits."""
        return sha256("\n".join(sorted(self._digests)).encode()).hexdigest()


def find_received(store: Store, needles: Mapping[str, Needles]) -> Mapping[str, Sequence[int]]:
    """Return the ids of received messages about each child, by GUID: one pass over the archive for all of them.

    Questions that found nothing, and those that were refused, are about the child as well, and no row says so.
    """
    found: dict[str, list[int]] = {}
    after = 0
    while True:
        row = inbox.c
        chosen = (
            select(row.id, row.body)
            .where(
                row.id > after,
                row.state.in_((InboxState.HANDLED, InboxState.FAILED)),
                func.length(row.body) > 0,
            )
            .order_by(row.id)
            .limit(PAGE)
        )
        page = store.look(lambda connection, chosen=chosen: connection.execute(chosen).all())  # type: ignore[misc]  # bound now, on purpose
        if not page:
            return found
        for key, body in page:
            for guid, needle in needles.items():
                if needle.in_(body):
                    found.setdefault(guid, []).append(key)
        after = page[-1].id


def erase(connection: Connection, guid: str, *, needles: Needles, received: Iterable[int], now: datetime) -> Erased:
    """Take out everything personal about a certificate's child, and return what went."""
    gone = Erased()
    recall.recall(connection, [guid], now=now)
    _sent(connection, guid, needles, gone)
    _changes(connection, guid, now, gone)
    _received(connection, received, gone)
    _answers(connection, guid, gone)
    told = projection.c
    cleared = connection.execute(
        update(projection)
        .where(told.certificate_guid == guid, or_(told.told_to != "", told.child.is_not(None)))
        .values(told_to="", open=0, digest="", child=None)
    )
    gone.add("projection", cleared.rowcount)
    return gone


def _sent(connection: Connection, guid: str, needles: Needles, gone: Erased) -> None:
    """Take the child's objects out of the messages that were sent, and the whole content where nobody else is in it."""
    row = change.c
    mine = select(row.message_id).where(row.certificate_guid == guid, row.message_id.is_not(None))
    others = connection.execute(select(row.object_id, row.kind).where(row.certificate_guid == guid).distinct()).all()
    marks = {f">{found.object_id}<".encode() for found in others}
    marks |= {f">{order_number(Kind(found.kind), found.object_id)}<".encode() for found in others}
    kept = select(outbox.c.message_id, outbox.c.body).where(
        or_(outbox.c.message_id.in_(mine), outbox.c.state.in_(_FORMER)),
        outbox.c.state != MessageState.QUEUED,
        outbox.c.operation == "SendRequest",
        func.length(outbox.c.body) > 0,
    )
    for message_id, body in connection.execute(kept).all():
        left = _without(body, marks)
        if left is None and needles.in_(body):
            left = b""
        if left is None:
            continue
        gone.take("outbox", message_id, body)
        connection.execute(update(outbox).where(outbox.c.message_id == message_id).values(body=left))
        # What the exchange said to it may quote what was sent.
        connection.execute(update(attempt).where(attempt.c.message_id == message_id).values(detail=None))


def _without(body: bytes, marks: set[bytes]) -> bytes | None:
    """Return a message without the parts that carry any of the marks, empty if that is all, None if there are none."""
    parts = _PARTS.findall(body)
    mine = [part for part in parts if any(mark in part for mark in marks)]
    if not mine:
        return None
    if len(mine) == len(parts):
        return b""
    for part in mine:
        body = body.replace(part, _TAKEN_OUT)
    return body


def _changes(connection: Connection, guid: str, now: datetime, gone: Erased) -> None:
    row = change.c
    chosen = select(row.id, row.body).where(row.certificate_guid == guid, row.body.is_not(None))
    for key, body in connection.execute(chosen).all():
        gone.take("change", key, body.encode())
    connection.execute(
        update(change)
        .where(row.certificate_guid == guid, row.state.in_((ChangeState.PENDING, ChangeState.PACKED)))
        .values(state=ChangeState.SUPERSEDED.value, settled_at=micros(now))
    )
    connection.execute(update(change).where(row.certificate_guid == guid).values(body=None))
    rejected = (row.certificate_guid == guid, row.state == ChangeState.REJECTED)
    connection.execute(update(change).where(*rejected).values(reason=None))


def _received(connection: Connection, ids: Iterable[int], gone: Erased) -> None:
    for key in ids:
        body = connection.scalar(select(inbox.c.body).where(inbox.c.id == key))
        if body:
            gone.take("inbox", key, body)
            connection.execute(update(inbox).where(inbox.c.id == key).values(body=b"", error=None))
            gone.add("inbox_file", files.erase(connection, key))


def _answers(connection: Connection, guid: str, gone: Erased) -> None:
    """Take out answers to the portal's questions and orders, the messages that carried them, and texts of orders."""
    carried = select(answer.c.message_id).where(
        answer.c.certificate_guid == guid, answer.c.personal == 1, answer.c.message_id.is_not(None)
    )
    kept = select(outbox.c.message_id, outbox.c.body).where(
        outbox.c.message_id.in_(carried), outbox.c.state != MessageState.QUEUED, func.length(outbox.c.body) > 0
    )
    for message_id, body in connection.execute(kept).all():
        gone.take("outbox", message_id, body)
        connection.execute(update(outbox).where(outbox.c.message_id == message_id).values(body=b""))
        connection.execute(update(attempt).where(attempt.c.message_id == message_id).values(detail=None))
    gone.add("answer", answers.erase(connection, guid))
    orders = select(portal_order.c.order_id).where(portal_order.c.certificate_guid == guid)
    texts = select(order_text.c.message_id, order_text.c.text).where(
        order_text.c.order_id.in_(orders), order_text.c.text.is_not(None)
    )
    for message_id, said in connection.execute(texts).all():
        gone.take("order_text", message_id, said.encode())
        done = update(order_text).where(order_text.c.message_id == message_id)
        connection.execute(done.values(text=None, author=None))
