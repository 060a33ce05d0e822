"""What one import must remember of the rows it has seen, kept on disk so that memory stays flat.

A private temporary SQLite database: its file has no name and goes with the connection, after a crash too.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.gateway.domain.records import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from socert.gateway.domain.records import Certificate, Contract

_CACHE_KIB = 16_384
_TABLES = """
CREATE TABLE seen (kind TEXT, key TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE guid (guid TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE certificate (
    number TEXT PRIMARY KEY, unit TEXT, nominal INTEGER, reserved INTEGER, spent INTEGER,
    contracts_reserved INTEGER DEFAULT 0, contracts_spent INTEGER DEFAULT 0
) WITHOUT ROWID;
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Payer:
    """A certificate taken from this export, as its contracts need it: unit and nominal (hundredths)."""

    unit: Unit
    nominal: int


class Scratch:
    """Keys seen and certificates taken during one import. Close it, or use it as a context manager."""

    def __init__(self) -> None:
        """Make the empty tables."""
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(_TABLES)
        # One transaction for the whole life: nothing of it is ever committed or read by anyone else.
        self._db.execute("BEGIN")

    def __enter__(self) -> Scratch:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget everything."""
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def see(self, kind: str, key: str) -> bool:
        """Remember a key of a table; False when it was there already."""
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (kind, key)).rowcount == 1

    def seen(self, kind: str, key: str) -> bool:
        """Whether the key of a table was seen, in a good row or in a refused one."""
        return self._db.execute("SELECT 1 FROM seen WHERE kind = ? AND key = ?", (kind, key)).fetchone() is not None

    def any_seen(self, kind: str) -> bool:
        """Whether the table had any rows."""
        return self._db.execute("SELECT 1 FROM seen WHERE kind = ? LIMIT 1", (kind,)).fetchone() is not None

    def claim_guid(self, guid: str) -> bool:
        """Remember a certificate's GUID; False when another row has it."""
        return self._db.execute("INSERT OR IGNORE INTO guid VALUES (?)", (guid,)).rowcount == 1

    def take_certificates(self, certificates: Iterable[Certificate]) -> None:
        """Remember taken certificates for their contracts."""
        self._db.executemany(
            "INSERT INTO certificate (number, unit, nominal, reserved, spent) VALUES (?, ?, ?, ?, ?)",
            (
                (item.number, item.unit.value, item.balance.nominal, item.balance.reserved, item.balance.spent)
                for item in certificates
            ),
        )

    def payer(self, number: str) -> Payer | None:
        """Return the certificate of this number if it was taken from this export."""
        row = self._db.execute("SELECT unit, nominal FROM certificate WHERE number = ?", (number,)).fetchone()
        return None if row is None else Payer(unit=Unit(row[0]), nominal=row[1])

    def take_contracts(self, contracts: Iterable[Contract]) -> None:
        """Add the sums of taken contracts to their certificates."""
        self._db.executemany(
            "UPDATE certificate SET contracts_reserved = contracts_reserved + ?,"
            " contracts_spent = contracts_spent + ? WHERE number = ?",
            ((item.reserved, item.spent, item.certificate_number) for item in contracts),
        )

    def unbalanced(self) -> int:
        """Count the certificates whose reserved and spent sums are not those of their contracts together."""
        found: int = self._db.execute(
            "SELECT count(*) FROM certificate WHERE contracts_reserved <> reserved OR contracts_spent <> spent"
        ).fetchone()[0]
        return found
