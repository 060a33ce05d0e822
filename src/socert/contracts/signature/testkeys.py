"""Keys, certificates and authorities for demonstrations and tests. No real exchange accepts them.

root = make("Test root", organisation="Test", now=now, authority=True)
member = make("Gateway", organisation="Test", now=now, issuer=root, requisites=MADE_UP)
revoked = revocation_list(root, {load_certificate(member.certificate_pem).serial_number: now}, now=now)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from socert.contracts.signature import certificate_fields, der, private_keys
from socert.contracts.signature.certificate_writer import Attribute, Issuer, name_of, write, write_crl
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DAYS: Final = 825
CRL_DAYS: Final = 7
LONGEST_NAME: Final = 64
_OGRN: Final = "1.2.643.100.1"
_SNILS: Final = "1.2.643.100.3"
_INN_LE: Final = "1.2.643.100.4"
_INN: Final = "1.2.643.3.131.1.1"
_COUNTRY: Final = "2.5.4.6"
_ORGANISATION: Final = "2.5.4.10"
_COMMON_NAME: Final = "2.5.4.3"


@dataclass(frozen=True, kw_only=True, slots=True)
class TestKey:
    """A private key (PEM, PKCS#8, not encrypted) and its certificate (PEM)."""

    __test__ = False  # pytest collects classes called Test*; this is none of its

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Requisites:
    """Numbers that real certificates carry in their subject, digits only; None leaves one out.

    `ogrn` 13 digits, `inn_le` of an organisation 10, `inn` 12 and `snils` 11 of a person.
    """

    ogrn: str | None = None
    inn_le: str | None = None
    inn: str | None = None
    snils: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no number of its length with `ValueError`."""
        for name, digits in (("ogrn", 13), ("inn_le", 10), ("inn", 12), ("snils", 11)):
            value: str | None = getattr(self, name)
            if value is not None and not (value.isascii() and value.isdigit() and len(value) == digits):
                raise ValueError(f"{name.upper()} must be {digits} digits.")


MADE_UP: Final = Requisites(ogrn="1000000000000", inn_le="0000000000", inn="000000000000", snils="00000000000")
"""Numbers whose check digits are right and which nobody has: there is no region 00."""


def make(
    common_name: str,
    *,
    organisation: str,
    now: datetime,
    days: int = DAYS,
    suite: Suite = Suite.ECDSA_P256,
    requisites: Requisites | None = None,
    issuer: TestKey | None = None,
    authority: bool = False,
    path_length: int | None = None,
) -> TestKey:
    """Make a key and a certificate valid from an hour before `now` (aware) for `days` after it.

    It is signed by the `issuer`, or by itself. Its key usage is to sign messages, or an `authority`'s: to issue
    certificates and revocation lists, with `path_length` authorities below it at most. `ValueError` when a name is
    empty or longer than the 64 characters that X.509 allows, or the suite is only verified; `SuiteUnavailable` when a
    GOST key is asked for where no library knows GOST.
    """
    for name in (common_name, organisation):
        if not 1 <= len(name) <= LONGEST_NAME:
            raise ValueError(f"A name in a certificate has 1 to {LONGEST_NAME} characters, and one has {len(name)}.")
    key_pem = private_keys.make(suite)
    key, subject = private_keys.load(key_pem, None, suite), name_of(_subject(common_name, organisation, requisites))
    certificate = write(
        subject=subject,
        spki=key.spki,
        issuer=Issuer(key=key, name=subject) if issuer is None else _issuer(issuer),
        serial=x509.random_serial_number(),
        not_before=now - timedelta(hours=1),  # another machine's clock may be behind ours
        not_after=now + timedelta(days=days),
        authority=authority,
        path_length=path_length,
    )
    return TestKey(key_pem=key_pem, certificate_pem=private_keys.pem("CERTIFICATE", certificate))


def revocation_list(
    authority: TestKey, revoked: Mapping[int, datetime], *, now: datetime, days: int = CRL_DAYS, number: int = 1
) -> bytes:
    """Return an authority's list (PEM) of serial numbers with the moments since which they count for nothing.

    It is valid from an hour before `now` (aware) for `days` after it; `number` grows from list to list.
    """
    written = write_crl(
        issuer=_issuer(authority),
        revoked=revoked,
        number=number,
        this_update=now - timedelta(hours=1),
        next_update=now + timedelta(days=days),
    )
    return private_keys.pem("X509 CRL", written)


def _issuer(pair: TestKey) -> Issuer:
    certificate = load_certificate(pair.certificate_pem).public_bytes(serialization.Encoding.DER)
    suite = Suite.of_certificate(certificate)
    if suite is None:
        raise ValueError("The authority's key is of no suite that is known here.")
    key = private_keys.load(pair.key_pem, None, suite)
    return Issuer(key=key, name=certificate_fields.read(certificate).subject)


def _subject(common_name: str, organisation: str, requisites: Requisites | None) -> list[Attribute]:
    """Return the name's attributes; numbers stand first, as accredited authorities write them."""
    names = [
        Attribute(oid=_COMMON_NAME, tag=der.UTF8_STRING, text=common_name),
        Attribute(oid=_ORGANISATION, tag=der.UTF8_STRING, text=organisation),
    ]
    if requisites is None:
        return names
    numbers = (
        (_INN_LE, requisites.inn_le),
        (_OGRN, requisites.ogrn),
        (_INN, requisites.inn),
        (_SNILS, requisites.snils),
    )
    given = [Attribute(oid=oid, tag=der.NUMERIC_STRING, text=text) for oid, text in numbers if text is not None]
    return [*given, Attribute(oid=_COUNTRY, tag=der.PRINTABLE_STRING, text="RU"), *names]
