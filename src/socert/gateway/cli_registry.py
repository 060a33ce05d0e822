"""The operator's commands on the built-in registry: `socert registry`.

They print numbers, ids and figures, and no more of a child than the operator typed in. What a rule forbids is told in
the rule's own words, with exit code 1.
"""

from __future__ import annotations

import click

from socert.gateway.cli_certificate import certificate
from socert.gateway.cli_consent import consent
from socert.gateway.cli_contract import COMMANDS
from socert.gateway.cli_parts import open_workshop
from socert.gateway.cli_turn import turn
from socert.gateway.cli_words import told


@click.group()
def registry() -> None:
    """The built-in registry of certificates and contracts."""


registry.add_command(certificate)
registry.add_command(consent)
registry.add_command(turn)
for _command in COMMANDS:
    registry.add_command(_command)


@registry.command()
@told
def count() -> None:
    """Say how many certificates and contracts are kept."""
    with open_workshop() as workshop:
        certificates, contracts = workshop.units.run(workshop.registry.count)
    click.echo(f"Сертификатов: {certificates}, договоров: {contracts}")


@registry.command()
@told
def check() -> None:
    """Check that every balance is the sum of its ledger entries; exit code 1 and the numbers where one is not."""
    with open_workshop() as workshop:
        wrong = workshop.store.look(workshop.registry.unbalanced)
    for number in wrong:
        click.echo(f"Сертификат {number}: проводки не сходятся с остатком")
    if wrong:
        raise click.ClickException(f"Не сходится сертификатов: {len(wrong)}")
    click.echo("Все остатки сходятся с проводками.")


@registry.command()
@told
def day() -> None:
    """Do what is due today: charges, timers, ends, expiries, lowering, offers without answer, erasures.

    `socert serve` does it by itself when a day begins. Doing it again is no harm.
    """
    with open_workshop() as workshop:
        whole = workshop.daily.run()
    done = whole.day
    click.echo(
        f"Списано месяцев: {done.charged}, снято просроченных заявлений: {done.lapsed},"
        f" завершено договоров: {done.finished}, истекло сертификатов: {done.expired},"
        f" снижено номиналов: {done.lowered}, предложений без ответа: {whole.offers.count},"
        f" предложений из вернувшегося объёма: {whole.offered},"
        f" актов об уничтожении данных: {whole.acts}"
    )
    if done.stopped:
        click.echo(f"Не списывается из-за состояния сертификата договоров: {done.stopped}")
    if done.failed:
        raise click.ClickException(f"Не выполнено: {done.failed}; см. socert registry cases list и журнал")


@registry.group()
def cases() -> None:
    """What only a person may decide."""


@cases.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@told
def list_(everything: bool) -> None:
    """List the cases, oldest first."""
    from socert.gateway.store.tables_life import CaseState

    state = None if everything else CaseState.OPEN
    with open_workshop() as workshop:
        zone = workshop.settings.zone
        for case in workshop.store.look(lambda connection: workshop.cases.listed(connection, state=state)):
            about = case.contract_id or case.certificate_guid or case.order_id or ""
            click.echo(
                f"{case.id}  {case.opened_at.astimezone(zone):%d.%m.%Y}  {case.kind.value}  {about}"
                f"  {case.rule or ''}  {case.decision or ''}".rstrip()
            )


@cases.command()
@click.argument("case_id", type=int, metavar="CASE")
@click.argument("decision")
@told
def close(case_id: int, decision: str) -> None:
    """Close a case with what was decided."""
    with open_workshop() as workshop:
        workshop.units.run(lambda unit: workshop.cases.close(unit, case_id, decision=decision))
    click.echo(f"Случай {case_id} закрыт.")
