"""The exchange's own word on messages that it had taken: into the sender's queue of responses and its status queue.

From version 1.1 of the contract on, an error of asynchronous processing comes as a response of the exchange, and the
status queue tells of it too (SMEV 3 manual 3.3, 2.3.1, 2.6.1 and figures 2 and 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.simulator.smev.participants import EXCHANGE
from socert.simulator.smev.queues import Kind, Queued

if TYPE_CHECKING:
    from socert.contracts.smev.faults import Fault
    from socert.contracts.smev.routing import RoutingStatus
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.statuses import Statuses
    from socert.simulator.state import State

#: The schema's limit of StatusDetails.
_DETAILS_LIMIT = 500


class Defect(Enum):
    """What may be found wrong with a message that was taken, in the words of the manual's table 1, and its fault."""

    FILES = (
        (
            "Ошибка проверки ftp файлов вложения. Файлы повреждены либо данные о файлах, переданные в сообщении,"
            " некорректные."
        ),
        Cause.FTP_ATTACHMENT_WRONG,
    )
    CERTIFICATE = ("Сертификат ЭП-ОВ не действительный. Верификация в ГУЦ не пройдена.", Cause.CERTIFICATE_NOT_VALID)
    PROCESSING = (
        "Ошибка асинхронного процессинга СМЭВ. Данные сообщения некорректные либо отсутствуют.",
        Cause.SMEV_FAILURE,
    )

    @property
    def text(self) -> str:
        """The words of the notice."""
        return self.value[0]

    @property
    def cause(self) -> Cause:
        """What the fault in the notice says."""
        return self.value[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """The message that a verdict is on: its id, who sent it from which node, its type's name, where answers go."""

    message_id: str
    sender: str
    category: MessageCategory
    message_type: str = ""
    node_id: str | None = None
    address: str = ""
    transaction_code: str | None = None
    reference_id: str | None = None

    @classmethod
    def of(cls, message: Queued) -> Judged:
        """Return what a verdict on a message in a queue needs."""
        return cls(
            message_id=message.message_id,
            sender=message.sender,
            category=message.category,
            message_type=message.message_type,
            # Who answers is told in the common queue: the node is that of who asked.
            node_id=None if message.category is MessageCategory.RESPONSE else message.node_id,
            address=message.address,
            transaction_code=message.transaction_code,
            reference_id=message.reference_id,
        )

    @property
    def operation(self) -> Operation:
        """What it was sent by."""
        return Operation.SEND_RESPONSE if self.category is MessageCategory.RESPONSE else Operation.SEND_REQUEST


class Verdicts:
    """Puts verdicts into queues. `reject`, `find` and `tell` belong into the transaction of what they are about."""

    def __init__(self, *, state: State, queues: Queues, statuses: Statuses, clock: SimulatorClock) -> None:
        self._state = state
        self._queues = queues
        self._statuses = statuses
        self._clock = clock
        self._ids = MessageIds(clock)

    def reject(
        self, judged: Judged, fault: Fault, *, details: str | None = None, routing: RoutingStatus | None = None
    ) -> None:
        """Tell a sender that its message goes nowhere: it was taken, and then refused for this fault."""
        response = judged.category is MessageCategory.RESPONSE
        category = InteractionStatus.RESPONSE_REJECTED if response else InteractionStatus.REJECTED
        self.tell(judged, category, fault=fault, details=fault.text if details is None else details, routing=routing)

    def find(self, judged: Judged, defect: Defect) -> None:
        """Reject a message for a defect of the manual's table."""
        fault = because(judged.operation, defect.cause, message_id=judged.message_id)
        self.reject(judged, fault, details=defect.text)

    def tell(
        self,
        judged: Judged,
        category: InteractionStatus,
        *,
        fault: Fault | None = None,
        details: str = "",
        routing: RoutingStatus | None = None,
    ) -> None:
        """Tell a sender where its message stands, as a response of the exchange and in its status queue."""
        status = AsyncStatus(
            original_message_id=judged.message_id,
            category=category,
            details=details[:_DETAILS_LIMIT],
            fault=fault,
            routing=routing,
        )
        self._queues.put(
            Queued(
                recipient=judged.sender,
                kind=Kind.RESPONSE,
                category=MessageCategory.RESPONSE,
                message_type=judged.message_type,
                message_id=self._ids(),
                original_id=judged.message_id,
                reference_id=judged.reference_id,
                transaction_code=judged.transaction_code,
                sender=EXCHANGE,
                sent_at=self._clock(),
                node_id=judged.node_id,
                address=judged.address,
                verdict=status,
            )
        )
        self._statuses.put(judged.sender, status)

    def sweep(self) -> list[str]:
        """Take messages whose end of life has passed out of all queues, tell their senders, and return who was told.

        A sender hears once of a message, however many recipients have not fetched it.
        """
        expired = self._queues.expired()
        if not expired:
            return []
        once = {message.message_id: Judged.of(message) for message in expired}
        with self._state.transaction():
            for message in expired:
                self._queues.remove(message)
            for judged in once.values():
                self.reject(judged, because(judged.operation, Cause.END_OF_LIFE))
        return [judged.sender for judged in once.values()]

    def withdraw(self, message_id: str, defect: Defect) -> str | None:
        """Take a message out of all queues for a defect and tell its sender, who is returned; None for no message."""
        with self._state.transaction():
            found = self._queues.withdraw(message_id)
            if found:
                self.find(Judged.of(found[0]), defect)
        return found[0].sender if found else None
