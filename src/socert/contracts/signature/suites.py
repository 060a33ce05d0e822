"""Algorithm suites: a signature method with its digest, named by the URIs that stand in a signature.

A new suite is one class with the members of `Algorithms` and one line in `Suite`.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from socert.contracts.signature.certificates import load_certificate


class Algorithms(Protocol):
    """What a suite consists of."""

    signature_uri: str
    digest_uri: str

    def digest(self, data: bytes) -> bytes:
        """Return the digest of the data."""
        ...

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the signature over the data was made with the certificate's key."""
        ...


class EcdsaP256:
    """ECDSA on P-256 with SHA-256. The value is r and s, 32 bytes each, big-endian (RFC 4051, 2.3.6)."""

    signature_uri = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    digest_uri = "http://www.w3.org/2001/04/xmlenc#sha256"

    def digest(self, data: bytes) -> bytes:
        """Return the SHA-256 of the data."""
        return hashlib.sha256(data).digest()

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the 64 bytes are this certificate's signature; False too when its key is of another kind."""
        key = _p256_key(certificate_der)
        if key is None or len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=512)
def _p256_key(certificate_der: bytes) -> ec.EllipticCurvePublicKey | None:
    """Return a certificate's key when it is on P-256. Cached: the same few participants sign everything."""
    try:
        key = load_certificate(certificate_der).public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    return None


class Suite(Enum):
    """The suites that are known. Which of them are accepted is the caller's choice."""

    ECDSA_P256 = EcdsaP256()

    @property
    def _algorithms(self) -> Algorithms:
        return self.value

    @property
    def signature_uri(self) -> str:
        """URI of the SignatureMethod."""
        return self._algorithms.signature_uri

    @property
    def digest_uri(self) -> str:
        """URI of the DigestMethod."""
        return self._algorithms.digest_uri

    def digest(self, data: bytes) -> bytes:
        """Return the digest of the data."""
        return self._algorithms.digest(data)

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the signature over the data was made with the certificate's key."""
        return self._algorithms.verify(certificate_der, data, signature)
