"""Setting right what differs at the portal: it is told again, above every version that it has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, update

from socert.gateway.mapping import account
from socert.gateway.reconcile.comparing import What
from socert.gateway.store.tables import ChangeState, Kind, Way, change, micros, projection
from socert.gateway.store.tables_life import difference, snapshot_item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from socert.gateway.ports import Registry
    from socert.gateway.projection import Projector

_RETOLD = (What.MISSING.value, What.DIFFERENT.value)


def repair(connection: Connection, snapshot_id: str, *, registry: Registry, projector: Projector, now: datetime) -> int:
    """Tell the portal again what it lacks or has otherwise, close what it still shows; return how many objects.

    What nobody here knows is left to a person: without the child's name and the parent's account, which are not kept
    for it, nothing can be said of it.
    """
    row = difference.c
    chosen = select(row.id, row.object_id, row.what).where(row.snapshot_id == snapshot_id, row.repaired_at.is_(None))
    found = connection.execute(chosen.order_by(row.id)).all()
    retold = [one.object_id for one in found if one.what in _RETOLD]
    _forget(connection, snapshot_id, retold)
    _tell(connection, retold, projector)
    closed = [
        one.object_id
        for one in found
        if one.what == What.STILL_SHOWN and _close(connection, snapshot_id, one.object_id, registry, now)
    ]
    done = {*retold, *closed}
    keys = [one.id for one in found if one.object_id in done]
    connection.execute(update(difference).where(row.id.in_(keys)).values(repaired_at=micros(now)))
    return len(done)


def _forget(connection: Connection, snapshot_id: str, ids: Sequence[str]) -> None:
    """Make the projection believe that something else was told, at a version that is at least the portal's."""
    for object_id in ids:
        connection.execute(
            update(projection)
            .where(projection.c.object_id == object_id)
            .values(digest="", seq=_above(connection, snapshot_id, object_id))
        )


def _above(connection: Connection, snapshot_id: str, object_id: str) -> int:
    """Return the highest version of an object that either side knows."""
    item = snapshot_item.c
    theirs = select(item.seq).where(item.snapshot_id == snapshot_id, item.object_id == object_id)
    ours = select(projection.c.seq).where(projection.c.object_id == object_id)
    return max(connection.scalar(ours) or 0, connection.scalar(theirs) or 0)


def _tell(connection: Connection, ids: Sequence[str], projector: Projector) -> None:
    row = projection.c
    chosen = select(row.certificate_guid).where(row.object_id.in_(ids)).distinct()
    projector.look_again(connection, list(connection.scalars(chosen)))


def _close(connection: Connection, snapshot_id: str, object_id: str, registry: Registry, now: datetime) -> bool:
    """Say the closing of an object again; False where nobody knows any more in whose account it is."""
    row = connection.execute(select(projection).where(projection.c.object_id == object_id)).mappings().one()
    view = registry.certificates(connection, [row["certificate_guid"]]).get(row["certificate_guid"])
    if view is None or view.certificate.applicant.snils is None:
        return False
    last = select(change.c.cause).where(change.c.object_id == object_id, change.c.operation == "CLOSE")
    cause = connection.scalar(last.order_by(change.c.id.desc()).limit(1)) or "RECONCILE"
    seq = _above(connection, snapshot_id, object_id) + 1
    told_to = account.draw_certificate(view).told_to()
    connection.execute(
        insert(change).values(
            object_id=object_id,
            kind=Kind(row["kind"]).value,
            certificate_guid=row["certificate_guid"],
            seq=seq,
            cause=cause,
            operation="CLOSE",
            state=ChangeState.PENDING.value,
            alone=0,
            body=account.render_closing(object_id, seq=seq, as_of=now, cause=cause, told_to=told_to),
            created_at=micros(now),
            way=Way.ACCOUNT.value,
        )
    )
    connection.execute(update(projection).where(projection.c.object_id == object_id).values(seq=seq))
    return True
