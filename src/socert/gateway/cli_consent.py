"""Commands about consents, as the people of organisation or region use them: `socert registry consent`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from socert.gateway.cli_parts import open_workshop, plain_errors
from socert.gateway.domain.consent import Channel, Consent, state_of
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.rules_errors import RuleBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.gateway.app import Workshop
    from socert.gateway.domain.records import Certificate
    from socert.gateway.life.erasure import Act
    from socert.gateway.ports import UnitOfWork

R = TypeVar("R")
FORMS = {
    FormCode.PD_PROCESSING: "обработка персональных данных",
    FormCode.SOCIAL_CERT_APPLICATION: "заявление на социальный сертификат",
    FormCode.SPLIT_PAYMENT: "оплата части стоимости",
    FormCode.PFDO_LEGACY: "прежняя форма ПФДО",
}
STATES = {"GIVEN": "действует", "WITHDRAWN": "отозвано", "NEW_VERSION_NEEDED": "нужна новая версия"}
TABLES = {
    "answer": "ответы по заявлениям",
    "change": "изменения для личного кабинета",
    "inbox": "полученные сообщения",
    "order_text": "переписка по заявлениям",
    "outbox": "отправленные сообщения",
    "projection": "объекты личного кабинета",
    "registry": "записи реестра",
}
_form = click.Choice([form.value for form in FormCode])


@click.group()
def consent() -> None:
    """Consents to process personal data: list, give, withdraw, erase what a withdrawal orders to be erased."""


@consent.command("list")
@click.argument("number")
@plain_errors
def list_(number: str) -> None:
    """List the consents of a certificate, by its number."""
    with open_workshop() as workshop:
        certificate = _find(workshop, number)
        found = workshop.store.look(lambda connection: workshop.consents.of(connection, certificate))
        policy = workshop.consents.policy_of(certificate)
    for one in found:
        click.echo(
            f"{FORMS[one.form]}, версия {one.version}: {STATES[state_of(one, policy).value]},"
            f" дано {one.given_at:%d.%m.%Y}" + (f", отозвано {one.withdrawn_at:%d.%m.%Y}" if one.withdrawn_at else "")
        )
    if not found:
        click.echo("Согласий нет.")


@consent.command()
@click.argument("number")
@click.option("--form", "forms", type=_form, multiple=True, required=True, help="Form; may be given several times.")
@click.option("--version", required=True, help="Version of the form's text that was signed.")
@plain_errors
def give(number: str, forms: tuple[str, ...], version: str) -> None:
    """Write down consents that were signed at the organisation."""
    with open_workshop() as workshop:
        certificate, now = _find(workshop, number), workshop.clock()
        given = [
            Consent(consent_id="", form=FormCode(form), version=version, given_at=now, channel=Channel.ORGANISATION)
            for form in forms
        ]
        _do(workshop, lambda unit: workshop.consents.give(unit, certificate, given))
        whole = workshop.store.look(lambda connection: workshop.consents.may_leave(connection, certificate))
    click.echo("Согласие записано." + ("" if whole else " Для передачи сведений порталу нужны ещё согласия."))


@consent.command()
@click.argument("number")
@click.option("--form", type=_form, help="Form; all forms when it is not given.")
@plain_errors
def withdraw(number: str, form: str | None) -> None:
    """Withdraw consents of a certificate: what waits to be sent stops, the account is closed, no contract is ended."""
    with open_workshop() as workshop:
        certificate = _find(workshop, number)
        chosen = FormCode(form) if form else None
        ordered = _do(
            workshop,
            lambda unit: workshop.consents.withdraw(unit, certificate, form=chosen, channel=Channel.ORGANISATION),
        )
    if not ordered:
        click.echo("Ничего не изменилось: согласие отозвано раньше или остаются другие действующие.")
    for duty in ordered:
        if duty.kind.value == "erase":
            click.echo(f"Согласие отозвано. Персональные данные будут удалены до {duty.by:%d.%m.%Y}.")


@consent.command()
@click.argument("number", required=False)
@plain_errors
def erase(number: str | None) -> None:
    """Erase what is due today, or at once what is kept of one certificate whose consent is withdrawn."""
    with open_workshop() as workshop:
        today = workshop.today()
        if number is None:
            made = workshop.erasure.run(workshop.units, today)
        else:
            certificate = _find(workshop, number)
            if workshop.store.look(lambda connection: workshop.consents.may_leave(connection, certificate)):
                raise click.ClickException("Согласие действует: удалять персональные данные нет оснований.")
            made = workshop.erasure.now(workshop.units, certificate.guid, today)
    click.echo(f"Составлено актов: {made}")


@consent.command()
@click.argument("number", type=int)
@plain_errors
def act(number: int) -> None:
    """Print the act of an erasure by its number."""
    with open_workshop() as workshop:
        found = workshop.store.look(lambda connection: workshop.erasure.act(connection, number))
        zone = workshop.settings.zone
    if found is None:
        raise click.ClickException(f"Акта № {number} нет.")
    click.echo(render_act(found, found.at.astimezone(zone).strftime("%d.%m.%Y %H:%M")))


def render_act(act: Act, at: str) -> str:
    """Return an act as a text for people: what was erased, when, how much of it, and how it can be proven."""
    scope = "в журналах сообщений и в реестре" if act.whole else "в журналах сообщений (реестр хранит договор)"
    lines = [
        f"АКТ № {act.number} об уничтожении персональных данных",
        "",
        f"Сертификат (идентификатор): {act.certificate_guid}",
        f"Дата и время: {at}",
        "Основание: отзыв согласия на обработку персональных данных (152-ФЗ, статья 21)",
        f"Уничтожены персональные данные {scope}:",
        *(f"  {TABLES.get(name, name)}: {number}" for name, number in sorted(act.counts.items())),
        f"Контрольная сумма уничтоженного (SHA-256): {act.digest}",
    ]
    return "\n".join(lines)


def _find(workshop: Workshop, number: str) -> Certificate:
    known = workshop.units.run(lambda unit: workshop.registry.certificates_by_number(unit, [number]))
    if number not in known:
        raise click.ClickException(f"Сертификата {number} в реестре нет.")
    guid = known[number].guid
    return workshop.store.look(lambda connection: workshop.registry.certificates(connection, [guid]))[guid].certificate


def _do(workshop: Workshop, work: Callable[[UnitOfWork], R]) -> R:
    try:
        return workshop.units.run(work)
    except RuleBroken as broken:
        raise click.ClickException(broken.people_text) from broken
