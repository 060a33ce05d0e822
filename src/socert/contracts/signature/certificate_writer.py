"""Certificates written by hand, since the `cryptography` package signs with no GOST key (RFC 5280, RFC 9215)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from socert.contracts.signature import der
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from socert.contracts.signature.private_keys import PrivateKey

_SIGNATURES: Final = {
    Suite.ECDSA_P256: der.sequence(der.oid("1.2.840.10045.4.3.2")),
    Suite.RSA_SHA256: der.sequence(der.oid("1.2.840.113549.1.1.11"), der.write(der.NULL)),
    Suite.GOST_2012_256: der.sequence(der.oid(GostAlgorithm.GOST_2012_256.signature_oid)),
    Suite.GOST_2012_512: der.sequence(der.oid(GostAlgorithm.GOST_2012_512.signature_oid)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One attribute of a name: its identifier, the kind of its text (a tag of `der`), its text."""

    oid: str
    tag: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Issuer:
    """Who signs a certificate: a key, and the name that belongs to it (DER)."""

    key: PrivateKey
    name: bytes


def name_of(attributes: Sequence[Attribute]) -> bytes:
    """Return a name (DER); `ValueError` when a text cannot be written as its kind."""
    return der.sequence(*(_attribute(attribute) for attribute in attributes))


def write(
    *,
    subject: bytes,
    spki: bytes,
    issuer: Issuer,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    authority: bool = False,
) -> bytes:
    """Return the DER bytes of a certificate for a key, to sign messages with and nothing else.

    An `authority`'s is to issue certificates with, and nothing else. Times are aware.
    """
    method = _SIGNATURES[issuer.key.suite]
    body = der.sequence(
        der.write(der.context(0), der.integer(2)),  # version 3
        der.integer(serial),
        method,
        issuer.name,
        der.sequence(_time(not_before), _time(not_after)),
        subject,
        spki,
        der.write(der.context(3), der.sequence(*_extensions(spki, authority=authority))),
    )
    return der.sequence(body, method, der.bit_string(_value(issuer.key, body)))


def _attribute(attribute: Attribute) -> bytes:
    encoding = "utf-8" if attribute.tag == der.UTF8_STRING else "ascii"
    text = der.write(attribute.tag, attribute.text.encode(encoding))
    return der.write(der.SET, der.sequence(der.oid(attribute.oid), text))


def _time(moment: datetime) -> bytes:
    """Return a moment of a validity period: with two digits of the year through 2049 (RFC 5280, 4.1.2.5)."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("A certificate's dates need a time zone.")
    utc = (moment - offset).replace(tzinfo=None, microsecond=0)
    if utc.year < 2050:
        return der.write(der.UTC_TIME, f"{utc:%y%m%d%H%M%S}Z".encode())
    return der.write(der.GENERALIZED_TIME, f"{utc:%Y%m%d%H%M%S}Z".encode())


def _extensions(spki: bytes, *, authority: bool) -> list[bytes]:
    """Return the extensions: whether it is an authority, what for, and by which name others may call the key."""
    _, bits = der.values(der.read(spki, der.SEQUENCE).content)
    identifier = hashlib.sha1(bits.content[1:], usedforsecurity=False).digest()
    written: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=authority, path_length=None), True),
        (_usage(authority=authority), True),
        (x509.SubjectKeyIdentifier(identifier), False),
    ]
    return [
        der.sequence(
            der.oid(extension.oid.dotted_string),
            *([der.write(der.BOOLEAN, b"\xff")] if critical else []),
            der.write(der.OCTET_STRING, extension.public_bytes()),
        )
        for extension, critical in written
    ]


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _value(key: PrivateKey, body: bytes) -> bytes:
    """Return the signature in the form that certificates have: that of messages, but for ECDSA."""
    value = key.sign(body)
    if key.suite is not Suite.ECDSA_P256:
        return value
    return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
