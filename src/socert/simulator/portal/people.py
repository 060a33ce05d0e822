"""People the portal knows: account owners and the children whose data they may see.

They come from two sides: from a file of people given at the start, and from the recipients of account updates. An
owner sees the children that the file gives, and those whose objects were sent to the owner's account. The portal
identifies an owner by SNILS, document or account id, a child by SNILS or by name and birth date.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from sqlite3 import Row

    from socert.simulator.state import State


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells an account owner from all others: a mark and its parts.

    `kind`: "snils" (11 digits), "document" (kind, series or empty, number), "oid" (the account's number), "inn".
    """

    kind: str
    parts: tuple[str, ...]

    @property
    def key(self) -> str:
        """The identity as one text, for the state."""
        return json.dumps([self.kind, *self.parts], ensure_ascii=False)

    @classmethod
    def of(cls, key: str) -> Self:
        """Read what `key` wrote."""
        kind, *parts = json.loads(key)
        return cls(kind, tuple(parts))

    @classmethod
    def snils(cls, snils: str) -> Self:
        """Return the identity by SNILS."""
        return cls("snils", (snils,))


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """An account owner: the parent or other representative. `profile` is what the file of people tells beyond that."""

    id: int
    identity: Identity
    last_name: str
    first_name: str
    middle_name: str | None
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Surname, given name, patronymic."""
        return full_name(self.last_name, self.first_name, self.middle_name)


@dataclass(frozen=True, kw_only=True, slots=True)
class BirthCertificate:
    """A Russian birth certificate as the portal keeps it; parts that nobody told are empty."""

    series: str = ""
    number: str = ""
    agency: str = ""
    issue_date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownChild:
    """A child. `snils`: 11 digits or None; `profile` is what the file of people tells beyond that."""

    id: int
    snils: str | None
    last_name: str
    first_name: str
    middle_name: str | None
    birth_date: date
    birth_certificate: BirthCertificate
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Surname, given name, patronymic."""
        return full_name(self.last_name, self.first_name, self.middle_name)


def full_name(*parts: str | None) -> str:
    """Join the parts of a name that are there."""
    return " ".join(part for part in parts if part)


def fold(text: str) -> str:
    """Return the form names are compared and sorted in: trimmed, single spaces, ё as е, no case."""
    return " ".join(text.split()).casefold().replace("ё", "е")


_SEEN = "SELECT child FROM guardian WHERE person = ? UNION SELECT child FROM object WHERE owner = ?"


