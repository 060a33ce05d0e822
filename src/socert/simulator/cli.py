"""`socert simulate`: the portal in a box on one port."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

import click

from socert.contracts.smev.version import Version
from socert.host.errors import HostError
from socert.host.log import configure
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.errors import SimulatorError
from socert.simulator.portal.local_time import MOSCOW
from socert.simulator.settings import Settings
from socert.simulator.smev.attachments import FTP_LIMIT, FTP_QUOTA

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("socert-data/keys"),
    show_default=True,
    help="Folder of keys; test keys of the exchange and the portal are made there, region.crt is read from it.",
)
@click.option("--people", type=_FILE, help="JSON file of parents and children.")
@click.option("--catalogue", type=_FILE, help="JSON file of programmes and municipalities.")
@click.option("--state", default=":memory:", show_default=True, help="SQLite file that keeps the state over restarts.")
@click.option("--participants", type=_FILE, help="TOML file of participants instead of the built-in ones.")
@click.option(
    "--message-age",
    type=click.FloatRange(min=0.01),
    default=24.0,
    show_default=True,
    help="Hours that a MessageID may be old: the manual says 24, the exchange's own schema 48.",
)
@click.option(
    "--ack-timeout",
    type=click.FloatRange(min=0.01),
    default=15.0,
    show_default=True,
    help="Minutes until a message that nobody acknowledged returns to its queue.",
)
@click.option(
    "--push-interval",
    type=click.FloatRange(min=0.01),
    default=5.0,
    show_default=True,
    help="Minutes between push notifications to those who have a service for them.",
)
@click.option(
    "--clock",
    type=click.Choice(list(ClockMode)),
    default=ClockMode.REAL,
    show_default=True,
    help="manual: it stands still until a control call moves it.",
)
@click.option("--zone", default=MOSCOW, show_default=True, help="Time zone of the times on pages.")
@click.option(
    "--query-deadline", type=click.FloatRange(min=0.1), default=20.0, show_default=True, help="Seconds a page waits."
)
@click.option(
    "--balance-includes-booked/--balance-without-booked",
    default=True,
    show_default=True,
    help="How the balance in an answer to the portal's query is read.",
)
@click.option(
    "--query-unit",
    type=click.Choice(["rub", "hour"]),
    default="rub",
    show_default=True,
    help="Unit of a certificate that only a query told of.",
)
@click.option(
    "--region-url",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="Where the region answers what a group costs.",
)
@click.option(
    "--region-token", default="", envvar="SOCERT_REGION_TOKEN", help="Bearer token for that; none unless told."
)
@click.option("--consent-version", default="2026-01", show_default=True, help="Version of the forms of consent shown.")
@click.option(
    "--signatures",
    type=click.Choice(["on", "off"]),
    default="on",
    show_default=True,
    help="off: signatures of calls are not verified, replies have none; a call is its certificate's owner's.",
)
@click.option("--unsigned", default="", metavar="MNEMONIC", help="Who sends calls without a certificate, if off.")
@click.option("--ftp-port", default=0, show_default="any free one", help="Port of the exchange's file store, by FTP.")
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the file store; beside --state or temporary unless told.",
)
@click.option("--ftp-limit", default=FTP_LIMIT, show_default=True, help="Most bytes in the files of one message.")
@click.option("--ftp-quota", default=FTP_QUOTA, show_default=True, help="Most bytes that may wait for one recipient.")
@click.option("--exchange-only", is_flag=True, help="The portal takes no messages: another program plays it.")
def simulate(
    port: int,
    host: str,
    keys: Path,
    people: Path | None,
    catalogue: Path | None,
    state: str,
    participants: Path | None,
    message_age: float,
    ack_timeout: float,
    push_interval: float,
    clock: ClockMode,
    zone: str,
    query_deadline: float,
    balance_includes_booked: bool,
    query_unit: str,
    region_url: str,
    region_token: str,
    consent_version: str,
    signatures: str,
    unsigned: str,
    ftp_port: int,
    files: Path | None,
    ftp_limit: int,
    ftp_quota: int,
    exchange_only: bool,
) -> None:
    """Run the portal in a box: exchange, portal accounts, parent's pages, control."""
    configure()
    settings = Settings(
        host=host,
        port=port,
        keys=keys,
        people=people,
        catalogue=catalogue,
        state=state,
        participants=participants,
        message_age=timedelta(hours=message_age),
        ack_timeout=timedelta(minutes=ack_timeout),
        push_interval=timedelta(minutes=push_interval),
        clock=ClockMode(clock),
        zone=zone,
        query_deadline=timedelta(seconds=query_deadline),
        balance_includes_booked=balance_includes_booked,
        query_unit=query_unit,
        region_url=region_url,
        region_token=region_token,
        consent_version=consent_version,
        signatures=signatures == "on",
        unsigned=unsigned,
        ftp_port=ftp_port,
        files=files,
        ftp_limit=ftp_limit,
        ftp_quota=ftp_quota,
        exchange_only=exchange_only,
    )
    try:
        asyncio.run(_run(settings))
    except (SimulatorError, HostError) as error:
        raise click.ClickException(str(error)) from error


async def _run(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wish, stopping.set)
    async with Simulator(settings) as simulator:
        click.echo(f"Portal pages      {simulator.url}/")
        click.echo(f"Exchange          {simulator.exchange_url}  (?wsdl)")
        others = (simulator.exchange_address(version) for version in (Version.V1_1, Version.V1_3))
        click.echo(f"Other versions    {'  '.join(others)}")
        click.echo(f"File store        ftp://{settings.host}:{simulator.ftp_port}/")
        click.echo(f"Control           {simulator.url}/_sim/health")
        await stopping.wait()
