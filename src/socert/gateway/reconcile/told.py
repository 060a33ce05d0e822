"""What the portal was told of each object, as far as the gateway knows: version and digest of the last body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, or_, select

from socert.contracts.portal import account
from socert.contracts.portal.account.snapshot import body_digest
from socert.gateway.mapping.account import read_update
from socert.gateway.store.tables import ChangeState, Kind, Way, change, projection

if TYPE_CHECKING:
    from collections.abc import Sequence

OBJECT_KINDS = {
    Kind.CERTIFICATE: account.ObjectKind.CERTIFICATE,
    Kind.CONTRACT: account.ObjectKind.CONTRACT,
    Kind.OFFER: account.ObjectKind.OFFER,
    Kind.CONSENT: account.ObjectKind.CONSENT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One object: its newest version, whether the account shows it, and the digest of what it shows.

    `digest` is None where nothing of it has left yet or where it was closed. `busy`: something of it is on its way.
    `changed_at` is when its last change was made, in microseconds.
    """

    object_id: str
    kind: Kind
    guid: str
    seq: int
    open: bool
    digest: str | None
    busy: bool
    changed_at: int


def told(connection: Connection, *, after: str, limit: int, ids: Sequence[str] | None = None) -> list[Told]:
    """Return the next objects by id that are pushed as a whole; only those of `ids` where given."""
    row = projection.c
    chosen = select(row.object_id, row.kind, row.certificate_guid, row.seq, row.open).where(
        row.way == Way.ACCOUNT.value, row.object_id > after
    )
    if ids is not None:
        chosen = chosen.where(row.object_id.in_(ids))
    rows = connection.execute(chosen.order_by(row.object_id).limit(limit)).all()
    changes = _changes(connection, [found.object_id for found in rows])
    listed = []
    for found in rows:
        own = changes.get(found.object_id, [])
        busy = any(state in _ON_ITS_WAY for state, _, _ in own)
        bodies = [body for state, body, _ in own if state == ChangeState.DELIVERED and body is not None]
        listed.append(
            Told(
                object_id=found.object_id,
                kind=Kind(found.kind),
                guid=found.certificate_guid,
                seq=found.seq,
                open=bool(found.open),
                digest=body_digest(read_update(bodies[-1]).body) if bodies and found.open else None,
                busy=busy,
                changed_at=max((at for _, _, at in own), default=0),
            )
        )
    return listed


_ON_ITS_WAY = frozenset({ChangeState.PENDING, ChangeState.PACKED})


def _changes(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, str | None, int]]]:
    """The changes of these objects that say what is shown or is on its way, oldest first."""
    row = change.c
    delivered = and_(row.state == ChangeState.DELIVERED, row.body.is_not(None))
    on_its_way = row.state.in_([state.value for state in _ON_ITS_WAY])
    settled = row.settled_at.is_not(None)
    chosen = (
        select(row.object_id, row.state, row.body, row.created_at, row.settled_at)
        .where(row.object_id.in_(ids), or_(delivered, on_its_way, settled))
        .order_by(row.id)
    )
    found: dict[str, list[tuple[str, str | None, int]]] = {}
    for one in connection.execute(chosen):
        moment = one.created_at if one.settled_at is None else max(one.created_at, one.settled_at)
        found.setdefault(one.object_id, []).append((one.state, one.body, moment))
    return found
