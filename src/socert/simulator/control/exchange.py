"""Control calls of the exchange: who takes part, what lies in queues, and what only the exchange itself can do.

GET  /_sim/participants              who they are, and the message types registered
GET  /_sim/queues                    sizes; /_sim/queues/{mnemonic}: what lies there, without contents
POST /_sim/defects                   {"message_id", "defect"}: FILES, CERTIFICATE or PROCESSING is found wrong with a
                                     message that was taken: it leaves the queues, and its sender is told
POST /_sim/cancels                   {"message_id"}: cancel a request (version 1.1)
GET  /_sim/push                      the last push notifications; POST {"participant"?}: send them now
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.simulator.control.answers import body_of, maybe_text_of, text_of, to_json
from socert.simulator.errors import ControlRefused
from socert.simulator.smev.verdicts import Defect

if TYPE_CHECKING:
    from socert.simulator.smev.node import Node
    from socert.simulator.smev.participants import Participant, Participants
    from socert.simulator.smev.push import Push
    from socert.simulator.smev.queues import Queues
    from socert.simulator.smev.statuses import Statuses
    from socert.simulator.smev.types import Registered

#: How many messages of one participant are listed.
_MOST = 1000


class Exchange:
    """The calls of the exchange."""

    def __init__(
        self, *, node: Node, queues: Queues, statuses: Statuses, participants: Participants, push: Push
    ) -> None:
        self._node = node
        self._queues = queues
        self._statuses = statuses
        self._participants = participants
        self._push = push

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the control's prefix."""
        return [
            web.get("/participants", self._read_participants),
            web.get("/queues", self._read_queues),
            web.get("/queues/{mnemonic}", self._read_queue),
            web.post("/defects", self._find_defect),
            web.post("/cancels", self._cancel),
            web.get("/push", self._read_push),
            web.post("/push", self._send_push),
        ]

    async def _read_participants(self, _request: web.Request) -> web.Response:
        types = self._participants.types.by_name.values()
        return to_json(
            {
                "participants": [_participant(one) for one in self._participants.all()],
                "message_types": [_message_type(one) for one in types],
            }
        )

    async def _read_queues(self, _request: web.Request) -> web.Response:
        self._node.sweep()
        return to_json({"queues": self._queues.sizes(), "statuses": self._statuses.sizes()})

    async def _read_queue(self, request: web.Request) -> web.Response:
        participant = self._need(request.match_info["mnemonic"])
        self._node.sweep()
        return to_json(
            {
                "messages": self._queues.listing(participant.mnemonic, _MOST),
                "statuses": self._statuses.listing(participant.mnemonic, _MOST),
            }
        )

    async def _find_defect(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        name = text_of(wish, "defect")
        if name not in Defect.__members__:
            raise ControlRefused(f"defect is one of {', '.join(Defect.__members__)}.")
        if not self._node.withdraw(text_of(wish, "message_id"), Defect[name]):
            return to_json({"error": "There is no such message in a queue."}, 404)
        return await self._read_queues(request)

    async def _cancel(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        message_id = self._node.cancel(text_of(wish, "message_id"))
        if message_id is None:
            return to_json({"error": "There is no such request."}, 404)
        return to_json({"message_id": message_id}, 201)

    async def _read_push(self, _request: web.Request) -> web.Response:
        return to_json({"notifications": [one.as_json() for one in self._push.last()]})

    async def _send_push(self, request: web.Request) -> web.Response:
        mnemonic = maybe_text_of(await body_of(request), "participant")
        if mnemonic is not None and self._need(mnemonic).push is None:
            raise ControlRefused(f"{mnemonic} has no service for push notifications.")
        self._node.sweep()
        return to_json({"notifications": [one.as_json() for one in await self._push.tell(mnemonic)]})

    def _need(self, mnemonic: str) -> Participant:
        """Return a participant; 404 where there is none."""
        found = self._participants.by_mnemonic(mnemonic)
        if found is None:
            raise web.HTTPNotFound(reason="There is no such participant.")
        return found


def _participant(participant: Participant) -> dict[str, Any]:
    return {
        "mnemonic": participant.mnemonic,
        "name": participant.name or participant.mnemonic,
        "serves": sorted(participant.serves),
        "sends": sorted(participant.sends),
        "priority": participant.priority,
        "queue_limit": participant.queue_limit,
        "push": participant.push,
        "routing_codes": sorted(participant.routing_codes),
        "identifiers": sorted({participant.mnemonic, *participant.identifiers}),
    }


def _message_type(registered: Registered) -> dict[str, Any]:
    return {
        "name": registered.name,
        "category": registered.category.value,
        "formats": [
            {"request": str(one.request), "responses": [str(response) for response in one.responses]}
            for one in registered.formats
        ],
    }
