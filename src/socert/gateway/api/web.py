"""The gateway's own HTTP server: health, metrics, the standing of messages, `/eais/v1` and the operator's `/console`.

Nothing personal leaves `/health`, `/metrics` and `/api/v1`: messages are shown by ids, states and reasons, never by
their bytes. The console shows persons, and asks who is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import select

from socert.gateway.api.eais import Eais
from socert.gateway.app import Gateway, idle, standing
from socert.gateway.console.app import desk_of, make_console
from socert.gateway.console.shell import PREFIX
from socert.gateway.exchange import inbox, shown_files
from socert.gateway.store import tables
from socert.gateway.store.tables import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

GATEWAY = web.AppKey("gateway", Gateway)
LISTED = 200


def make_app(gateway: Gateway) -> web.Application:
    """Return the application for a gateway that is started."""
    app = web.Application()
    app[GATEWAY] = gateway
    app.router.add_get("/health", _health)
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/api/v1/status", _status)
    app.router.add_get("/api/v1/messages", _messages)
    app.router.add_get("/api/v1/received", _received)
    app.router.add_get("/api/v1/received/{message_id}/files", _files)
    Eais(gateway.workshop).add_to(app)
    console = make_console(desk_of(gateway.workshop), password=gateway.workshop.settings.console_password)
    app.add_subapp(PREFIX, console)
    return app


async def _health(request: web.Request) -> web.Response:
    """200 while everything runs, 503 with what is wrong otherwise."""
    gateway = request.app[GATEWAY]
    problems = []
    if gateway.failed is not None:
        problems.append(f"a loop of the gateway broke: {type(gateway.failed).__name__}")
    if not gateway.exchange.reachable:
        problems.append("the exchange does not answer")
    if not gateway.exchange.trusted:
        problems.append("there is no certificate of the exchange: set SOCERT_EXCHANGE_CERTIFICATE")
    status = 503 if problems else 200
    return web.json_response({"status": "failing" if problems else "ok", "problems": problems}, status=status)


async def _status(request: web.Request) -> web.Response:
    """How many changes, messages and received messages stand in each state; `idle` when nothing waits."""
    store = request.app[GATEWAY].workshop.store
    counts: dict[str, Any] = dict(await store.read(standing))
    return web.json_response({**counts, "idle": await store.read(idle)})


async def _messages(request: web.Request) -> web.Response:
    """The latest messages of the outbox, newest first; `?state=` chooses one state."""
    wanted = request.query.get("state")
    listed = await request.app[GATEWAY].workshop.store.read(lambda connection: list_messages(connection, wanted))
    return web.json_response({"messages": listed})


async def _received(request: web.Request) -> web.Response:
    """The latest messages that came in, newest first; `?state=` chooses one state: received, handled, failed."""
    wanted = request.query.get("state")
    listed = await request.app[GATEWAY].workshop.store.read(lambda connection: list_received(connection, wanted))
    return web.json_response({"messages": listed})


async def _files(request: web.Request) -> web.Response:
    """The files of a message that came in: what they are, not what they are called, nor what is in them."""
    wanted = request.match_info["message_id"]
    store = request.app[GATEWAY].workshop.store
    listed = await store.read(lambda connection: shown_files.listed(connection, message_id=wanted, limit=LISTED))
    files = [
        {
            "id": one.file_id,
            "mime_type": one.mime_type,
            "size": one.size,
            "state": one.state,
            "error": one.error or None,
        }
        for one in listed
    ]
    return web.json_response({"files": files})


def list_received(connection: Connection, state: str | None = None, limit: int = LISTED) -> list[dict[str, Any]]:
    """Return the latest messages of the inbox as plain values, newest first."""
    times = ("received_at", "handled_at")
    return [
        {**found, **{name: moment(found[name]).isoformat() for name in times if found[name] is not None}}
        for found in inbox.listed(connection, state, limit)
    ]


def list_messages(connection: Connection, state: str | None = None, limit: int = LISTED) -> list[dict[str, Any]]:
    """Return the latest messages of the outbox as plain values, newest first."""
    row = tables.outbox.c
    chosen = select(
        row.message_id, row.operation, row.message_type, row.state, row.attempts, row.created_at, row.outcome
    ).order_by(row.created_at.desc(), row.message_id)
    if state is not None:
        chosen = chosen.where(row.state == state)
    return [
        {**found, "created_at": moment(found["created_at"]).isoformat()}
        for found in connection.execute(chosen.limit(limit)).mappings()
    ]


class _Standing:
    """A collector of the counts in `standing`."""

    def __init__(self, counts: dict[str, dict[str, int]], *, reachable: bool) -> None:
        self._counts = counts
        self._reachable = reachable

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, states in self._counts.items():
            gauge = GaugeMetricFamily(f"socert_{name}", f"Rows of {name} by state.", labels=["state"])
            for state, count in states.items():
                gauge.add_metric([state], count)
            yield gauge
        yield GaugeMetricFamily(
            "socert_exchange_reachable", "1 while the exchange answers.", value=int(self._reachable)
        )


async def _metrics(request: web.Request) -> web.Response:
    """The same counts in Prometheus' text format."""
    gateway = request.app[GATEWAY]
    registry = CollectorRegistry()
    counts = await gateway.workshop.store.read(standing)
    registry.register(_Standing(counts, reachable=gateway.exchange.reachable))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})
