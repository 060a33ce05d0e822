"""What the gateway's own server tells: whether all is well, and counts; never anything personal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.gateway.line import eventually
from tests.gateway.records import PARENT_SNILS, SNILS, certificate, contract, municipality, programme

from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop
from socert.gateway.config import Settings
from socert.host.keys import ensure_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession, web
    from pydantic import SecretStr
    from tests.gateway.records import Clock

    Client = TestClient[web.Request, web.Application]

PERSONAL = ("Журавлёв", "Платон", "Святославович", "Евпраксия", SNILS, PARENT_SNILS, "700115")


@pytest.fixture
def settings(tmp_path: Path, database_url: SecretStr, clock: Clock) -> Settings:
    """Settings of a gateway whose exchange does not answer."""
    ensure_key(tmp_path / "keys", "exchange", common_name="SMEV", organisation="Tests", clock=clock)
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        exchange_url="http://127.0.0.1:9/smev/1.2",
        poll_least=0.01,
        poll_most=0.02,
        watch=0.01,
        breaker_failures=2,
        breaker_pause=30,
    )


@pytest.fixture
def shop(settings: Settings, clock: Clock) -> Any:
    with Workshop(settings, clock=clock) as opened:
        registry, units = opened.registry, opened.units
        units.run(lambda unit: registry.put_municipalities(unit, [municipality()]))
        units.run(lambda unit: registry.put_programmes(unit, [programme()]))
        units.run(lambda unit: registry.put_certificates(unit, [certificate(1), certificate(2, consent_form=None)]))
        units.run(lambda unit: registry.put_contracts(unit, [contract()]))
        yield opened


@pytest.fixture
async def client(shop: Workshop) -> AsyncIterator[Client]:
    """A client of a gateway that runs."""
    async with Gateway(shop) as gateway, TestClient(TestServer(make_app(gateway))) as opened:
        await eventually(lambda: not gateway.exchange.reachable, "the exchange is found not to answer")
        yield opened


async def get(client: Client | ClientSession, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status == 200
    return await answer.json()


async def messages(client: Client) -> Any:
    """Wait until there are messages and return them."""

    async def some() -> Any:
        return (await get(client, "/api/v1/messages"))["messages"]

    return await eventually(some, "what is pending is packed")


async def test_health_says_what_is_wrong(client: Client, settings: Settings) -> None:
    answer = await client.get("/health")
    assert answer.status == 503
    assert await answer.json() == {"status": "failing", "problems": ["the exchange does not answer"]}
    (settings.keys / "exchange.crt").unlink()
    answer = await client.get("/health")
    assert "SOCERT_EXCHANGE_CERTIFICATE" in (await answer.json())["problems"][1]


async def test_health_is_good_while_everything_runs(shop: Workshop) -> None:
    gateway = Gateway(shop)
    async with TestClient(TestServer(make_app(gateway))) as client:
        answer = await client.get("/health")
        assert (answer.status, await answer.json()) == (200, {"status": "ok", "problems": []})


async def test_health_says_that_a_loop_broke(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> bool:
        raise LookupError("Журавлёв")

    gateway = Gateway(shop)
    monkeypatch.setattr(gateway.packer, "pack", fail)
    async with gateway, TestClient(TestServer(make_app(gateway))) as client:
        await gateway.wait_failed()
        answer = await client.get("/health")
        text = await answer.text()
        assert answer.status == 503
        assert "a loop of the gateway broke" in text
        assert "Журавлёв" not in text


async def test_status_counts_rows_by_state(client: Client) -> None:
    async def packed() -> Any:
        told = await get(client, "/api/v1/status")
        return told if "packed" in told["changes"] else None

    status = await eventually(packed, "what is pending is packed")
    assert status == {
        "changes": {"packed": 2, "held": 1},
        "outbox": {"queued": 1},
        "inbox": {},
        "answers": {},
        "idle": False,
    }


async def test_messages_are_listed_without_their_content(client: Client) -> None:
    listed = await messages(client)
    (message,) = listed
    assert set(message) == {
        "message_id",
        "operation",
        "message_type",
        "state",
        "attempts",
        "created_at",
        "outcome",
    }
    assert (message["operation"], message["message_type"]) == ("SendRequest", "AccountUpdateRequest")
    assert message["created_at"] == "2026-09-07T09:00:00+00:00"
    assert (await get(client, "/api/v1/messages?state=queued"))["messages"] == listed
    assert (await get(client, "/api/v1/messages?state=dead"))["messages"] == []


async def test_metrics_are_prometheus_s(client: Client) -> None:
    await messages(client)
    text = await metrics(client)
    assert 'socert_changes{state="packed"} 2.0' in text
    assert 'socert_changes{state="held"} 1.0' in text
    assert "socert_exchange_reachable 0.0" in text


async def metrics(client: Client) -> str:
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return await answer.text()


@pytest.mark.parametrize("path", ["/health", "/metrics", "/api/v1/status", "/api/v1/messages"])
async def test_nothing_personal_is_told(client: Client, path: str) -> None:
    await messages(client)
    answer = await client.get(path)
    text = await answer.text()
    assert text
    assert not [secret for secret in PERSONAL if secret in text]
