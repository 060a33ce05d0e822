"""Where real answers of the exchange are known to break the schema of their version: forgiven when read, never written.

    mended(root, version) -> Element    # a copy, as the schema wants it
    DEPARTURES                          # what is forgiven, in which versions, and why

Sources: real answers in version 1.1 of 2014 (the examples of manual 3.3) and 2021.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts.smev.envelope import XSI
from socert.contracts.smev.status import InteractionStatus, InteractionType, MessageCategory, nearest
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STATUSES = {status.value: status for status in InteractionStatus}


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """One thing that is forgiven: in which versions, why, and how a copy is mended."""

    versions: frozenset[Version]
    reason: str
    mend: Callable[[etree._Element, Version], None]


def _names(root: etree._Element, version: Version) -> None:
    types = version.types
    for metadata in _metadata(root, types):
        for party in (*metadata.iterchildren(f"{{{types}}}Sender"), *metadata.iterchildren(f"{{{types}}}Recipient")):
            _put(party, types, "HumanReadableName", after={"Mnemonic"})


def _destination(root: etree._Element, version: Version) -> None:
    types = version.types
    for metadata in _metadata(root, types):
        before = {"MessageId", "MessageType", "Sender", "SendingTimestamp", "MessageBroker"}
        _put(metadata, types, "DestinationName", after=before)


def _supplement(root: etree._Element, version: Version) -> None:
    types = version.types
    for metadata in _metadata(root, types):
        later = {"DeliveryTimestamp", "Status"}
        before = {etree.QName(part).localname for part in metadata.iterchildren("*")} - later
        holder = _put(metadata, types, "SupplementaryData", after=before)
        kind = _put(holder, types, "InteractionType", after={"DetectedContentTypeName"})
        kind.text = kind.text or InteractionType.NOT_DETECTED.value


def _statuses(root: etree._Element, version: Version) -> None:
    for name in ("Status", "StatusCategory"):
        for found in root.iter(f"{{{version.types}}}{name}"):
            known = _STATUSES.get(found.text or "")
            if known is not None:
                found.text = nearest(known, version, MessageCategory.RESPONSE).value


def _complaints(root: etree._Element, version: Version) -> None:
    faults = version.faults
    for fault in root.iter(f"{{{version.types}}}SmevFault"):
        if fault.get(f"{{{XSI}}}type", "").rpartition(":")[2] == "InvalidContent":
            complaint = _put(fault, faults, "ValidationError", after={"Code", "Description"})
            complaint.set("errorPosition", complaint.get("errorPosition", "-1"))


DEPARTURES = (
    Departure(
        versions=frozenset({Version.V1_1, Version.V1_3}),
        reason="Sender and Recipient come without HumanReadableName: answers of 2021 in 1.1; 1.3 demands the same",
        mend=_names,
    ),
    Departure(
        versions=frozenset({Version.V1_1}),
        reason="DestinationName is left out: every answer printed in the manual, answers of 2021",
        mend=_destination,
    ),
    Departure(
        versions=frozenset({Version.V1_1}),
        reason="SupplementaryData is left out, or comes without InteractionType: answers of 2021",
        mend=_supplement,
    ),
    Departure(
        versions=frozenset(Version),
        reason="statuses of a later version come in an earlier one: messageIsDelivered in 1.1, answers of 2021",
        mend=_statuses,
    ),
    Departure(
        versions=frozenset(Version),
        reason="InvalidContent comes without ValidationError: refusals of envelopes, 2018-2021",
        mend=_complaints,
    ),
)


def mended(root: etree._Element, version: Version) -> etree._Element:
    """Return a copy of a reply's body element in which every known departure of its version is mended."""
    tree = root.getroottree()
    copies = deepcopy(tree)  # the whole of it: values may name types by prefixes declared above
    copy = copies.getroot() if tree.getroot() is root else copies.find(tree.getelementpath(root))
    assert copy is not None  # it stands where it stood
    for departure in DEPARTURES:
        if version in departure.versions:
            departure.mend(copy, version)
    return copy


def _metadata(root: etree._Element, types: str) -> Iterator[etree._Element]:
    return root.iter(f"{{{types}}}MessageMetadata")


def _put(holder: etree._Element, namespace: str, name: str, *, after: set[str]) -> etree._Element:
    """Return the child of that name; where there is none, put one behind those that go before it."""
    place = 0
    for position, part in enumerate(holder):
        if isinstance(part.tag, str):
            if part.tag == f"{{{namespace}}}{name}":
                return part
            if etree.QName(part).localname in after:
                place = position + 1
    made = etree.Element(f"{{{namespace}}}{name}")
    holder.insert(place, made)
    return made
