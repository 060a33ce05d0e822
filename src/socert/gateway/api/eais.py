"""Cost questions over plain HTTP: XML in and out, and the exact figures of an answer beside it.

POST /eais/v1/queries              groupCostRequest; one of the five answers. Where a certificate pays, two headers tell
                                   the figures' reference and their balance: `Socert-Calculation: REF` and
                                   `Socert-Balance: VERSION MOMENT`
GET  /eais/v1/calculations/{ref}   those figures as JSON, integer hundredths

Whoever asks brings `Authorization: Bearer TOKEN`, where a token is set. Source: portal message dictionary, 2 and 12.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING
from uuid import uuid4

from aiohttp import web

from socert.contracts import xml
from socert.contracts.errors import ContractError
from socert.contracts.message import MessageType
from socert.contracts.portal import group_cost
from socert.gateway.api import calculations
from socert.gateway.mapping.group_cost import answer_of, asked_of, figures_of, unknown_source
from socert.host.log import get_logger

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socert.gateway.app import Workshop
    from socert.gateway.life.enrolment import Calculation

log = get_logger("eais")
QUERIES = "/eais/v1/queries"
CALCULATIONS = "/eais/v1/calculations/{ref}"
LARGEST = 64 * 1024
"""The largest question in bytes; a real one has about one thousand."""
XML_TYPE = "application/xml"
NO_ACCESS = "Нет доступа: нужен заголовок Authorization: Bearer с верным ключом."
NOT_XML = "Запрос нельзя прочитать: {why}"
LATE = "Расчёт не готов вовремя. Повторите запрос позже."
NOT_KEPT = "Такого расчёта нет, или его срок истёк. Рассчитайте стоимость ещё раз."


class Eais:
    """Answers cost questions out of a workshop's services."""

    def __init__(self, workshop: Workshop) -> None:
        """Take the services, the store and the settings."""
        self._shop = workshop
        token = workshop.settings.eais_token
        self._token = None if token is None else token.get_secret_value().encode()

    def add_to(self, app: web.Application) -> None:
        """Add both addresses to an application."""
        app.router.add_post(QUERIES, self.query)
        app.router.add_get(CALCULATIONS, self.calculation)

    async def query(self, request: web.Request) -> web.Response:
        """Answer a cost question: 200 with the answer, 400 for what is none, 401 without the token, 503 when late."""
        self._check_token(request)
        try:
            asked = _read(await request.read())
        except ContractError as error:
            log.warning("a cost question cannot be read", why=str(error))
            return web.Response(status=400, text=NOT_XML.format(why=error))
        try:
            async with asyncio.timeout(self._shop.settings.query_deadline):
                return await self._answered(asked)
        except TimeoutError:
            log.error("a cost question was not answered in time")
            return web.Response(status=503, text=LATE)

    async def _answered(self, request: group_cost.Request) -> web.Response:
        shop = self._shop
        asked = asked_of(request)
        if asked is None:
            return _written(unknown_source(request), {})
        made = await shop.store.read(lambda connection: shop.enrolments.cost(connection, asked))
        return _written(answer_of(request, made), await self._keep(made))

    async def _keep(self, made: Calculation) -> dict[str, str]:
        """Keep a calculation's figures, where it has any; return the headers that tell of them."""
        shop, ref = self._shop, str(uuid4())
        figures = figures_of(ref, made)
        if figures is None:
            return {}

        def write(connection: Connection) -> None:
            seconds = shop.settings.calculation_kept
            calculations.keep(connection, ref, figures, now=shop.clock(), seconds=seconds)

        await shop.store.write(write)
        balance = f"{figures['balance_version']} {figures['as_of']}"
        return {"Socert-Calculation": ref, "Socert-Balance": balance}

    async def calculation(self, request: web.Request) -> web.Response:
        """Return the exact figures of a calculation; 404 when there are none, or their time is over."""
        self._check_token(request)
        shop, ref = self._shop, request.match_info["ref"]
        found = await shop.store.read(lambda connection: calculations.find(connection, ref, now=shop.clock()))
        if found is None:
            return web.Response(status=404, text=NOT_KEPT)
        return web.json_response(found)

    def _check_token(self, request: web.Request) -> None:
        if self._token is None:
            return
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
            raise web.HTTPUnauthorized(text=NO_ACCESS, headers={"WWW-Authenticate": "Bearer"})


def _read(body: bytes) -> group_cost.Request:
    element = group_cost.without_debug(xml.parse(body, max_bytes=LARGEST))
    kind = MessageType.of(element)
    if kind != group_cost.REQUEST:
        raise ContractError(f"{group_cost.REQUEST.root} is expected")
    group_cost.schema().check(element)
    return group_cost.read_request(element)


def _written(answer: group_cost.Response, headers: dict[str, str]) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{answer.render()}'
    return web.Response(text=text, content_type=XML_TYPE, charset="utf-8", headers=headers)
