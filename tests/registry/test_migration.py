"""Databases made by the version before: what is in them is there afterwards, and means what it meant."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError
from tests.gateway.records import GROUP, SNILS, Clock, balance, certificate, child, contract, guid, programme
from tests.registry.book import Book
from tests.registry.keeper import Keeper

from socert.adapters.registry.builtin import rows, tables
from socert.adapters.registry.builtin.registry import MIGRATIONS, BuiltinRegistry
from socert.gateway.domain.certificate import Identity, child_keys
from socert.gateway.domain.records import Unit
from socert.gateway.ports import Put
from socert.gateway.store.engine import open_engine
from socert.gateway.store.migrate import upgrade
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection
    from tests.gateway.databases import Postgres

    from socert.gateway.domain.records import Certificate

OTHER = child(snils=None, birth_certificate="III-АБ 123456", first_name=" Пётр ", middle_name=None)
CERTIFICATES = [
    certificate(1, balance=balance(nominal=100_000, reserved=30_000, spent=10_000)),
    certificate(2, unit=Unit.HOUR, child=OTHER, balance=balance(nominal=7200, spent=100)),
    certificate(3, child=child(birth_certificate=None)),  # of the first one's child
]
CONTRACTS = [
    contract(1, payer=1, certificate_part=40_000, spent=10_000, reserved=30_000),
    contract(2, payer=2, unit=Unit.HOUR, certificate_part=100, spent=100, reserved=0),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database as the version before made it."""
    server: Postgres | None = None
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'socert.db'}"
    else:
        server = request.getfixturevalue("postgres")
        name = server.make(migrated=False)
        url = server.url(name)
    store = Store(open_engine(url))
    config = Config()
    config.set_main_option("script_location", str(files("socert.gateway.store") / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", MIGRATIONS)
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "registry_0001")
    yield store
    store.close()
    if server is not None:
        server.drop(name)


def fill(connection: Connection) -> None:
    """Put records in as the version before did."""

    def put(table: Table, written: list[dict[str, Any]]) -> None:
        old = Table(table.name, MetaData(), autoload_with=connection)
        known = {column.name for column in old.c}
        connection.execute(insert(old), [{k: v for k, v in row.items() if k in known} for row in written])

    put(tables.organisation, [rows.organisation_row(programme().organisation)])
    put(tables.programme, [rows.programme_row(programme())])
    put(tables.certificate, [rows.certificate_row(item) | {"version": 2} for item in CERTIFICATES])
    put(tables.balance, [rows.balance_row(item.guid, item) for item in CERTIFICATES])
    put(tables.contract, [rows.contract_row(item, CERTIFICATES[n].guid) for n, item in enumerate(CONTRACTS)])
    put(tables.ledger_entry, [entry for item in CERTIFICATES for entry in old_entries(item)])


def old_entries(item: Certificate) -> Iterator[dict[str, Any]]:
    """Yield the two entries that made each balance."""
    common = {"certificate_guid": item.guid, "period_from": item.balance.period_from, "source": "import", "at": 1}
    nothing = {"nominal": 0, "reserved": 0, "spent": 0}
    yield common | nothing | {"version": 1, "kind": "issue", "nominal": item.balance.nominal}
    held = {"reserved": item.balance.reserved, "spent": item.balance.spent}
    yield common | nothing | held | {"version": 2, "kind": "adjust"}


@pytest.fixture
def book(before: Store) -> Book:
    """That database with records of its time, brought up to date."""
    before.run(fill)
    upgrade(before.engine, [MIGRATIONS])
    return Book(store=before, registry=BuiltinRegistry(clock=Clock()))


def test_everything_is_still_there(book: Book) -> None:
    assert {key: view.certificate for key, view in book.see(guid(1), guid(2), guid(3)).items()} == {
        item.guid: item for item in CERTIFICATES
    }
    seen = book.see_contracts("РД-1", "РД-2")
    assert {key: view.contract for key, view in seen.items()} == {item.contract_id: item for item in CONTRACTS}
    assert (seen["РД-1"].programme, seen["РД-1"].life) == (programme(), None)
    assert book.unbalanced() == []


def test_balances_and_entries_are_of_the_certificate_s_own_register(book: Book) -> None:
    for table in (tables.balance, tables.ledger_entry, tables.contract):
        found = {(row["certificate_guid"], row["register"]) for row in book.rows(table)}
        assert {(guid(1), "RUB"), (guid(2), "HOUR")} <= found <= {(guid(1), "RUB"), (guid(2), "HOUR"), (guid(3), "RUB")}
    kept = [(row["certificate_guid"], row["version"], row["kind"]) for row in book.rows(tables.ledger_entry)]
    assert kept == [(guid(n), version, kind) for n in (1, 2, 3) for version, kind in ((1, "issue"), (2, "adjust"))]


def test_the_ledger_goes_on_counting(book: Book) -> None:
    """PostgreSQL counts its rows by itself: the next one must not meet one that is there."""
    assert book.certificates(certificate(1, balance=balance(nominal=90_000, reserved=30_000, spent=10_000))) == Put(
        changed=1
    )
    ids = [row["id"] for row in book.rows(tables.ledger_entry)]
    assert ids == sorted(set(ids))
    assert len(ids) == 7


def test_digests_are_those_that_the_version_before_made() -> None:
    """Or the first import after the upgrade would pass for a change of everything."""
    assert rows.digest(certificate()) == "0bb8041d58e59fb7b8e747ede02237fb61e3ae9bb6d07fc27905cacced0a0978"
    assert rows.digest(contract()) == "b66329d27093ac40d5e15947ea1d3fd2d02a4cfa0b77f416991560dff85c9335"


def test_the_same_export_again_changes_nothing(book: Book) -> None:
    assert book.certificates(*CERTIFICATES) == Put(same=3)
    assert book.contracts(*CONTRACTS) == Put(same=2)


def test_children_have_their_keys_once(book: Book) -> None:
    """Of two certificates of one child the first number has the key; the rules' own spelling finds both."""
    found = {row["key"]: row["certificate_guid"] for row in book.rows(tables.child_key)}
    first, second = (child_keys(rows.identity(item.child)) for item in CERTIFICATES[:2])
    assert found == {**dict.fromkeys(first, guid(1)), **dict.fromkeys(second, guid(2))}
    asked = Identity(last_name="Журавлёв", first_name="Платон", birth_date=date(2014, 3, 15), snils=SNILS)
    known = book.store.look(lambda connection: book.registry.known(connection, asked))
    assert [one.guid for one in known] == [guid(1), guid(3)]


def test_checks_hold_for_what_was_there(book: Book) -> None:
    with pytest.raises(IntegrityError):
        book.store.run(lambda connection: connection.execute(tables.balance.update().values(spent=10**9)))


def test_the_rules_go_on_with_a_certificate_that_was_there(book: Book) -> None:
    keeper = Keeper(book=book)
    keeper.enrol("c-1", price=20_000)
    assert [life.contract_id for life in keeper.lives()] == ["c-1", "РД-1"]
    assert {row["group_guid"] for row in book.rows(tables.contract)} == {GROUP}
    assert (keeper.life("РД-1").spent, keeper.life("РД-1").reserved) == (10_000, 30_000)
    assert book.unbalanced() == []


def test_an_empty_database_is_brought_up_to_date(before: Store) -> None:
    upgrade(before.engine, [MIGRATIONS])
    assert before.look(lambda connection: connection.execute(select(tables.child_key)).all()) == []
