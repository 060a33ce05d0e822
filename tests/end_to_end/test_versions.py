"""The whole way in each version of the exchange's schemas: told, asked, enrolled, refused, in trouble, started anew."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tests.end_to_end.town import agreeing, told, town
from tests.end_to_end.townsfolk import ANNA, RHYTHM, VERA
from tests.gateway.line import eventually

from socert.contracts.portal import account
from socert.contracts.smev import call
from socert.contracts.smev.fault_xml import Style
from socert.contracts.smev.version import Version
from socert.gateway.exchange import outbox
from socert.gateway.store import tables

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.end_to_end.town import Town

TROUBLES = (
    ("SendRequest", "SMEVFailure"),
    ("SendRequest", "DestinationOverflow"),
    ("SendRequest", "drop-after"),
    ("SendResponse", "SMEVFailure"),
    ("SendResponse", "drop-after"),
    ("GetRequest", "SMEVFailure"),
    ("GetRequest", "UnknownMessageType"),
    ("GetResponse", "SMEVFailure"),
    ("GetStatus", "SMEVFailure"),
)
VERSIONS = pytest.mark.parametrize("version", Version)


@pytest.fixture
async def spoken(tmp_path: Path, sqlite_template: Path, version: Version) -> AsyncIterator[Town]:
    """A town whose gateway speaks one version; in the end everybody must tell the same."""
    shutil.copy(sqlite_template, tmp_path / "socert.db")
    async with town(tmp_path, f"sqlite:///{tmp_path / 'socert.db'}") as made:
        await speak(made, version)
        yield made
        await agreeing(made)


async def speak(place: Town, version: Version) -> None:
    """Start the gateway in a version, at the address of that version."""
    await place.start(exchange_url=f"{place.portal.url}/smev/{version}", exchange_version=version)


@VERSIONS
async def test_a_child_is_enrolled_and_the_account_shows_it(spoken: Town, version: Version) -> None:
    order = await spoken.enrolled(ANNA, RHYTHM)
    assert (told(order), order["closed"], order["ignored"]) == ([1, 2, 6, 60, 3], True, [])
    assert await spoken.balance() == ("10000.00", "8000.00", "0.00", "2000.00")
    assert {envelope_version(row["body"]) for row in rows(spoken, tables.outbox)} == {version}
    assert {envelope_version(row["body"]) for row in rows(spoken, tables.inbox)} == {version}


@VERSIONS
@pytest.mark.parametrize("style", Style)
async def test_trouble_passes(spoken: Town, version: Version, style: Style) -> None:
    """Both ways in which exchanges write faults are understood: with code and text, and as an empty element."""
    await spoken.rest()
    await spoken.ask("POST", "faults", style=style.value)
    for operation, kind in TROUBLES:
        await spoken.ask("POST", "faults", operation=operation, kind=kind, times=1)
    order = await spoken.enrolled(VERA, RHYTHM)
    assert told(order) == [1, 2, 6, 60, 3]
    await spoken.ask("POST", "faults", operation="Ack", kind="SMEVFailure", times=1)
    order = await spoken.begin(ANNA, RHYTHM)
    assert (await spoken.step(order["id"], "certificate"))["certificate"]["outcome"] == "found"
    await eventually(lambda: not spoken.portal.faults.listing(), "all trouble has happened", 30)
    await spoken.ask("POST", "clock", advance=960)  # what was not acknowledged comes again
    await spoken.rest()
    assert (await spoken.ask("GET", "statistics?summary"))["applied_more_than_once"] == []
    results = {row["result"] for row in rows(spoken, tables.attempt)}
    assert {"SMEVFailure", "DestinationOverflow", "MessageIsAlreadySent"} <= results


@VERSIONS
async def test_a_refusal_that_comes_later_reaches_its_message(spoken: Town, version: Version) -> None:
    del version
    message_id = spoken.gateway.message_ids()
    body = call.send_request(
        message_id=message_id,
        content=f'<x:{account.UPDATE_REQUEST.root} xmlns:x="{account.UPDATE_REQUEST.namespace}"/>'.encode(),
        signer=spoken.gateway.signer,
        version=spoken.gateway.caller.version,
    )
    message = outbox.NewMessage(
        message_id=message_id, operation="SendRequest", message_type="broken", reference=message_id, body=body
    )
    now = spoken.shop.clock()
    await spoken.shop.store.write(lambda connection: outbox.put(connection, message, now))
    await spoken.rest()
    (row,) = [row for row in rows(spoken, tables.outbox) if row["message_id"] == message_id]
    assert row["state"] == "rejected"
    assert "requestIsRejectedBySmev" in row["outcome"]
    assert {one["state"] for one in rows(spoken, tables.inbox)} == {"handled"}


@VERSIONS
async def test_what_waited_in_another_version_goes_in_the_one_spoken_now(
    tmp_path: Path, sqlite_template: Path, version: Version
) -> None:
    """An exchange is moved to a new address and version while messages wait: each goes anew, once."""
    shutil.copy(sqlite_template, tmp_path / "socert.db")
    before = next(one for one in Version if one is not version)
    async with town(tmp_path, f"sqlite:///{tmp_path / 'socert.db'}") as made:
        await made.start(exchange_url="http://127.0.0.1:9/smev", exchange_version=before)
        await eventually(lambda: rows(made, tables.outbox), "messages are packed")
        await made.stop()
        await speak(made, version)
        await made.rest()
        assert {row["state"] for row in rows(made, tables.outbox)} == {"renewed", "done"}
        assert (await made.ask("GET", "statistics?summary"))["applied_more_than_once"] == []
        await agreeing(made)


def rows(place: Town, table: Any) -> list[Any]:
    """All rows of a table."""
    return place.shop.store.look(lambda connection: list(connection.execute(table.select()).mappings()))


def envelope_version(body: bytes) -> Version:
    """The version that an envelope is in."""
    (found,) = [version for version in Version if version.types.encode() in body]
    return found
