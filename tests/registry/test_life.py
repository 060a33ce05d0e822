"""Certificates that live are changed by what the rules decided, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError
from tests.gateway.records import balance, guid
from tests.registry.keeper import NOW, RUB_2026, RUB_2027, TERMS, Keeper, opening

from socert.adapters.registry.builtin import tables
from socert.gateway.domain import charging
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.ledger import differences
from socert.gateway.domain.records import CertificateStatus, Register
from socert.gateway.domain.rules_errors import LedgerRefused, Refused, RuleBroken, RuleCode


def test_a_contract_comes_out_as_it_was_saved(keeper: Keeper) -> None:
    keeper.issue()
    step = keeper.request(price=30_001, order_id="order-1")
    saved = keeper.save(step)
    assert saved == keeper.kept()
    assert saved.certificate.status is CertificateStatus.ACTIVE
    assert saved.certificate.balance == balance(100_000, reserved=30_001)
    assert keeper.book.touched == ([guid(1)], ["c-1"])
    concluded = keeper.conclude()
    assert [keeper.life("c-1"), *keeper.lives()] == [concluded, concluded]
    found = keeper.book.store.look(lambda connection: keeper.book.registry.life_of_order(connection, "order-1"))
    assert found == concluded
    view = keeper.book.see_contracts("c-1")["c-1"]
    assert (view.life, view.contract.number, view.contract.order_id) == (concluded, "Д-c-1", "order-1")
    assert (view.contract.reserved, view.contract.programme_name) == (30_001, TERMS.programme_name)
    assert list(differences(keeper.kept().book)) == []
    assert keeper.book.unbalanced() == []


def test_every_kind_of_step_comes_out_as_it_was_saved(keeper: Keeper) -> None:
    """Charged for less, given back, changed, ended: nothing of a contract's life is lost on the way."""
    keeper.issue(accounts=((RUB_2026, 100_000), (RUB_2027, 100_000)))
    keeper.enrol(price=90_000, end=date(2027, 3, 31))
    life = keeper.conclude()
    due = date(2027, 1, 1)
    charged = charging.charge(life, date(2026, 9, 1), today=due, policy=keeper.policy, amount=5_000)
    empty = charging.charge(charged.contract, date(2026, 10, 1), today=due, policy=keeper.policy, amount=0)
    refunded = charging.refund(empty.contract, date(2026, 9, 1), 2_000)
    ended = steps.terminate(
        refunded.contract,
        initiator=Initiator.ORGANISATION,
        reason=RuleCode.REFUSED_BY_PROVIDER,
        today=date(2026, 11, 10),
        now=NOW,
        text="Кружок закрыт",
    )
    for step in (charged, empty, refunded, ended):
        kept = keeper.save(step)
        assert keeper.life("c-1") == step.contract
        assert keeper.kept() == kept
        assert keeper.book.unbalanced() == []
    assert {entry.account.year for entry in ended.entries} == {2026, 2027}


def test_a_change_of_terms_takes_months_away_and_brings_others(keeper: Keeper) -> None:
    keeper.issue()
    keeper.enrol(price=40_000, end=date(2026, 12, 31))
    life = keeper.life("c-1")
    shorter = keeper.request("x", price=10_000, end=date(2026, 10, 31)).contract.split
    changed = steps.change(life, split=shorter, end=date(2026, 10, 31), group_guid="another")
    keeper.save(changed)
    assert keeper.life("c-1") == changed.contract
    assert len(keeper.book.rows(tables.contract_month)) == 2
    assert keeper.book.unbalanced() == []


@pytest.mark.invariant(3)
def test_the_same_saved_again_changes_nothing(keeper: Keeper) -> None:
    keeper.issue()
    step = keeper.request()
    keeper.save(step)
    before = keeper.book.everything()
    keeper.save(step, terms=None)
    assert keeper.book.everything() == before
    assert keeper.book.touched == ([], [])


