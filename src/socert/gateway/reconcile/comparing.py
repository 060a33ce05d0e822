"""Comparing: what the registry would tell now with what was told, and what was told with what the portal has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, insert, select

from socert.contracts.portal.account.snapshot import body_digest
from socert.gateway.reconcile.told import Told, told
from socert.gateway.store.tables import change
from socert.gateway.store.tables_life import difference, snapshot_item

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from socert.gateway.projection import Projector
    from socert.gateway.store.writer import Store

CHUNK = 500
NOTHING = body_digest(None)
"""The digest of an object of which the account shows nothing."""


class What(StrEnum):
    """How an object differs."""

    UNTOLD = "untold"  # the registry says something else than what the portal was told
    MISSING = "missing"  # the portal has nothing of an object that it was told
    DIFFERENT = "different"  # the portal has another version or another content
    STILL_SHOWN = "still_shown"  # the portal shows what was closed
    UNKNOWN = "unknown"  # the portal shows an object that nobody here knows: for a person


WORDS: Mapping[What, str] = {
    What.UNTOLD: "в реестре не то, что передано порталу",
    What.MISSING: "на портале нет переданного объекта",
    What.DIFFERENT: "на портале другая версия или другое содержание",
    What.STILL_SHOWN: "портал показывает закрытый объект",
    What.UNKNOWN: "портал показывает объект, которого здесь не знают: решает человек",
}
"""Each difference in the operator's words."""


class _Undone(Exception):
    """Carries what a trial has found out of the transaction that it must not commit."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__()
        self.found = found


def differences_of(registry_guids: Sequence[str], *, store: Store, projector: Projector, repair: bool) -> list[str]:
    """Draw these certificates with all they pay anew; return the objects of which something else would be told now.

    With `repair` it is told; otherwise all of it is rolled back.
    """

    def trial(connection: Connection) -> list[str]:
        before = connection.scalar(select(func.max(change.c.id))) or 0
        projector.look_again(connection, registry_guids)
        chosen = select(change.c.object_id).where(change.c.id > before).distinct().order_by(change.c.object_id)
        found = list(connection.scalars(chosen))
        if found and not repair:
            raise _Undone(found)
        return found

    try:
        return store.run(trial)
    except _Undone as undone:
        return list(undone.found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """How many objects were compared, and those that differ, with how."""

    objects: int
    differ: tuple[tuple[str, What], ...]


def compare(connection: Connection, snapshot_id: str, *, started_at: int) -> Compared:
    """Compare what was told with a snapshot of the portal that was begun at `started_at` (microseconds)."""
    objects, after = 0, ""
    differ: list[tuple[str, What]] = []
    while listed := told(connection, after=after, limit=CHUNK):
        after = listed[-1].object_id
        items = _items(connection, snapshot_id, [one.object_id for one in listed])
        for one in listed:
            if one.busy or one.changed_at >= started_at:
                continue
            objects += 1
            if (what := _judge(one, items.get(one.object_id))) is not None:
                differ.append((one.object_id, what))
    differ += [(object_id, What.UNKNOWN) for object_id in _unknown(connection, snapshot_id)]
    return Compared(objects=objects, differ=tuple(differ))


def _judge(one: Told, item: tuple[int, str] | None) -> What | None:
    """Say how an object differs from what the portal has of it (version, digest), None where it does not."""
    if not one.open:
        shown = item is not None and item[1] != NOTHING and item[0] < one.seq
        return What.STILL_SHOWN if shown else None
    if one.digest is None:  # nothing of it was ever delivered: a refusal that is shown elsewhere
        return None
    if item is None:
        return What.MISSING
    return None if item == (one.seq, one.digest) else What.DIFFERENT


def _items(connection: Connection, snapshot_id: str, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    row = snapshot_item.c
    chosen = select(row.object_id, row.seq, row.digest).where(row.snapshot_id == snapshot_id, row.object_id.in_(ids))
    return {found.object_id: (found.seq, found.digest) for found in connection.execute(chosen)}


def _unknown(connection: Connection, snapshot_id: str) -> Iterator[str]:
    """Yield what the portal shows and nobody here has ever told of."""
    row = snapshot_item.c
    ever = select(change.c.object_id).where(change.c.object_id == row.object_id)
    chosen = select(row.object_id).where(row.snapshot_id == snapshot_id, row.digest != NOTHING, ~ever.exists())
    yield from connection.scalars(chosen.order_by(row.object_id))


def note(
    connection: Connection, snapshot_id: str, found: Sequence[tuple[str, What]], *, repaired_at: int | None = None
) -> None:
    """Write differences down, as set right at `repaired_at` (microseconds) where given."""
    rows = [
        {"snapshot_id": snapshot_id, "object_id": object_id, "what": what.value, "repaired_at": repaired_at}
        for object_id, what in found
    ]
    if rows:
        connection.execute(insert(difference), rows)
