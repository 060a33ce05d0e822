"""Certificates and revocation lists written by hand: `cryptography` signs with no GOST key (RFC 5280, RFC 9215)."""

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
    from collections.abc import Mapping, Sequence
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
    path_length: int | None = None,
) -> bytes:
    """Return the DER bytes of a certificate for a key, to sign messages with and nothing else.

    An `authority`'s is to issue certificates and revocation lists with, and nothing else; `path_length` is how many
    authorities may stand below it, None for any number. Times are aware.
    """
    said = _extensions(spki, issuer.key, authority=authority, path_length=path_length)
    body = der.sequence(
        der.write(der.context(0), der.integer(2)),  # version 3
        der.integer(serial),
        _SIGNATURES[issuer.key.suite],
        issuer.name,
        der.sequence(der.time(not_before), der.time(not_after)),
        subject,
        spki,
        der.write(der.context(3), der.sequence(*said)),
    )
    return _signed(body, issuer.key)


def write_crl(
    *,
    issuer: Issuer,
    revoked: Mapping[int, datetime],
    number: int,
    this_update: datetime,
    next_update: datetime,
) -> bytes:
    """Return the DER bytes of a revocation list: serial number -> since when. Times are aware."""
    entries = [der.sequence(der.integer(serial), der.time(since)) for serial, since in sorted(revoked.items())]
    named = (_above(issuer.key), _extension(x509.CRLNumber(number), critical=False))
    body = der.sequence(
        der.integer(1),  # version 2
        _SIGNATURES[issuer.key.suite],
        issuer.name,
        der.time(this_update),
        der.time(next_update),
        *([der.sequence(*entries)] if entries else []),  # no empty list (RFC 5280, 5.1.2.6)
        der.write(der.context(0), der.sequence(*named)),
    )
    return _signed(body, issuer.key)


def _attribute(attribute: Attribute) -> bytes:
    encoding = "utf-8" if attribute.tag == der.UTF8_STRING else "ascii"
    text = der.write(attribute.tag, attribute.text.encode(encoding))
    return der.write(der.SET, der.sequence(der.oid(attribute.oid), text))


def _extensions(spki: bytes, issuer: PrivateKey, *, authority: bool, path_length: int | None) -> list[bytes]:
    """Return the extensions: whether it is an authority, what for, and by which names others may call the keys."""
    written = [
        _extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True),
        _extension(_usage(authority=authority), critical=True),
        _extension(x509.SubjectKeyIdentifier(_identifier(spki)), critical=False),
    ]
    return written if spki == issuer.spki else [*written, _above(issuer)]


def _above(issuer: PrivateKey) -> bytes:
    """Return the extension that names the issuer's key: an authority may have several."""
    named = x509.AuthorityKeyIdentifier(_identifier(issuer.spki), None, None)
    return _extension(named, critical=False)


def _identifier(spki: bytes) -> bytes:
    _, bits = der.values(der.read(spki, der.SEQUENCE).content)
    return hashlib.sha1(bits.content[1:], usedforsecurity=False).digest()


def _extension(extension: x509.ExtensionType, *, critical: bool) -> bytes:
    return der.sequence(
        der.oid(extension.oid.dotted_string),
        *([der.write(der.BOOLEAN, b"\xff")] if critical else []),
        der.write(der.OCTET_STRING, extension.public_bytes()),
    )


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


def _signed(body: bytes, key: PrivateKey) -> bytes:
    return der.sequence(body, _SIGNATURES[key.suite], der.bit_string(_value(key, body)))


def _value(key: PrivateKey, body: bytes) -> bytes:
    """Return the signature in the form that certificates have: that of messages, but for ECDSA."""
    value = key.sign(body)
    if key.suite is not Suite.ECDSA_P256:
        return value
    return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
