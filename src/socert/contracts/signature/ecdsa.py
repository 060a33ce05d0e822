"""ECDSA on P-256 with SHA-256: what test installations sign with."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from socert.contracts.signature.certificates import load_certificate

ALGORITHM: Final = ec.ECDSA(hashes.SHA256())


class EcdsaP256:
    """ECDSA on P-256 with SHA-256. The value is r and s, 32 bytes each, big-endian (RFC 4051, 2.3.6)."""

    title = "ECDSA P-256"
    signature_uri = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    digest_uri = "http://www.w3.org/2001/04/xmlenc#sha256"

    def digest(self, data: bytes) -> bytes:
        """Return the SHA-256 of the data."""
        return hashlib.sha256(data).digest()

    def owns(self, certificate_der: bytes) -> bool:
        """Return whether the certificate's key is on P-256."""
        return _key(certificate_der) is not None

    def verify(self, certificate_der: bytes, data: bytes, signature: bytes) -> bool:
        """Return whether the 64 bytes are this certificate's signature; False too when its key is of another kind."""
        key = _key(certificate_der)
        if key is None or len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            key.verify(encode_dss_signature(r, s), data, ALGORITHM)
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=512)
def _key(certificate_der: bytes) -> ec.EllipticCurvePublicKey | None:
    """Return a certificate's key when it is on P-256. Cached: the same few participants sign everything."""
    try:
        key = load_certificate(certificate_der).public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    return None
