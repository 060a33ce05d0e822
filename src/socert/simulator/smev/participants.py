"""Participants of the exchange: who they are by certificate, which message types they serve and which they may send.

With no configuration there are three: the exchange itself (`exchange.key`), the portal EPGU (`portal.key`), both made
when absent, and the region REGION, known as soon as `region.crt` lies in the folder of keys. Others are told in a TOML
file (`listing`), which replaces all participants but EPGU, whose entry it may replace too (its certificate stays the
portal's own). A certificate nobody knows makes the list be read anew, so that one may
be added while the simulator runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts.errors import SignatureInvalid
from socert.contracts.portal.known import Direction
from socert.contracts.signature.certificates import fingerprint, load_certificate
from socert.host.log import get_logger
from socert.simulator.errors import SettingsError
from socert.simulator.smev.listing import Listed, Listing, read_listing
from socert.simulator.smev.listing import Participant as Participant
from socert.simulator.smev.types import Types, names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The portal's mnemonic, the region's one when nothing else is told, and the exchange's own.
PORTAL = "EPGU"
REGION = "REGION"
EXCHANGE = "SMEV"

log = get_logger("participants")


class Participants:
    """Finds participants by certificate, mnemonic and message type; `types` are the message types registered.

    `portal_certificate` is the DER certificate of the portal inside; `folder` holds `region.crt`; `listing` is the
    TOML file or None. `SettingsError` when the file cannot be used.
    """

    def __init__(self, *, portal_certificate: bytes, folder: Path, listing: Path | None) -> None:
        self._portal = fingerprint(portal_certificate)
        self._folder = folder
        self._file = listing
        self._seen: tuple[int, int] | None = None
        self._listing = Listing(participants=(), types=Types())
        self._by_certificate: dict[str, Participant] = {}
        self._by_mnemonic: dict[str, Participant] = {}
        self._revoked: frozenset[str] = frozenset()
        self._personal: dict[str, frozenset[str]] = {}
        self.reload()

    @property
    def types(self) -> Types:
        """The message types of the exchange."""
        return self._listing.types

    def by_certificate(self, der: bytes) -> Participant | None:
        """Return whose certificate this is; an unknown one makes the list be read anew first."""
        print_ = fingerprint(der)
        found = self._by_certificate.get(print_)
        if found is None:
            try:
                self.reload()
            except SettingsError as error:  # somebody is at work on the file: what it said before still holds
                log.warning("the list of participants cannot be read anew", reason=str(error))
            found = self._by_certificate.get(print_)
        return found

    def by_mnemonic(self, mnemonic: str) -> Participant | None:
        """Return the participant of this name."""
        return self._by_mnemonic.get(mnemonic)

    def revoked(self, der: bytes) -> bool:
        """Whether the certification authority would say of this certificate that it holds no more."""
        return bool(self._revoked) and fingerprint(der) in self._revoked

    def personal_access(self, mnemonic: str) -> frozenset[str] | None:
        """Return the fingerprints of the officials whose signed requests alone go to a participant; None for all."""
        return self._personal.get(mnemonic)

    def providers(self, message_type: str) -> list[Participant]:
        """Return who serves requests of a message type, by name."""
        return [one for one in self._by_mnemonic.values() if message_type in one.serves]

    def all(self) -> list[Participant]:
        """Return every participant."""
        return list(self._by_mnemonic.values())

    def mnemonics(self) -> list[str]:
        """Return all mnemonics."""
        return list(self._by_mnemonic)

    def reload(self) -> None:
        """Read the list anew if it has changed, and the certificates; those that are not there yet are skipped."""
        self._read()
        by_certificate: dict[str, Participant] = {}
        by_mnemonic: dict[str, Participant] = {}
        revoked: set[str] = set()
        personal: dict[str, frozenset[str]] = {}
        for listed in self._listed():
            participant = listed.participant
            by_mnemonic[participant.mnemonic] = participant
            if participant.mnemonic == PORTAL:
                by_certificate[self._portal] = participant
            for place in (*listed.certificates, *listed.revoked):
                print_ = _fingerprint(place)
                if print_ is not None:
                    by_certificate[print_] = participant
                    if place in listed.revoked:
                        revoked.add(print_)
            if listed.personal_access is not None:
                found = (_fingerprint(place) for place in listed.personal_access)
                personal[participant.mnemonic] = frozenset(print_ for print_ in found if print_ is not None)
        self._by_certificate, self._by_mnemonic, self._revoked = by_certificate, by_mnemonic, frozenset(revoked)
        self._personal = personal

    def _read(self) -> None:
        """Read the file if it is not the one that was read last: compiling schemas takes its time."""
        if self._file is None:
            return
        found = self._file.stat() if self._file.exists() else None
        seen = None if found is None else (found.st_mtime_ns, found.st_size)
        if seen is None or seen != self._seen:
            self._listing, self._seen = read_listing(self._file), seen

    def _listed(self) -> Iterable[Listed]:
        to_portal = names(Direction.REGION_TO_PORTAL, Direction.BOTH_WAYS)
        to_region = names(Direction.PORTAL_TO_REGION, Direction.BOTH_WAYS)
        yield Listed(participant=Participant(mnemonic=PORTAL, serves=to_portal, sends=to_region))
        if self._file is None:
            region = Participant(mnemonic=REGION, serves=to_region, sends=to_portal)
            yield Listed(participant=region, certificates=(self._folder / "region.crt",))
            return
        yield from self._listing.participants


def _fingerprint(place: Path) -> str | None:
    """Return a certificate file's fingerprint; None (and a line in the log) when it cannot be read."""
    if not place.exists():
        return None
    try:
        return fingerprint(load_certificate(place.read_bytes()).public_bytes(Encoding.DER))
    except (OSError, SignatureInvalid) as error:
        log.warning("certificate cannot be read", file=str(place), reason=str(error))
        return None
