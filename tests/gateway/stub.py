"""The exchange, played in memory: real signed replies, in the order that a test lays down."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding
from tests.gateway.records import NOON, Clock

from socert.contracts.signature import testkeys
from socert.contracts.signature.certificates import fingerprint, load_certificate
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, multipart, reply
from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version
from socert.gateway.exchange.exchange import Exchange
from socert.gateway.exchange.retry import Breaker
from socert.gateway.ports import DeliveryError, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from socert.contracts.message import BusinessMessage
    from socert.contracts.smev.attachments import StoredFile
    from socert.contracts.smev.routing import RoutingStatus
    from socert.contracts.smev.status import Rejection

    Behaviour = Callable[[call.Call], bytes]

SUITES = frozenset({Suite.ECDSA_P256})
FAULT_TEXT = "Журавлёв Платон, СНИЛС 112-233-445 95: так нельзя"
"""What a real exchange may put into a fault: it quotes what it was sent."""


def key(name: str) -> KeySigner:
    """Make a test key."""
    made = testkeys.make(name, organisation="Tests", now=NOON)
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


def print_of(signer: KeySigner) -> str:
    """Return the fingerprint of a signer's certificate."""
    return fingerprint(load_certificate(signer.certificate).public_bytes(Encoding.DER))


REGION, NODE, PORTAL, STRANGER = key("REGION"), key("SMEV"), key("EPGU"), key("STRANGER")


