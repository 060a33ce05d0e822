"""`socert conformance`: check a message, a recorded session or a live exchange."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from rich.console import Console

from socert.conformance import report as reports
from socert.conformance.checking import check_messages, check_one
from socert.conformance.errors import ConformanceError
from socert.conformance.probing import Target, probe
from socert.conformance.session import read_file, read_folder
from socert.conformance.table import ENDPOINT_RULES, MESSAGE_RULES, OF_THE_EXCHANGE, SESSION_RULES
from socert.contracts.errors import ContractError
from socert.contracts.smev.version import Version
from socert.host.clock import system_clock
from socert.host.errors import HostError
from socert.host.keys import KeyFiles, load_signer

if TYPE_CHECKING:
    from socert.conformance.message import Message
    from socert.conformance.requirement import Result

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("subject", metavar="URL|FILE|FOLDER")
@click.option("--key", type=_FILE, help="Key (PEM) to ask a URL with.")
@click.option("--certificate", type=_FILE, help="Certificate (PEM) of the key, registered at the exchange.")
@click.option(
    "--version",
    type=click.Choice([version.value for version in Version]),
    help="Version of the contract at a URL.  [default: as the URL ends, else 1.2]",
)
@click.option(
    "--message", type=_FILE, help="Business message (XML) that the exchange at a URL is to take from this key's owner."
)
@click.option("--json", "json_file", type=_FILE, help="Write the results as JSON to a file.")
@click.option("--html", "html_file", type=_FILE, help="Write the results as one HTML page, in Russian, to a file.")
def conformance(
    subject: str,
    key: Path | None,
    certificate: Path | None,
    version: str | None,
    message: Path | None,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Check a FILE (one message, or HTTP messages, or a HAR), a FOLDER of them, or the exchange at a URL.

    Prints OK, KO or -- (not applicable) for each requirement, with message, line, path and reason where it is broken.
    No content of a message is printed. A URL is asked as a participant: it needs --key and --certificate, and takes
    nothing out of anybody's queue. Exit code 0 when all that must hold does, 1 when not, 2 when nothing can be checked.
    """
    try:
        if urlsplit(subject).scheme in {"http", "https"}:
            results = _live(subject, key, certificate, version, message)
        else:
            results = _recorded(Path(subject))
    except (ConformanceError, HostError, ContractError, ValueError) as error:
        raise click.UsageError(str(error)) from error
    made = reports.Report(subject=subject, made=system_clock(), results=results)
    if json_file is not None:
        _write(json_file, reports.as_json(made))
    if html_file is not None:
        _write(html_file, reports.html(made))
    console = Console()
    if console.is_terminal:
        console.print(reports.table(made))
    else:
        click.echo("\n".join(reports.text(made)))
    if not made.passed:
        raise click.exceptions.Exit(1)


def _recorded(place: Path) -> tuple[Result, ...]:
    if not place.exists():
        raise click.UsageError(f"There is no {place}: name a file, a folder, or an address that begins with http.")
    session = read_folder(place) if place.is_dir() else read_file(place)
    results = check_messages(MESSAGE_RULES, session.messages)
    if len(session.messages) > 1:
        results += check_one(SESSION_RULES, session)
    return results


def _live(
    url: str, key: Path | None, certificate: Path | None, version: str | None, message: Path | None
) -> tuple[Result, ...]:
    if key is None or certificate is None:
        raise click.UsageError("A URL is asked as a participant: give --key and --certificate.")
    url = url.partition("?")[0]  # people paste the address of the WSDL
    ending = url.rstrip("/").rpartition("/")[2]
    named = version or (ending if ending in set(Version) else Version.V1_2.value)
    target = Target(
        url=url,
        version=Version(named),
        signer=load_signer(KeyFiles(key=key, certificate=certificate)),
        clock=system_clock,
        content=None if message is None else _read(message),
    )
    probed = asyncio.run(probe(target))
    exchange_rules = [rule for rule in SESSION_RULES if rule.requirement.id in OF_THE_EXCHANGE]
    return (
        *check_one(ENDPOINT_RULES, probed),
        *check_messages(MESSAGE_RULES, _answers(probed.session.messages)),
        *check_one(exchange_rules, probed.session),
    )


def _answers(messages: tuple[Message, ...]) -> list[Message]:
    """Return the replies that are SOAP by what HTTP says; a 415 of a web server is judged by its probe's rule."""
    replies = [message for message in messages if message.to_exchange is False]
    return [message for message in replies if message.status in {200, 500}]


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{place} cannot be read: {error.strerror}") from None


def _write(place: Path, text: str) -> None:
    try:
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{place} cannot be written: {error.strerror}") from None
