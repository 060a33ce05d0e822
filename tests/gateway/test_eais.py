"""Cost questions over HTTP: five answers, the exact figures beside them, and what is no question."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from lxml import etree
from tests.gateway.records import GROUP, OKTMO, balance, certificate, guid, municipality, programme

from socert.contracts.portal import group_cost
from socert.gateway.api.eais import LARGEST
from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings
from socert.gateway.domain.policy import Register
from socert.gateway.life.enrolment import Enrolments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import web
    from pydantic import SecretStr
    from tests.gateway.records import Clock

    Client = TestClient[web.Request, web.Application]

TOKEN = "a-secret-of-two"
ACCESS = {"Authorization": f"Bearer {TOKEN}"}
START = date(2026, 9, 15)
COUNTED, UNPRICED, DEAR = GROUP[:-1] + "3", GROUP[:-1] + "4", GROUP[:-1] + "5"


@pytest.fixture
def shop(tmp_path: Path, database_url: SecretStr, clock: Clock) -> Any:
    """A region with a certificate of 1 000,00 roubles, an exhausted one, and four groups."""
    settings = Settings(data_dir=tmp_path, database_url=database_url, eais_token=TOKEN, calculation_kept=60)
    with Workshop(settings, clock=clock) as opened:
        registry, units = opened.registry, opened.units
        groups = [
            programme(),
            programme(group_guid=COUNTED, register=Register.SIGNIFICANT, price=0),
            programme(group_guid=DEAR, start=date(2026, 12, 31), end=date(2026, 1, 1)),
        ]
        child = replace(certificate().child, snils="20000000018", birth_certificate="II-ЖД 700116")
        used = certificate(2, child=child, balance=balance(spent=100_000))
        units.run(lambda unit: registry.put_municipalities(unit, [municipality(oktmo=OKTMO)]))
        units.run(lambda unit: registry.put_programmes(unit, groups))
        units.run(lambda unit: registry.put_certificates(unit, [certificate(), used]))
        yield opened


@pytest.fixture
async def client(shop: Workshop) -> AsyncIterator[Client]:
    """A client of the gateway's server; the loops of the gateway do not run."""
    async with TestClient(TestServer(make_app(Gateway(shop)))) as opened:
        yield opened


def question(**changes: Any) -> group_cost.Request:
    asked = group_cost.Request(
        group_guid=GROUP,
        start_education_date=START,
        certificate_guid=guid(1),
        financial_source="pfdod_certificate",
        request_ref="1000000001-1",
    )
    return replace(asked, **changes)


async def ask(client: Client, **changes: Any) -> tuple[group_cost.Response, Any]:
    """Ask as the portal does; return the answer as it reads it, and the headers."""
    asked = question(**changes)
    answer = await client.post("/eais/v1/queries", data=asked.render().encode(), headers=ACCESS)
    assert answer.status == 200
    assert answer.content_type == "application/xml"
    element = etree.fromstring(await answer.read())
    group_cost.schema().check(element)
    read = group_cost.read_response(element)
    assert group_cost.check_response(read) == []
    assert read.request_info == asked
    return read, answer.headers


async def figures(client: Client, ref: str) -> Any:
    answer = await client.get(f"/eais/v1/calculations/{ref}", headers=ACCESS)
    assert answer.status == 200
    return await answer.json()


# --- five answers -----------------------------------------------------------------------------------------------------


@pytest.mark.seed("split", "saving", "at-enrolment")
@pytest.mark.invariant(4)
async def test_a_price_is_split_and_its_figures_are_kept(client: Client, shop: Workshop) -> None:
    answer, headers = await ask(client)
    assert isinstance(answer, group_cost.Calculation)
    assert answer.order_allowed
    assert answer.certificate_reserving_cost == 100_000
    exact = await figures(client, headers["Socert-Calculation"])
    kept = shop.store.look(lambda connection: shop.registry.kept(connection, guid(1)))
    assert kept is not None
    assert headers["Socert-Balance"] == f"{kept.book.version} {exact['as_of']}"
    assert exact["calculation"] == headers["Socert-Calculation"]
    assert (exact["register"], exact["balance_version"], exact["payable"]) == ("RUB", kept.book.version, None)
    assert (exact["total"], exact["certificate_part"]) == (answer.cost_per_year, 100_000)
    assert exact["own_part"] == answer.applicant_part
    for parts in (exact["years"], exact["months"]):
        assert sum(part["certificate_part"] for part in parts) == 100_000
        assert sum(part["own_part"] for part in parts) == exact["own_part"]
    assert [part["month"] for part in exact["months"]] == ["2026-09", "2026-10", "2026-11", "2026-12"]
    assert (exact["start"], exact["end"]) == ("2026-09-15", "2026-12-31")
    assert answer.monthly_cost == exact["total"] // 4


