"""The lists behind the pages, on both kinds of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.records import certificate, child, contract, guid, municipality, programme

from socert.adapters.registry.builtin.listing import BuiltinListing
from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.domain.ledger import EntryKind
from socert.gateway.domain.records import ContractState
from socert.gateway.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection
    from tests.gateway.records import Clock

    from socert.gateway.ports.listing import ContractLine
    from socert.gateway.store.writer import Store

LISTING = BuiltinListing()
ALL = tuple(ContractState)


@pytest.fixture
def filled(store: Store, clock: Clock) -> Store:
    """Three children in two municipalities, each with a contract."""
    registry = BuiltinRegistry(clock=clock)
    names = ("Журавлёв", "ЖУРАВЛЕВА-ДРОЗД", "O'Hara_50%")

    def put(connection: Connection) -> None:
        unit = Unit(connection)
        registry.put_municipalities(unit, [municipality(), municipality(oktmo="11606000", name="Ближнелесье")])
        registry.put_programmes(unit, [programme(), programme(group_guid="g-2", certificate_accepted=False)])
        certificates = [
            certificate(
                number,
                child=child(last_name=name, snils=None, birth_certificate=f"II-ЖД 70011{number}"),
                oktmo="11605000" if number < 3 else "11606000",
            )
            for number, name in enumerate(names, start=1)
        ]
        registry.put_certificates(unit, certificates)
        contracts = [contract(number, number, start=date(2026, 9, 4 - number)) for number in (1, 2, 3)]
        contracts[2] = replace(contracts[2], state=ContractState.COMPLETED, programme_name="Лепка")
        registry.put_contracts(unit, contracts)

    store.run(put)
    return store


def contracts(store: Store, **asked: Any) -> list[str]:
    """The numbers of the contracts that are listed."""
    asked = {"states": ALL, "limit": 10, **asked}
    return [line.number or "" for line in store.look(lambda it: LISTING.contracts(it, **asked))]


def test_contracts_by_first_day_state_words_and_place(filled: Store) -> None:
    assert contracts(filled) == ["РД-3", "РД-2", "РД-1"]
    assert contracts(filled, states=(ContractState.COMPLETED,)) == ["РД-3"]
    assert contracts(filled, words="лепка стружка") == ["РД-3"]
    assert contracts(filled, words="рд-1") == ["РД-1"]
    assert contracts(filled, words="7700000002") == ["РД-2"]
    assert contracts(filled, words="%") == []
    assert contracts(filled, oktmo="11606000") == ["РД-3"]
    assert contracts(filled, oktmo="0") == []


def test_a_list_goes_on_after_its_key(filled: Store) -> None:
    found: list[str | None] = []
    after = ""
    while lines := filled.look(look_after(after)):
        found += [line.number for line in lines]
        after = lines[-1].key
    assert found == ["РД-3", "РД-2", "РД-1"]


def look_after(after: str) -> Callable[[Connection], Sequence[ContractLine]]:
    return lambda it: LISTING.contracts(it, states=ALL, after=after, limit=1)


def test_contracts_are_counted_by_state(filled: Store) -> None:
    assert filled.look(LISTING.contracts_by_state) == {ContractState.ACTIVE: 2, ContractState.COMPLETED: 1}


@pytest.mark.parametrize(
    ("surname", "numbers"),
    [
        ("журавлев", [1, 2]),
        ("Журавлёв", [1, 2]),
        ("ЖУРАВЛЁВА-Д", [2]),
        ("журавлева-дрозд", [2]),
        ("O'Hara_", [3]),
        ("o'hara_50%", [3]),
        ("O'HaraX", []),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("Дрозд", []),
        ("Журавлива", []),
    ],
)
def test_a_surname_is_found_by_its_beginning(filled: Store, surname: str, numbers: list[int]) -> None:
    found = filled.look(lambda it: LISTING.certificates(it, surname=surname, limit=10))
    assert [line.guid for line in found] == [guid(number) for number in numbers]


def test_a_certificate_is_found_by_number_and_the_next_page_goes_on(filled: Store) -> None:
    found = filled.look(lambda it: LISTING.certificates(it, number="7700000003", limit=10))
    assert [(line.guid, line.child) for line in found] == [(guid(3), "O'Hara_50% Платон Святославович")]
    rest = filled.look(lambda it: LISTING.certificates(it, surname="Журавлев", after="7700000001", limit=10))
    assert [line.number for line in rest] == ["7700000002"]
    assert filled.look(lambda it: LISTING.certificates(it, limit=10)) == []


def test_entries_municipalities_and_groups(filled: Store) -> None:
    entries = filled.look(lambda it: LISTING.entries(it, guid(1), limit=10))
    assert [(entry.kind, entry.year, entry.source) for entry in entries] == [(EntryKind.ISSUE, 2026, "import")]
    assert filled.look(lambda it: LISTING.entries(it, guid(1), contract_id="none", limit=10)) == []
    places = filled.look(LISTING.municipalities)
    assert [place.name for place in places] == ["Ближнелесье", "Верхнелесье"]
    groups = filled.look(lambda it: LISTING.groups(it, words="РЕЗЬБА дереву", limit=10))
    assert [group.group_guid for group in groups] == [programme().group_guid]  # the other takes no certificate
    assert filled.look(lambda it: LISTING.groups(it, words="лепка", limit=10)) == []
    assert [line.number for line in filled.look(lambda it: LISTING.contracts_of(it, guid(1)))] == ["РД-1"]
