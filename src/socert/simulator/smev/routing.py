"""Who gets a request: by its message type, by the routing code in it, or by what its sender says (version 1.3).

Sources: SMEV 3 manual 3.3, 2.2.2 and 2.2.3; SMEV 3 routing and directive schemas 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import SignatureInvalid
from socert.contracts.signature.certificates import fingerprint
from socert.contracts.smev import personal, registry
from socert.contracts.smev.envelope import fragment
from socert.contracts.smev.fault_texts import Cause
from socert.contracts.smev.routing import RecordStatus, RoutingCode, RoutingStatus, ValueStatus
from socert.contracts.smev.status import MessageCategory
from socert.contracts.smev.version import Version
from socert.simulator.smev import checks
from socert.simulator.smev.types import LONGEST_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lxml import etree

    from socert.contracts.smev.call import Call
    from socert.contracts.smev.registry import RegistryRecord
    from socert.contracts.smev.routing import RecordRouting, Routing
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.types import Registered

_NO_ROUTING = "в блоке маршрутизации нет получателей"


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """One recipient of a request. `records`: which records of the registry it gets, None for the whole message."""

    recipient: str
    records: frozenset[int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """Where a request goes. `status` tells what became of each address, None where everything was found."""

    destinations: tuple[Destination, ...]
    status: RoutingStatus | None = None


class Router:
    """Finds the recipients of requests. `verified`: whether signatures of routings and records are verified."""

    def __init__(self, participants: Participants, *, verified: bool) -> None:
        self._participants = participants
        self._verified = verified

    def route(self, call: Call, registered: Registered, sender: Participant) -> Routed:
        """Return where a request goes. Raises `NodeRefused`; nobody gets a request of his own."""
        providers = [one for one in self._participants.providers(registered.name) if one != sender]
        if registered.category is MessageCategory.BROADCAST:
            if not providers:
                raise _refuse(call, Cause.RECIPIENT_UNKNOWN)
            return Routed(destinations=tuple(Destination(recipient=one.mnemonic) for one in providers))
        if call.routing is not None:
            self._check_routing(call, call.routing, sender)
            return self._by_sender(call, call.routing, providers)
        provider = self._by_code(call, registered, providers) if registered.code else _only(call, providers)
        if not self._let_in(_signed(call.personal_signature), call.content)(provider):
            personal_fault = call.version is Version.V1_3
            raise _refuse(call, Cause.PERSONAL_ACCESS_DENIED if personal_fault else Cause.ACCESS_DENIED)
        return Routed(destinations=(Destination(recipient=provider.mnemonic),))

    def _by_code(self, call: Call, registered: Registered, providers: Collection[Participant]) -> Participant:
        """Return the provider for the routing code that the content carries."""
        assert call.content is not None
        code = registered.routing_code(call.content)
        if not code:
            raise _refuse(call, Cause.RECIPIENT_DATA_INCOMPLETE, error="код маршрутизации не заполнен")
        if len(code) > LONGEST_CODE:
            raise _refuse(call, Cause.RECIPIENT_DATA_INCOMPLETE, error=f"код маршрутизации длиннее {LONGEST_CODE}")
        found = [one for one in providers if code in one.routing_codes]
        if not found:
            raise _refuse(call, Cause.RECIPIENT_OKTMO_WRONG, error=f"код маршрутизации {code} не зарегистрирован")
        return _only(call, found)

    def _check_routing(self, call: Call, routing: Routing, sender: Participant) -> None:
        """Refuse a routing of another message, one that names nobody, and one that its sender has not signed."""
        if routing.message_id != call.message_id:
            raise checks.broken_envelope(call.operation, ["RoutingInformation/MessageID is not the message's id"])
        if self._verified:
            checks.check_routing(call, self._participants, sender)

    def _by_sender(self, call: Call, routing: Routing, providers: Collection[Participant]) -> Routed:
        """Return the recipients that the sender names, and what became of each name."""
        let_in = self._let_in(_signed(call.personal_signature), call.content)
        dynamic = _Found.of(routing.dynamic, providers, _has_code, let_in)
        identifiers = _Found.of(routing.identifiers, providers, _is_called, let_in)
        general = dynamic.recipients | identifiers.recipients
        if not routing.records:
            if not routing.dynamic and not routing.identifiers:
                raise _refuse(call, Cause.RECIPIENT_DATA_INCOMPLETE, error=_NO_ROUTING)
            status = RoutingStatus(dynamic=dynamic.statuses, identifiers=identifiers.statuses)
            return _routed(dict.fromkeys(general), status)
        named = bool(routing.dynamic or routing.identifiers)
        wanted: dict[str, set[int]] = {}
        statuses = []
        known = {record.record_id: record for record in call.registry}
        told = {record.record_id for record in routing.records}
        for one in routing.records:
            said, recipients = self._record(one, known.get(one.record_id), providers, general if named else None)
            statuses.append(said)
            for recipient in recipients:
                wanted.setdefault(recipient, set()).add(one.record_id)
        for recipient in general:  # a record that nothing is said of goes where the message goes
            wanted.setdefault(recipient, set()).update(known.keys() - told)
        status = RoutingStatus(dynamic=dynamic.statuses, identifiers=identifiers.statuses, records=tuple(statuses))
        return _routed({one: records if records != set(known) else None for one, records in wanted.items()}, status)

    def _record(
        self,
        routing: RecordRouting,
        record: RegistryRecord | None,
        providers: Collection[Participant],
        general: frozenset[str] | None,
    ) -> tuple[RecordStatus, frozenset[str]]:
        """Return what became of one record, and who gets it. `general`: where the message goes, None where unsaid."""
        number = routing.record_id
        if record is None:
            return RecordStatus(record_id=number, code=RoutingCode.INVALID_RECORD_ID), frozenset()
        broken = self._broken(record)
        if broken is not None:
            return RecordStatus(record_id=number, code=broken), frozenset()
        if routing.general and general is None:
            return RecordStatus(record_id=number, code=RoutingCode.GENERAL_ROUTING_NOT_FOUND), frozenset()
        let_in = self._let_in(record.personal_signatures, record.content.getparent())
        dynamic = _Found.of(routing.dynamic, providers, _has_code, let_in)
        identifiers = _Found.of(routing.identifiers, providers, _is_called, let_in)
        recipients = dynamic.recipients | identifiers.recipients
        if routing.general and general is not None:
            recipients |= general
        failed = [one.code for one in dynamic.statuses + identifiers.statuses if one.code is not RoutingCode.SUCCESS]
        code = RoutingCode.SUCCESS if recipients else next(iter(failed), RoutingCode.RECIPIENT_NOT_FOUND)
        status = RecordStatus(record_id=number, code=code, dynamic=dynamic.statuses, identifiers=identifiers.statuses)
        return status, recipients

    def _broken(self, record: RegistryRecord) -> RoutingCode | None:
        """Return what is wrong with a record's signature, None where nothing is; it may be left out."""
        if record.signature is None or not self._verified:
            return None
        try:
            verified = registry.verify(record, checks.SUITES)
        except SignatureInvalid:
            return RoutingCode.SIGNATURE_INVALID
        known = self._participants.by_certificate(verified.certificate)
        return None if known is not None else RoutingCode.CERTIFICATE_INVALID

    def _let_in(
        self, signatures: tuple[etree._Element, ...], signed: etree._Element | None
    ) -> Callable[[Participant], bool]:
        """Return whether a recipient takes what officials have signed: it may list whose requests it takes."""

        def lets_in(recipient: Participant) -> bool:
            allowed = self._participants.personal_access(recipient.mnemonic)
            return allowed is None or any(_signer(one, signed) in allowed for one in signatures)

        return lets_in


