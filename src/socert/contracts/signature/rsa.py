"""RSA with SHA-256."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric import rsa as algorithm

from socert.contracts.signature.certificates import load_certificate

LEAST_BITS: Final = 2048
MOST_BITS: Final = 8192
"""A stranger's certificate decides how long a verification takes; this bounds it."""


class RsaSha256:
    """RSA PKCS#1 v1.5 with SHA-256, keys of 2048 to 8192 bits (RFC 4051, 2.3.2)."""

    title = "RSA with SHA-256"
    signature_uri = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    digest_uri = "http://www.w3.org/2001/04/xmlenc#sha256"

    def digest(self, data: bytes) -> bytes:
        """Return the SHA-256 of the data."""
        return hashlib.sha256(data).digest()

    def owns(self, certificate_der: bytes) -> bool:
        """Return whether the certificate's key is an RSA key of an accepted length."""
        return _key(certificate_der) is not None

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the value is this certificate's signature; False too when its key is of another kind."""
        key = _key(certificate_der)
        if key is None:
            return False
        try:
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=512)
def _key(certificate_der: bytes) -> algorithm.RSAPublicKey | None:
    try:
        key = load_certificate(certificate_der).public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None
    return key if isinstance(key, algorithm.RSAPublicKey) and LEAST_BITS <= key.key_size <= MOST_BITS else None
