"""The simulator's state: one SQLite database, in memory or in a file that survives a restart.

All access happens on the event loop's thread; statements take microseconds, so nothing here is async.
A file is kept in WAL mode with synchronous=NORMAL: it survives a killed simulator, not a power cut.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from socert.simulator.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Changes whenever a table changes in a way that files of the version before do not have.
_LAYOUT = 5
_TABLES = """
CREATE TABLE IF NOT EXISTS sent (
    message_id TEXT PRIMARY KEY, received INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sent_received ON sent (received);

CREATE TABLE IF NOT EXISTS queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    node TEXT NOT NULL,
    rank INTEGER NOT NULL,
    category TEXT NOT NULL,
    version TEXT NOT NULL,
    message_type TEXT NOT NULL,
    message_id TEXT NOT NULL,
    original_id TEXT,
    reference_id TEXT,
    transaction_code TEXT,
    sender TEXT NOT NULL,
    node_id TEXT,
    address TEXT,
    sent_at INTEGER NOT NULL,
    end_of_life INTEGER,
    hidden_until INTEGER,
    data BLOB,
    signature BLOB,
    verdict TEXT
);
CREATE INDEX IF NOT EXISTS queue_first ON queue (recipient, kind, node, hidden_until, rank, seq);
CREATE INDEX IF NOT EXISTS queue_typed ON queue (recipient, kind, node, message_type, hidden_until, rank, seq);
CREATE INDEX IF NOT EXISTS queue_target ON queue (message_id, recipient);
CREATE INDEX IF NOT EXISTS queue_sent ON queue (sent_at);
CREATE INDEX IF NOT EXISTS queue_ending ON queue (end_of_life) WHERE end_of_life IS NOT NULL;

