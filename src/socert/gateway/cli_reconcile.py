"""The command `reconcile`: registry, projection and portal compared, and set right where that is wanted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from socert.gateway.cli_parts import open_workshop, plain_errors
from socert.gateway.errors import GatewayError

if TYPE_CHECKING:
    from socert.gateway.app import Workshop
    from socert.gateway.reconcile.snapshots import Snapshot

LOOK_SECONDS = 0.5


@click.command()
@click.option("--repair", is_flag=True, help="Tell the portal again what differs.")
@click.option("--registry-only", is_flag=True, help="Compare registry and projection; do not ask the portal.")
@click.option(
    "--wait", default=300, show_default=True, help="Seconds to wait for the portal; `socert serve` must be running."
)
@plain_errors
def reconcile(*, repair: bool, registry_only: bool, wait: int) -> None:
    """Compare registry, projection and portal by digests and list what differs; exit code 1 when anything does.

    Balances are also compared with their ledger entries. With --repair what differs is told to the portal again.
    """
    from socert.gateway.reconcile import snapshots
    from socert.gateway.reconcile.comparing import WORDS, What
    from socert.gateway.reconcile.reconciler import compare_registry

    with open_workshop() as workshop:
        now, key = workshop.clock(), str(uuid4())
        wrong = workshop.store.look(workshop.registry.unbalanced)
        for number in wrong:
            click.echo(f"Сертификат {number}: проводки не сходятся с остатком")
        if not registry_only:
            key = workshop.store.run(lambda connection: snapshots.begin(connection, key, repair=repair, now=now))
        compare_registry(
            store=workshop.store,
            registry=workshop.registry,
            projector=workshop.projector,
            repairs=repair,
            snapshot_id=key,
            now=now,
        )
        if not registry_only:
            ended = _await(workshop, key, wait)
            click.echo(f"Сверено с порталом объектов: {ended.compared}")
        listed = workshop.store.look(lambda connection: snapshots.listed(connection, key))
    for object_id, what, repaired in listed:
        click.echo(f"{object_id}: {WORDS[What(what)]}{' (исправляется)' if repaired else ''}")
    left = [one for one in listed if not one[2]]
    if wrong or left:
        raise click.ClickException(f"Расхождений: {len(wrong) + len(left)}. Исправить: socert reconcile --repair")
    click.echo("Расхождений нет." if not listed else "Все расхождения переданы порталу заново.")


def _await(workshop: Workshop, key: str, seconds: int) -> Snapshot:
    """Wait until the running gateway has brought the comparison to its end."""
    from socert.gateway.reconcile import snapshots
    from socert.gateway.store.tables_life import SnapshotState

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = workshop.store.look(lambda connection: snapshots.latest(connection, key))
        assert found is not None
        if found.state is SnapshotState.FAILED:
            raise GatewayError(f"The portal could not be compared: {found.error}.")
        if found.state is SnapshotState.DONE:
            return found
        time.sleep(LOOK_SECONDS)
    raise GatewayError(
        f"The portal did not answer within {seconds} seconds; the comparison goes on. Is `socert serve` running?"
    )
