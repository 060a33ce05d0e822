"""The exchange with `--signatures off`: a call is its certificate's owner's, whatever its signature is worth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.conftest import Region, signer_of

from socert.contracts.message import MessageType
from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.version import Version
from socert.simulator.app import Simulator
from socert.simulator.errors import SettingsError
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiohttp

BLOCK = rb"<typ:CallerInformationSystemSignature>.*</typ:CallerInformationSystemSignature>"


@pytest.fixture(params=["", "REGION"], ids=["nobody", "region"])
async def lax(request: Any, keys: Path, http: aiohttp.ClientSession) -> AsyncIterator[Region]:
    """A region at an exchange that verifies no signatures; an unsigned call is nobody's, or the region's."""
    settings = Settings(port=0, keys=keys, exchange_only=True, signatures=False, unsigned=request.param)
    async with Simulator(settings) as running:
        yield Region(running, signer_of(keys, "region"), http)


def push(region: Region, **more: Any) -> bytes:
    """Build a push."""
    given: dict[str, Any] = {"message_id": region.ids(), "signer": region.signer} | more
    return call.send_request(content=region.batch(region.certificate()), **given)


def spoiled(data: bytes) -> bytes:
    """Return a call whose signature does not hold."""
    return re.sub(rb"(DigestValue>)....", rb"\1AAAA", data, count=1)


async def test_a_signature_may_be_wrong(lax: Region) -> None:
    data = spoiled(push(lax))

    assert (await lax.say(data)).metadata is not None

    assert lax.simulator.journal.last(1)[0]["participant"] == "REGION"


async def test_a_certificate_may_be_out_of_date(lax: Region) -> None:
    lax.simulator.clock.set(lax.simulator.clock().replace(year=lax.simulator.clock().year + 5))

    assert (await lax.say(push(lax))).metadata is not None


async def test_a_call_without_a_signature_is_whom_the_settings_name(lax: Region) -> None:
    data = re.sub(BLOCK, b"", push(lax), flags=re.DOTALL)
    assert b"ds:" not in data

    if lax.simulator.settings.unsigned:
        assert (await lax.say(data)).metadata is not None
        assert lax.simulator.journal.last(1)[0]["participant"] == "REGION"
    else:
        fault = await lax.fault(data)
        assert fault.kind is FaultKind.SENDER_IS_NOT_REGISTERED
        assert lax.simulator.journal.last(1)[0]["reason"] == "sender unknown"


@pytest.mark.parametrize("certificate", [None, b"AAAA", b"?"], ids=["unknown", "no certificate", "no base64"])
async def test_a_certificate_that_nobody_has_is_nobodys(lax: Region, certificate: bytes | None) -> None:
    """Not even of whom unsigned calls are: the caller has said who it is."""
    made = testkeys.make("Nobody", organisation="Nobody", now=lax.simulator.clock())
    data = push(lax, signer=KeySigner.from_files(made.key_pem, made.certificate_pem))
    if certificate is not None:
        data = re.sub(rb"(X509Certificate>)[^<]*", rb"\1" + certificate, data, count=1)

    fault = await lax.fault(data)

    assert fault.kind is FaultKind.SENDER_IS_NOT_REGISTERED


@pytest.mark.parametrize("version", list(Version))
async def test_the_schema_stays_on(lax: Region, version: Version) -> None:
    data = push(lax, version=version).replace(b"</ns1:MessageID>", b"</ns1:MessageID><ns1:Odd></ns1:Odd>")
    address = lax.simulator.exchange_address(version)

    async with lax.http.post(address, data=data) as answer:
        assert answer.status == 500

    assert "Odd" in lax.simulator.journal.last(1)[0]["reason"]


async def test_what_came_unsigned_is_delivered(lax: Region, keys: Path) -> None:
    if not lax.simulator.settings.unsigned:
        return
    await lax.say(re.sub(BLOCK, b"", push(lax), flags=re.DOTALL))

    portal = Region(lax.simulator, signer_of(keys, "portal"), lax.http)
    delivery = await portal.requests()

    assert delivery is not None
    assert (delivery.sender_signature, delivery.message_type) == (None, _push_type())


def _push_type() -> MessageType:
    return MessageType(namespace="urn:socert:portal:account:1.0.0", root="AccountUpdateRequest")


async def test_a_selector_of_nobodys_type_quotes_no_certificate(lax: Region) -> None:
    if not lax.simulator.settings.unsigned:
        return
    data = call.get_request(
        timestamp=lax.simulator.clock(), signer=lax.signer, selector=MessageType(namespace="urn:x", root="a")
    )

    fault = await lax.fault(re.sub(BLOCK, b"", data, flags=re.DOTALL))

    assert fault.kind is FaultKind.UNKNOWN_MESSAGE_TYPE
    assert "пользователю  не зарегистрирована" in fault.text


def test_a_name_that_nobody_has_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no participant NOBODY.*EPGU, REGION"):
        Simulator(Settings(port=0, keys=tmp_path, signatures=False, unsigned="NOBODY"))
