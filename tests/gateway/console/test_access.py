"""Who may see the pages, which forms are taken, and what every answer carries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import encode_basic_auth
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from pydantic import SecretStr
from structlog.testing import capture_logs
from tests.gateway.console.desk import Operator, Region

from socert.gateway.api.web import make_app
from socert.gateway.app import Gateway, Workshop
from socert.gateway.console.access import FAILURES, LOCAL, PAUSE, USER, Access
from socert.gateway.console.errors import Denied, OldPage
from socert.gateway.console.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway.records import Clock

    from socert.gateway.config import Settings

PASSWORD = "очень-длинный-пароль"


class Transport:
    """A connection from somewhere."""

    def __init__(self, address: str) -> None:
        self._peer = (address, 50000)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._peer if name == "peername" else default


def asked(address: str = "127.0.0.1", host: str = "127.0.0.1:8080", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/", headers={"Host": host, **named}, transport=Transport(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:8080", "[::1]:8080", "[::1]"])
def test_this_machine_needs_no_password(address: str, host: str, clock: Clock) -> None:
    assert Access(None, clock=clock).who(asked(address, host)) == LOCAL


@pytest.mark.parametrize(
    ("address", "host", "headers"),
    [
        ("10.0.0.7", "127.0.0.1:8080", {}),
        ("192.168.1.2", "localhost:8080", {}),
        ("2001:db8::1", "[::1]:8080", {}),
        ("127.0.0.1", "evil.example:8080", {}),  # a name made to resolve to this machine
        ("127.0.0.1", "127.0.0.1.evil.example", {}),
        ("127.0.0.1", "localhost.evil.example", {}),
        ("127.0.0.1", "10.0.0.5:8080", {}),
        ("127.0.0.1", "", {}),
        ("127.0.0.1", "127.0.0.1:8080", {"X_Forwarded_For": "10.0.0.7"}),
        ("127.0.0.1", "127.0.0.1:8080", {"Forwarded": "for=10.0.0.7"}),
        ("127.0.0.1", "127.0.0.1:8080", {"Via": "1.1 proxy"}),
    ],
)
def test_nobody_else_may_look_without_a_password(
    address: str, host: str, headers: dict[str, str], clock: Clock
) -> None:
    with pytest.raises(Denied) as caught:
        Access(None, clock=clock).who(asked(address, host, **headers))
    assert caught.value.status == 403
    assert "SOCERT_CONSOLE_PASSWORD" in caught.value.people_text


def basic(user: str = USER, password: str = PASSWORD) -> str:
    return encode_basic_auth(user, password, "utf-8")


def test_with_a_password_everybody_may_who_knows_it(clock: Clock) -> None:
    access = Access(SecretStr(PASSWORD), clock=clock)
    assert access.who(asked("10.0.0.7", "region.example", Authorization=basic())) == USER
    assert access.who(asked(Authorization=basic())) == USER


@pytest.mark.parametrize(
    "given",
    [
        None,
        basic(password="другой"),
        basic(user="admin"),
        basic(password=""),
        "Basic",
        "Basic ???",
        "Bearer abc",
        "Basic b3BlcmF0b3I=",
    ],
)
def test_a_wrong_password_is_refused_even_on_this_machine(given: str | None, clock: Clock) -> None:
    headers = {} if given is None else {"Authorization": given}
    with pytest.raises(Denied) as caught:
        Access(SecretStr(PASSWORD), clock=clock).who(asked(**headers))
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"].startswith("Basic ")
    assert PASSWORD not in f"{caught.value} {caught.value.people_text}"


def test_too_many_wrong_passwords_close_the_door_for_a_while(clock: Clock) -> None:
    access = Access(SecretStr(PASSWORD), clock=clock)
    wrong, right = asked(Authorization=basic(password="x")), asked(Authorization=basic())
    for _ in range(FAILURES):
        with pytest.raises(Denied, match="401"):
            access.who(wrong)
    with pytest.raises(Denied, match="429") as caught:
        access.who(right)
    assert caught.value.headers["Retry-After"] == str(int(PAUSE.total_seconds()) + 1)
    assert access.who(asked("10.0.0.7", Authorization=basic())) == USER  # it is that address only
    clock.advance(PAUSE.total_seconds())
    assert access.who(right) == USER


def test_a_browser_that_asks_first_without_a_password_is_not_counted(clock: Clock) -> None:
    access = Access(SecretStr(PASSWORD), clock=clock)
    for _ in range(2 * FAILURES):
        with pytest.raises(Denied, match="401"):
            access.who(asked())
    assert access.who(asked(Authorization=basic())) == USER


def test_failures_of_many_addresses_do_not_fill_the_memory(clock: Clock) -> None:
    access = Access(SecretStr(PASSWORD), clock=clock)
    for number in range(1200):
        with pytest.raises(Denied):
            access.who(asked(f"10.0.{number // 250}.{number % 250}", Authorization=basic(password="x")))
    assert len(access._failures) == 1000


# --- tokens -------------------------------------------------------------------------------------------------------


async def test_a_token_does_its_work_once() -> None:
    tokens, done = Tokens(), []

    async def work() -> str:
        await asyncio.sleep(0)
        done.append(1)
        return "/there"

    token = tokens.make("/form")
    assert await asyncio.gather(*(tokens.once(token, "/form", work) for _ in range(5))) == ["/there"] * 5
    assert len(done) == 1


async def test_a_token_whose_work_failed_is_free_again() -> None:
    tokens = Tokens()
    token = tokens.make("/form")

    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError

    async def work() -> str:
        return "/there"

    both = await asyncio.gather(*(tokens.once(token, "/form", fail) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in both] == [LookupError, LookupError]
    assert await tokens.once(token, "/form", work) == "/there"


@pytest.mark.parametrize("change", ["", "x", ".", "word.", "слово.слово"])
async def test_a_token_of_somebody_else_is_refused(change: str) -> None:
    async def work() -> str:
        raise AssertionError

    with pytest.raises(OldPage):
        await Tokens().once(change, "/form", work)
    with pytest.raises(OldPage):
        await Tokens().once(Tokens().make("/form"), "/form", work)
    tokens = Tokens()
    with pytest.raises(OldPage):
        await tokens.once(tokens.make("/other"), "/form", work)


# --- the server ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def guarded(settings: Settings, clock: Clock) -> AsyncIterator[Operator]:
    """A console with a password, and somebody who has not said it yet."""
    settings = settings.model_copy(update={"console_password": SecretStr(PASSWORD)})
    with Workshop(settings, clock=clock) as shop:
        async with TestClient(TestServer(make_app(Gateway(shop)))) as client:
            yield Operator(client)


async def test_the_password_is_asked_on_every_page_and_on_the_style(guarded: Operator) -> None:
    for place in ("/", "/contracts", "/issue", "/static/style.css", "/nothing"):
        answer = await guarded.client.get(f"/console{place}")
        assert answer.status == 401, place
        assert "WWW-Authenticate" in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
    posted = await guarded.client.post("/console/issue", data={"last_name": "Журавлёв"})
    assert posted.status == 401
    answer = await guarded.client.get("/console/", headers={"Authorization": basic()})
    assert answer.status == 200
    assert "Что ждёт" in await answer.text()
    assert (await guarded.client.get("/health")).status in {200, 503}  # the rest of the server asks nothing


async def test_another_name_for_this_machine_sees_nothing(operator: Operator) -> None:
    answer = await operator.client.get("/console/", headers={"Host": "evil.example"})
    assert answer.status == 403
    text = await answer.text()
    assert "SOCERT_CONSOLE_PASSWORD" in text
    assert "Что ждёт" not in text


async def test_every_answer_carries_the_headers(operator: Operator, region: Region) -> None:
    contract_id = region.enrol(region.issue())
    page = await operator.open(f"/contracts/{contract_id}")
    sent = await operator.client.post(
        page.form("/accept").action, data=page.form("/accept").fields, allow_redirects=False
    )
    assert sent.status == 303
    for answer in (page, sent, await operator.open("/nothing"), await operator.send(page.form("/cancel"))):
        headers = answer.headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "script" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    assert "<script" not in page.html
    assert " style=" not in page.html


@pytest.mark.parametrize("token", [None, "", "x.y"])
async def test_a_form_of_another_site_does_nothing(operator: Operator, region: Region, token: str | None) -> None:
    contract_id = region.enrol(region.issue())
    data = {"seen": (await operator.open(f"/contracts/{contract_id}")).form("/accept").fields["seen"]}
    if token is not None:
        data["token"] = token
    answer = await operator.client.post(f"/console/contracts/{contract_id}/accept", data=data)
    assert answer.status == 422
    assert "Ничего не сделано" in await answer.text()
    assert region.life(contract_id).state.value == "REQUESTED"


async def test_other_ways_to_send_are_refused(operator: Operator, region: Region) -> None:
    place = f"/console/contracts/{region.enrol(region.issue())}/accept"
    assert (await operator.client.post(place, json={"token": "x"})).status == 415
    assert (await operator.client.get(place)).status == 405
    plain = {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}
    assert (await operator.client.post(place, data=b"token=x", headers=plain)).status == 400
    bad = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await operator.client.post(place, data=b"token=\xff", headers=bad)).status == 400


async def test_what_people_type_is_never_markup(operator: Operator, region: Region) -> None:
    guid = region.issue(last_name="<b>Ж</b>", birth_certificate=None)
    page = await operator.open(f"/certificates/{guid}")
    assert "&lt;b&gt;Ж&lt;/b&gt;" in page.html
    assert "<b>Ж" not in page.html


async def test_a_page_that_breaks_says_so_and_tells_no_names(
    operator: Operator, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any, **_named: Any) -> None:
        raise LookupError("Журавлёв")

    monkeypatch.setattr(region.shop.listing, "contracts_by_state", fail)
    with capture_logs() as logs:
        page = await operator.open("/")
    assert page.status == 500
    assert "Что-то пошло не так" in page.words
    assert [entry["error"] for entry in logs if entry["event"] == "console page failed"] == ["LookupError"]
    assert "Журавлёв" not in repr(logs) + page.html


async def test_a_clock_that_stands_still_lets_no_more_guesses_through(guarded: Operator) -> None:
    answers = [
        (await guarded.client.get("/console/", headers={"Authorization": basic(password=str(n))})).status
        for n in range(FAILURES + 2)
    ]
    assert answers == [401] * FAILURES + [429] * 2