class People:
    """Owners and children, in the state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def put_owner(
        self,
        identity: Identity,
        last_name: str,
        first_name: str,
        middle_name: str | None,
        profile: dict[str, Any] | None = None,
    ) -> int:
        """Add or renew an owner; return the id. A profile once known is kept when none is given."""
        row = self._state.one(
            "INSERT INTO person (identity, last_name, first_name, middle_name, sort_key, profile)"
            " VALUES (?, ?, ?, ?, ?, coalesce(?, '{}'))"
            " ON CONFLICT (identity) DO UPDATE SET last_name = excluded.last_name, first_name = excluded.first_name,"
            " middle_name = excluded.middle_name, sort_key = excluded.sort_key,"
            " profile = iif(excluded.profile = '{}', profile, excluded.profile) RETURNING id",
            identity.key,
            last_name,
            first_name,
            middle_name,
            fold(full_name(last_name, first_name, middle_name)),
            json.dumps(profile) if profile else None,
        )
        assert row is not None
        return int(row["id"])

    def put_child(
        self,
        *,
        snils: str | None,
        last_name: str,
        first_name: str,
        middle_name: str | None,
        birth_date: date,
        birth_certificate: BirthCertificate | None = None,
        profile: dict[str, Any] | None = None,
    ) -> int:
        """Add or renew a child; return the id. A birth certificate and a profile once known are kept."""
        identity = f"snils:{snils}" if snils else f"name:{fold(full_name(last_name, first_name))}:{birth_date}"
        paper = birth_certificate
        row = self._state.one(
            "INSERT INTO child (identity, snils, last_name, first_name, middle_name, birth_date, birth_certificate,"
            " profile) VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, '{}'))"
            " ON CONFLICT (identity) DO UPDATE SET last_name = excluded.last_name,"
            " first_name = excluded.first_name, middle_name = excluded.middle_name, birth_date = excluded.birth_date,"
            " birth_certificate = coalesce(excluded.birth_certificate, birth_certificate),"
            " profile = iif(excluded.profile = '{}', profile, excluded.profile) RETURNING id",
            identity,
            snils,
            last_name,
            first_name,
            middle_name,
            birth_date.isoformat(),
            None if paper is None else "\n".join((paper.series, paper.number, paper.agency, paper.issue_date)),
            json.dumps(profile) if profile else None,
        )
        assert row is not None
        return int(row["id"])

    def link(self, owner: int, child: int) -> None:
        """Say that an owner has a child, whether objects were sent or not."""
        self._state.run("INSERT OR IGNORE INTO guardian VALUES (?, ?)", owner, child)

    def owner(self, owner: int) -> Owner | None:
        """Return an owner by id."""
        row = self._state.one("SELECT * FROM person WHERE id = ?", owner)
        return None if row is None else _owner(row)

    def owner_by(self, identity: Identity) -> Owner | None:
        """Return an owner by identity."""
        row = self._state.one("SELECT * FROM person WHERE identity = ?", identity.key)
        return None if row is None else _owner(row)

    def find_owners(self, words: str = "", limit: int = 50) -> list[Owner]:
        """Return owners whose name holds all the words, sorted by name, `limit` of them at most."""
        wanted = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in fold(words).split()]
        where = " AND ".join(["sort_key LIKE ? ESCAPE '\\'"] * len(wanted)) or "1"
        rows = self._state.all(
            f"SELECT * FROM person WHERE {where} ORDER BY sort_key, id LIMIT ?",  # noqa: S608 - only placeholders vary
            *(f"%{word}%" for word in wanted),
            limit,
        )
        return [_owner(row) for row in rows]

    def count_owners(self) -> int:
        """How many owners there are."""
        row = self._state.one("SELECT count(*) FROM person")
        return int(row[0]) if row is not None else 0

    def children_of(self, owner: int) -> list[KnownChild]:
        """Return the children an owner may see, by name."""
        rows = self._state.all(f"SELECT * FROM child WHERE id IN ({_SEEN})", owner, owner)  # noqa: S608 - a constant
        return sorted((_child(row) for row in rows), key=lambda child: (fold(child.full_name), child.id))

    def child_of(self, owner: int, child: int) -> KnownChild | None:
        """Return a child if this owner may see it."""
        row = self._state.one(
            f"SELECT * FROM child WHERE id = ? AND id IN ({_SEEN})",  # noqa: S608 - a constant
            child,
            owner,
            owner,
        )
        return None if row is None else _child(row)

    def child_by_snils(self, snils: str) -> KnownChild | None:
        """Return a child by SNILS (11 digits)."""
        row = self._state.one("SELECT * FROM child WHERE snils = ?", snils)
        return None if row is None else _child(row)


def _owner(row: Row) -> Owner:
    return Owner(
        id=row["id"],
        identity=Identity.of(row["identity"]),
        last_name=row["last_name"],
        first_name=row["first_name"],
        middle_name=row["middle_name"],
        profile=json.loads(row["profile"]),
    )


def _child(row: Row) -> KnownChild:
    paper = (row["birth_certificate"] or "\n\n\n").split("\n")
    return KnownChild(
        id=row["id"],
        snils=row["snils"],
        last_name=row["last_name"],
        first_name=row["first_name"],
        middle_name=row["middle_name"],
        birth_date=date.fromisoformat(row["birth_date"]),
        birth_certificate=BirthCertificate(series=paper[0], number=paper[1], agency=paper[2], issue_date=paper[3]),
        profile=json.loads(row["profile"]),
    )
