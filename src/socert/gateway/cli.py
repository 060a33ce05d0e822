"""The gateway's commands: import, serve, db, registry, messages."""

from __future__ import annotations

import asyncio
import shutil
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socert.gateway.cli_parts import open_by, open_workshop, plain_errors, settings_of
from socert.gateway.cli_registry import registry as registry
from socert.gateway.errors import GatewayError
from socert.host import log

if TYPE_CHECKING:
    from socert.gateway.config import Settings
    from socert.gateway.exchange.shown_files import Shown


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write refused rows to this CSV file.")
@click.option("--profile", help="Name of a shipped mapping (pfdo, navigator) or path of a mapping file (TOML).")
@plain_errors
def import_(path: Path, report: Path | None, profile: str | None) -> None:
    """Take a region's export (a folder of CSV files or an XLSX workbook) into the registry.

    Every good row is kept, every wrong one refused with its reason. Exit code 0 also when rows were refused.
    """
    settings = settings_of()
    from socert.gateway import intake
    from socert.gateway.app import take_export

    with open_by(settings) as workshop, intake.terminal_progress() as progress:
        summary = take_export(workshop, path, profile=profile, report=report, progress=progress)
    click.echo(intake.render_summary(summary))


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@plain_errors
def serve(host: str | None, port: int | None) -> None:
    """Run the gateway: deliver what changed, answer what the portal asks. Ctrl-C stops it."""
    settings = settings_of(host=host, port=port)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from aiohttp import web

    from socert.gateway.api.web import make_app
    from socert.gateway.app import Gateway

    logger = log.get_logger("serve")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with open_by(settings) as workshop:
        async with Gateway(workshop) as gateway:
            runner = web.AppRunner(make_app(gateway), access_log=None)
            await runner.setup()
            try:
                site = web.TCPSite(runner, settings.host, settings.port)
                try:
                    await site.start()
                except OSError as error:
                    raise GatewayError(
                        f"The gateway cannot listen on {settings.host}:{settings.port} ({error.strerror}):"
                        " choose another SOCERT_PORT."
                    ) from error
                address = runner.addresses[0]
                logger.info(
                    "gateway serves", address=f"http://{address[0]}:{address[1]}", exchange=settings.exchange_url
                )
                waits = [asyncio.create_task(stop.wait()), asyncio.create_task(gateway.wait_failed())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
            finally:
                await runner.cleanup()
            if gateway.failed is not None:
                raise GatewayError("The gateway stopped because one of its loops broke; the log says which and why.")
    logger.info("gateway stopped")


@click.group()
def db() -> None:
    """The gateway's database."""


@db.command()
@plain_errors
def upgrade() -> None:
    """Bring the database's tables up to date; `serve` and `import` do it by themselves."""
    with open_workshop():
        click.echo("Таблицы базы данных в порядке.")


@click.group()
def messages() -> None:
    """Messages to the portal: where they stand, and what to do about those that failed."""


@messages.command("status")
@plain_errors
def status_() -> None:
    """Count changes, messages and received messages by state, and what is held by reason."""
    from socert.gateway.app import held, standing

    with open_workshop() as workshop:
        counts, reasons = workshop.store.look(standing), workshop.store.look(held)
    for name, states in counts.items():
        click.echo(f"{name}: " + (", ".join(f"{state} {number}" for state, number in sorted(states.items())) or "-"))
    for reason, number in reasons.items():
        click.echo(f"Задержано {number}: {reason}")


@messages.command("list")
@click.option("--state", help="Only messages in this state: queued, accepted, done, rejected, dead, renewed.")
@plain_errors
def list_(state: str | None) -> None:
    """List the latest messages, newest first."""
    from socert.gateway.api.web import list_messages

    with open_workshop() as workshop:
        for row in workshop.store.look(lambda connection: list_messages(connection, state)):
            click.echo(
                f"{row['message_id']}  {row['created_at']}  {row['message_type']}  {row['state']}"
                f"  попыток {row['attempts']}  {row['outcome'] or ''}".rstrip()
            )


@messages.command()
@click.argument("message_id", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All dead messages.")
@plain_errors
def replay(message_id: tuple[str, ...], everything: bool) -> None:
    """Let dead messages go again: the same bytes, or the same content anew where the exchange had taken them."""
    if bool(message_id) == everything:
        raise click.UsageError("Give message ids, or --all.")
    from socert.gateway.exchange import outcome

    with open_workshop() as workshop:
        chosen = None if everything else message_id
        now = workshop.clock()
        done = workshop.store.run(lambda connection: outcome.replay(connection, chosen, now))
    click.echo(f"Поставлено в очередь: {done}")


@messages.command()
@click.option("--state", help="Only messages in this state: received, handled, failed.")
@plain_errors
def received(state: str | None) -> None:
    """List the latest messages that came in, newest first, and why some could not be handled."""
    from socert.gateway.api.web import list_received

    with open_workshop() as workshop:
        for row in workshop.store.look(lambda connection: list_received(connection, state)):
            click.echo(
                f"{row['message_id']}  {row['received_at']}  {row['message_type'] or row['operation']}  {row['state']}"
                f"  {row['error'] or ''}".rstrip()
            )


@messages.command()
@click.argument("message_id", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that nobody could handle.")
@plain_errors
def handle(message_id: tuple[str, ...], everything: bool) -> None:
    """Let messages that came in and could not be handled be handled again, once what stood in the way is mended."""
    if bool(message_id) == everything:
        raise click.UsageError("Give message ids, or --all.")
    from socert.gateway.exchange import inbox

    with open_workshop() as workshop:
        chosen = None if everything else message_id
        done = workshop.store.run(lambda connection: inbox.again(connection, chosen))
    click.echo(f"Поставлено в обработку: {done}")


@messages.command("files")
@click.argument("message_id")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="Copy the files into this folder.")
@plain_errors
def files_(message_id: str, to: Path | None) -> None:
    """List the files that came with a message, and copy them."""
    from socert.gateway.exchange import shown_files

    with open_workshop() as workshop:
        look, folder = workshop.store.look, workshop.settings.files
        listed = look(lambda connection: shown_files.listed(connection, message_id=message_id, limit=1000))
        for number, one in enumerate(listed, 1):
            size = "" if one.size is None else f"  {one.size} байт"
            click.echo(f"{number}  {one.state}  {one.mime_type}{size}  {one.name}  {one.error}".rstrip())
            if to is not None and one.here:
                _copy(look(partial(shown_files.content, folder=folder, file_id=one.file_id)), to, number)
    if not listed:
        click.echo("У этого сообщения файлов нет.")


def _copy(found: tuple[Shown, bytes | Path] | None, to: Path, number: int) -> None:
    """Copy a file under its number and what is harmless of its name: a stranger gave it."""
    if found is None:
        return
    shown, content = found
    name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in shown.name)[-100:].lstrip(".")
    to.mkdir(parents=True, exist_ok=True)
    place = to / f"{number}-{name}"
    if isinstance(content, bytes):
        place.write_bytes(content)
    else:
        shutil.copyfile(content, place)
