"""`socert transform` and `socert verify`: what is signed, and whether signatures hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts import xml
from socert.contracts.errors import ContractError, SignatureInvalid
from socert.contracts.signature import certificate_text, trust
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.diagnose import Verdict, diagnose
from socert.contracts.signature.transform import normalize
from socert.contracts.signature.transform import transform as transform_bytes
from socert.host.clock import system_clock

if TYPE_CHECKING:
    from typing import BinaryIO

_LARGEST = 256 * 1024 * 1024


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--raw", is_flag=True, help="The transform alone: FILE is in exclusive canonical form already.")
def transform(file: BinaryIO, raw: bool) -> None:
    """Print the canonical text of FILE (- is standard input), byte for byte what a digest is computed over.

    That is its root element in exclusive canonical form without comments, then the exchange's transform.
    """
    data = file.read()
    try:
        canonical = transform_bytes(data) if raw else normalize(xml.parse(data, max_bytes=_LARGEST))
    except ContractError as error:
        raise click.ClickException(f"{_name(file)}: {error}") from error
    click.echo(canonical, nl=False)


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--no-trust", is_flag=True, help="Digests and signatures only: no question whose certificate it is.")
@click.option(
    "--trusted",
    type=click.File("rb"),
    multiple=True,
    help="A certificate to trust (PEM or DER): the signer's own or its issuer's. May be given several times.",
)
def verify(file: BinaryIO, no_trust: bool, trusted: tuple[BinaryIO, ...]) -> None:
    """Say of each signature in FILE (- is standard input) what it signs, with what, and whether it holds.

    A signature holds when digest and value are right and its certificate is valid today and trusted. Exit code 0 when
    all hold, else 1. What holds after a repair only is said so; the gateway and the exchange repair nothing.
    """
    data = file.read()
    try:
        verdicts = diagnose(xml.parse(data, max_bytes=_LARGEST))
        authorities = [load_certificate(given.read()).public_bytes(Encoding.DER) for given in trusted]
    except ContractError as error:
        raise click.ClickException(f"{_name(file)}: {error}") from error
    if not verdicts:
        raise click.ClickException(f"{_name(file)}: there is no signature in it.")
    failed = 0
    for verdict in verdicts:
        doubt = None if no_trust else _doubt(verdict, authorities)
        failed += not verdict.holds or doubt is not None
        click.echo("\n".join(_lines(verdict, doubt, asked=not no_trust)) + "\n")
    count = len(verdicts)
    click.echo(f"{count - failed} of {count} hold" if failed else f"all {count} hold" if count > 1 else "it holds")
    if failed:
        raise click.exceptions.Exit(1)


def _name(file: BinaryIO) -> str:
    """Return what to call a file in an error."""
    return str(getattr(file, "name", "standard input"))


def _doubt(verdict: Verdict, authorities: list[bytes]) -> str | None:
    """Return why a certificate is not trusted, or None when it is."""
    if verdict.certificate is None:
        return "there is no certificate to trust"
    if not authorities:
        return "nobody is trusted: name certificates with --trusted, or leave the question out with --no-trust"
    try:
        trust.check(verdict.certificate, trusted=authorities, now=system_clock())
    except SignatureInvalid as error:
        return error.detail
    return None


def _lines(verdict: Verdict, doubt: str | None, *, asked: bool) -> list[str]:
    """Return the lines about one signature."""
    signed = verdict.signed or "nothing that is there"
    head = f"line {verdict.line}: {verdict.place or 'the root'} signs {signed}"
    lines = [f"{head} (#{certificate_text.printable(verdict.reference)})"]
    if verdict.suite is None or verdict.certificate is None:
        return [*lines, f"  does not hold: {verdict.problem}"]
    certificate = load_certificate(verdict.certificate)
    value = "ok" if verdict.value else "WRONG: it was not made with the certificate's key over this SignedInfo"
    if verdict.repair:
        value += f", {verdict.repair.value}"
    lines += [
        f"  suite: {verdict.suite.title}",
        f"  certificate: {certificate_text.who(verdict.certificate)}",
        f"  valid: {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
        f"  digest: {'ok' if verdict.digest else 'WRONG: the content is not what was signed'}",
        f"  signature: {value}",
    ]
    return [*lines, f"  trust: {doubt or 'ok'}"] if asked else lines
