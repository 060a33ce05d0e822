'''Participants of the exchange: who they are by certificate, which message types they serve and which they may send.

With no configuration there are three: the exchange itself (`exchange.key`), the portal EPGU (`portal.key`), both made
when absent, and the region REGION, known as soon as `region.crt` lies in the folder of keys. Others are told in TOML:

    """
    [[participant]]
    mnemonic = "REGION"
    certificates = ["region.crt", "region-2027.crt"]    # files beside this one, or absolute
    serves = ["pf_certificate", "enrolment"]            # gets these requests
    sends = ["account", "order_event"]                  # may send these requests
    """

A file replaces all participants but EPGU, whose entry it may replace too (its certificate stays the portal's own).
A certificate nobody knows makes the list be read anew, so that one may be added while the simulator runs.
'''

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding

from socert.contracts.errors import SignatureInvalid
from socert.contracts.portal.known import Direction
from socert.contracts.signature.certificates import fingerprint, load_certificate
from socert.host.log import get_logger
from socert.simulator.errors import SettingsError
from socert.simulator.smev.types import names, types

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The portal's mnemonic, the region's one when nothing else is told, and the exchange's own.
PORTAL = "EPGU"
REGION = "REGION"
EXCHANGE = "SMEV"

log = get_logger("participants")


@dataclass(frozen=True, kw_only=True, slots=True)
class Participant:
    """One information system: mnemonic, names of message types whose requests it serves, and which it may send."""

    mnemonic: str
    serves: frozenset[str]
    sends: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    """A participant and where its certificates lie."""

    participant: Participant
    certificates: tuple[Path, ...]


class Participants:
    """Finds participants by certificate, mnemonic and message type.

    `portal_certificate` is the DER certificate of the portal inside; `folder` holds `region.crt`; `listing` is the
    TOML file or None. `SettingsError` when the file cannot be used.
    """

    def __init__(self, *, portal_certificate: bytes, folder: Path, listing: Path | None) -> None:
        self._portal = fingerprint(portal_certificate)
        self._folder = folder
        self._file = listing
        self._by_certificate: dict[str, Participant] = {}
        self._by_mnemonic: dict[str, Participant] = {}
        self.reload()

    def by_certificate(self, der: bytes) -> Participant | None:
        """Return whose certificate this is; an unknown one makes the list be read anew first."""
        print_ = fingerprint(der)
        found = self._by_certificate.get(print_)
        if found is None:
            self.reload()
            found = self._by_certificate.get(print_)
        return found

    def by_mnemonic(self, mnemonic: str) -> Participant | None:
        """Return who goes by a mnemonic."""
        return self._by_mnemonic.get(mnemonic)

    def providers(self, message_type: str) -> list[Participant]:
        """Return who serves requests of a message type, by name."""
        return [one for one in self._by_mnemonic.values() if message_type in one.serves]

    def mnemonics(self) -> list[str]:
        """Return all mnemonics."""
        return list(self._by_mnemonic)

    def reload(self) -> None:
        """Read the list and the certificates anew; certificates that are not there yet are skipped."""
        by_certificate: dict[str, Participant] = {}
        by_mnemonic: dict[str, Participant] = {}
        for listed in self._listed():
            participant = listed.participant
            by_mnemonic[participant.mnemonic] = participant
            if participant.mnemonic == PORTAL:
                by_certificate[self._portal] = participant
            for place in listed.certificates:
                print_ = _fingerprint(place)
                if print_ is not None:
                    by_certificate[print_] = participant
        self._by_certificate, self._by_mnemonic = by_certificate, by_mnemonic

    def _listed(self) -> Iterable[_Listed]:
        to_portal = names(Direction.REGION_TO_PORTAL, Direction.BOTH_WAYS)
        to_region = names(Direction.PORTAL_TO_REGION, Direction.BOTH_WAYS)
        portal = Participant(mnemonic=PORTAL, serves=to_portal, sends=to_region)
        yield _Listed(participant=portal, certificates=())
        if self._file is None:
            region = Participant(mnemonic=REGION, serves=to_region, sends=to_portal)
            yield _Listed(participant=region, certificates=(self._folder / "region.crt",))
            return
        yield from read_listing(self._file)


def read_listing(place: Path) -> list[_Listed]:
    """Read the TOML file of participants; `SettingsError` says which entry and which field is wrong."""
    try:
        document = tomllib.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"The list of participants {place} cannot be read: {error}.") from error
    entries = document.get("participant")
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"{place} holds no [[participant]] entries.")
    return [_entry(place, number, entry) for number, entry in enumerate(entries, 1)]


def _entry(place: Path, number: int, entry: Any) -> _Listed:
    mnemonic = entry.get("mnemonic")
    if not isinstance(mnemonic, str) or not 1 <= len(mnemonic) <= 50:
        raise SettingsError(f"{place}, participant {number}: mnemonic is a text of 1 to 50 characters.")
    return _Listed(
        participant=Participant(
            mnemonic=mnemonic,
            serves=_types(place, number, entry, "serves"),
            sends=_types(place, number, entry, "sends"),
        ),
        certificates=tuple(place.parent / name for name in _texts(place, number, entry, "certificates")),
    )


def _types(place: Path, number: int, entry: dict[str, Any], field: str) -> frozenset[str]:
    named = frozenset(_texts(place, number, entry, field))
    unknown = named - types().keys()
    if unknown:
        known = ", ".join(types())
        raise SettingsError(f"{place}, participant {number}: {field} names {sorted(unknown)}; known are {known}.")
    return named


def _texts(place: Path, number: int, entry: dict[str, Any], field: str) -> list[str]:
    value = entry.get(field, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{place}, participant {number}: {field} is a list of texts.")
    return value


def _fingerprint(place: Path) -> str | None:
    """Return a certificate file's fingerprint; None (and a line in the log) when it cannot be read."""
    if not place.exists():
        return None
    try:
        return fingerprint(load_certificate(place.read_bytes()).public_bytes(Encoding.DER))
    except (OSError, SignatureInvalid) as error:
        log.warning("certificate cannot be read", file=str(place), reason=str(error))
        return None
