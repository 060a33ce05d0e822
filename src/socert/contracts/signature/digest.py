"""Digests of attachments, computed piece by piece, so that a file of any size costs no memory.

    digest = Digest(Suite.GOST_2012_256)
    for piece in pieces:
        digest.update(piece)
    digest.base64()                 # as it stands in RefAttachmentHeader/Hash

The exchange wants GOST R 34.11-2012 of 256 bits there. A participant whose signatures are of another suite writes that
suite's digest, so that tests need no GOST.

Source: SMEV 3 manual 3.3, 3.2.1 (Hash) and 5; GOST R 34.11-2012 (RFC 6986).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.gost_library import library
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.signature.gost_library import GostDigest

_GOST: Mapping[Suite, GostAlgorithm] = {
    Suite.GOST_2001: GostAlgorithm.GOST_2001,
    Suite.GOST_2012_256: GostAlgorithm.GOST_2012_256,
    Suite.GOST_2012_512: GostAlgorithm.GOST_2012_512,
}


class _Sha256:
    """SHA-256 in the words of the GOST libraries."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def finish(self) -> bytes:
        return self._hash.digest()


class Digest:
    """The digest that goes with a suite: Streebog with GOST 2012, SHA-256 with ECDSA and RSA.

    `SuiteUnavailable` where it is a GOST one and no library on this machine knows it.
    """

    def __init__(self, suite: Suite) -> None:
        algorithm = _GOST.get(suite)
        self._running: GostDigest = _Sha256() if algorithm is None else library().start_digest(algorithm)
        self._finished: bytes | None = None

    def update(self, data: bytes) -> None:
        """Take in the next piece. Raises ValueError once the digest was asked for."""
        if self._finished is not None:
            raise ValueError("this digest is finished: begin another one")
        self._running.update(data)

    def digest(self) -> bytes:
        """Return the digest of all pieces."""
        if self._finished is None:
            self._finished = self._running.finish()
        return self._finished

    def hexdigest(self) -> str:
        """Return the digest in hexadecimal digits."""
        return self.digest().hex()

    def base64(self) -> str:
        """Return the digest in base64."""
        return base64.b64encode(self.digest()).decode()
