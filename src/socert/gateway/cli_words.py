"""What the operator's commands share: words for states, figures for people, and how a broken rule is told."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from socert.contracts.portal import values
from socert.contracts.portal.errors import ValueRefused
from socert.gateway.cli_parts import plain_errors
from socert.gateway.domain.policy import Register
from socert.gateway.domain.rules_errors import RuleBroken
from socert.gateway.domain.words import STATES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.gateway.app import Workshop
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.quote import Split
    from socert.gateway.ports.life import Kept

P = ParamSpec("P")
R = TypeVar("R")
UNITS = {Register.RUB: " руб.", Register.HOUR: " ч"}


class _Amount(click.ParamType[int]):
    """Roubles or hours with up to two decimals, as hundredths."""

    name = "amount"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else values.parse_hundredths(value.replace(",", "."))
        except ValueRefused as error:
            self.fail(str(error), param, ctx)


AMOUNT = _Amount()
DAY = click.DateTime(["%Y-%m-%d"])
MONTH = click.DateTime(["%Y-%m"])


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Tell a broken rule in its Russian sentence, other errors as everywhere."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RuleBroken as broken:
            raise click.ClickException(broken.people_text) from broken

    return plain_errors(run)


def kept_by(workshop: Workshop, number: str) -> Kept:
    """Return a certificate by its number."""
    found = workshop.units.run(lambda unit: workshop.registry.certificates_by_number(unit, [number]))
    guid = found[number].guid if number in found else None
    kept = None
    if guid is not None:
        kept = workshop.store.look(lambda connection: workshop.registry.kept(connection, guid))
    if kept is None:
        raise click.ClickException(f"Сертификата {number} в реестре нет.")
    return kept


def show(kept: Kept) -> None:
    """Print a certificate's status and balances."""
    shown = kept.certificate
    until = f" по {shown.valid_to:%d.%m.%Y}" if shown.valid_to else ""
    click.echo(f"Сертификат {shown.number} ({shown.guid}): {STATUSES[shown.status]}{until}, ОКТМО {shown.oktmo}")
    for key, account in sorted(kept.book.accounts.items(), key=lambda one: (one[0].year, one[0].register)):
        figures = (account.nominal, account.reserved, account.spent, account.available)
        nominal, reserved, spent, available = (figure(one, key.register) for one in figures)
        click.echo(
            f"  {key.year}, {key.register.value}: номинал {nominal}, в брони {reserved}, израсходовано {spent},"
            f" доступно {available}"
        )


def line(life: ContractLife) -> str:
    """Return a contract as one line."""
    days = f"{life.start:%d.%m.%Y}–{life.end:%d.%m.%Y}"
    held, spent = (figure(one, life.split.register) for one in (life.reserved, life.spent))
    return (
        f"{life.contract_id}  {STATES[life.state]}  № {life.number or '-'}  {days}  {in_words(life.split)},"
        f" в брони {held}, списано {spent}"
    )


def in_words(split: Split) -> str:
    """Return who pays what."""
    total, part, own = (figure(one, split.register) for one in (split.total, split.certificate_part, split.own_part))
    return f"всего {total}, по сертификату {part}, из личных средств {own}"


def figure(amount: int, register: Register) -> str:
    """Return an amount with its unit."""
    return str(amount) if register.counts else values.format_for_people(amount) + UNITS[register]
