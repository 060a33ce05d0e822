"""Whether a certificate is trusted to sign: by itself, or because a trusted authority stands above it.

What is trusted may be named twice, old and new side by side, for as long as a rotation takes.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts.errors import CertificateUntrusted, Doubt
from socert.contracts.signature import chain
from socert.contracts.signature.certificates import key_usage, load_certificate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from socert.contracts.signature.chain import Revocations

_END: Final = b"-----END CERTIFICATE-----"


def load_bundle(data: bytes) -> tuple[bytes, ...]:
    """Return the certificates (DER) of a file: any number in PEM, text between them left out, or one in DER.

    `SignatureInvalid` (CertificateIsNotFound) when one of them is none.
    """
    parts = [part[part.index(b"-----BEGIN") :] + _END for part in data.split(_END) if b"-----BEGIN CERTIFICATE" in part]
    found = (load_certificate(part).public_bytes(Encoding.DER) for part in parts or [data])
    return tuple(dict.fromkeys(found))


def check(
    certificate: bytes,
    *,
    trusted: Iterable[bytes],
    now: datetime,
    others: Iterable[bytes] = (),
    revocations: Revocations | None = None,
) -> tuple[bytes, ...]:
    """Return the chain (DER) from a certificate to one that is trusted, when it may sign and is valid at `now` (aware).

    `CertificateUntrusted` otherwise. It is trusted when it is one of `trusted` (DER), or when a chain of authorities
    leads to one of them, through `others` (DER) perhaps. `now` is when the signature was seen first: the time that a
    signer claims is that of whoever holds the key, who may have stolen it.
    """
    _check_dates(certificate, now)
    _check_usage(certificate)
    chain.check_extensions(certificate)
    _check_key_period(certificate, now)
    return chain.build(certificate, anchors=tuple(trusted), others=others, at=now, revocations=revocations)


def _check_dates(certificate: bytes, now: datetime) -> None:
    found = load_certificate(certificate)
    start, end = found.not_valid_before_utc, found.not_valid_after_utc
    if start <= now <= end:
        return
    doubt, advice = (
        (Doubt.NOT_YET_VALID, "wait for that day, or set the clock right")
        if now < start
        else (Doubt.EXPIRED, "its owner needs a new one")
    )
    period = f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
    raise CertificateUntrusted(doubt, f"the certificate is valid from {period} only: {advice}")


def _check_key_period(certificate: bytes, now: datetime) -> None:
    """Refuse a key that may make no signatures any more, while its old ones are still checked by the certificate."""
    try:
        period = load_certificate(certificate).extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    except x509.ExtensionNotFound:
        return
    moment = now.astimezone(UTC).replace(tzinfo=None)
    start, end = period.not_before, period.not_after
    if (start is not None and moment < start) or (end is not None and moment > end):
        raise CertificateUntrusted(
            Doubt.KEY_EXPIRED,
            "the certificate is valid and its key is not to sign at this time (privateKeyUsagePeriod): its owner needs "
            "a new key",
        )


def _check_usage(certificate: bytes) -> None:
    usage = key_usage(certificate)
    if usage is None or not (usage.digital_signature or usage.content_commitment):
        raise CertificateUntrusted(
            Doubt.WRONG_USAGE,
            "the certificate is not for signing messages (key usage): its owner needs one with digitalSignature "
            "or nonRepudiation",
        )
