"""Private keys of every suite behind one face: made, read from PKCS#8, and used to sign."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from socert.contracts.signature.ecdsa import ALGORITHM
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.gost_library import library
from socert.contracts.signature.rsa import LEAST_BITS, MOST_BITS
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from socert.contracts.signature.gost_library import GostPrivateKey

_PEM: Final = re.compile(rb"-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----(.*?)-----END ", re.DOTALL)
_UNREADABLE: Final = "The key cannot be read: it is not a private key in PKCS#8 (PEM), or its password is wrong."
_GOST: Final = {
    Suite.GOST_2012_256: GostAlgorithm.GOST_2012_256,
    Suite.GOST_2012_512: GostAlgorithm.GOST_2012_512,
}
_RSA_BITS: Final = 3072  # of keys made here


class PrivateKey(Protocol):
    """A private key. Threads may share one."""

    @property
    def suite(self) -> Suite:
        """The suite that it signs with."""
        ...

    @property
    def spki(self) -> bytes:
        """The public half as certificates carry it (SubjectPublicKeyInfo, DER)."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature value over the data, in the suite's own form."""
        ...


def make(suite: Suite) -> bytes:
    """Return a new key as PEM (PKCS#8, not encrypted); `ValueError` for a suite that is only verified."""
    if suite is Suite.ECDSA_P256:
        return _other_pem(ec.generate_private_key(ec.SECP256R1()))
    if suite is Suite.RSA_SHA256:
        return _other_pem(rsa.generate_private_key(65537, _RSA_BITS))
    return pem("PRIVATE KEY", library().generate(_gost(suite)))


def pem(label: str, data: bytes) -> bytes:
    """Return DER bytes as PEM, lines of 64 characters (RFC 7468)."""
    text = b64encode(data).decode()
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def load(key_pem: bytes, password: bytes | None, suite: Suite) -> PrivateKey:
    """Return the key of a suite from PEM (PKCS#8, encrypted or not).

    `ValueError` says what is wrong: no key, a wrong, missing or needless password, a key of another kind.
    `SuiteUnavailable` where a GOST key is given and no library knows GOST.
    """
    if suite in (Suite.ECDSA_P256, Suite.RSA_SHA256):
        return _load_other(key_pem, password, suite)
    algorithm, found = _gost(suite), _PEM.search(key_pem)
    if not found:
        raise ValueError(_UNREADABLE)
    try:
        key = library().private_key(b64decode(b"".join(found[1].split()), validate=True), password)
    except binascii.Error:
        raise ValueError(_UNREADABLE) from None
    if key.spki.algorithm is not algorithm:
        raise ValueError(f"The key is of {key.spki.algorithm.title}; {algorithm.title} is expected.")
    return _GostKey(key, suite)


def _load_other(key_pem: bytes, password: bytes | None, suite: Suite) -> PrivateKey:
    """Return an ECDSA or RSA key."""
    try:
        key = serialization.load_pem_private_key(key_pem, password)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(_UNREADABLE) from error
    if suite is Suite.RSA_SHA256:
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("The key is not an RSA key, as its certificate says.")
        return _RsaKey(key)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("The key is not an elliptic-curve key, as its certificate says.")
    return _EcdsaKey(key)


def _gost(suite: Suite) -> GostAlgorithm:
    if suite not in _GOST:
        raise ValueError(f"{suite.title} is verified only; nothing is signed with it any more.")
    return _GOST[suite]


def _other_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _spki(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class _EcdsaKey:
    """A key on P-256."""

    suite = Suite.ECDSA_P256

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise ValueError(f"The key is on the curve {key.curve.name}; only P-256 (secp256r1) is supported.")
        self._key, self.spki = key, _spki(key)

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ALGORITHM))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class _RsaKey:
    """An RSA key."""

    suite = Suite.RSA_SHA256

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        if not LEAST_BITS <= key.key_size <= MOST_BITS:
            raise ValueError(f"The RSA key has {key.key_size} bits; {LEAST_BITS} to {MOST_BITS} are accepted.")
        self._key, self.spki = key, _spki(key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class _GostKey:
    """A GOST key inside the library that knows GOST."""

    def __init__(self, key: GostPrivateKey, suite: Suite) -> None:
        self._key, self.suite, self.spki = key, suite, key.spki.der

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(self.suite.digest(data))
