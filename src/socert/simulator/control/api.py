"""The control calls under /_sim: JSON in, JSON out, for testers and their scripts.

GET  /_sim/health                 {"status": "ready", ...}
GET  /_sim/accounts/{snils}       what the portal shows of a child; 404 where nothing was pushed
POST /_sim/query                  {"snils"}: ask the region as the portal would, wait, return the answer;
                                  for a child nobody knows also {"last_name", "first_name", "birth_date"}
GET  /_sim/catalogue              programmes and municipalities, in the form of the file
POST /_sim/reset                  forget everything
GET  /_sim/clock, POST            {"advance": seconds} or {"set": "2026-09-01T09:00:00+03:00"} or {"reset": true}
GET  /_sim/journal                ?last=N exchanges, oldest first
GET  /_sim/queues                 sizes
GET  /_sim/statistics             ?object=ID or ?summary what was applied, how often
GET  /_sim/faults, POST, DELETE   {"operation", "kind", "times", "seconds"}: order faults
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.simulator.errors import ControlRefused
from socert.simulator.portal.catalogue_file import catalogue_json
from socert.simulator.portal.people import BirthCertificate, KnownChild

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.control.faults import Faults
    from socert.simulator.control.journal import Journal
    from socert.simulator.portal.accounts import Accounts
    from socert.simulator.portal.catalogue import Catalogue
    from socert.simulator.portal.people import People
    from socert.simulator.portal.query import Queries
    from socert.simulator.smev.participants import Participants
    from socert.simulator.smev.queues import Queues

PREFIX = "/_sim"
_LONGEST_MOVE = timedelta(days=36500)


class Control:
    """The control calls. `reset` is what POST /_sim/reset does."""

    def __init__(
        self,
        *,
        clock: SimulatorClock,
        journal: Journal,
        faults: Faults,
        queues: Queues,
        participants: Participants,
        accounts: Accounts,
        people: People,
        queries: Queries,
        catalogue: Catalogue,
        reset: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._faults = faults
        self._queues = queues
        self._participants = participants
        self._accounts = accounts
        self._people = people
        self._queries = queries
        self._catalogue = catalogue
        self._reset_all = reset

    def application(self) -> web.Application:
        """Return the application to be mounted at `PREFIX`."""
        app = web.Application(middlewares=[_errors])
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/accounts/{snils}", self._account),
                web.post("/query", self._query),
                web.get("/catalogue", self._read_catalogue),
                web.post("/reset", self._reset),
                web.get("/clock", self._read_clock),
                web.post("/clock", self._move_clock),
                web.get("/journal", self._read_journal),
                web.get("/queues", self._read_queues),
                web.get("/statistics", self._statistics),
                web.get("/faults", self._read_faults),
                web.post("/faults", self._order_fault),
                web.delete("/faults", self._clear_faults),
            ]
        )
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        return _json({"status": "ready", "time": self._now(), "participants": self._participants.mnemonics()})

    async def _account(self, request: web.Request) -> web.Response:
        found = self._accounts.summary(_snils(request.match_info["snils"]))
        if found is None:
            return _json({"error": "Nothing was pushed about this child."}, 404)
        return _json(found)

    async def _query(self, request: web.Request) -> web.Response:
        wish = await _body(request)
        snils = _snils(wish.get("snils"))
        child = self._people.child_by_snils(snils) or _stranger(snils, wish)
        if child is None:
            return _json({"error": "No such child is known: say last_name, first_name and birth_date too."}, 404)
        answer = await self._queries.search(child)
        return _json(answer.as_json())

    async def _read_catalogue(self, _request: web.Request) -> web.Response:
        return _json(catalogue_json(self._catalogue))

    async def _reset(self, _request: web.Request) -> web.Response:
        self._reset_all()
        return _json({"status": "reset"})

    async def _read_clock(self, _request: web.Request) -> web.Response:
        return _json({"now": self._now(), "mode": self._clock.mode.value, "offset": self._clock.offset.total_seconds()})

    async def _move_clock(self, request: web.Request) -> web.Response:
        wish = await _body(request)
        match wish:
            case {"advance": int() | float() as seconds} if not isinstance(seconds, bool):
                if not abs(seconds) <= _LONGEST_MOVE.total_seconds():
                    raise ControlRefused("advance is a number of seconds, a hundred years at most.")
                self._clock.advance(timedelta(seconds=seconds))
            case {"set": str() as text}:
                self._clock.set(_moment(text))
            case {"reset": True}:
                self._clock.reset()
            case _:
                raise ControlRefused('Say {"advance": seconds}, {"set": moment with an offset} or {"reset": true}.')
        return await self._read_clock(request)

    async def _read_journal(self, request: web.Request) -> web.Response:
        last = request.query.get("last", "1000")
        if not last.isdecimal() or len(last) > 9:
            raise ControlRefused("last is a whole number.")
        return _json({"exchanges": self._journal.last(int(last))})

    async def _read_queues(self, _request: web.Request) -> web.Response:
        return _json({"queues": self._queues.sizes()})

    async def _statistics(self, request: web.Request) -> web.Response:
        return _json(self._accounts.statistics(request.query.get("object"), summary="summary" in request.query))

    async def _read_faults(self, _request: web.Request) -> web.Response:
        return _json({"faults": self._faults.listing()})

    async def _order_fault(self, request: web.Request) -> web.Response:
        self._faults.order(await _body(request))
        return await self._read_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return await self._read_faults(request)

    def _now(self) -> str:
        return self._clock().isoformat()


def _json(value: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(value, ensure_ascii=False, indent=2) + "\n", status=status, content_type="application/json"
    )


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.read())
    except ValueError as error:
        raise ControlRefused("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise ControlRefused("The body is not a JSON object.")
    return value


def _snils(value: object) -> str:
    if not isinstance(value, str) or len(value) != 11 or not value.isascii() or not value.isdigit():
        raise ControlRefused("A SNILS is 11 digits.")
    return value


def _stranger(snils: str, wish: dict[str, Any]) -> KnownChild | None:
    """Return a child made of what the call says; None when it does not say enough."""
    names = [wish.get(name) for name in ("last_name", "first_name")]
    born = wish.get("birth_date")
    if not isinstance(born, str) or not all(isinstance(name, str) and name for name in names):
        return None
    try:
        birth_date = date.fromisoformat(born)
    except ValueError as error:
        raise ControlRefused("birth_date is written 2016-02-20.") from error
    return KnownChild(
        id=0,
        snils=snils,
        last_name=str(names[0]),
        first_name=str(names[1]),
        middle_name=None,
        birth_date=birth_date,
        birth_certificate=BirthCertificate(),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ControlRefused("A moment is written 2026-09-01T09:00:00+03:00.") from error
    if moment.tzinfo is None:
        raise ControlRefused("A moment carries its offset from UTC: 2026-09-01T09:00:00+03:00.")
    return moment


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every refusal as JSON."""
    try:
        return await handler(request)
    except ControlRefused as error:
        return _json({"error": str(error)}, 400)
    except web.HTTPException as error:
        return _json({"error": error.reason}, error.status)
