"""The exchange as the gateway sees it: a call goes out as bytes, a reply comes back proven to be the exchange's.

What is checked of a reply, in this order: hardened parse, envelope, the exchange's signature over the raw bytes by its
pinned certificate. Only what was signed is used, and only as the answer to the operation that was called. The
envelope's schema is not asked: real exchanges break it (in 1.1 they leave out names that it demands), and a message
would be lost for it. That of the content is, where it is handled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.errors import ContractError, SignatureFault, SignatureInvalid, TransformError
from socert.contracts.signature.certificates import fingerprint
from socert.contracts.smev import reply
from socert.contracts.smev.faults import FaultReceived
from socert.gateway.errors import DeliveryError, Unreadable
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.contracts.signature.suites import Suite
    from socert.contracts.smev.reply import Reply
    from socert.gateway.exchange.retry import Breaker
    from socert.gateway.ports import PortalTransport, Sent

log = get_logger("exchange")
WITHOUT_TRUST = 1.0
"""Seconds between looks whether a certificate to trust has come."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answer:
    """A reply, its raw form, and why it cannot be trusted, if it cannot."""

    reply: Reply
    sent: Sent
    doubt: SignatureInvalid | TransformError | None = None


class Exchange:
    """Calls the exchange and trusts only its certificate."""

    def __init__(
        self,
        *,
        transport: PortalTransport,
        trusted: Callable[[], frozenset[str]],
        suites: frozenset[Suite],
        breaker: Breaker,
    ) -> None:
        """Take the transport, the fingerprints of certificates the exchange may sign with, and what it may sign by."""
        self._transport = transport
        self._trusted = trusted
        self._suites = suites
        self._breaker = breaker

    def pause(self) -> float:
        """Seconds for which the exchange is left alone; 0 when it may be called.

        Without a certificate to trust nobody calls it: no answer could be believed, and each message that it gave out
        would have to be refused.
        """
        return self._breaker.wait() or (0.0 if self._trusted() else WITHOUT_TRUST)

    @property
    def reachable(self) -> bool:
        """Whether the last calls were answered."""
        return not self._breaker.open

    @property
    def trusted(self) -> bool:
        """Whether there is a certificate to trust it by."""
        return bool(self._trusted())

    async def call(self, operation: str, envelope: bytes, content_type: str | None = None) -> Answer:
        """Send an envelope, or one with its parts, and return what the exchange answered.

        Raises `DeliveryError` when there was no answer, `FaultReceived` when it was a fault, `Unreadable` when the
        answer is no reply at all. An answer whose signature is wrong comes back with its `doubt`: the caller decides,
        and uses nothing of it but its ids.
        """
        try:
            sent = await self._transport.send(operation, envelope, content_type)
        except DeliveryError:
            if self._breaker.fail():
                log.error("the exchange does not answer: leaving it alone for a while")
            raise
        self._breaker.succeed()
        try:
            opened = reply.open_reply(sent.body, sent.content_type)
        except FaultReceived:
            raise
        except ContractError as error:
            raise Unreadable(sent, error) from error
        try:
            self._verify(opened, operation)
        except (SignatureInvalid, TransformError) as error:
            return Answer(reply=opened, sent=sent, doubt=error)
        return Answer(reply=opened, sent=sent)

    def _verify(self, opened: Reply, operation: str) -> None:
        """Check whose reply it is, and to what; an empty queue and the reply to Ack are never signed."""
        if opened.operation != operation:  # else the reply to Ack, which anybody can write, would say: it is taken
            raise SignatureInvalid(
                SignatureFault.INCORRECT_SIGNATURE_TARGET, f"{opened.operation.answered} is no answer to {operation}"
            )
        if opened.signed is None:
            return
        verified = reply.verify(opened, self._suites)
        if fingerprint(verified.certificate) not in self._trusted():
            raise SignatureInvalid(
                SignatureFault.CERTIFICATE_IS_NOT_FOUND,
                "the reply is signed by a certificate that is not the exchange's: compare SOCERT_EXCHANGE_CERTIFICATE",
            )
