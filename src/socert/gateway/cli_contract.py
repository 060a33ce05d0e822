"""The operator's commands on applications and contracts, as the provider or the payer uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from socert.gateway.cli_parts import open_workshop
from socert.gateway.cli_words import AMOUNT, DAY, MONTH, in_words, kept_by, line, told
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.quote import Agreed
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import RuleCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from socert.gateway.app import Workshop
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.ports import UnitOfWork

PAGE = 500
_contract = click.argument("contract_id", metavar="CONTRACT")
_text = click.option("--text", help="What the parent reads about it, in Russian.")


@click.command()
@told
def applications() -> None:
    """List contracts that wait for the provider or for signatures."""
    waits = {ContractState.REQUESTED, ContractState.ACCEPTED}
    with open_workshop() as workshop:
        for life in _live(workshop):
            if life.state in waits:
                click.echo(line(life))


@click.command()
@click.argument("number")
@told
def contracts(number: str) -> None:
    """List all contracts of a certificate, by its number."""
    with open_workshop() as workshop:
        guid = kept_by(workshop, number).certificate.guid
        for life in workshop.store.look(lambda connection: workshop.registry.lives(connection, guid)):
            click.echo(line(life))


@click.command()
@_contract
@told
def accept(contract_id: str) -> None:
    """Accept an application as the provider: the contract waits to be signed."""
    _contract_step(lambda workshop, unit: workshop.contracts.accept(unit, contract_id))


@click.command()
@_contract
@click.option("--by-operator", is_flag=True, help="The operator refuses, not the provider.")
@_text
@told
def refuse(contract_id: str, by_operator: bool, text: str | None) -> None:
    """Refuse an application: everything that was reserved is free again."""
    who, why = _side(by_operator=by_operator)
    _contract_step(
        lambda workshop, unit: workshop.contracts.refuse(unit, contract_id, initiator=who, reason=why, text=text)
    )


@click.command()
@_contract
@click.option("--number", required=True, help="Number of the contract on paper.")
@click.option("--day", type=DAY, help="Day of its conclusion. Default: today.")
@told
def conclude(contract_id: str, number: str, day: datetime | None) -> None:
    """Write down that both sides signed: the contract is active."""
    on = day.date() if day else None
    _contract_step(lambda workshop, unit: workshop.contracts.conclude(unit, contract_id, number=number, day=on))


@click.command()
@_contract
@click.option("--month", type=MONTH, required=True, help="Month, YYYY-MM.")
@click.option("--amount", type=AMOUNT, help="What the month came to. Default: its plan.")
@told
def charge(contract_id: str, month: datetime, amount: int | None) -> None:
    """Charge a month of a contract that is due."""
    _contract_step(
        lambda workshop, unit: workshop.contracts.charge(unit, contract_id, month=month.date(), amount=amount)
    )


@click.command()
@_contract
@click.option("--month", type=MONTH, required=True, help="Month, YYYY-MM.")
@click.option("--amount", type=AMOUNT, required=True, help="What goes back to the certificate.")
@told
def refund(contract_id: str, month: datetime, amount: int) -> None:
    """Give back what a month was charged too much; each call is a correction of its own."""
    _contract_step(
        lambda workshop, unit: workshop.contracts.refund(unit, contract_id, month=month.date(), amount=amount)
    )


@click.command()
@_contract
@click.option("--end", type=DAY, help="Another last day, YYYY-MM-DD.")
@click.option("--group", "group_guid", help="Another group, by its GUID.")
@click.option("--agreed", type=int, metavar="VERSION", help="The parent agreed to what was shown at this version.")
@click.option("--own-part", is_flag=True, help="The parent agreed to pay the own part.")
@told
def change(contract_id: str, end: datetime | None, group_guid: str | None, agreed: int | None, own_part: bool) -> None:
    """Show what other terms of a contract come to; with --agreed, put them in force."""
    last = end.date() if end else None
    with open_workshop() as workshop:
        fresh = workshop.store.look(
            lambda connection: workshop.contracts.requote(connection, contract_id, end=last, group_guid=group_guid)
        )
        if agreed is None:
            click.echo(f"Расчёт по остатку версии {fresh.balance_version}: {in_words(fresh.split)}")
            click.echo(f"Ничего не изменено. Если родитель согласен, добавьте --agreed {fresh.balance_version}")
            return
        yes = Agreed(split=fresh.split, balance_version=agreed, own_part_accepted=own_part)
        life = workshop.units.run(
            lambda unit: workshop.contracts.change(unit, contract_id, agreed=yes, end=last, group_guid=group_guid)
        )
    click.echo(line(life))


@click.command()
@_contract
@click.option("--by-parent", is_flag=True, help="At the parent's wish, not the organisation's.")
@click.option("--by-operator", is_flag=True, help="The operator ends it.")
@_text
@told
def terminate(contract_id: str, by_parent: bool, by_operator: bool, text: str | None) -> None:
    """End an active contract early: the months that were not used yet are free again."""
    if by_parent:
        _contract_step(lambda workshop, unit: workshop.contracts.cancel(unit, contract_id, text=text))
        return
    who, why = _side(by_operator=by_operator)
    _contract_step(
        lambda workshop, unit: workshop.contracts.terminate(unit, contract_id, initiator=who, reason=why, text=text)
    )


def _contract_step(step: Callable[[Workshop, UnitOfWork], ContractLife]) -> None:
    with open_workshop() as workshop:
        life = workshop.units.run(lambda unit: step(workshop, unit))
    click.echo(line(life))


def _side(*, by_operator: bool) -> tuple[Initiator, RuleCode]:
    if by_operator:
        return Initiator.OPERATOR, RuleCode.REFUSED_BY_OPERATOR
    return Initiator.ORGANISATION, RuleCode.REFUSED_BY_PROVIDER


def _live(workshop: Workshop) -> Iterator[ContractLife]:
    after = ""
    while True:
        page = workshop.store.look(
            lambda connection, after=after: workshop.registry.live_contracts(connection, after=after, limit=PAGE)  # type: ignore[misc]  # the loop's own cursor
        )
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].contract_id


COMMANDS = (applications, contracts, accept, refuse, conclude, charge, refund, change, terminate)
"""What `socert registry` has of them."""
