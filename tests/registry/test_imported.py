"""Imported certificates whose life goes on here: what the rules did is never undone by an import."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.gateway.records import balance, certificate, child, contract, guid
from tests.registry.keeper import CHILD, NOW, RUB_2026, Keeper

from socert.adapters.registry.builtin import tables
from socert.gateway.domain import charging, ledger
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.ledger import AccountKey
from socert.gateway.domain.records import Balance, CertificateStatus, ContractState, Register, Unit
from socert.gateway.domain.rules_errors import LedgerRefused, NeedsPerson, RuleCode


def import_one(keeper: Keeper) -> None:
    """Import a certificate with a contract that holds and has spent something."""
    keeper.book.certificates(certificate(balance=balance(100_000, reserved=30_000, spent=10_000)))
    keeper.book.contracts(contract(1, spent=10_000, reserved=30_000))


def test_an_imported_certificate_has_a_book_that_fits(keeper: Keeper) -> None:
    import_one(keeper)
    kept = keeper.kept()
    (life,) = keeper.lives()
    assert kept.book.available(2026, Register.RUB) == 60_000
    assert kept.book.holding("РД-1", RUB_2026) == ledger.Holding(reserved=30_000, spent=10_000)
    assert (life.spent, life.reserved, life.state) == (10_000, 30_000, ContractState.ACTIVE)
    assert keeper.book.see_contracts("РД-1")["РД-1"].life is None


@pytest.mark.invariant(2)
def test_an_imported_contract_is_kept_by_the_rules_with_the_first_change(keeper: Keeper) -> None:
    import_one(keeper)
    step = steps.cancel(keeper.life("РД-1"), today=date(2026, 9, 7), now=NOW)
    keeper.save(step, terms=None)
    assert keeper.life("РД-1") == step.contract
    assert keeper.book.see_contracts("РД-1")["РД-1"].life == step.contract
    assert keeper.kept().certificate.balance.reserved == 30_000 - step.freed
    assert keeper.book.unbalanced() == []


def test_all_contracts_come_with_their_certificate(keeper: Keeper) -> None:
    """What they hold is what the balance holds, and from now on no import moves either."""
    import_one(keeper)
    keeper.enrol("c-1", price=20_000)
    assert keeper.book.touched == ([guid(1)], ["РД-1", "c-1"])
    assert [row["kept"] for row in keeper.book.rows(tables.contract)] == [1, 1]
    assert keeper.book.unbalanced() == []


@pytest.mark.invariant(2)
def test_an_import_undoes_nothing_that_was_done_here(keeper: Keeper) -> None:
    import_one(keeper)
    keeper.enrol("c-1", price=20_000)
    before = keeper.book.everything()
    later = certificate(status=CertificateStatus.SUSPENDED, balance=balance(100_000, reserved=20_000, spent=20_000))
    assert keeper.book.certificates(later).same == 1
    assert keeper.book.contracts(contract(1, spent=20_000, reserved=20_000)).same == 1
    assert keeper.book.everything() == before
    assert keeper.book.touched == ([], [])


def test_an_import_renews_who_and_where(keeper: Keeper) -> None:
    import_one(keeper)
    keeper.enrol("c-1", price=20_000)
    kept = keeper.kept()
    told = certificate(child=child(last_name="Соколенко"), oktmo="99999000", consent_form=None, balance=balance(5))
    assert keeper.book.certificates(told).changed == 1
    assert keeper.book.touched == ([guid(1)], [])
    certificate_now = keeper.kept().certificate
    assert certificate_now == replace(told, balance=kept.certificate.balance, status=kept.certificate.status)
    assert keeper.kept().book == kept.book
    assert keeper.book.certificates(told).same == 1
    assert keeper.known(replace(CHILD, last_name="Соколенко", snils=None)) == [guid(1)]


@pytest.mark.invariant(3)
def test_a_contract_that_an_import_brings_later_holds_nothing_here(keeper: Keeper) -> None:
    """It is shown and named to the operator, and takes nothing of what other contracts hold."""
    keeper.issue()
    keeper.enrol("c-1", price=20_000)
    keeper.book.contracts(contract(5))
    assert keeper.kept().book.holding("РД-5", RUB_2026) == ledger.Holding()
    assert keeper.book.unbalanced() == ["7700000001"]
    life = keeper.life("РД-5")
    step = charging.charge(life, life.months[0], today=date(2026, 10, 1), policy=keeper.policy)
    with pytest.raises(LedgerRefused):
        keeper.save(step, terms=None)
    keeper.book.contracts(contract(5, state=ContractState.COMPLETED, reserved=0))
    assert keeper.book.unbalanced() == []


def test_a_balance_over_new_year_is_left_to_a_person(keeper: Keeper) -> None:
    school_year = Balance(
        period_from=date(2026, 9, 1), period_to=date(2027, 5, 31), nominal=100_000, reserved=0, spent=0
    )
    keeper.book.certificates(certificate(balance=school_year))
    with pytest.raises(NeedsPerson) as refused:
        keeper.kept()
    assert refused.value.rule is RuleCode.PERIOD_NOT_A_YEAR
    assert "01.09.2026" in refused.value.people_text
    assert keeper.book.see(guid(1))[guid(1)].certificate.balance == school_year


def test_two_balances_of_one_year_are_left_to_a_person(keeper: Keeper) -> None:
    half = Balance(period_from=date(2026, 1, 1), period_to=date(2026, 5, 31), nominal=100_000, reserved=0, spent=0)
    keeper.book.certificates(certificate(balance=half))
    keeper.book.certificates(certificate(balance=replace(half, period_from=date(2026, 9, 1))))
    with pytest.raises(NeedsPerson):
        keeper.kept()


def test_a_balance_of_a_part_of_a_year_is_that_year_s(keeper: Keeper) -> None:
    since_spring = Balance(
        period_from=date(2026, 4, 1), period_to=date(2026, 12, 31), nominal=100_000, reserved=0, spent=0
    )
    keeper.book.certificates(certificate(balance=since_spring))
    keeper.enrol(price=20_000)
    assert keeper.kept().certificate.balance == replace(since_spring, reserved=20_000)
    assert keeper.book.unbalanced() == []


def test_a_certificate_that_counts_the_other_unit_from_now_on(keeper: Keeper) -> None:
    """Roubles are emptied by entries, and hours begin on an account of their own."""
    keeper.book.certificates(certificate(balance=balance(100_000, reserved=30_000, spent=10_000)))
    assert keeper.book.certificates(certificate(unit=Unit.HOUR, balance=balance(7200))).changed == 1
    assert list(keeper.kept().book.accounts) == [AccountKey(year=2026, register=Register.HOUR)]
    assert keeper.book.unbalanced() == []
    assert keeper.book.certificates(certificate(balance=balance(5))).changed == 1
    assert keeper.kept().certificate.balance == balance(5)
    assert keeper.book.unbalanced() == []