@dataclass(kw_only=True)
class Stub:
    """Answers calls: by what is laid down for an operation, one after another, and kindly when nothing is."""

    clock: Clock
    calls: list[tuple[str, bytes]] = field(default_factory=list)
    acknowledged: list[tuple[str, bool]] = field(default_factory=list)
    script: dict[str, deque[Behaviour]] = field(default_factory=lambda: defaultdict(deque))
    queues: dict[str, deque[bytes]] = field(default_factory=lambda: defaultdict(deque))
    signer: KeySigner = NODE
    version: Version = Version.V1_2
    down: bool = False
    in_parts: bool = False

    def __post_init__(self) -> None:
        self.ids = MessageIds(self.clock)

    def exchange(self, *, failures: int = 5, pause: float = 5.0) -> Exchange:
        """Return the exchange as the gateway sees it; it trusts this stub's own key."""
        breaker = Breaker(failures=failures, pause=pause, clock=self.clock)
        return Exchange(transport=self, trusted=lambda: frozenset({print_of(NODE)}), suites=SUITES, breaker=breaker)

    def sent(self, operation: str) -> list[bytes]:
        """Return the envelopes of an operation, in order."""
        return [body for name, body in self.calls if name == operation]

    def next(self, operation: str, *behaviours: Behaviour) -> None:
        """Lay down how the next calls of an operation end."""
        self.script[operation].extend(behaviours)

    async def send(self, operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        """Answer a call (`PortalTransport`)."""
        self.calls.append((operation, envelope))
        if self.down:
            raise DeliveryError("no answer")
        opened = call.open_call(envelope, content_type or "text/xml")
        call.check_schema(opened)
        call.verify(opened, SUITES)
        laid_down = self.script[operation]
        body = laid_down.popleft()(opened) if laid_down else self._kindly(opened)
        status = 500 if b":Fault>" in body else 200
        said = "text/xml; charset=utf-8"
        if operation.startswith("Get") and self.in_parts:
            body, said = multipart.write(body)
        return Sent(status=status, content_type=said, body=body)

    def _kindly(self, opened: call.Call) -> bytes:
        match opened.operation:
            case Operation.SEND_REQUEST | Operation.SEND_RESPONSE:
                return self.taken(opened)
            case Operation.ACK:
                self.acknowledged.append((opened.message_id, bool(opened.accepted)))
                return reply.ack_reply(self.version)
            case operation:
                queue = self.queues[operation]
                return queue.popleft() if queue else reply.empty(operation, self.version)

    # --- what a call may end in ---------------------------------------------------------------------------------------

    def taken(self, opened: call.Call) -> bytes:
        """The message is taken."""
        metadata = self._metadata(opened.message_id, MessageCategory.REQUEST, InteractionStatus.QUEUED)
        return reply.send_reply(opened.operation, metadata, signer=self.signer, version=self.version)

    def untrusted(self, opened: call.Call) -> bytes:
        """Somebody else answers in the exchange's place."""
        metadata = self._metadata(opened.message_id, MessageCategory.REQUEST, InteractionStatus.QUEUED)
        return reply.send_reply(opened.operation, metadata, signer=STRANGER, version=self.version)

    def garbage(self, _opened: call.Call) -> bytes:
        """The answer is no reply at all."""
        return b"<html><body>Bad gateway</body></html>"

    def silence(self, _opened: call.Call) -> bytes:
        """No answer comes."""
        raise DeliveryError("no answer")

    def lost(self, opened: call.Call) -> bytes:
        """The message is taken and the answer lost on its way; a second try hears that it was sent."""
        self.script[opened.operation].appendleft(self.refused(FaultKind.MESSAGE_IS_ALREADY_SENT))
        raise DeliveryError("the connection broke")

    def refused(self, kind: FaultKind) -> Behaviour:
        """The exchange refuses with a fault that quotes what it was sent, as real ones do."""
        errors = (ValidationError(text=FAULT_TEXT, position=1),) if kind is FaultKind.INVALID_CONTENT else ()
        fault = Fault(kind=kind, text=FAULT_TEXT, code="X", description=f"SMEV-999:{FAULT_TEXT}", errors=errors)
        return lambda _opened: reply.fault(fault, self.version)

    # --- what lies in the queues --------------------------------------------------------------------------------------

    def ask(self, content: BusinessMessage, *, message_id: str | None = None, signer: KeySigner | None = None) -> str:
        """Put a request of the portal into the region's queue; returns its id."""
        message_id = message_id or self.ids()
        body = self.request(content, message_id, signer)
        self.queues["GetRequest"].append(body)
        return message_id

    def request(
        self,
        content: BusinessMessage,
        message_id: str,
        signer: KeySigner | None = None,
        *,
        stored: Sequence[StoredFile] = (),
        **attached: Any,
    ) -> bytes:
        """Return the reply that brings a request, with its files."""
        asked = call.open_call(
            call.send_request(message_id=message_id, content=content, signer=PORTAL, version=self.version, **attached)
        )
        return reply.request_delivery(
            sender_data=asked.sender_data(),
            sender_signature=asked.sender_signature(),
            metadata=self._metadata(message_id, MessageCategory.REQUEST, InteractionStatus.ACCEPTED),
            reply_to=f"address of {message_id}",
            signer=signer or self.signer,
            version=self.version,
            stored=stored,
            contents=asked.contents,
        )

    def respond(
        self,
        original: str,
        content: BusinessMessage | None = None,
        *,
        rejections: Sequence[Rejection] = (),
        **more: Any,
    ) -> str:
        """Put the portal's answer to a message into the region's queue; returns its id."""
        message_id = self.ids()
        said = call.open_call(
            call.send_response(
                message_id=message_id,
                to="address",
                content=content,
                rejections=rejections,
                signer=PORTAL,
                version=self.version,
                **more,
            )
        )
        self.queues["GetResponse"].append(
            reply.response_delivery(
                original_message_id=original,
                sender_data=said.sender_data(),
                sender_signature=said.sender_signature(),
                metadata=self._metadata(message_id, MessageCategory.RESPONSE, InteractionStatus.DELIVERED),
                signer=self.signer,
                version=self.version,
            )
        )
        return message_id

    def judge(
        self,
        original: str,
        kind: FaultKind,
        category: InteractionStatus = InteractionStatus.REJECTED,
        *,
        routing: RoutingStatus | None = None,
    ) -> str:
        """Put the exchange's own verdict on a message into the region's queue; returns its id."""
        message_id = self.ids()
        status = replace(_verdict(original, kind, category), routing=routing)
        self.queues["GetResponse"].append(
            reply.async_status(
                status,
                message_id=message_id,
                to="address",
                metadata=self._metadata(message_id, MessageCategory.RESPONSE, InteractionStatus.DELIVERED),
                signer=self.signer,
                version=self.version,
            )
        )
        return message_id

    def report(
        self,
        original: str,
        kind: FaultKind,
        category: InteractionStatus = InteractionStatus.REJECTED,
        *,
        signer: KeySigner | None = None,
    ) -> None:
        """Put the exchange's verdict on a message into the status queue."""
        status = _verdict(original, kind, category)
        self.queues["GetStatus"].append(
            reply.status_message(status, signer=signer or self.signer, version=self.version)
        )

    def cancel(self) -> str:
        """Put the cancelling of a request into the region's queue, as version 1.1 has it; returns its id."""
        message_id = self.ids()
        metadata = self._metadata(message_id, MessageCategory.REQUEST, InteractionStatus.ACCEPTED)
        self.queues["GetRequest"].append(
            reply.cancel_delivery(message_id=message_id, reference=self.ids(), metadata=metadata, signer=self.signer)
        )
        return message_id

    def _metadata(self, message_id: str, category: MessageCategory, status: InteractionStatus) -> reply.Metadata:
        return reply.Metadata(
            message_id=message_id,
            message_type=category,
            sender="EPGU",
            sent_at=self.clock(),
            recipient="REGION",
            delivered_at=self.clock(),
            status=status,
        )


def _verdict(original: str, kind: FaultKind, category: InteractionStatus) -> AsyncStatus:
    fault = Fault(kind=kind, text=FAULT_TEXT, code="X", description=f"SMEV-999:{FAULT_TEXT}")
    return AsyncStatus(original_message_id=original, category=category, details=FAULT_TEXT, fault=fault)
