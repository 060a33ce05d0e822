"""What our gateway and the simulator say to each other, recorded between them, keeps every requirement."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.end_to_end.town import agreeing, town
from tests.end_to_end.townsfolk import ANNA, RHYTHM, VERA
from tests.gateway.databases import database_url, postgres, sqlite_template
from tests.gateway.line import eventually

from socert.conformance.checking import check_messages, check_one
from socert.conformance.message import Message
from socert.conformance.requirement import Outcome
from socert.conformance.session import Exchange, Session
from socert.conformance.table import MESSAGE_RULES, SESSION_RULES
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from tests.end_to_end.town import Town

    from socert.conformance.requirement import Result

__all__ = ["database_url", "postgres", "sqlite_template"]

SENDING = ("SMEVFailure", "DestinationOverflow", "drop-after")
OTHERS = (("SendResponse", "SMEVFailure"), ("GetResponse", "SMEVFailure"), ("Ack", "SMEVFailure"))


@dataclass(kw_only=True)
class Recorder:
    """Stands between a gateway and an exchange, and keeps what they say."""

    url: str
    clock: Callable[[], datetime]
    exchanges: list[Exchange] = field(default_factory=list)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.add_routes([web.post("/{path:.*}", self.pass_on)])
        return app

    async def pass_on(self, request: web.Request) -> web.Response:
        """Pass a call on, and its reply back; a connection that is cut behind is cut here."""
        call = self._message(request.headers, await request.read(), method="POST")
        headers = {name: request.headers[name] for name in ("Content-Type", "SOAPAction") if name in request.headers}
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{self.url}{request.path}", data=call.data, headers=headers) as answered,
            ):
                data, status, got = await answered.read(), answered.status, answered.headers
        except aiohttp.ClientError:
            self.exchanges.append(Exchange(call=call, reply=None))
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=502)
        self.exchanges.append(Exchange(call=call, reply=self._message(got, data, status=status)))
        return web.Response(status=status, body=data, headers={"Content-Type": got["Content-Type"]})

    def _message(
        self, headers: Mapping[str, str], data: bytes, *, method: str | None = None, status: int | None = None
    ) -> Message:
        """Keep a message: a call where there is a method, a reply where there is a status."""
        return Message(
            name=f"{len(self.exchanges) + 1}.{'response' if method is None else 'request'}",
            data=data,
            headers={name.lower(): value for name, value in headers.items()},
            method=method,
            status=status,
            moment=self.clock(),
            to_exchange=method is not None,
        )


def broken(results: tuple[Result, ...]) -> dict[str, list[tuple[str, str, str]]]:
    return {
        result.requirement.id: [(one.message, one.path, one.reason.en) for one in result.findings[:3]]
        for result in results
        if result.outcome is Outcome.KO
    }


async def live(place: Town) -> None:
    """Enrol a child, and begin with another, through trouble at the exchange."""
    for kind in SENDING:
        await place.ask("POST", "faults", operation="SendRequest", kind=kind, times=1)
    await place.enrolled(ANNA, RHYTHM)
    for operation, kind in OTHERS:
        await place.ask("POST", "faults", operation=operation, kind=kind, times=1)
    order = await place.begin(VERA, RHYTHM)
    await place.step(order["id"], "certificate")
    await eventually(lambda: not place.portal.faults.listing(), "all trouble has happened", 30)
    await place.ask("POST", "clock", advance=960)  # what was not acknowledged comes again
    await place.rest()


@pytest.mark.parametrize("version", Version)
async def test_gateway_and_simulator_keep_every_requirement(
    tmp_path: Path, sqlite_template: Path, version: Version
) -> None:
    shutil.copy(sqlite_template, tmp_path / "socert.db")
    async with town(tmp_path, f"sqlite:///{tmp_path / 'socert.db'}") as place:
        recorder = Recorder(url=place.portal.url, clock=place.portal.clock)
        async with TestServer(recorder.application()) as between:
            url = str(between.make_url(f"/smev/{version}"))
            await place.start(exchange_url=url, exchange_version=version)
            await live(place)
            await agreeing(place)
            await place.stop()

    session = Session(exchanges=tuple(recorder.exchanges))
    messages, talk = check_messages(MESSAGE_RULES, session.messages), check_one(SESSION_RULES, session)

    # Test keys; and what the portal says in 1.2 cannot keep the portal's signature in another version's words.
    known = {"SMEV-SIG-010"} if version is Version.V1_2 else {"SMEV-SIG-010", "SMEV-SIG-003"}
    assert broken(messages).keys() <= known, broken(messages)
    assert broken(talk) == {}
    told = {result.requirement.id for result in talk if result.outcome is Outcome.OK}
    assert {"SMEV-SES-001", "SMEV-SES-003", "SMEV-SES-004", "SMEV-SES-005", "SMEV-SES-006", "SMEV-SES-007"} <= told
