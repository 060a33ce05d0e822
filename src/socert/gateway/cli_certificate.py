"""The operator's commands on certificates: `socert registry certificate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from socert.contracts.portal import values
from socert.contracts.portal.errors import ValueRefused
from socert.gateway.cli_parts import open_workshop
from socert.gateway.cli_words import DAY, kept_by, told
from socert.gateway.cli_words import show as show_kept
from socert.gateway.domain.certificate import CertificateStep, identity_of
from socert.gateway.domain.policy import Register
from socert.gateway.domain.records import Child, Gender, Person
from socert.gateway.domain.rules_errors import NeedsPerson
from socert.gateway.domain.words import STATUSES

if TYPE_CHECKING:
    from datetime import datetime

    from socert.gateway.life.issuing import Issued
    from socert.gateway.ports import UnitOfWork

_number = click.argument("number")


@click.group()
def certificate() -> None:
    """Certificates: show, issue, suspend, resume, annul, adjust the nominal."""


@certificate.command()
@_number
@told
def show(number: str) -> None:
    """Show a certificate's status and balances."""
    with open_workshop() as workshop:
        kept = kept_by(workshop, number)
    show_kept(kept)


@certificate.command()
@click.option("--last-name", required=True, help="Surname of the child.")
@click.option("--first-name", required=True, help="Given name of the child.")
@click.option("--middle-name", help="Patronymic of the child.")
@click.option("--born", type=DAY, required=True, help="Birth date, YYYY-MM-DD.")
@click.option("--gender", type=click.Choice([one.value for one in Gender]), required=True, help="Sex of the child.")
@click.option("--snils", help="SNILS of the child.")
@click.option("--birth-certificate", help='Birth certificate, "IV-АБ 123456".')
@click.option("--parent", nargs=2, required=True, metavar="SURNAME NAME", help="Surname and given name of the parent.")
@click.option("--parent-snils", help="SNILS of the parent.")
@click.option("--oktmo", required=True, help="OKTMO of the municipality that pays.")
@click.option("--start", type=DAY, help="First day of study, on which the age counts. Default: today.")
@click.option("--consent-form", help="Form of the paper consent that the organisation took.")
@told
def issue(parent: tuple[str, str], parent_snils: str | None, oktmo: str, start: datetime | None, **child: Any) -> None:
    """Find a child's certificate or issue it."""
    from socert.gateway.life.issuing import NewPerson

    form = child.pop("consent_form", None)
    person = NewPerson(
        child=_child(**child),
        applicant=Person(last_name=parent[0], first_name=parent[1], snils=_snils(parent_snils)),
        consent_form=form,
    )
    with open_workshop() as workshop:

        def work(unit: UnitOfWork) -> Issued | NeedsPerson:
            try:
                return workshop.issuing.find_or_issue(
                    unit,
                    identity_of(person.child),
                    person=person,
                    oktmo=oktmo,
                    start=start.date() if start else workshop.today(),
                    order_id=None,
                )
            except NeedsPerson as broken:
                return broken  # the case that was opened for it is to stay

        issued = workshop.units.run(work)
        if isinstance(issued, NeedsPerson):
            raise issued
        guid = issued.guid
        kept = workshop.store.look(lambda connection: workshop.registry.kept(connection, guid))
    click.echo("Выдан новый сертификат." if issued.fresh else "Сертификат выдан раньше.")
    if kept is not None:
        show_kept(kept)


def _step_command(step: CertificateStep, what: str) -> None:
    @certificate.command(step.value, help=what)
    @_number
    @told
    def run(number: str) -> None:
        with open_workshop() as workshop:
            guid = kept_by(workshop, number).certificate.guid
            kept = workshop.units.run(lambda unit: workshop.issuing.step(unit, guid, step))
        click.echo(f"Сертификат {number}: {STATUSES[kept.certificate.status]}")


_step_command(CertificateStep.SUSPEND, "Suspend a certificate: it takes no new contract until it is resumed.")
_step_command(CertificateStep.RESUME, "Resume a suspended certificate.")
_step_command(CertificateStep.ANNUL, "Annul a certificate for good.")


@certificate.command()
@_number
@click.option("--year", type=int, required=True, help="Calendar year of the account.")
@click.option("--register", type=click.Choice(list(Register)), required=True, help="What the account counts.")
@click.option("--nominal", required=True, help="Nominal it shall have: roubles or hours, or whole programmes.")
@told
def adjust(number: str, year: int, register: str, nominal: str) -> None:
    """Give an account of a certificate another nominal, or open it with one."""
    which = Register(register)
    try:
        amount = values.parse_count(nominal) if which.counts else values.parse_hundredths(nominal.replace(",", "."))
    except ValueRefused as error:
        raise click.BadParameter(str(error), param_hint="--nominal") from error
    with open_workshop() as workshop:
        guid = kept_by(workshop, number).certificate.guid
        kept = workshop.units.run(
            lambda unit: workshop.issuing.set_nominal(unit, guid, year=year, register=which, nominal=amount)
        )
    show_kept(kept)


def _child(
    *,
    last_name: str,
    first_name: str,
    middle_name: str | None,
    born: datetime,
    gender: str,
    snils: str | None,
    birth_certificate: str | None,
) -> Child:
    if snils is None and birth_certificate is None:
        raise click.UsageError("Give --snils or --birth-certificate.")
    try:
        document = None if birth_certificate is None else values.normal_birth_certificate(birth_certificate)
    except ValueRefused as error:
        raise click.BadParameter(str(error), param_hint="--birth-certificate") from error
    return Child(
        last_name=last_name,
        first_name=first_name,
        middle_name=middle_name,
        birth_date=born.date(),
        gender=Gender(gender),
        snils=_snils(snils),
        birth_certificate=document,
    )


def _snils(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return values.normal_snils(text)
    except ValueRefused as error:
        raise click.BadParameter(str(error), param_hint="SNILS") from error
