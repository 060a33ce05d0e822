"""What else the rules ask of the registry, and what the database and the registry check by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from tests.gateway.records import GROUP, balance, certificate, child, contract, guid, municipality, programme
from tests.registry.keeper import NOW, RUB_2026, RUB_2027, Keeper

from socert.adapters.registry.builtin import tables
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.records import CertificateStatus, ContractState, Register
from socert.gateway.domain.rules_errors import RuleCode


def test_groups_tell_how_many_places_are_taken(keeper: Keeper) -> None:
    registry, store = keeper.book.registry, keeper.book.store
    group = programme(
        start=date(2026, 9, 1),
        end=date(2027, 5, 31),
        normative=800_000,
        register=Register.SIGNIFICANT,
        places=10,
        opens=date(2026, 8, 1),
        closes=date(2026, 9, 30),
        study_year=1,
        oktmo="11605000",
        organisation=replace(programme().organisation, agreement_number="С-1", agreement_date=date(2026, 1, 1)),
    )
    keeper.book.programmes(group)
    keeper.issue()
    for number in (1, 2, 3):
        keeper.enrol(f"c-{number}", price=1_000)
    refused = steps.refuse(
        keeper.life("c-2"),
        initiator=Initiator.ORGANISATION,
        reason=RuleCode.REFUSED_BY_PROVIDER,
        today=date(2026, 9, 7),
        now=NOW,
    )
    keeper.save(refused)
    found = store.look(lambda connection: registry.group(connection, GROUP))
    assert found is not None
    assert (found.programme, found.taken) == (group, 2)
    assert store.look(lambda connection: registry.group(connection, "unknown")) is None


def test_live_contracts_are_gone_through_in_steps(keeper: Keeper) -> None:
    keeper.issue()
    for number in (1, 2, 3):
        keeper.enrol(f"c-{number}", price=1_000)
    keeper.save(steps.cancel(keeper.life("c-2"), today=date(2026, 9, 7), now=NOW))
    keeper.book.certificates(certificate(2, child=child(snils="20000000013"), balance=balance(reserved=80_000)))
    keeper.book.contracts(contract(1, payer=2), contract(2, payer=2, state=ContractState.COMPLETED))

    def ids(after: str, limit: int = 2) -> list[str]:
        registry = keeper.book.registry
        return [
            life.contract_id
            for life in keeper.book.store.look(
                lambda connection: registry.live_contracts(connection, after=after, limit=limit)
            )
        ]

    assert (ids(""), ids("c-3")) == (["c-1", "c-3"], []), "what was only imported is charged elsewhere"
    keeper.save(steps.cancel(keeper.life("РД-1"), today=date(2026, 9, 7), now=NOW), terms=None)
    assert (ids("c-3"), ids("РД-1")) == (["РД-1"], [])


def test_certificates_whose_time_is_over(keeper: Keeper) -> None:
    number: dict[int, dict[str, Any]] = {
        2: {"valid_to": None},
        3: {"valid_to": date(2026, 9, 6), "status": CertificateStatus.EXPIRED},
        4: {"valid_to": date(2026, 9, 6)},
        5: {"valid_to": date(2026, 9, 7)},
        6: {"valid_to": date(2026, 9, 6), "status": CertificateStatus.SUSPENDED},
    }
    for one, changes in number.items():
        keeper.issue(one, child=child(snils=f"{one:011d}", birth_certificate=None), **changes)
    keeper.book.certificates(certificate(7, valid_to=date(2026, 9, 6)))  # only imported: its registry ends it

    def due(limit: int) -> list[str]:
        registry, today = keeper.book.registry, date(2026, 9, 7)
        return list(
            keeper.book.store.look(lambda connection: registry.certificates_to_expire(connection, today, limit=limit))
        )

    assert due(10) == [guid(4), guid(6)]
    assert due(1) == [guid(4)]


def test_municipalities_are_found_by_code_without_case(keeper: Keeper) -> None:
    keeper.book.municipalities(municipality(), municipality(oktmo="99999000"))

    def find(**by: Any) -> Any:
        return keeper.book.store.look(lambda connection: keeper.book.registry.municipality(connection, **by))

    assert find(guid=municipality().guid.upper()) == municipality()
    assert find(oktmo="99999000") == municipality(oktmo="99999000")
    assert find(guid=municipality().guid, oktmo="99999000") == municipality(oktmo="99999000")
    assert find(guid="unknown") is None
    assert find() is None


def test_certificates_of_a_year_come_in_steps(keeper: Keeper) -> None:
    keeper.issue(1, accounts=((RUB_2026, 1), (RUB_2027, 1)))
    keeper.issue(2, accounts=((RUB_2026, 1),), child=child(snils="20000000013", birth_certificate=None))
    registry = keeper.book.registry

    def of(year: int, after: str = "", limit: int = 10) -> list[str]:
        return list(
            keeper.book.store.look(
                lambda connection: registry.certificates_of_year(connection, year=year, after=after, limit=limit)
            )
        )

    assert (of(2026), of(2027), of(2028)) == ([guid(1), guid(2)], [guid(1)], [])
    assert (of(2026, limit=1), of(2026, after=guid(1))) == ([guid(1)], [guid(2)])


# Checks of the database and of the registry


@pytest.mark.invariant(1, 3)
@pytest.mark.parametrize(
    ("table", "values"),
    [
        (tables.balance, {"reserved": 100_001}),
        (tables.balance, {"spent": -1}),
        (tables.contract, {"spent": 40_000}),
        (tables.contract, {"since": None}),
        (tables.contract, {"last_day": date(2026, 9, 7)}),
        (tables.contract_month, {"charged": 10**6}),
        (tables.contract_month, {"refunded": 1}),
        (tables.contract_month, {"certificate_part": -1}),
        (tables.contract_month, {"released": 2}),
        (tables.ledger_entry, {"contract_id": "c-1", "month": None}),
        (tables.child_key, {"certificate_guid": "nobody"}),
    ],
)
def test_the_database_itself_refuses(keeper: Keeper, table: Any, values: dict[str, Any]) -> None:
    keeper.issue()
    keeper.enrol()
    with pytest.raises(IntegrityError):
        keeper.book.store.run(lambda connection: connection.execute(table.update().values(values)))


@pytest.mark.invariant(2)
@pytest.mark.parametrize(
    ("table", "values"),
    [
        (tables.balance, {"reserved": 1}),
        (tables.balance, {"spent": 1}),
        (tables.contract, {"reserved": 1}),
        (tables.contract, {"reserved": 1, "spent": 1}),
        (tables.contract_month, {"released": 1}),
        (tables.contract_month, {"charged": 1}),
        (tables.ledger_entry, {"nominal": 5}),
        (tables.ledger_entry, {"reserved": 5}),
        (tables.ledger_entry, {"contract_id": "another", "month": date(2026, 9, 1)}),
    ],
)
def test_books_that_do_not_add_up_are_named(keeper: Keeper, table: Any, values: dict[str, Any]) -> None:
    keeper.issue()
    keeper.enrol()
    keeper.issue(2, child=child(snils="20000000013", birth_certificate=None))
    condition = table.c.contract_id == "c-1" if table is tables.contract_month else table.c.certificate_guid == guid(1)
    assert keeper.book.unbalanced() == []
    keeper.book.store.run(lambda connection: connection.execute(table.update().where(condition).values(values)))
    assert keeper.book.unbalanced() == ["7700000001"]


def test_entries_of_no_balance_are_named(keeper: Keeper) -> None:
    keeper.issue(accounts=((RUB_2026, 1), (RUB_2027, 1)))
    gone = tables.balance.delete().where(tables.balance.c.period_from == date(2027, 1, 1))
    keeper.book.store.run(lambda connection: connection.execute(gone))
    assert keeper.book.unbalanced() == ["7700000001"]
