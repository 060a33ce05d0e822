"""Taking messages: SendRequest and SendResponse, from a verified call to places in queues.

A request gets an address for its answers (ReplyTo) for each of its recipients; an answer goes to whoever asked. What is
found wrong only after a message was taken is told to its sender by a message of the exchange itself (`verdicts`).
Source: SMEV 3 manual 3.3, 2.2-2.4, 3.2, 3.5 and 8.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from socert.contracts.smev import reply
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.simulator.clock import microseconds
from socert.simulator.smev import checks
from socert.simulator.smev.queues import Kind, Queued, queue_name
from socert.simulator.smev.receiving import metadata
from socert.simulator.smev.routing import only_records
from socert.simulator.smev.transaction_code import is_transaction_code
from socert.simulator.smev.verdicts import Judged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.call import Call
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.retention import Retention
    from socert.simulator.smev.attachments import Attachments
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.routing import Routed, Router
    from socert.simulator.smev.types import Registered
    from socert.simulator.smev.verdicts import Verdicts
    from socert.simulator.state import State


class Sending:
    """Takes messages. `message_age` is how old a MessageID may be; `delivered` hears of each recipient.

    `retention` is asked with every message to forget what is too old.
    """

    def __init__(
        self,
        *,
        state: State,
        queues: Queues,
        verdicts: Verdicts,
        participants: Participants,
        router: Router,
        signer: Signer | None,
        clock: SimulatorClock,
        message_age: timedelta,
        retention: Retention,
        attachments: Attachments,
        delivered: Callable[[str], None],
    ) -> None:
        self._state = state
        self._queues = queues
        self._verdicts = verdicts
        self._participants = participants
        self._router = router
        self._signer = signer
        self._clock = clock
        self._age = message_age
        self._retention = retention
        self._attachments = attachments
        self._delivered = delivered

    def send_request(self, call: Call, sender: Participant) -> bytes:
        """Take a request of a participant, return the reply. Raises `NodeRefused`."""
        now = self._clock()
        self._check_new(call, now)
        assert call.message_type is not None
        registered = self._registered_request(call, call.message_type)
        if registered.name not in sender.sends:
            raise checks.refuse(call.operation, Cause.ACCESS_DENIED)
        if call.end_of_life is not None and call.end_of_life <= now:
            raise checks.refuse(call.operation, Cause.END_OF_LIFE)
        if call.transaction_code is not None and not is_transaction_code(call.transaction_code):
            raise checks.refuse(call.operation, Cause.TRANSACTION_CODE_INVALID)
        routed = self._router.route(call, registered, sender)
        recipients = [one.recipient for one in routed.destinations]
        self._check_room(call, recipients, Kind.REQUEST)
        claims = self._attachments.check(call, sender.mnemonic, recipients, registered.name)
        judged = Judged(
            message_id=call.message_id,
            sender=sender.mnemonic,
            category=registered.category,
            message_type=registered.name,
            node_id=call.node_id,
            address=_address(call.message_id, sender.mnemonic, call.message_type, now, 0),
            transaction_code=call.transaction_code,
            reference_id=call.reference_message_id,
        )
        with self._state.transaction():
            self._remember(call.message_id, now)
            taken = not self._rejected(call, judged) and self._routed(routed, judged)
            if taken:
                self._put_requests(call, judged, routed, now, priority=sender.priority)
            self._attachments.keep(call, recipients if taken else [], registered.name, claims)
        self._tell(call, recipients if taken else [sender.mnemonic], held=taken and bool(claims))
        return self._taken_reply(call, registered.category, sender.mnemonic, recipients, now, registered.name)

    def send_response(self, call: Call, sender: Participant) -> bytes:
        """Take an answer of a participant, return the reply. Raises `NodeRefused`."""
        now = self._clock()
        self._check_new(call, now)
        route = self._state.one("SELECT * FROM route WHERE address = ? AND recipient = ?", call.to, sender.mnemonic)
        if route is None:
            raise checks.refuse(call.operation, Cause.REPLY_TO_UNKNOWN, to=call.to)
        recipient, name = str(route["sender"]), str(route["message_type"])
        self._check_response_type(call, name)
        self._check_room(call, [recipient], Kind.RESPONSE)
        claims = self._attachments.check(call, sender.mnemonic, [recipient], name)
        judged = Judged(
            message_id=call.message_id,
            sender=sender.mnemonic,
            category=MessageCategory.RESPONSE,
            message_type=name,
            address=call.to,
            transaction_code=route["transaction_code"],
            reference_id=route["reference_id"],
        )
        with self._state.transaction():
            self._remember(call.message_id, now)
            taken = not self._rejected(call, judged)
            if taken:
                self._queues.put(
                    Queued(
                        recipient=recipient,
                        kind=Kind.RESPONSE,
                        category=MessageCategory.RESPONSE,
                        version=call.version,
                        message_type=name,
                        message_id=call.message_id,
                        original_id=route["message_id"],
                        reference_id=route["reference_id"],
                        transaction_code=route["transaction_code"],
                        sender=sender.mnemonic,
                        sent_at=now,
                        node_id=route["node_id"],
                        address=call.to,
                        data=call.sender_data(),
                        signature=call.sender_signature() or b"",
                    )
                )
            self._attachments.keep(call, [recipient] if taken else [], name, claims)
        self._tell(call, [recipient if taken else sender.mnemonic], held=taken and bool(claims))
        return self._taken_reply(call, MessageCategory.RESPONSE, sender.mnemonic, [recipient], now)

    def _put_requests(self, call: Call, judged: Judged, routed: Routed, now: datetime, *, priority: bool) -> None:
        """Put a request into the queue of each of its recipients, under an address for the answers of each."""
        assert call.message_type is not None
        answerable = judged.category is MessageCategory.REQUEST
        data, signature = call.sender_data(), call.sender_signature() or b""
        for number, one in enumerate(routed.destinations):
            address = judged.address
            if number:
                address = _address(call.message_id, judged.sender, call.message_type, now, number)
            if answerable:
                self._remember_route(judged, address, one.recipient, now)
            self._queues.put(
                Queued(
                    recipient=one.recipient,
                    kind=Kind.REQUEST,
                    category=judged.category,
                    version=call.version,
                    message_type=judged.message_type,
                    message_id=call.message_id,
                    sender=judged.sender,
                    sent_at=now,
                    node_id=call.node_id,
                    address=address,
                    end_of_life=call.end_of_life,
                    # Priorities have no say in broadcasts (manual 2.3.5).
                    priority=priority and answerable,
                    data=data if one.records is None else only_records(data, one.records),
                    signature=signature if one.records is None else b"",
                    reference_id=call.reference_message_id,
                    transaction_code=call.transaction_code,
                )
            )

    def _check_new(self, call: Call, now: datetime) -> None:
        """Refuse what was sent before, then what is too old: a known id is always answered as known."""
        if self._state.one("SELECT 1 FROM sent WHERE message_id = ?", call.message_id) is not None:
            raise checks.refuse(call.operation, Cause.ALREADY_SENT, message_id=call.message_id)
        checks.check_age(call, now, self._age)

    def _check_room(self, call: Call, recipients: Collection[str], kind: Kind) -> None:
        """Refuse a message for a queue that holds as many as it may; then nobody gets it."""
        for recipient in recipients:
            participant = self._participants.by_mnemonic(recipient)
            limit = None if participant is None else participant.queue_limit
            if limit is None:
                continue
            self._verdicts.sweep()
            if self._queues.holds(recipient, kind, limit):
                details = {"DestinationName": queue_name(recipient, kind.value)}
                raise checks.refuse(call.operation, Cause.DESTINATION_OVERFLOW, details=details)

    def _tell(self, call: Call, recipients: Collection[str], *, held: bool) -> None:
        """Say who has got something; of a held message that is said when its files have been verified."""
        if held:
            self._attachments.verify(call.message_id)
            return
        for recipient in recipients:
            self._delivered(recipient)

    def _remember(self, message_id: str, now: datetime) -> None:
        """Keep an id against repetition."""
        self._retention.look(now)
        self._state.run("INSERT INTO sent VALUES (?, ?)", message_id, microseconds(now))

    def _remember_route(self, judged: Judged, address: str, recipient: str, now: datetime) -> None:
        """Keep where answers to a request go."""
        self._state.run(
            "INSERT INTO route (address, message_id, sender, recipient, message_type, node_id, reference_id,"
            " transaction_code, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            address,
            judged.message_id,
            judged.sender,
            recipient,
            judged.message_type,
            judged.node_id,
            judged.reference_id,
            judged.transaction_code,
            microseconds(now),
        )

    def _rejected(self, call: Call, judged: Judged) -> bool:
        """Whether a message is taken to go nowhere, for its content breaks its schema."""
        if call.message_type is None or call.content is None:
            return False
        schema = self._participants.types.schema(call.message_type)
        contents = [record.content for record in call.registry] or [call.content]
        violations = [one for content in contents for one in schema.violations(content)]
        if not violations:
            return False
        fault = because(
            call.operation,
            Cause.CONTENT_INVALID,
            message_id=call.message_id,
            errors=checks.complaints(violations),
        )
        self._verdicts.reject(judged, fault)
        return True

    def _routed(self, routed: Routed, judged: Judged) -> bool:
        """Tell the sender which of its addresses were not found; False when the request goes to nobody."""
        if routed.status is not None and routed.destinations:
            self._verdicts.tell(judged, InteractionStatus.ACCEPTED, routing=routed.status)
        elif not routed.destinations:
            fault = because(judged.operation, Cause.RECIPIENT_DATA_INCOMPLETE, error="получатели не найдены")
            self._verdicts.reject(judged, fault, routing=routed.status)
        return bool(routed.destinations)

    def _registered_request(self, call: Call, message_type: MessageType) -> Registered:
        types = self._participants.types
        registered = types.by_request(message_type)
        if registered is not None:
            return registered
        answers = types.by_response(message_type) is not None
        cause = Cause.TYPE_OF_OTHER_OPERATION if answers else Cause.TYPE_NOT_SUPPORTED
        raise _wrong_type(call, cause, MessageCategory.RESPONSE)

    def _check_response_type(self, call: Call, name: str) -> None:
        """Refuse an answer whose content does not answer the request's type; one without content fits any."""
        if call.message_type is None:
            return
        types, message_type = self._participants.types, call.message_type
        registered = types.by_response(message_type)
        if registered is not None and registered.name == name:
            return
        asks = types.by_request(message_type)
        cause = Cause.TYPE_NOT_REGISTERED
        if registered is not None:
            cause = Cause.TYPE_NOT_SUPPORTED
        elif asks is not None:
            broadcast = asks.category is MessageCategory.BROADCAST
            cause = Cause.TYPE_OF_OTHER_OPERATION if broadcast else Cause.RESPONSE_TYPE_WRONG
        raise _wrong_type(call, cause, MessageCategory.BROADCAST)

    def _taken_reply(
        self,
        call: Call,
        category: MessageCategory,
        sender: str,
        recipients: Collection[str],
        now: datetime,
        message_type: str | None = None,
    ) -> bytes:
        """Return the reply to a message that was taken; it names the recipient where there is one."""
        kind = Kind.RESPONSE if category is MessageCategory.RESPONSE else Kind.REQUEST
        recipient = (
            next(iter(recipients)) if len(recipients) == 1 and category is not MessageCategory.BROADCAST else None
        )
        said = metadata(
            message_id=call.message_id,
            category=category,
            sender=sender,
            recipient=recipient,
            destination=queue_name(recipient or "", kind.value) if recipient else "",
            message_type=message_type,
            sent_at=now,
            status=InteractionStatus.QUEUED,
            participants=self._participants,
        )
        return reply.send_reply(call.operation, said, signer=self._signer, version=call.version)


def _wrong_type(call: Call, cause: Cause, category: MessageCategory) -> Exception:
    """Return the refusal of a content's type, which is registered as of a category, if at all."""
    assert call.message_type is not None
    namespace, root = call.message_type.namespace, call.message_type.root
    details = {}
    if cause.kind is FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED:
        details = {"RootElementLocalName": root, "RootElementNamespaceURI": namespace}
    return checks.refuse(
        call.operation, cause, details=details, namespace=namespace, root=root, category=category.value
    )


def _address(message_id: str, sender: str, message_type: MessageType, now: datetime, number: int) -> str:
    """Return the address for one recipient's answers: opaque to everybody, base64 of JSON as the real ones are."""
    inside = {
        "sid": number,
        "mid": message_id,
        "mnm": sender,
        "ns": message_type.namespace,
        "slc": message_type.root,
        "crt": now.isoformat(timespec="milliseconds"),
        "eol": 0,
    }
    return base64.b64encode(json.dumps(inside, separators=(",", ":")).encode()).decode()
