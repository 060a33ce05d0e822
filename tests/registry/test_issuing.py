"""Certificates are issued once for a child, whatever keys it comes with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.gateway.records import SNILS, balance, certificate, child, guid
from tests.registry.keeper import CHILD, RUB_2026, RUB_2027, Keeper, fresh, opening

from socert.adapters.registry.builtin import tables
from socert.gateway.domain.certificate import child_keys, decide_issue
from socert.gateway.domain.ledger import AccountKey, differences
from socert.gateway.domain.policy import Policy
from socert.gateway.domain.records import CertificateStatus, Register, Unit
from socert.gateway.domain.rules_errors import LedgerRefused, NeedsPerson, RuleCode
from socert.gateway.ports import KeyTakenError


def test_an_issued_certificate_is_its_opening_entries(keeper: Keeper) -> None:
    count = AccountKey(year=2026, register=Register.SIGNIFICANT)
    made = keeper.issue(accounts=((RUB_2026, 100_000), (RUB_2027, 90_000), (count, 2)), order_id="order-1")
    assert made == keeper.kept()
    assert made.book.version == 1
    assert made.issued_by_order == "order-1"
    assert list(differences(made.book)) == []
    view = keeper.book.see(guid(1))[guid(1)]
    assert view.certificate == replace(fresh(), balance=balance(100_000))
    assert view.balances == (
        balance(100_000),
        replace(balance(2), register=Register.SIGNIFICANT),
        balance(90_000, year=2027),
    )
    assert keeper.book.touched == ([guid(1)], [])
    assert keeper.book.unbalanced() == []


def test_a_certificate_in_hours_has_an_account_of_hours(keeper: Keeper) -> None:
    hours = AccountKey(year=2026, register=Register.HOUR)
    made = keeper.issue(accounts=((hours, 7200),), unit=Unit.HOUR)
    assert (made.register, made.certificate.balance.nominal) == (Register.HOUR, 7200)


def test_a_certificate_without_an_account_of_its_own_is_refused(keeper: Keeper) -> None:
    count = AccountKey(year=2026, register=Register.SIGNIFICANT)
    with pytest.raises(LedgerRefused) as refused:
        keeper.issue(accounts=((count, 2),))
    assert refused.value.rule is RuleCode.NO_FUTURE_NOMINAL
    assert keeper.book.rows(tables.certificate) == []


@pytest.mark.invariant(8)
@pytest.mark.seed("found-again")
def test_a_child_s_keys_are_there_once(keeper: Keeper) -> None:
    keeper.issue(1)
    for same in (child(), child(snils=None), child(birth_certificate=None)):
        with pytest.raises(KeyTakenError) as taken:
            keeper.issue(2, child=same)
        assert SNILS not in str(taken.value)
        assert "Журавлёв".casefold() not in str(taken.value).casefold()
    assert [row["guid"] for row in keeper.book.rows(tables.certificate)] == [guid(1)]
    assert keeper.known(CHILD) == [guid(1)]


def test_a_unit_goes_on_after_a_key_was_taken(keeper: Keeper) -> None:
    """Who was slower finds the other's certificate in the same unit of work."""
    keeper.issue(1)

    def work(unit: Any) -> Any:
        registry = keeper.book.registry
        with pytest.raises(KeyTakenError):
            registry.issue(
                unit, fresh(2), keys=["free", *child_keys(CHILD)], order_id=None, entries=opening((RUB_2026, 1))
            )
        return registry.known(unit.connection, CHILD)

    assert [one.guid for one in keeper.book.run(work)] == [guid(1)]


def test_an_annulled_certificate_gives_its_keys_to_the_next(keeper: Keeper) -> None:
    """Where the region issues again."""
    first = keeper.issue(1)
    annulled = keeper.book.run(lambda unit: keeper.book.registry.save(unit, first, status=CertificateStatus.ANNULLED))
    assert annulled == keeper.kept(1)
    keeper.issue(2)
    assert keeper.known(CHILD) == [guid(1), guid(2)]
    with pytest.raises(KeyTakenError):
        keeper.issue(3)


def test_a_child_known_by_a_passport_is_known_by_it(keeper: Keeper) -> None:
    """The record shows birth certificates only; the key has what the child was enrolled with."""
    passport = replace(CHILD, snils=None, document="4514 123456")
    made = fresh(child=child(snils=None, birth_certificate=None))
    registry = keeper.book.registry
    entries = opening((RUB_2026, 1))
    keeper.book.run(
        lambda unit: registry.issue(unit, made, keys=child_keys(passport), order_id="order-1", entries=entries)
    )
    (found,) = keeper.book.store.look(lambda connection: registry.known(connection, passport))
    decided = decide_issue(passport, [found], start=date(2026, 9, 1), order_id="order-1", policy=Policy())
    assert (decided.guid, decided.on_request) == (guid(1), True)


def test_two_imported_certificates_of_one_child_are_left_to_a_person(keeper: Keeper) -> None:
    keeper.book.certificates(certificate(1), certificate(2))
    registry = keeper.book.registry
    found = keeper.book.store.look(lambda connection: registry.known(connection, CHILD))
    assert [one.guid for one in found] == [guid(1), guid(2)]
    with pytest.raises(NeedsPerson):
        decide_issue(CHILD, found, start=date(2026, 9, 1), order_id=None, policy=Policy())


def test_a_key_of_who_the_child_was_not_is_free_again(keeper: Keeper) -> None:
    """A wrong SNILS that the region corrects must not keep its owner from a certificate."""
    keeper.book.certificates(certificate(1, child=child(snils="20000000013")))
    assert keeper.known(replace(CHILD, snils="20000000013", document=None)) == [guid(1)]
    keeper.book.certificates(certificate(1))
    keeper.issue(2, child=child(snils="20000000013", birth_certificate=None))
    assert keeper.known(replace(CHILD, document=None)) == [guid(1)]