def only_records(data: bytes, records: Collection[int]) -> bytes:
    """Return a sender's block whose registry holds some of its records only; its signature holds no more then.

    Each record keeps the signature of its own.
    """
    block = xml.parse(data)
    for record in list(block.iter(f"{{{Version.V1_3.directive}}}RegistryRecord")):
        number = record.findtext(f"{{{Version.V1_3.directive}}}RecordId", "")
        holder = record.getparent()
        if holder is not None and int(number) not in records:
            holder.remove(record)
    return fragment(block)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What became of each value of one kind, and who was found by them."""

    statuses: tuple[ValueStatus, ...]
    recipients: frozenset[str]

    @classmethod
    def of(
        cls,
        values: Collection[str],
        providers: Collection[Participant],
        meant: Callable[[Participant, str], bool],
        let_in: Callable[[Participant], bool],
    ) -> _Found:
        """Look each value up among the providers of the message type."""
        statuses, recipients = [], set()
        for value in values:
            found = [one for one in providers if meant(one, value)]
            allowed = [one.mnemonic for one in found if let_in(one)]
            recipients.update(allowed)
            code = RoutingCode.SUCCESS
            if not allowed:
                code = RoutingCode.PERSONAL_ACCESS_DENIED if found else RoutingCode.RECIPIENT_NOT_FOUND
            statuses.append(ValueStatus(value=value, code=code))
        return cls(statuses=tuple(statuses), recipients=frozenset(recipients))


def _signed(signature: etree._Element | None) -> tuple[etree._Element, ...]:
    return () if signature is None else (signature,)


def _signer(signature: etree._Element, signed: etree._Element | None) -> str:
    """Return the fingerprint of who made a personal signature that holds; empty where it does not."""
    try:
        return fingerprint(personal.verify(signature, signed, checks.SUITES).certificate)
    except SignatureInvalid:
        return ""


def _has_code(participant: Participant, value: str) -> bool:
    return value in participant.routing_codes


def _is_called(participant: Participant, value: str) -> bool:
    return value == participant.mnemonic or value in participant.identifiers


def _routed(wanted: dict[str, set[int] | None] | dict[str, None], status: RoutingStatus) -> Routed:
    destinations = tuple(
        Destination(recipient=recipient, records=None if records is None else frozenset(records))
        for recipient, records in sorted(wanted.items())
        if records is None or records
    )
    codes = {one.code for one in status.dynamic + status.identifiers} | {one.code for one in status.records}
    codes |= {one.code for record in status.records for one in record.dynamic + record.identifiers}
    return Routed(destinations=destinations, status=None if codes <= {RoutingCode.SUCCESS} else status)


def _only(call: Call, providers: Collection[Participant]) -> Participant:
    """Return the one provider there is."""
    if not providers:
        raise _refuse(call, Cause.RECIPIENT_UNKNOWN)
    if len(providers) > 1:
        raise _refuse(call, Cause.RECIPIENT_AMBIGUOUS)
    return next(iter(providers))


def _refuse(call: Call, cause: Cause, **values: str) -> Exception:
    assert call.message_type is not None
    names = {"namespace": call.message_type.namespace, "root": call.message_type.root}
    return checks.refuse(call.operation, cause, **names, **values)
