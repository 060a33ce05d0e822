"""Lists of the built-in registry for the operator's pages: `ports.listing` on its tables, only reading."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from socert.adapters.registry.builtin import rows, tables
from socert.gateway.domain.ledger import EntryKind
from socert.gateway.domain.records import CertificateStatus, ContractState, Register, Unit
from socert.gateway.ports.listing import CertificateLine, ContractLine, EntryLine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select

    from socert.gateway.domain.records import Municipality, Programme

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_WORDS = 5


class BuiltinListing:
    """Lists certificates, contracts and ledger entries from SQL tables."""

    def contracts(
        self,
        connection: Connection,
        *,
        states: Collection[ContractState],
        words: str = "",
        oktmo: str | None = None,
        after: str = "",
        limit: int,
    ) -> Sequence[ContractLine]:
        """Return the next contracts in these states by first day of study."""
        row, payer = tables.contract.c, tables.certificate.c
        chosen = _contracts().where(row.state.in_([state.value for state in states]))
        for word in _words(words):
            chosen = chosen.where(_holds(word, row.number, row.programme_name, row.organisation_name, payer.number))
        if oktmo:
            chosen = chosen.where(payer.oktmo == oktmo)
        day, _, contract_id = after.partition("~")
        if contract_id:
            first = date.fromisoformat(day)
            chosen = chosen.where(
                or_(row.start_date > first, and_(row.start_date == first, row.contract_id > contract_id))
            )
        chosen = chosen.order_by(row.start_date, row.contract_id).limit(limit)
        return [_contract_line(found) for found in connection.execute(chosen).mappings()]

    def contracts_by_state(self, connection: Connection) -> Mapping[ContractState, int]:
        """Return how many contracts stand in each state."""
        state = tables.contract.c.state
        counted = connection.execute(select(state, func.count()).group_by(state))
        return {ContractState(name): number for name, number in counted}

    def contracts_of(self, connection: Connection, guid: str) -> Sequence[ContractLine]:
        """Return all contracts of a certificate, the latest first."""
        row = tables.contract.c
        chosen = _contracts().where(row.certificate_guid == guid).order_by(row.start_date.desc(), row.contract_id)
        return [_contract_line(found) for found in connection.execute(chosen).mappings()]

    def certificates(
        self,
        connection: Connection,
        *,
        number: str | None = None,
        snils: str | None = None,
        surname: str | None = None,
        after: str = "",
        limit: int,
    ) -> Sequence[CertificateLine]:
        """Return the next certificates by number: of this number, the child's SNILS or a surname that begins so."""
        row = tables.certificate.c
        fits: list[ColumnElement[bool]] = []
        if number:
            fits.append(row.number == number)
        if snils:
            fits.append(row.child_snils == snils)
        if surname:
            fits.append(or_(*(row.child_last_name.like(form, escape="\\") for form in _beginnings(surname))))
        if not fits:
            return []
        chosen = (
            select(
                row.guid,
                row.number,
                row.status,
                row.unit,
                row.oktmo,
                row.child_last_name,
                row.child_first_name,
                row.child_middle_name,
                row.child_birth_date,
            )
            .where(or_(*fits), row.number > after)
            .order_by(row.number)
            .limit(limit)
        )
        return [
            CertificateLine(
                guid=found["guid"],
                number=found["number"],
                status=CertificateStatus(found["status"]),
                unit=Unit(found["unit"]),
                child=_child(found),
                birth_date=found["child_birth_date"],
                oktmo=found["oktmo"],
            )
            for found in connection.execute(chosen).mappings()
        ]

    def entries(
        self, connection: Connection, guid: str, *, contract_id: str | None = None, limit: int
    ) -> Sequence[EntryLine]:
        """Return the latest entries of a certificate, or of one of its contracts, the newest first."""
        row = tables.ledger_entry.c
        chosen = select(tables.ledger_entry).where(row.certificate_guid == guid)
        if contract_id is not None:
            chosen = chosen.where(row.contract_id == contract_id)
        return [
            EntryLine(
                entry_id=found["id"],
                at=_moment(found["at"]),
                kind=EntryKind(found["kind"]),
                register=Register(found["register"]),
                year=found["period_from"].year,
                nominal=found["nominal"],
                reserved=found["reserved"],
                spent=found["spent"],
                source=found["source"],
                contract_id=found["contract_id"],
                month=found["month"],
            )
            for found in connection.execute(chosen.order_by(row.id.desc()).limit(limit)).mappings()
        ]

    def municipalities(self, connection: Connection) -> Sequence[Municipality]:
        """Return all municipalities by name."""
        chosen = select(tables.municipality).order_by(tables.municipality.c.name)
        return [rows.municipality_of(found) for found in connection.execute(chosen).mappings()]

    def groups(self, connection: Connection, *, words: str, limit: int) -> Sequence[Programme]:
        """Return groups payable by certificate, by name: each of the words stands in programme or organisation."""
        row, organisation = tables.programme.c, tables.organisation.c
        chosen = (
            select(
                tables.programme,
                *(column.label(f"organisation_{column.name}") for column in organisation if column.name != "inn"),
            )
            .join(tables.organisation, organisation.inn == row.organisation_inn)
            .where(row.certificate_accepted == 1)
        )
        for word in _words(words):
            chosen = chosen.where(_holds(word, row.name, organisation.name))
        chosen = chosen.order_by(row.name, row.group_guid).limit(limit)
        return [rows.programme_of(found) for found in connection.execute(chosen).mappings()]


def _contracts() -> Select[Any]:
    """Contracts with what a line says of their certificates."""
    row, payer = tables.contract.c, tables.certificate.c
    return select(
        tables.contract,
        payer.number.label("certificate_number"),
        payer.oktmo,
        payer.child_last_name,
        payer.child_first_name,
        payer.child_middle_name,
    ).join(tables.certificate, payer.guid == row.certificate_guid)


def _contract_line(found: RowMapping) -> ContractLine:
    return ContractLine(
        contract_id=found["contract_id"],
        number=found["number"],
        state=ContractState(found["state"]),
        since=None if found["since"] is None else _moment(found["since"]),
        programme_name=found["programme_name"],
        organisation_name=found["organisation_name"],
        start=found["start_date"],
        end=found["end_date"],
        register=Register(found["register"]),
        certificate_part=found["certificate_part"],
        own_part=found["own_part"],
        certificate_number=found["certificate_number"],
        child=_child(found),
        oktmo=found["oktmo"],
        key=f"{found['start_date'].isoformat()}~{found['contract_id']}",
    )


def _child(found: RowMapping) -> str:
    names = (found["child_last_name"], found["child_first_name"], found["child_middle_name"])
    return " ".join(name for name in names if name)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


# SQLite folds the case of Latin letters only, so the cases that people type are spelled out.


def _words(words: str) -> list[str]:
    return words.split()[:_LONGEST_WORDS]


def _cases(word: str) -> set[str]:
    return {word, word.lower(), word.upper(), word.capitalize(), word.title()}


def _holds(word: str, *columns: Column[Any]) -> ColumnElement[bool]:
    return or_(*(column.contains(form, autoescape=True) for column in columns for form in _cases(word)))


def _beginnings(surname: str) -> set[str]:
    """Return patterns of names that begin with this one; е and ё are one letter, and no name has ё twice."""
    safe = surname.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    plain = safe.lower().replace("ё", "е")
    spelled = {plain} | {f"{plain[:at]}ё{plain[at + 1 :]}" for at, letter in enumerate(plain) if letter == "е"}
    return {f"{form}%" for one in spelled for form in _cases(one)}
