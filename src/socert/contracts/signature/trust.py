"""Whether a certificate is trusted: by itself, or because a trusted authority issued it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import certificate_fields
from socert.contracts.signature.certificates import check_dates, is_authority, key_usage, load_certificate
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_GOST: Final = {
    GostAlgorithm.GOST_2001.signature_oid: Suite.GOST_2001,
    GostAlgorithm.GOST_2012_256.signature_oid: Suite.GOST_2012_256,
    GostAlgorithm.GOST_2012_512.signature_oid: Suite.GOST_2012_512,
}


def check(certificate: bytes, *, trusted: Iterable[bytes], now: datetime) -> None:
    """Raise `SignatureInvalid` unless a certificate (DER) may sign messages, is valid at `now`, and is trusted.

    It is trusted when it is one of `trusted` (DER), or was issued by one of them that is an authority and valid too.
    """
    check_dates(certificate, now)
    if (usage := key_usage(certificate)) is None or not usage.digital_signature:
        raise SignatureInvalid(
            SignatureFault.CERTIFICATE_IS_NOT_FOUND, "the certificate is not for signing messages (key usage)"
        )
    for other in trusted:
        if other == certificate:
            return
        if issued_by(certificate, other) and _valid(other, now):
            return
    raise SignatureInvalid(
        SignatureFault.CERTIFICATE_IS_NOT_FOUND,
        "the certificate is none of those trusted, nor issued by one of them that is valid",
    )


def issued_by(certificate: bytes, authority: bytes) -> bool:
    """Return whether a certificate (DER) bears the name and the signature of an authority's certificate (DER)."""
    issued, issuer = certificate_fields.read(certificate), certificate_fields.read(authority)
    if issued.issuer != issuer.subject or not is_authority(authority):
        return False
    suite = _GOST.get(issued.method)
    if suite is not None:
        return suite.verify(authority, issued.body, issued.value)
    try:
        load_certificate(certificate).verify_directly_issued_by(load_certificate(authority))
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def _valid(certificate: bytes, now: datetime) -> bool:
    try:
        check_dates(certificate, now)
    except SignatureInvalid:
        return False
    return True
