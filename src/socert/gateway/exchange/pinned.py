"""Whom to believe that it is the exchange: the certificates in one file, read anew when the file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts.errors import SignatureInvalid
from socert.contracts.signature.certificates import fingerprint, load_certificate
from socert.host.log import get_logger

if TYPE_CHECKING:
    from pathlib import Path

log = get_logger("exchange")
_END = b"-----END CERTIFICATE-----"


class Pinned:
    """The fingerprints of the exchange's certificates. The file may come later than the gateway, and may change."""

    def __init__(self, place: Path) -> None:
        """Take the place of one or more PEM certificates: the old and the new one side by side in a rotation."""
        self._place = place
        self._changed: float | None = -1.0
        self._trusted: frozenset[str] = frozenset()

    def __call__(self) -> frozenset[str]:
        """Return the fingerprints; none, and one line in the log, while there is no file that can be read."""
        changed = self._last_changed()
        if changed != self._changed:
            self._changed, self._trusted = changed, self._read()
        return self._trusted

    def _last_changed(self) -> float | None:
        try:
            return self._place.stat().st_mtime
        except OSError:
            return None

    def _read(self) -> frozenset[str]:
        try:
            return frozenset(_fingerprints(self._place.read_bytes()))
        except (OSError, SignatureInvalid) as error:
            log.error(
                "no certificate of the exchange: it is not called until there is one; see SOCERT_EXCHANGE_CERTIFICATE",
                place=str(self._place),
                why=str(error),
            )
            return frozenset()


def _fingerprints(pem: bytes) -> list[str]:
    parts = [part + _END for part in pem.split(_END) if b"BEGIN CERTIFICATE" in part]
    return [fingerprint(load_certificate(part).public_bytes(Encoding.DER)) for part in parts or [pem]]
