"""What is asked of a library that knows GOST, and the one that this machine has.

Nothing is looked for before the first GOST key or digest is needed: other suites do without any such library.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol

from socert.contracts.signature.gost_gnutls import Gnutls
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.gost_openssl import OpensslEngine
from socert.contracts.signature.native import LibraryMissing, SuiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.contracts.signature.gost_keys import GostSpki

ADVICE: Final = (
    "install OpenSSL's GOST engine (Debian and Ubuntu: apt-get install libengine-gost-openssl), or GnuTLS (libgnutls30)"
)


class GostPublicKey(Protocol):
    """A public key that a library has taken in. Threads may share one."""

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Return whether the signature (s and r, big-endian) over the digest was made with this key's other half."""
        ...


class GostPrivateKey(Protocol):
    """A private key that a library has taken in. Threads may share one."""

    @property
    def spki(self) -> GostSpki:
        """The public half."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Return the signature over a digest of the key's algorithm: s and r, big-endian, halves of equal length."""
        ...


class GostDigest(Protocol):
    """A digest that is computed piece by piece, by one thread at a time."""

    def update(self, data: bytes) -> None:
        """Take in the next piece."""
        ...

    def finish(self) -> bytes:
        """Return the digest of all pieces; nothing more may be asked of it then."""
        ...


class GostLibrary(Protocol):
    """A library that knows GOST. Each method may raise `SuiteUnavailable` when the library itself fails."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    def digest(self, algorithm: GostAlgorithm, data: bytes) -> bytes:
        """Return the digest that belongs to the algorithm."""
        ...

    def start_digest(self, algorithm: GostAlgorithm) -> GostDigest:
        """Begin a digest of data that comes in pieces."""
        ...

    def public_key(self, spki: GostSpki) -> GostPublicKey:
        """Take in a public key; `ValueError` when its point is not on its curve."""
        ...

    def private_key(self, pkcs8: bytes, password: bytes | None) -> GostPrivateKey:
        """Take in a PKCS#8 key (DER), encrypted or not; `ValueError` when it is none or the password is wrong."""
        ...

    def generate(self, algorithm: GostAlgorithm) -> bytes:
        """Return a new PKCS#8 key (DER, not encrypted) on CryptoPro-XchA (256 bits) or TC26-512-A (512 bits)."""
        ...


_LOADERS: Final[tuple[tuple[str, Callable[[], GostLibrary]], ...]] = (
    ("OpenSSL", OpensslEngine),
    ("GnuTLS", Gnutls),
)
_KNOWN_MESSAGE: Final = b"012345678901234567890123456789012345678901234567890123456789012"
_KNOWN_DIGESTS: Final = {  # GOST R 34.11-2012, appendix A, example 1, in the byte order in which libraries write them
    GostAlgorithm.GOST_2012_256: "9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500",
    GostAlgorithm.GOST_2012_512: (
        "1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa"
        "00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48"
    ),
}


class Search:
    """Looks for a library once, when it is first asked, and remembers what it found or why it found nothing."""

    def __init__(self, loaders: tuple[tuple[str, Callable[[], GostLibrary]], ...] = _LOADERS) -> None:
        """Take names and constructors, best first."""
        self._loaders = loaders
        self._lock = threading.Lock()
        self._found: GostLibrary | None = None
        self._reasons: list[str] = []

    def __call__(self) -> GostLibrary:
        """Return the first library that is here and computes what it must; `SuiteUnavailable` when there is none."""
        if self._found is None:
            with self._lock:
                if self._found is None and not self._reasons:
                    self._found = self._load()
        if self._found is None:
            raise SuiteUnavailable(f"GOST needs a library that is not here: {ADVICE}. ({'; '.join(self._reasons)})")
        return self._found

    def _load(self) -> GostLibrary | None:
        for name, load in self._loaders:
            try:
                candidate = load()
                _check(candidate)
            except LibraryMissing as error:
                self._reasons.append(f"{name}: {error}")
            else:
                return candidate
        return None


library: Final = Search()
"""This machine's library: OpenSSL's engine, or else GnuTLS."""


def _check(candidate: GostLibrary) -> None:
    """Refuse a library that computes other digests than the standard: it would fail every message."""
    for algorithm, expected in _KNOWN_DIGESTS.items():
        if candidate.digest(algorithm, _KNOWN_MESSAGE).hex() != expected:
            raise LibraryMissing(f"its digest of {algorithm.title} is wrong")
