"""What a run came to, told so that two runs can be compared: at the portal and in the gateway's database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from tests.end_to_end.region import children, personal_data

from socert.adapters.registry.builtin import tables as registry
from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.store import tables
from socert.gateway.store.engine import default_url, open_engine
from socert.gateway.store.writer import Store
from socert.host.clock import system_clock

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Table
    from tests.end_to_end.lane import Lane

CHANGING = frozenset({"id", "at", "as_of", "order_id", "created_at", "settled_at", "message_id"})
"""Columns and fields that two runs of the same days differ in: they tell when, and under which generated id."""
_TIMED = re.compile(r"<ns3:(seq|asOf)>[^<]*</ns3:\1>")
"""What of a rendered update tells when: a version number begins at the clock."""


def at_portal(lane: Lane) -> dict[str, Any]:
    """Return what parents see, how often each version of each object was applied, and what waits in queues."""
    shown = {}
    for child in children():
        try:
            account = lane.get(f"accounts/{child.snils}")
        except OSError:
            account = None  # nothing was ever told of this child
        shown[child.place] = plain(account)
    effects = lane.get("statistics")
    effects["objects"] = numbered(effects["objects"])[0]
    return {"accounts": shown, "effects": effects, "waiting": [*lane.get("queues")["queues"]]}


def answers_taken(lane: Lane) -> int:
    """Return how many answers of the region the exchange took, out of the journal of its calls."""
    journal = lane.get("journal?last=1000")["exchanges"]
    assert len(journal) < 1000, "the journal is full: the first calls are forgotten"
    return sum(
        call["operation"] == "SendResponse" and call["outcome"] == "ok" and call["participant"] == "REGION"
        for call in journal
    )


def in_database(home: Path, url: str | None = None) -> dict[str, Any]:
    """Return the gateway's end state without times and generated ids."""
    store = Store(open_engine(url or default_url(home)))
    try:
        return store.look(_read)
    finally:
        store.close()


def _read(connection: Connection) -> dict[str, Any]:
    kept: dict[str, Any] = {table.name: _rows(connection, table) for table in registry.metadata.sorted_tables}
    changes = [{**row, "body": _TIMED.sub("", row["body"] or "")} for row in _rows(connection, tables.change)]
    kept["projection"], kept["change"] = numbered(_rows(connection, tables.projection), changes)
    kept["unbalanced"] = list(BuiltinRegistry(clock=system_clock).unbalanced(connection))
    kept["loose ends"] = _loose_ends(connection)
    return kept


def numbered(*tables: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return rows with the versions of each object that were told counted 1, 2, 3 over all tables, sorted.

    What never left has no version to speak of: whether it shared one with what did is a question of the second.
    """
    silent = ("held", "superseded")
    seen: dict[str, set[int]] = {}
    for row in (row for rows in tables for row in rows if row.get("state") not in silent):
        seen.setdefault(row["object_id"], set()).add(row["seq"])
    place = {key: {seq: number for number, seq in enumerate(sorted(found), 1)} for key, found in seen.items()}

    def told(row: dict[str, Any]) -> dict[str, Any]:
        number = None if row.get("state") in silent else place[row["object_id"]][row["seq"]]
        return {**row, "seq": number}

    return [sorted((told(row) for row in rows), key=repr) for rows in tables]


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    chosen = [column for column in table.c if column.name not in CHANGING]
    return sorted((dict(row) for row in connection.execute(select(*chosen)).mappings()), key=repr)


def _loose_ends(connection: Connection) -> list[str]:
    """Say what did not take effect exactly once: every message done, every message received handled and answered."""
    change, sent, received = tables.change.c, tables.outbox.c, tables.inbox.c
    outbox = {row.message_id: row for row in connection.execute(select(tables.outbox))}
    inbox = list(connection.execute(select(tables.inbox)))
    found = [f"{row.operation} is {row.state}: {row.outcome}" for row in outbox.values() if row.state != "done"]
    found += [f"a received message is {row.state}: {row.error}" for row in inbox if row.state != "handled"]
    for row in connection.execute(select(change.object_id, change.seq, change.message_id).where(sent_before())):
        if row.message_id not in outbox:
            found.append(f"{row.object_id}, version {row.seq} was sent in no message that is kept")
    requests = {row.message_id: row for row in inbox if row.operation == "GetRequest"}
    answers = [row for row in outbox.values() if row.operation == "SendResponse"]
    if sorted(row.reference for row in answers) != sorted(requests):
        found.append(f"{len(requests)} questions and {len(answers)} answers")
    if {row.message_id for row in answers} != {row.answer_id for row in requests.values()}:
        found.append("questions and answers do not name each other")
    asked = sorted(connection.scalars(select(sent.message_id).where(sent.operation == "SendRequest")))
    answered = sorted(
        connection.scalars(select(received.original_message_id).where(received.operation != "GetRequest"))
    )
    if asked != answered:
        found.append(f"{len(asked)} messages to the portal and {len(answered)} answers of it")
    return found


def sent_before() -> Any:
    """Changes that left in a message."""
    return tables.change.c.state.in_(("packed", "delivered", "rejected"))


def plain(value: Any) -> Any:
    """Return a JSON value without fields that two runs differ in."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name not in CHANGING}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def personal(text: str) -> list[str]:
    """Return what a text holds of the region's people: names, SNILS, papers."""
    return [secret for secret in personal_data() if secret in text]
