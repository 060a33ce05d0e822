"""What one refresh of the projection found before, and what it writes."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from socert.gateway.store.prepared import Prepared
from socert.gateway.store.tables import ChangeState, Kind, Way, change, projection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import BindParameter

    from socert.gateway.mapping import account

CHUNK = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """One object as it should be told now: its kind, ids, numbers, and what draws the update, or why it is held.

    `gone`: it shall not be shown any more, whatever else holds: a consent that was withdrawn or replaced. `closing` is
    what is said to have happened where its consent is gone.
    """

    object_id: str
    kind: Kind
    guid: str
    state: str
    hold: str | None
    update: account.Drawing | None
    way: Way
    nominal: int = 0
    reserved: int = 0
    spent: int = 0
    year: int | None = None
    gone: bool = False
    closing: str = "CONSENT_WITHDRAWN"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What was told before (projection rows) and what still waits (changes), by object id."""

    told: dict[str, Mapping[str, Any]]
    waiting: dict[str, list[Mapping[str, Any]]]


def prior_of(connection: Connection, ids: Sequence[str]) -> Prior:
    """Read what was told of these objects and what waits."""
    prior = Prior(told={}, waiting={})
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        for row in connection.execute(select(projection).where(projection.c.object_id.in_(part))).mappings():
            prior.told[row["object_id"]] = dict(row)
        chosen = select(change.c.object_id, change.c.state, change.c.operation, change.c.reason).where(
            change.c.object_id.in_(part), change.c.state.in_((ChangeState.PENDING, ChangeState.HELD))
        )
        for row in connection.execute(chosen).mappings():
            prior.waiting.setdefault(row["object_id"], []).append(dict(row))
    return prior


def shown_of(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Return which of these objects the account may show: their last word left us, and was not that they are closed."""
    last: dict[str, str] = {}
    for start in range(0, len(ids), CHUNK):
        chosen = select(change.c.object_id, change.c.operation).where(
            change.c.object_id.in_(ids[start : start + CHUNK]),
            change.c.message_id.is_not(None),
            change.c.state != ChangeState.REJECTED,
        )
        for row in connection.execute(chosen.order_by(change.c.id)):
            last[row.object_id] = row.operation
    return frozenset(object_id for object_id, operation in last.items() if operation != "CLOSE")


_SUPERSEDE = Prepared(
    update(change)
    .where(
        change.c.object_id == bindparam("object"),
        change.c.state == bindparam("from"),
        change.c.operation != bindparam("but"),
    )
    .values(state=ChangeState.SUPERSEDED.value, settled_at=bindparam("now"), body=None)
)
_ADD = Prepared(
    insert(change),
    *("object_id", "kind", "certificate_guid", "seq", "cause", "operation", "state", "reason", "alone", "body", "way"),
    "created_at",
)
_TOLD: dict[str, BindParameter[Any]] = {column.name: bindparam(f"to_{column.name}") for column in projection.c}
_TELL = Prepared(insert(projection).values(_TOLD))
_RENEW = Prepared(
    update(projection)
    .where(projection.c.object_id == bindparam("to_object_id"))
    .values({name: value for name, value in _TOLD.items() if name != "object_id"})
)


def child_digest(snils: str | None) -> str | None:
    """Return what a child's objects are found by while the registry is slow; None for a child without SNILS."""
    return None if snils is None else sha256(f"child {snils}".encode()).hexdigest()


class Book:
    """Collects what one refresh writes, so that it goes to the database in a handful of statements."""

    def __init__(self, *, now: int) -> None:
        """Start empty; `now` in the tables' microseconds dates every change."""
        self._now = now
        self._superseded: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []
        self._fresh: list[dict[str, Any]] = []
        self._renewed: list[dict[str, Any]] = []

    def supersede(self, object_id: str, *states: ChangeState, closings: bool = True) -> None:
        """Note that waiting changes of the object in these states shall not go; without `closings` those still do."""
        but = "" if closings else "CLOSE"
        self._superseded += [
            {"object": object_id, "from": state.value, "but": but, "now": self._now} for state in states
        ]

    def add(
        self, item: Drawn, *, seq: int, cause: str, operation: str, body: str | None, hold: str | None, way: Way
    ) -> None:
        """Note a change of the object, held or pending."""
        self._changes.append(
            {
                "object_id": item.object_id,
                "kind": item.kind.value,
                "certificate_guid": item.guid,
                "seq": seq,
                "cause": cause,
                "operation": operation,
                "state": (ChangeState.HELD if hold else ChangeState.PENDING).value,
                "reason": None if hold is None else str(hold),
                "alone": 0,
                "body": body,
                "way": way.value,
                "created_at": self._now,
            }
        )

    def tell(self, item: Drawn, *, seq: int, digest: str, told_to: str, way: Way, fresh: bool) -> None:
        """Note what is told from now on, which way, and whose account it is; nobody's (empty) closes the object."""
        row = {
            "to_object_id": item.object_id,
            "to_kind": item.kind.value,
            "to_certificate_guid": item.guid,
            "to_seq": seq,
            "to_digest": digest,
            "to_state": item.state,
            "to_nominal": item.nominal,
            "to_reserved": item.reserved,
            "to_spent": item.spent,
            "to_open": int(bool(told_to)),
            "to_told_to": told_to,
            "to_way": way.value,
            "to_year": item.year,
            "to_child": None if item.update is None else child_digest(item.update.recipient.child.snils),
        }
        (self._fresh if fresh else self._renewed).append(row)

    def write(self, connection: Connection) -> None:
        """Write all of it."""
        if self._superseded:
            _SUPERSEDE.run_each(connection, self._superseded)
        if self._changes:
            _ADD.run_each(connection, self._changes)
        if self._fresh:
            _TELL.run_each(connection, self._fresh)
        if self._renewed:
            _RENEW.run_each(connection, self._renewed)
