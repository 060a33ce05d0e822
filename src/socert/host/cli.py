"""`socert keys`: test keys, and what certificates say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts.errors import ContractError
from socert.contracts.signature import certificate_fields, certificate_text, testkeys
from socert.contracts.signature.certificates import fingerprint, load_certificate
from socert.contracts.signature.suites import SIGNING
from socert.host import log
from socert.host.clock import system_clock
from socert.host.keys import key_files, make_key

if TYPE_CHECKING:
    from datetime import datetime
    from typing import BinaryIO

    from cryptography import x509

_LARGEST = 1024 * 1024


@click.group()
def keys() -> None:
    """Make test keys, and look into certificates."""


@keys.command()
@click.argument("name")
@click.option(
    "--suite",
    type=click.Choice(list(SIGNING)),
    default="ecdsa",
    show_default=True,
    help="Kind of key. The gost ones need OpenSSL's GOST engine (libengine-gost-openssl) or GnuTLS.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("socert-data/keys"),
    show_default=True,
    help="Where to write NAME.key and NAME.crt.",
)
@click.option("--common-name", help="Common name in the certificate.  [default: NAME]")
@click.option("--organisation", default="Test", show_default=True, help="Organisation in the certificate.")
@click.option(
    "--days", type=click.IntRange(min=1, max=36_500), default=testkeys.DAYS, show_default=True, help="Valid for."
)
@click.option("--ogrn", default=testkeys.MADE_UP.ogrn, show_default=True, help="OGRN, 13 digits.")
@click.option(
    "--inn-le", default=testkeys.MADE_UP.inn_le, show_default=True, help="INN of the organisation, 10 digits."
)
@click.option("--inn", default=testkeys.MADE_UP.inn, show_default=True, help="INN of a person, 12 digits.")
@click.option("--snils", default=testkeys.MADE_UP.snils, show_default=True, help="SNILS, 11 digits.")
def make(
    name: str,
    suite: str,
    folder: Path,
    common_name: str | None,
    organisation: str,
    days: int,
    ogrn: str,
    inn_le: str,
    inn: str,
    snils: str,
) -> None:
    """Make a test key and its self-signed certificate: NAME.key, which only you may read, and NAME.crt.

    Nothing that is there is replaced. No real exchange accepts such a certificate.
    """
    if Path(name).name != name:
        raise click.BadParameter("give a name without folders; --folder says where the files go", param_hint="NAME")
    files = key_files(folder, name)
    for place in (files.key, files.certificate):
        if place.exists():
            raise click.ClickException(f"{place} is there already: choose another name, or remove it yourself.")
    log.configure(level="WARNING")
    try:
        make_key(
            files,
            common_name=common_name or name,
            organisation=organisation,
            clock=system_clock,
            suite=SIGNING[suite],
            requisites=testkeys.Requisites(ogrn=ogrn, inn_le=inn_le, inn=inn, snils=snils),
            days=days,
        )
    except (ContractError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{files.key} (mode 0600)\n{files.certificate}")


@keys.command()
@click.argument("certificate", type=click.File("rb"))
def show(certificate: BinaryIO) -> None:
    """Say what is in a CERTIFICATE (PEM or DER, GOST too): whose it is, of which kind, until when, for what."""
    try:
        found = load_certificate(certificate.read(_LARGEST))
        lines = _lines(found, system_clock())
    except (ContractError, ValueError) as error:
        raise click.ClickException(f"{certificate.name}: {error}") from error
    click.echo("\n".join(lines))


def _lines(certificate: x509.Certificate, now: datetime) -> list[str]:
    """Return the lines that `show` prints."""
    der = certificate.public_bytes(Encoding.DER)
    fields = certificate_fields.read(der)
    same = fields.issuer == fields.subject
    table = [
        ("serial", f"{certificate.serial_number:x}"),
        ("valid", _validity(certificate, now)),
        ("key", certificate_text.key(der)),
        ("may", ", ".join(certificate_text.uses(der)) or "not said"),
        ("fingerprint", f"{fingerprint(der)} (SHA-256)"),
    ]
    return [
        "subject",
        *(f"  {label}: {text}" for label, text in certificate_text.names(fields.subject)),
        "issuer" + (": the same" if same else ""),
        *(() if same else (f"  {label}: {text}" for label, text in certificate_text.names(fields.issuer))),
        *(f"{label}: {text}" for label, text in table),
    ]


def _validity(certificate: x509.Certificate, now: datetime) -> str:
    """Return the dates, and how far off they are."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start:
        state = "not yet valid"
    elif now > end:
        state = f"expired {(now - end).days} days ago"
    else:
        state = f"{(end - now).days} days left"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC, {state}"
