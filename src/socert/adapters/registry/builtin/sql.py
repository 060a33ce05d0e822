"""Writing many rows by their keys in a handful of statements, whatever the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from socert.gateway.ports import Put

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

CHUNK = 500
"""Values in one IN list: below what every database takes."""


def chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Yield the values in lists that one statement takes."""
    listed = list(values)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def upsert(
    connection: Connection,
    table: Table,
    key: str,
    written: Sequence[dict[str, Any]],
    compare: Sequence[str] = (),
    leave: str | None = None,
) -> tuple[Put, list[str]]:
    """Write rows by key; return the counts and the keys that were added or changed.

    `compare` names the columns that tell whether a row changed; without it all that are written do. `leave` names a
    column that is 1 where the stored row must stay as it is.
    """
    compare = compare or [name for name in (written[0] if written else ()) if name != key]
    columns = [table.c[key], *(table.c[name] for name in compare)]
    if leave is not None:
        columns.append(table.c[leave])
    known: dict[str, Any] = {}
    for chunk in chunks([row[key] for row in written]):
        for found in connection.execute(select(*columns).where(table.c[key].in_(chunk))).mappings():
            known[found[key]] = dict(found)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for row in {row[key]: row for row in written}.values():
        before = known.get(row[key])
        if before is None:
            new.append(row)
        elif leave is not None and before[leave]:
            continue
        elif any(row[name] != before[name] for name in compare):
            changed.append(row)
    if new:
        connection.execute(insert(table), new)
    update_each(connection, table, (key,), changed)
    touched = [row[key] for row in [*new, *changed]]
    return Put(new=len(new), changed=len(changed), same=len(written) - len(touched)), touched


def update_each(connection: Connection, table: Table, keys: Sequence[str], written: Sequence[dict[str, Any]]) -> None:
    """Update many rows by their keys."""
    if not written:
        return
    names = [column.name for column in table.c if column.name in written[0] and column.name not in keys]
    statement = update(table).values({name: bindparam(f"v_{name}") for name in names})
    for key in keys:
        statement = statement.where(table.c[key] == bindparam(f"k_{key}"))
    connection.execute(
        statement,
        [{**{f"v_{n}": row[n] for n in names}, **{f"k_{key}": row[key] for key in keys}} for row in written],
    )
