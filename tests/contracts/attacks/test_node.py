"""Every attack on a call goes over HTTP to the simulator's node: it answers with a fault, and its queue stays empty."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

import aiohttp
import pytest
from tests.contracts.attacks import bombs, keys, parts, references, texts, wrapping
from tests.contracts.attacks.signing import CONTENT, EVERY, ID, NOW, Message, make_call
from tests.contracts.attacks.table import ATTACKS, Harmless

from socert.contracts.signature.certificates import fingerprint
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultKind, FaultReceived
from socert.host.keys import ensure_key, load_signer
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from socert.contracts.signature.signer import KeySigner

MODULES: Final = (bombs, keys, parts, references, texts, wrapping)
LISTING: Final = """
[[message_type]]
name = "order"
schema = "order.xsd"
request = "Order"
responses = ["Done"]

[[participant]]
mnemonic = "ASKER"
certificates = ["asker.crt"]
sends = ["order"]

[[participant]]
mnemonic = "TELLER"
certificates = ["teller.crt"]
serves = ["order"]
"""
SCHEMA: Final = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:example:order"
 elementFormDefault="qualified"><xs:element name="Order"><xs:complexType><xs:sequence>
 <xs:element name="Snils" type="xs:string"/><xs:element name="Name" type="xs:string"/>
 <xs:element name="Sum" type="xs:string"/><xs:element name="Note" type="xs:string"/>
 </xs:sequence><xs:attribute name="kind" type="xs:string"/></xs:complexType></xs:element>
 <xs:element name="Done" type="xs:string"/></xs:schema>"""


def now() -> datetime:
    return NOW


def signer_of(folder: Path, name: str) -> KeySigner:
    return load_signer(ensure_key(folder, name, common_name=name, organisation="Test", clock=now))


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    for name in ("asker", "teller", "stranger"):
        signer_of(tmp_path, name)
    (tmp_path / "order.xsd").write_text(SCHEMA, "utf-8")
    listing = tmp_path / "participants.toml"
    listing.write_text(LISTING, "utf-8")
    settings = Settings(port=0, keys=tmp_path, clock=ClockMode.MANUAL, participants=listing, exchange_only=True)
    async with Simulator(settings, source=now) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(simulator: Simulator, http: aiohttp.ClientSession, message: Message) -> tuple[int, bytes]:
    headers = {"Content-Type": message.content_type}
    async with http.post(simulator.exchange_url, data=BytesIO(message.data), headers=headers) as answer:
        return answer.status, await answer.read()


async def next_request(simulator: Simulator, http: aiohttp.ClientSession, teller: KeySigner) -> reply.Delivery | None:
    asked = call.get_request(timestamp=NOW, signer=teller)
    async with http.post(simulator.exchange_url, data=asked, headers={"Content-Type": "text/xml"}) as answer:
        return reply.open_reply(await answer.read()).delivery


async def test_no_attack_gets_into_the_queue(simulator: Simulator, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    asker, teller = signer_of(tmp_path, "asker"), signer_of(tmp_path, "teller")
    true = Message(
        kind="call", data=make_call(asker, files=False), signer=asker, stranger=signer_of(tmp_path, "stranger")
    )
    attacks = [one for one in ATTACKS if one.outcome is not Harmless.SAME and one.change.__module__ != parts.__name__]
    wrong: dict[str, object] = {}
    for one in attacks:
        status, body = await post(simulator, http, one.change(true))
        try:
            wrong[str(one)] = reply.open_reply(body).operation
        except FaultReceived as refused:
            if status != 500 or refused.fault.kind is FaultKind.SMEV_FAILURE:
                wrong[str(one)] = (status, refused.fault.kind)
        if await next_request(simulator, http, teller) is not None:
            wrong[str(one)] = "it is in the queue"
    assert wrong == {}
    assert len(attacks) > 150

    assert (await post(simulator, http, true))[0] == 200, "the true one is taken, under the id that all have claimed"
    taken = await next_request(simulator, http, teller)
    assert taken is not None
    assert (taken.message_id, taken.sender) == (ID, "ASKER")


@pytest.mark.parametrize(
    "name", ["comment_in_the_snils", "section_in_the_sum", "default_namespace", "inclusion_outside", "base_outside"]
)
async def test_what_is_harmless_is_delivered_as_it_was_signed(
    simulator: Simulator, http: aiohttp.ClientSession, tmp_path: Path, name: str
) -> None:
    asker, teller = signer_of(tmp_path, "asker"), signer_of(tmp_path, "teller")
    true = Message(kind="call", data=make_call(asker, files=False), signer=asker, stranger=teller)
    (change,) = (one.change for one in ATTACKS if str(one) == name)
    assert (await post(simulator, http, change(true)))[0] == 200
    asked = call.get_request(timestamp=NOW, signer=teller)
    async with http.post(simulator.exchange_url, data=asked, headers={"Content-Type": "text/xml"}) as answer:
        brought = reply.open_reply(await answer.read())
    sender = reply.verify_sender(brought, EVERY)
    assert sender.certificate == asker.certificate
    assert sender.canonical == call.verify(call.open_call(true.data), EVERY).canonical
    assert b"1000000" in CONTENT
    assert b"1000000" in sender.canonical
    assert fingerprint(reply.verify(brought, EVERY).certificate) != fingerprint(asker.certificate)
