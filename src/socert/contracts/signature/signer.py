"""Who signs: a private key in this process, or anything that behaves like one."""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from socert.contracts.errors import SignatureInvalid
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.suites import Suite


class Signer(Protocol):
    """Signs bytes with one key, and says with which suite and certificate (DER)."""

    @property
    def suite(self) -> Suite:
        """The suite of the key."""
        ...

    @property
    def certificate(self) -> bytes:
        """The certificate of the key, DER."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature value over the data, in the suite's own form."""
        ...


class KeySigner:
    """Signs with a key held in memory. Threads may share one."""

    suite: Suite
    certificate: bytes

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> None:
        """Take a P-256 key and its certificate (DER); `ValueError` when they do not belong together."""
        if not isinstance(key.curve, ec.SECP256R1):
            raise ValueError(f"The key is on the curve {key.curve.name}; only P-256 (secp256r1) is supported.")
        if load_certificate(certificate).public_key() != key.public_key():
            raise ValueError("The certificate belongs to another key: give the pair that was made together.")
        self.suite = Suite.ECDSA_P256
        self.certificate = certificate
        self._key = key
        self._algorithm = ec.ECDSA(hashes.SHA256())

    @classmethod
    def from_files(cls, key_pem: bytes, cert_pem: bytes, password: bytes | None = None) -> KeySigner:
        """Load the contents of a key file (PEM) and a certificate file (PEM or DER).

        `ValueError` says what is wrong with them: no key, a wrong or missing password, another kind of key, not a pair.
        """
        try:
            key = serialization.load_pem_private_key(key_pem, password)
        except (TypeError, ValueError, UnsupportedAlgorithm) as error:
            raise ValueError(
                "The key cannot be read: it is not a PEM private key, or its password is wrong."
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("The key is not an elliptic-curve key; only P-256 (secp256r1) is supported.")
        try:
            certificate = load_certificate(cert_pem)
        except SignatureInvalid:
            raise ValueError("The certificate cannot be read: it is neither PEM nor DER.") from None
        return cls(key, certificate.public_bytes(serialization.Encoding.DER))

    def sign(self, data: bytes) -> bytes:
        """Return r and s, 32 bytes each, big-endian."""
        r, s = decode_dss_signature(self._key.sign(data, self._algorithm))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
