"""The answer to the question, from the registry's contracts and only with a consent in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from attendance.messages import REQUEST, Response, read_request
from socert.gateway.plugins import Look, Reply

if TYPE_CHECKING:
    from lxml import etree
    from sqlalchemy import Connection

    from attendance.messages import Request
    from socert.contracts.message import MessageType
    from socert.gateway.plugins import Received, Services

UNKNOWN = "Такого договора нет."
NO_CONSENT = "Нет действующего согласия на обработку персональных данных."


@dataclass(frozen=True, kw_only=True, slots=True)
class AttendanceAnswerer:
    """Answers AttendanceRequest."""

    message_type: ClassVar[MessageType] = REQUEST

    services: Services

    def take(self, content: etree._Element, received: Received) -> Look:
        """Only look: nothing is changed by the question."""
        request = read_request(content)
        return Look(find=lambda connection: self._find(connection, request))

    def _find(self, connection: Connection, request: Request) -> Reply:
        life = self.services.life.life(connection, request.contract_id)
        kept = None if life is None else self.services.life.kept(connection, life.certificate_guid)
        if life is None or kept is None:
            return Reply(content=Response(contract_id=request.contract_id, month=request.month, refused=UNKNOWN))
        if not self.services.consents.may_leave(connection, kept.certificate):
            return Reply(content=Response(contract_id=request.contract_id, month=request.month, refused=NO_CONSENT))
        month = date.fromisoformat(f"{request.month}-01")
        told = Response(
            contract_id=request.contract_id,
            month=request.month,
            planned=life.planned(month),
            charged=life.charged.get(month, 0),
        )
        # `about`: a consent that is withdrawn before this has left still stops it.
        return Reply(content=told, about=(life.certificate_guid,))


def answerers(services: Services) -> tuple[AttendanceAnswerer, ...]:
    """Return what this plug-in answers: the entry point of the group `socert.answerers`."""
    return (AttendanceAnswerer(services=services),)
