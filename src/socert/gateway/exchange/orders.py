"""Orders of the portal: where each is answered to, how far it has come, and what is said of it.

The reply address of an application is kept until its order is over, and it is answered as often as its stage changes
(portal message dictionary, 15, invariant 17); nothing is said after an ending (invariant 7). What happens to an order
is written down in the transaction in which it happens, rendered as it is then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from socert.contracts.portal.enrolment import check_response
from socert.gateway.domain.order import ENDINGS, OrderEvent, Stage
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.exchange import answers
from socert.gateway.exchange.answers import NewAnswer
from socert.gateway.mapping.account import PREFIX
from socert.gateway.mapping.enrolment import bare_status_of, status_of
from socert.gateway.mapping.order_event import text_message
from socert.gateway.store.tables import micros, moment
from socert.gateway.store.tables_life import order_text as texts
from socert.gateway.store.tables_life import portal_order as table
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from socert.contracts.message import MessageType
    from socert.contracts.portal.enrolment import TextMessage
    from socert.contracts.portal.order_event import Environment
    from socert.contracts.portal.statuses import StatusCode
    from socert.gateway.domain.records import Certificate
    from socert.gateway.exchange.answering import Received
    from socert.gateway.ports import Ids, Registry, UnitOfWork

log = get_logger("orders")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An order of the portal as it stands: its last stage and number, and what it led to; `ended` for good or not."""

    order_id: str
    oktmo: str
    seq: int
    stage: Stage | None
    ended: bool
    certificate_guid: str | None
    contract_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A text about an order: of the parent (`incoming`) or of the organisation. `text` None: it was erased."""

    message_id: str
    incoming: bool
    author: str | None
    text: str | None
    written_at: datetime


class Orders:
    """Keeps orders and makes the answers about them."""

    def __init__(
        self,
        *,
        registry: Registry,
        may_leave: Callable[[Connection, Certificate], bool],
        codes: Mapping[Stage, StatusCode],
        environment: Environment,
        clock: Callable[[], datetime],
        ids: Ids,
    ) -> None:
        """Take the parts. `may_leave` says whether consents let a child's data out; `codes` are a profile's own."""
        self._registry = registry
        self._may_leave = may_leave
        self._codes = codes
        self._environment = environment
        self._clock = clock
        self._ids = ids

    # --- orders -------------------------------------------------------------------------------------------------------

    def open(
        self, unit: UnitOfWork, order_id: str, *, received: Received, oktmo: str, message_type: MessageType
    ) -> Order | None:
        """Keep a new order and return None; one that is known takes the new address and is returned as it stands."""
        connection = unit.connection
        address = {"reply_to": received.reply_to, "message_id": received.message_id}
        found = self.get(connection, order_id)
        if found is not None:
            connection.execute(update(table).where(table.c.order_id == order_id).values(**address))
            return found
        at = micros(received.at)
        connection.execute(
            insert(table).values(
                order_id=order_id,
                message_type=str(message_type),
                oktmo=oktmo,
                seq=0,
                ended=0,
                filed_at=at,
                changed_at=at,
                **address,
            )
        )
        return None

    def get(self, connection: Connection, order_id: str) -> Order | None:
        """Return an order, None when it was not filed here."""
        row = connection.execute(select(table).where(table.c.order_id == order_id)).mappings().first()
        return None if row is None else _order(row)

    def say_again(self, unit: UnitOfWork, order_id: str) -> None:
        """Say the order's last status once more, to its address of now; it has the same number (6.5, rule 8)."""
        last = answers.last_status(unit.connection, order_id)
        if last is not None:
            answers.put(unit.connection, last, self._clock())

    def record(self, connection: Connection, events: Sequence[OrderEvent]) -> None:
        """Make the answers that events call for, in their order.

        An order that was not filed here has nobody to be told. An event after the ending is our own mistake: it is
        logged and goes nowhere.
        """
        for event in events:
            order = self.get(connection, event.order_id)
            if order is None:
                log.info("nobody asked about this order", order_id=event.order_id, stage=event.stage)
            elif order.ended:
                log.error("an order that is over is not told of", order_id=event.order_id, stage=event.stage)
            else:
                self._tell(connection, order, event)

    def _tell(self, connection: Connection, order: Order, event: OrderEvent) -> None:
        seq, guid = order.seq + 1, order.certificate_guid
        contract = payer = None
        if event.contract_id is not None:
            contract = self._registry.contracts(connection, [event.contract_id]).get(event.contract_id)
            guid = guid if contract is None else contract.certificate_guid
            payer = None if guid is None else self._registry.certificates(connection, [guid]).get(guid)
        bare = bare_status_of(event, seq=seq, codes=self._codes)
        whole = status_of(event, seq=seq, codes=self._codes, contract=contract, payer=payer)
        problems = check_response(whole)
        if problems:
            # A status without its contract is worth more to the parent than one that the portal refuses.
            why = "; ".join(map(str, problems))
            log.error("the contract of an order is not told", order_id=event.order_id, why=why)
            whole = status_of(event, seq=seq, codes=self._codes, contract=None, payer=payer)
        allowed = payer is None or self._may_leave(connection, payer.certificate)
        personal = allowed and payer is not None
        answers.put(
            connection,
            NewAnswer(
                content=(whole if allowed else bare).render(PREFIX),
                message_type=whole.message_type.root,
                reference=event.order_id,
                order_id=event.order_id,
                seq=seq,
                guid=guid,
                personal=personal,
                bare=bare.render(PREFIX) if personal else None,
            ),
            event.at,
        )
        connection.execute(
            update(table)
            .where(table.c.order_id == event.order_id)
            .values(
                seq=seq,
                stage=event.stage.value,
                ended=int(event.stage in ENDINGS),
                certificate_guid=guid,
                contract_id=event.contract_id or order.contract_id,
                changed_at=micros(event.at),
            )
        )

    def refuse(self, unit: UnitOfWork, order_id: str, *, reason: RuleCode, text: str) -> None:
        """End an order that led to no contract, as an operator decides; `text` is Russian, for the parent.

        Errors (Refused): NOT_FOUND for an order that was not filed here or has a contract: that is what is refused.
        """
        order = self.get(unit.connection, order_id)
        if order is None or order.contract_id is not None:
            raise Refused(RuleCode.NOT_FOUND, what=order_id)
        if not order.ended:
            event = OrderEvent(order_id=order_id, stage=Stage.REFUSED, at=self._clock(), reason=reason, text=text)
            unit.tell(event)

    # --- consents -----------------------------------------------------------------------------------------------------

    def cancel_personal(self, connection: Connection, guid: str) -> None:
        """Stop what has not left of everything personal about the child of a certificate.

        Statuses of orders go with their code alone: no contract ends by a withdrawal, and the portal waits for them.
        """
        stopped = answers.stop_personal(connection, guid, self._clock())
        log.info("answers stopped", certificate=guid, count=stopped)

    # --- texts --------------------------------------------------------------------------------------------------------

    def hear(self, unit: UnitOfWork, message: TextMessage) -> bool:
        """Keep a text of the parent, once; False where there is no such order, or it is over."""
        order_id = str(message.order_id)
        if unit.connection.scalar(select(texts.c.order_id).where(texts.c.message_id == message.message_id.lower())):
            return True
        order = self.get(unit.connection, order_id)
        if order is None or order.ended:
            return False
        self._keep(unit, order_id, message.message_id.lower(), True, message.author, message.text, message.written_at)
        return True

    def say(self, unit: UnitOfWork, order_id: str, text: str, *, author: str | None = None) -> str:
        """Write to the parent about an order and return the text's id. `text` is Russian, 1-2048 characters.

        Errors (Refused): NOT_FOUND for an order that was not filed here.
        """
        order = self.get(unit.connection, order_id)
        if order is None:
            raise Refused(RuleCode.NOT_FOUND, what=order_id)
        message_id, now = self._ids(), self._clock()
        self._keep(unit, order_id, message_id, False, author, text, now)
        content = text_message(order_id, text, author=author, at=now, environment=self._environment)
        answers.put(
            unit.connection,
            NewAnswer(
                content=content.render(PREFIX),
                message_type=content.message_type.root,
                operation="SendRequest",
                reference=message_id,
                order_id=order_id,
                guid=order.certificate_guid,
                personal=order.certificate_guid is not None,
            ),
            now,
        )
        return message_id

    def texts(self, connection: Connection, order_id: str) -> tuple[Text, ...]:
        """Return what was written about an order, oldest first."""
        chosen = select(texts).where(texts.c.order_id == order_id).order_by(texts.c.kept_at, texts.c.message_id)
        return tuple(
            Text(
                message_id=row["message_id"],
                incoming=bool(row["incoming"]),
                author=row["author"],
                text=row["text"],
                written_at=moment(row["written_at"]),
            )
            for row in connection.execute(chosen).mappings()
        )

    def _keep(
        self,
        unit: UnitOfWork,
        order_id: str,
        message_id: str,
        incoming: bool,
        author: str | None,
        text: str,
        written_at: datetime,
    ) -> None:
        unit.connection.execute(
            insert(texts).values(
                message_id=message_id,
                order_id=order_id,
                incoming=int(incoming),
                author=author,
                text=text,
                written_at=micros(written_at),
                kept_at=micros(self._clock()),
            )
        )


def _order(row: RowMapping) -> Order:
    return Order(
        order_id=row["order_id"],
        oktmo=row["oktmo"],
        seq=row["seq"],
        stage=None if row["stage"] is None else Stage(row["stage"]),
        ended=bool(row["ended"]),
        certificate_guid=row["certificate_guid"],
        contract_id=row["contract_id"],
    )
