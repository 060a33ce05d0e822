"""Who signs: a private key in this process, or anything that behaves like one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives import serialization

from socert.contracts.errors import SignatureInvalid
from socert.contracts.signature import private_keys
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.suites import SIGNING, Suite

if TYPE_CHECKING:
    from socert.contracts.signature.private_keys import PrivateKey

_PROBE: Final = b"Do this key and this certificate belong together?"


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

    def __init__(self, key: PrivateKey, certificate: bytes) -> None:
        """Take a key and its certificate (DER); `ValueError` when they do not belong together."""
        if not key.suite.verify(certificate, _PROBE, key.sign(_PROBE)):
            raise ValueError("The certificate belongs to another key: give the pair that was made together.")
        self.suite = key.suite
        self.certificate = certificate
        self._key = key

    @classmethod
    def from_files(cls, key_pem: bytes, cert_pem: bytes, password: bytes | None = None) -> KeySigner:
        """Load the contents of a key file (PEM, PKCS#8) and a certificate file (PEM or DER).

        `ValueError` says what is wrong with them: no key, a wrong or missing password, another kind of key, not a pair.
        `SuiteUnavailable` when they are of GOST and no library here knows GOST.
        """
        try:
            certificate = load_certificate(cert_pem).public_bytes(serialization.Encoding.DER)
        except SignatureInvalid:
            raise ValueError("The certificate cannot be read: it is neither PEM nor DER.") from None
        suite = Suite.of_certificate(certificate)
        if suite is None or suite not in SIGNING.values():
            kinds = ", ".join(known.title for known in SIGNING.values())
            raise ValueError(f"The certificate's key is of none of the kinds that sign: {kinds}.")
        return cls(private_keys.load(key_pem, password, suite), certificate)

    def sign(self, data: bytes) -> bytes:
        """Return the signature value over the data, in the suite's own form."""
        return self._key.sign(data)
