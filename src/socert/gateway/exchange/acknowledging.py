"""Acknowledging messages that are kept. One whose acknowledgement fails comes again, and is acknowledged then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.errors import ContractError
from socert.contracts.smev.faults import Disposition, FaultReceived
from socert.contracts.smev.operation import Operation
from socert.gateway.errors import DeliveryError, Unreadable
from socert.host.log import get_logger

if TYPE_CHECKING:
    from socert.gateway.exchange.caller import Caller
    from socert.gateway.exchange.exchange import Exchange

log = get_logger("poller")


class Acknowledger:
    """Tells the exchange what was received. Call it only when the message is committed."""

    def __init__(self, *, exchange: Exchange, caller: Caller) -> None:
        """Take the exchange and what writes calls."""
        self._exchange = exchange
        self._caller = caller

    async def __call__(self, message_id: str, *, accepted: bool | None) -> None:
        """Acknowledge a message; `accepted` None: leave it to come again."""
        if accepted is None:
            return
        envelope = self._caller.acknowledge(message_id, accepted=accepted)
        try:
            await self._exchange.call(Operation.ACK, envelope)
        except FaultReceived as error:
            if error.fault.disposition is not Disposition.ALREADY_DONE:
                log.warning("not acknowledged, it will come again", message_id=message_id, fault=error.fault.kind)
        except (DeliveryError, ContractError, Unreadable) as error:
            log.warning("not acknowledged, it will come again", message_id=message_id, why=str(error))