@pytest.mark.invariant(1, 10)
def test_what_was_decided_on_an_older_balance_is_refused(keeper: Keeper) -> None:
    keeper.issue()
    old = keeper.kept()
    keeper.enrol("c-1", price=60_000)
    before = keeper.book.everything()
    with pytest.raises(Refused) as refused:
        keeper.save(keeper.request("c-2", price=60_000, kept=old), kept=old)
    assert refused.value.rule is RuleCode.STALE_BALANCE
    assert keeper.book.everything() == before


def test_what_was_decided_on_an_older_status_is_refused(keeper: Keeper) -> None:
    old = keeper.issue()
    keeper.book.run(lambda unit: keeper.book.registry.save(unit, old, status=CertificateStatus.SUSPENDED))
    with pytest.raises(Refused):
        keeper.save(keeper.request(kept=old), kept=old)


@pytest.mark.invariant(2)
def test_entries_come_with_their_contract_or_not_at_all(keeper: Keeper) -> None:
    """The balance would say that something is held, and no contract would."""
    kept, step = keeper.issue(), keeper.request()
    other = keeper.request("c-2", price=10_000).contract
    before = keeper.book.everything()
    registry, terms = keeper.book.registry, {"c-1": TERMS, "c-2": TERMS}
    for contracts in ([], [other], [replace(step.contract, released=frozenset({date(2026, 9, 1)}))]):
        save = partial(registry.save, kept=kept, entries=step.entries, contracts=contracts, terms=terms)
        with pytest.raises(LedgerRefused) as refused:
            keeper.book.run(save)
        assert refused.value.rule is RuleCode.BAD_ENTRY
        assert keeper.book.everything() == before


def test_a_plan_that_does_not_add_up_is_not_stored(keeper: Keeper) -> None:
    kept, step = keeper.issue(), keeper.request()
    split = step.contract.split
    for broken in (replace(split, total=1), replace(split, months=())):
        with pytest.raises(RuleBroken) as refused:
            keeper.save(replace(step, contract=replace(step.contract, split=broken)), kept=kept)
        assert refused.value.rule in {RuleCode.SPLIT_BROKEN, RuleCode.BAD_ENTRY}
    assert keeper.book.rows(tables.contract) == []


def test_a_new_contract_needs_its_terms_and_its_own_certificate(keeper: Keeper) -> None:
    kept, step = keeper.issue(), keeper.request()
    with pytest.raises(ValueError, match="c-1 is new"):
        keeper.save(step, terms=None)
    with pytest.raises(ValueError, match="another certificate"):
        keeper.save(replace(step, contract=replace(step.contract, certificate_guid=guid(9))), kept=kept)
    assert keeper.book.rows(tables.contract) == []
    assert keeper.kept() == kept


def test_terms_of_a_known_contract_are_renewed(keeper: Keeper) -> None:
    keeper.issue()
    step = keeper.request()
    keeper.save(step)
    keeper.save(step, terms=replace(TERMS, programme_name="Роспись", study_year=2))
    view = keeper.book.see_contracts("c-1")["c-1"]
    assert (view.contract.programme_name, view.contract.study_year) == ("Роспись", 2)
    assert keeper.book.touched == ([guid(1)], ["c-1"])


def test_one_order_leads_to_one_contract(keeper: Keeper) -> None:
    keeper.issue()
    keeper.enrol("c-1", price=1_000, order_id="order-1")
    with pytest.raises(IntegrityError):
        keeper.enrol("c-2", price=1_000, order_id="order-1")
    assert [life.contract_id for life in keeper.lives()] == ["c-1"]


def test_a_year_is_opened_later(keeper: Keeper) -> None:
    keeper.issue()
    entries, old = opening((RUB_2027, 90_000)), keeper.kept()
    kept = keeper.book.run(lambda unit: keeper.book.registry.save(unit, old, entries=entries))
    assert kept == keeper.kept()
    assert kept.book.available(2027, Register.RUB) == 90_000
    assert keeper.book.see(guid(1))[guid(1)].balances == (balance(100_000), balance(90_000, year=2027))
