"""Taking messages: SendRequest and SendResponse, from a verified call to a place in somebody's queue.

A request gets an address for its answers (ReplyTo) and goes to the provider of its type; an answer goes to whoever
asked. A business content that breaks its schema is taken and then rejected by a message of the exchange itself, in the
sender's queue of responses (SMEV 3 manual 3.3, 2.4; 3.2 and 3.5).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from socert.contracts.smev import reply
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.simulator.clock import microseconds
from socert.simulator.errors import NodeRefused
from socert.simulator.smev import checks
from socert.simulator.smev.participants import EXCHANGE
from socert.simulator.smev.queues import Kind, Queued, Rejection
from socert.simulator.smev.types import by_request, by_response, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from socert.contracts.message import MessageType
    from socert.contracts.signature.signer import Signer
    from socert.contracts.smev.call import Call
    from socert.contracts.smev.faults import ValidationError
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.retention import Retention
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.types import Registered
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
        participants: Participants,
        signer: Signer,
        clock: SimulatorClock,
        message_age: timedelta,
        retention: Retention,
        delivered: Callable[[str], None],
    ) -> None:
        self._state = state
        self._queues = queues
        self._participants = participants
        self._signer = signer
        self._clock = clock
        self._age = message_age
        self._retention = retention
        self._delivered = delivered
        self._ids = MessageIds(clock)

    def send_request(self, call: Call, sender: Participant) -> bytes:
        """Take a request of a participant, return the reply. Raises `NodeRefused`."""
        now = self._clock()
        self._check_new(call, now)
        assert call.content is not None
        assert call.message_type is not None
        registered = self._registered_request(call.message_type)
        if registered.name not in sender.sends:
            raise checks.refuse(call.operation, Cause.ACCESS_DENIED)
        if call.end_of_life is not None and call.end_of_life <= now:
            raise checks.refuse(call.operation, Cause.END_OF_LIFE)
        recipient = self._provider(registered, call.message_type, sender)
        address = _address(call.message_id, sender.mnemonic, call.message_type, now)
        errors = checks.complaints(schema_of(call.message_type).violations(call.content))
        with self._state.transaction():
            self._remember(call.message_id, now)
            if errors:
                self._reject(call, sender, registered, address, InteractionStatus.REJECTED, errors)
            else:
                self._state.run(
                    "INSERT INTO route (address, message_id, sender, recipient, message_type, node_id, reference_id,"
                    " created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    address,
                    call.message_id,
                    sender.mnemonic,
                    recipient,
                    registered.name,
                    call.node_id,
                    call.reference_message_id,
                    microseconds(now),
                )
                self._queues.put(
                    Queued(
                        recipient=recipient,
                        kind=Kind.REQUEST,
                        message_type=registered.name,
                        message_id=call.message_id,
                        sender=sender.mnemonic,
                        sent_at=now,
                        node_id=call.node_id,
                        address=address,
                        data=call.sender_data(),
                        signature=call.sender_signature() or b"",
                    )
                )
        self._delivered(sender.mnemonic if errors else recipient)
        return self._taken_reply(call, MessageCategory.REQUEST, sender.mnemonic, recipient, now)

    def send_response(self, call: Call, sender: Participant) -> bytes:
        """Take an answer of a participant, return the reply. Raises `NodeRefused`."""
        now = self._clock()
        self._check_new(call, now)
        route = self._state.one("SELECT * FROM route WHERE address = ? AND recipient = ?", call.to, sender.mnemonic)
        if route is None:
            raise checks.refuse(call.operation, Cause.REPLY_TO_UNKNOWN, to=call.to)
        errors: list[ValidationError] = []
        recipient, name = str(route["sender"]), str(route["message_type"])
        registered = self._registered_response(call, name)
        if call.message_type is not None and call.content is not None:
            errors = checks.complaints(schema_of(call.message_type).violations(call.content))
        with self._state.transaction():
            self._remember(call.message_id, now)
            if errors:
                self._reject(call, sender, registered, call.to, InteractionStatus.RESPONSE_REJECTED, errors)
            else:
                self._queues.put(
                    Queued(
                        recipient=recipient,
                        kind=Kind.RESPONSE,
                        message_type=name,
                        message_id=call.message_id,
                        original_id=route["message_id"],
                        reference_id=route["reference_id"],
                        sender=sender.mnemonic,
                        sent_at=now,
                        node_id=route["node_id"],
                        address=call.to,
                        data=call.sender_data(),
                        signature=call.sender_signature() or b"",
                    )
                )
        self._delivered(sender.mnemonic if errors else recipient)
        return self._taken_reply(call, MessageCategory.RESPONSE, sender.mnemonic, recipient, now)

    def _check_new(self, call: Call, now: datetime) -> None:
        """Refuse what was sent before, then what is too old: a known id is always answered as known."""
        if self._state.one("SELECT 1 FROM sent WHERE message_id = ?", call.message_id) is not None:
            raise checks.refuse(call.operation, Cause.ALREADY_SENT, message_id=call.message_id)
        checks.check_age(call, now, self._age)

    def _remember(self, message_id: str, now: datetime) -> None:
        """Keep an id against repetition."""
        self._retention.look(now)
        self._state.run("INSERT INTO sent VALUES (?, ?)", message_id, microseconds(now))

    def _registered_request(self, message_type: MessageType) -> Registered:
        registered = by_request().get(message_type)
        if registered is not None:
            return registered
        names = {"RootElementLocalName": message_type.root, "RootElementNamespaceURI": message_type.namespace}
        raise NodeRefused(
            because(
                Operation.SEND_REQUEST,
                Cause.TYPE_OF_OTHER_OPERATION if message_type in by_response() else Cause.TYPE_NOT_SUPPORTED,
                details=names,
                namespace=message_type.namespace,
                root=message_type.root,
                category=MessageCategory.RESPONSE.value,
            )
        )

    def _registered_response(self, call: Call, name: str) -> Registered | None:
        """Return the type of an answer's content, which must answer the request's type; None without content."""
        if call.message_type is None:
            return None
        registered = by_response().get(call.message_type)
        if registered is not None and registered.name == name:
            return registered
        if registered is not None or call.message_type in by_request():
            raise checks.refuse(call.operation, Cause.RESPONSE_TYPE_WRONG)
        raise checks.refuse(
            call.operation,
            Cause.TYPE_NOT_REGISTERED,
            namespace=call.message_type.namespace,
            root=call.message_type.root,
        )

    def _provider(self, registered: Registered, message_type: MessageType, sender: Participant) -> str:
        """Return who gets a request: the one that serves its type; nobody asks himself."""
        providers = [one for one in self._participants.providers(registered.name) if one != sender]
        names = {"namespace": message_type.namespace, "root": message_type.root}
        if not providers:
            raise checks.refuse(Operation.SEND_REQUEST, Cause.RECIPIENT_UNKNOWN, **names)
        if len(providers) > 1:
            raise checks.refuse(Operation.SEND_REQUEST, Cause.RECIPIENT_AMBIGUOUS, **names)
        return providers[0].mnemonic

    def _reject(
        self,
        call: Call,
        sender: Participant,
        registered: Registered | None,
        address: str,
        category: InteractionStatus,
        errors: list[ValidationError],
    ) -> None:
        """Put the exchange's own rejection of a message into its sender's queue of responses."""
        fault = because(call.operation, Cause.CONTENT_INVALID, message_id=call.message_id)
        self._queues.put(
            Queued(
                recipient=sender.mnemonic,
                kind=Kind.RESPONSE,
                message_type="" if registered is None else registered.name,
                message_id=self._ids(),
                original_id=call.message_id,
                sender=EXCHANGE,
                sent_at=self._clock(),
                node_id=call.node_id,
                address=address,
                rejection=Rejection(
                    category=category.value,
                    text=fault.text,
                    errors=tuple((error.position, error.text) for error in errors),
                ),
            )
        )

    def _taken_reply(self, call: Call, category: MessageCategory, sender: str, recipient: str, now: datetime) -> bytes:
        metadata = reply.Metadata(
            message_id=call.message_id,
            message_type=category,
            sender=sender,
            sent_at=now,
            recipient=recipient,
            status=InteractionStatus.QUEUED,
        )
        return reply.send_reply(call.operation, metadata, signer=self._signer, version=call.version)


def _address(message_id: str, sender: str, message_type: MessageType, now: datetime) -> str:
    """Return the address for answers to a request: opaque to everybody, base64 of JSON as the real ones are."""
    inside = {
        "mid": message_id,
        "mnm": sender,
        "ns": message_type.namespace,
        "slc": message_type.root,
        "crt": now.isoformat(timespec="milliseconds"),
        "eol": 0,
    }
    return base64.b64encode(json.dumps(inside, separators=(",", ":")).encode()).decode()