async def test_who_pays_alone_gets_a_price_without_figures(client: Client) -> None:
    answer, headers = await ask(client, financial_source="paid", certificate_guid=None)
    assert isinstance(answer, group_cost.Calculation)
    assert (answer.certificate_reserving_cost, answer.order_allowed) == (0, True)
    assert "Socert-Calculation" not in headers


async def test_an_exhausted_certificate_pays_nothing(client: Client) -> None:
    answer, headers = await ask(client, certificate_guid=guid(2))
    assert isinstance(answer, group_cost.CertificateExhausted)
    assert not answer.order_allowed
    assert "Socert-Calculation" not in headers


@pytest.mark.parametrize("changes", [{"group_guid": UNPRICED}, {"certificate_guid": guid(9)}])
async def test_what_is_not_known_is_said_to_be_too_little(client: Client, changes: dict[str, str]) -> None:
    answer, _ = await ask(client, **changes)
    assert isinstance(answer, group_cost.Ineffectual)


async def test_a_place_on_the_budget_is_free(client: Client) -> None:
    answer, _ = await ask(client, financial_source="budget", certificate_guid=None)
    assert isinstance(answer, group_cost.FreeOfCharge)


async def test_a_programme_of_a_count_register_is_free_while_any_is_left(client: Client, shop: Workshop) -> None:
    shop.units.run(
        lambda unit: shop.issuing.set_nominal(unit, guid(1), year=2026, register=Register.SIGNIFICANT, nominal=2)
    )
    answer, headers = await ask(client, group_guid=COUNTED)
    assert isinstance(answer, group_cost.FreeOfCharge)
    assert (answer.registry_balance, answer.registry_booked_amount) == (2, 0)
    exact = await figures(client, headers["Socert-Calculation"])
    assert (exact["register"], exact["total"], exact["certificate_part"]) == ("SIGNIFICANT", 1, 1)


async def test_contradicting_data_are_named(client: Client) -> None:
    answer, _ = await ask(client, group_guid=DEAR)
    assert isinstance(answer, group_cost.BadCalculationData)
    assert [error.code for error in answer.errors] == ["BAD_GROUP_DATA"]


async def test_a_source_that_nobody_knows_is_bad_data(client: Client) -> None:
    answer, _ = await ask(client, financial_source="lottery")
    assert isinstance(answer, group_cost.BadCalculationData)
    assert [error.code for error in answer.errors] == ["UNKNOWN_SOURCE"]


# --- figures ----------------------------------------------------------------------------------------------------------


async def test_figures_are_what_was_calculated_whatever_happens_later(client: Client, shop: Workshop) -> None:
    _, headers = await ask(client)
    before = await figures(client, headers["Socert-Calculation"])
    shop.units.run(
        lambda unit: shop.issuing.set_nominal(unit, guid(1), year=2026, register=Register.RUB, nominal=5_000)
    )
    assert await figures(client, headers["Socert-Calculation"]) == before
    assert (await ask(client))[1]["Socert-Calculation"] != headers["Socert-Calculation"]


async def test_figures_are_forgotten_after_their_time(client: Client, clock: Clock) -> None:
    _, headers = await ask(client)
    clock.advance(61)
    answer = await client.get(f"/eais/v1/calculations/{headers['Socert-Calculation']}", headers=ACCESS)
    assert answer.status == 404
    assert "ещё раз" in await answer.text()


# --- no question ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("access", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
async def test_without_the_token_nothing_is_told(client: Client, access: dict[str, str]) -> None:
    asked = await client.post("/eais/v1/queries", data=question().render().encode(), headers=access)
    looked = await client.get("/eais/v1/calculations/any", headers=access)
    assert (asked.status, looked.status) == (401, 401)
    assert "Bearer" in asked.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<a/>",
        group_cost.Ineffectual(order_allowed=True, message="").render().encode(),
        question(group_guid="not a guid").render().encode(),
        b"<a>" + b" " * LARGEST + b"</a>",
    ],
    ids=["empty", "cut", "doctype", "foreign", "an answer", "schema", "too large"],
)
async def test_what_is_no_question_is_refused_in_words(client: Client, body: bytes) -> None:
    answer = await client.post("/eais/v1/queries", data=body, headers=ACCESS)
    assert answer.status == 400
    assert (await answer.text()).startswith("Запрос нельзя прочитать: ")


async def test_a_slow_answer_is_given_up(client: Client, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_work: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(shop, "settings", shop.settings.model_copy(update={"query_deadline": 0.05}))
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "read", never)
        answer = await client.post("/eais/v1/queries", data=question().render().encode(), headers=ACCESS)
    assert answer.status == 503
    assert "позже" in await answer.text()


async def test_our_own_failure_tells_nothing_of_the_child(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any) -> None:
        raise KeyError("Журавлёв")

    monkeypatch.setattr(Enrolments, "cost", fail)
    answer = await client.post("/eais/v1/queries", data=question().render().encode(), headers=ACCESS)
    assert answer.status == 500
    assert "Журавлёв" not in await answer.text()
