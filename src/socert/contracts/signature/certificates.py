"""X.509 certificates: loading, naming and dates. Whether to trust one is not decided here."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509

from socert.contracts.errors import SignatureFault, SignatureInvalid

if TYPE_CHECKING:
    from datetime import datetime

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@lru_cache(maxsize=512)
def load_certificate(data: bytes) -> x509.Certificate:
    """Return the certificate in PEM or DER bytes; `SignatureInvalid` (CertificateIsNotFound) when there is none."""
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except (ValueError, x509.InvalidVersion):
        raise SignatureInvalid(
            SignatureFault.CERTIFICATE_IS_NOT_FOUND, "these bytes are no X.509 certificate"
        ) from None


def key_usage(der: bytes) -> x509.KeyUsage | None:
    """Return what a certificate says that its key is for; None when it does not say, or not in a form to read."""
    return _extension(der, x509.KeyUsage)


def is_authority(der: bytes) -> bool:
    """Return whether a certificate says that its owner may issue certificates."""
    constraints, usage = _extension(der, x509.BasicConstraints), key_usage(der)
    return constraints is not None and constraints.ca and usage is not None and usage.key_cert_sign


def _extension(der: bytes, kind: type[_Extension]) -> _Extension | None:
    try:
        return load_certificate(der).extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return None


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate's DER bytes, lower-case hex: how a participant is recognised."""
    return hashlib.sha256(der).hexdigest()


def check_dates(der: bytes, now: datetime) -> None:
    """Raise `SignatureInvalid` (CertificateIsExpired) when a certificate is not valid at `now` (aware)."""
    certificate = load_certificate(der)
    if now < certificate.not_valid_before_utc or now > certificate.not_valid_after_utc:
        raise SignatureInvalid(
            SignatureFault.CERTIFICATE_IS_EXPIRED,
            f"the certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d} only",
        )