CREATE TABLE IF NOT EXISTS status (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, document TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS status_first ON status (recipient, seq);
CREATE INDEX IF NOT EXISTS status_created ON status (created);

CREATE TABLE IF NOT EXISTS attachment (
    message_id TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (message_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stored_file (
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    uuid TEXT NOT NULL,
    message_type TEXT NOT NULL,
    user_name TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    suites TEXT NOT NULL,
    PRIMARY KEY (message_id, recipient, uuid)
);
CREATE INDEX IF NOT EXISTS stored_file_recipient ON stored_file (recipient, message_type);

CREATE TABLE IF NOT EXISTS route (
    address TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    message_type TEXT NOT NULL,
    node_id TEXT,
    reference_id TEXT,
    transaction_code TEXT,
    created INTEGER NOT NULL,
    kept INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS route_created ON route (kept, created);
CREATE INDEX IF NOT EXISTS route_message ON route (message_id);

CREATE TABLE IF NOT EXISTS portal_inbox (
    message_id TEXT PRIMARY KEY, answer BLOB NOT NULL, received INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS portal_inbox_received ON portal_inbox (received);

CREATE TABLE IF NOT EXISTS person (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    middle_name TEXT,
    sort_key TEXT NOT NULL,
    profile TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS person_sort ON person (sort_key);
CREATE TABLE IF NOT EXISTS child (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    snils TEXT,
    last_name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    middle_name TEXT,
    birth_date TEXT NOT NULL,
    birth_certificate TEXT,
    profile TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS child_snils ON child (snils);
CREATE TABLE IF NOT EXISTS guardian (
    person INTEGER NOT NULL, child INTEGER NOT NULL, PRIMARY KEY (person, child)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardian_child ON guardian (child);

CREATE TABLE IF NOT EXISTS object (
    object_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    closed INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    child INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    changed INTEGER NOT NULL,
    cause TEXT NOT NULL,
    digest TEXT NOT NULL,
    notice TEXT,
    card TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS object_child ON object (child, kind);
CREATE INDEX IF NOT EXISTS object_owner ON object (owner, child);
CREATE TABLE IF NOT EXISTS effect (
    object_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    applied INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    stale INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (object_id, seq)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    object_id TEXT NOT NULL,
    owner INTEGER NOT NULL,
    child INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS notice_object ON notice (object_id);
CREATE INDEX IF NOT EXISTS notice_child ON notice (child, owner);

CREATE TABLE IF NOT EXISTS portal_outbox (message_id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS portal_request (
    message_id TEXT PRIMARY KEY, kind TEXT NOT NULL, ref TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS portal_request_ref ON portal_request (kind, ref);
CREATE TABLE IF NOT EXISTS portal_order (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    child INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS portal_order_owner ON portal_order (owner, child);
CREATE TABLE IF NOT EXISTS order_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_id INTEGER NOT NULL, document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS order_entry_order ON order_entry (order_id);
CREATE TABLE IF NOT EXISTS order_message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id INTEGER NOT NULL,
    id TEXT NOT NULL,
    outgoing INTEGER NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    result TEXT NOT NULL,
    comment TEXT NOT NULL,
    UNIQUE (order_id, id)
);
CREATE TABLE IF NOT EXISTS decision (
    id TEXT PRIMARY KEY,
    owner INTEGER NOT NULL,
    child INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    content BLOB NOT NULL,
    document BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS decision_owner ON decision (owner, child);
CREATE TABLE IF NOT EXISTS elk_order (
    number INTEGER PRIMARY KEY,
    sender_inn TEXT NOT NULL,
    order_number TEXT NOT NULL,
    owner INTEGER NOT NULL,
    service TEXT NOT NULL,
    created TEXT NOT NULL,
    UNIQUE (sender_inn, order_number)
);
CREATE INDEX IF NOT EXISTS elk_order_owner ON elk_order (owner);
CREATE TABLE IF NOT EXISTS elk_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    comment TEXT NOT NULL,
    UNIQUE (number, at, kind, code, comment)
);

CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_NAMES = (
    "sent",
    "queue",
    "status",
    "attachment",
    "stored_file",
    "route",
    "portal_inbox",
    "person",
    "child",
    "guardian",
    "object",
    "effect",
    "notice",
    "portal_outbox",
    "portal_request",
    "portal_order",
    "order_entry",
    "order_message",
    "decision",
    "elk_order",
    "elk_entry",
    "counter",
)


class State:
    """One open database. `place` is a file name or `:memory:`; `SettingsError` when the file cannot be used."""

    def __init__(self, place: str = ":memory:") -> None:
        try:
            self.connection = sqlite3.connect(place, isolation_level=None)
            self.connection.row_factory = sqlite3.Row
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self._check_layout(place)
            self.connection.executescript(_TABLES)
            self.connection.execute(f"PRAGMA user_version = {_LAYOUT}")
        except sqlite3.Error as error:
            raise SettingsError(
                f"The state file {place} cannot be used: {error}. Name another with --state."
            ) from error

    def _check_layout(self, place: str) -> None:
        """Refuse a file that another version wrote; what it holds is test data, so it is not converted."""
        found = self.connection.execute("PRAGMA user_version").fetchone()[0]
        empty = self.connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None
        if found != _LAYOUT and not empty:
            self.connection.close()
            raise SettingsError(
                f"The state file {place} was written by another version of the simulator. Delete it, or name another"
                " with --state."
            )

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Run a query, return all rows."""
        return self.connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Run a query, return the first row or None."""
        row: sqlite3.Row | None = self.connection.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, *values: Any) -> int:
        """Run a statement, return how many rows it touched."""
        return self.connection.execute(sql, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside together, or nothing of it. Does not nest."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def next_number(self, name: str, first: int) -> int:
        """Return the next number of a counter, starting with `first`; never the same twice until a reset."""
        row = self.one(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            name,
            first,
        )
        assert row is not None
        return int(row[0])

    def reset(self) -> None:
        """Forget everything: messages, accounts, people, counters."""
        with self.transaction():
            for name in _NAMES:
                self.connection.execute(f"DELETE FROM {name}")  # noqa: S608 - names from the list above

    def close(self) -> None:
        """Close the database; the state in a file stays."""
        self.connection.close()
