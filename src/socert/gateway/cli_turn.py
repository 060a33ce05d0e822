"""The operator's commands for the turn of the year: `socert registry turn`.

`preview` changes nothing; `offers` and `run` may be stopped and started again at any time. Progress goes to the error
output, the result to the other.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from socert.gateway.cli_parts import open_workshop
from socert.gateway.cli_words import figure, told
from socert.gateway.domain.turn import TurnOutcome

if TYPE_CHECKING:
    from collections import Counter

    from socert.gateway.app import Workshop
    from socert.gateway.domain.policy import Policy, Register
    from socert.gateway.life.turn import Run
    from socert.gateway.life.turn_one import Tally
    from socert.gateway.life.turn_plan import Made, Volumes

SHOWN = 20
"""Failures that are listed; the rest is counted."""
_EVERY = 10_000
"""Where nobody watches, progress is told once for so many."""
YEAR = click.option(
    "--year", type=click.IntRange(2000, 2100), required=True, help="The year that begins, such as 2027."
)
MUNICIPALITY = click.option("--municipality", "oktmo", metavar="OKTMO", help="Only this municipality.")


@click.group()
def turn() -> None:
    """The turn of the year: offers to continuing pupils in the window, and 1 January for all certificates."""


@turn.command()
@YEAR
@MUNICIPALITY
@told
def preview(year: int, oktmo: str | None) -> None:
    """Say what offers and 1 January would come to by what is known now. Changes nothing."""
    with open_workshop() as shop:
        counter = _Counter("просмотрено сертификатов")
        places = [shop.offering.preview(year=year, oktmo=one) for one in _places(shop, oktmo)]
        tally = shop.turn.preview(year=year, oktmo=oktmo, progress=lambda done: counter.show(done.certificates))
        counter.end()
        click.echo(f"Смена года на {year}: расчёт на {shop.today():%d.%m.%Y}, ничего не изменено.")
        for found in places:
            _show_volumes(found, year, shop.settings.policy_of(found.oktmo))
    _show_tally(tally)


@turn.command()
@YEAR
@MUNICIPALITY
@told
def offers(year: int, oktmo: str | None) -> None:
    """Make the offers of a year, first to those who stand first; again, to those who waited for what came back."""
    with open_workshop() as shop:
        counter = _Counter("сделано предложений")
        made = shop.offering.make(year=year, oktmo=oktmo, progress=lambda done: counter.show(done.offers))
        counter.end()
    _show_made(made)


@turn.command()
@YEAR
@told
def run(year: int) -> None:
    """Turn every certificate to a year: close the old one, open the new. Exit code 1 when some were refused."""
    with open_workshop() as shop:
        counter = _Counter("обработано сертификатов")
        done = shop.turn.run(year=year, progress=lambda now: counter.show(now.tally.certificates))
        counter.end()
    _show_run(done)
    if done.tally.failed:
        raise click.ClickException(
            f"Не прошло сертификатов: {done.tally.failed}. Список: socert registry turn status --year {year}"
        )


@turn.command()
@YEAR
@told
def status(year: int) -> None:
    """Say how far 1 January of a year has come, and what could not be turned."""
    with open_workshop() as shop:
        found = shop.store.look(lambda connection: shop.turn.status(connection, year=year))
        failures = shop.store.look(lambda connection: shop.turn.failed(connection, year=year))
    if found is None:
        click.echo(f"Переход на {year} год ещё не начинался.")
        return
    _show_run(found)
    for failure in failures[:SHOWN]:
        click.echo(f"  Сертификат {failure.certificate_guid}: {failure.text}")
    if len(failures) > SHOWN:
        click.echo(f"  … и ещё {len(failures) - SHOWN}")


class _Counter:
    """Says how far a command is: a line that counts where somebody watches, else a line now and then."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._watched = sys.stderr.isatty()
        self._next = _EVERY

    def show(self, count: int) -> None:
        if self._watched:
            click.echo(f"\r{self._what}: {count}", err=True, nl=False)
        elif count >= self._next:
            click.echo(f"{self._what}: {count}", err=True)
            self._next = count + _EVERY

    def end(self) -> None:
        if self._watched:
            click.echo(err=True)


def _places(shop: Workshop, oktmo: str | None) -> list[str]:
    return list(shop.offering.oktmos()) if oktmo is None else [oktmo]


def _show_volumes(found: Volumes, year: int, policy: Policy) -> None:
    opens, closes = policy.renewal.window(year)
    now = "" if found.open else ", сейчас закрыто"
    outcomes = found.outcomes
    click.echo(
        f"ОКТМО {found.oktmo}: предложений {outcomes[TurnOutcome.OFFER]}, ждут {outcomes[TurnOutcome.WAIT]},"
        f" уже предложено {outcomes[TurnOutcome.KNOWN]}, без права {outcomes[TurnOutcome.NO_RIGHT]}"
        f" (окно {opens:%d.%m.%Y}–{closes:%d.%m.%Y}{now})"
    )
    for register in sorted({*found.offered, *found.waiting}):
        limit = policy.renewal.limits.get(register)
        pool = found.pools.get(register)
        free = None if pool is None else pool.free
        click.echo(
            f"  {register.value}: предлагается {figure(found.offered[register], register)},"
            f" ждут {figure(found.waiting[register], register)},"
            f" лимит {'не задан' if limit is None else figure(limit, register)}"
            + ("" if free is None else f", останется {figure(free, register)}")
        )


def _show_made(made: Made) -> None:
    click.echo(
        f"Муниципалитетов: {made.municipalities}, из них вне окна: {made.closed}. Новых предложений: {made.offers},"
        f" было раньше: {made.known}, ждут: {made.waiting}, без права: {made.no_right}"
    )


def _show_run(found: Run) -> None:
    until = "идёт" if found.finished_at is None else f"закончен {found.finished_at:%d.%m.%Y %H:%M} UTC"
    click.echo(f"Переход на {found.year} год, проход {found.number}: {until}.")
    _show_tally(found.tally)


def _show_tally(tally: Tally) -> None:
    click.echo(
        f"Сертификатов: {tally.certificates}, с изменениями: {tally.changed}, истекло по возрасту: {tally.ended},"
        f" не хватило объёма: {tally.short}, не прошло: {tally.failed}"
    )
    click.echo(f"  Договоров с изменениями: {tally.contracts}")
    for words, sums in (
        ("Сгорает остаток", tally.expired),
        ("Переносится", tally.carried),
        ("Начисляется на новый год", tally.opened),
    ):
        _show_sums(words, sums)


def _show_sums(words: str, sums: Counter[Register]) -> None:
    if sums:
        click.echo(f"  {words}: " + ", ".join(figure(sums[one], one) + f" ({one.value})" for one in sorted(sums)))
