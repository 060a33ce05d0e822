"""Every fault of every operation in every version, for its true cause: element, number, words, HTTP status, journal."""

from __future__ import annotations

import io
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree
from tests.simulator.fault_causes import CAUSES, FTP_LIMIT, Tried, World, write_listing

from socert.contracts.smev import reply
from socert.contracts.smev.envelope import open_body
from socert.contracts.smev.fault_texts import number
from socert.contracts.smev.faults import FaultReceived, faults_of
from socert.contracts.smev.operation import OPERATIONS_OF
from socert.contracts.smev.version import Version, schema
from socert.host.clock import system_clock
from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    import aiohttp

    from socert.contracts.smev.operation import Operation

CASES = [
    (version, operation, tried)
    for version in Version
    for tried in CAUSES
    if version in tried.versions
    for operation in tried.operations
    if operation in OPERATIONS_OF[version]
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys, schemas and a list of participants."""
    made = tmp_path_factory.mktemp("exchange")
    write_listing(made, system_clock())
    return made


@pytest.mark.parametrize(
    ("version", "operation", "tried"),
    [
        pytest.param(version, operation, tried, id=f"{version.value}-{operation.value}-{tried.cause.name.lower()}")
        for version, operation, tried in CASES
    ],
)
async def test_the_true_cause_brings_the_fault(
    folder: Path, tmp_path: Path, http: aiohttp.ClientSession, version: Version, operation: Operation, tried: Tried
) -> None:
    settings = Settings(
        port=0,
        keys=folder,
        clock=ClockMode.MANUAL,
        exchange_only=True,
        participants=folder / "participants.toml",
        files=tmp_path,
        ftp_limit=FTP_LIMIT,
    )
    async with Simulator(settings) as simulator:
        offence = await tried.offend(World(simulator, folder, tmp_path, version), operation)
        headers = {"SOAPAction": f'"{operation.action}"', "Content-Type": "text/xml; charset=utf-8"}
        address = simulator.exchange_address(version)
        async with http.post(address, data=io.BytesIO(offence.data), headers=headers) as answer:
            status, body = answer.status, await answer.read()
        noted = simulator.journal.last(1)[0]

    assert status == 500
    with pytest.raises(FaultReceived) as caught:
        reply.open_reply(body)
    fault = caught.value.fault
    assert (fault.kind, fault.text) == (tried.cause.kind, offence.text)
    assert offence.details.items() <= fault.details.items()
    assert fault.smev_code == number(fault.kind)
    assert element(body).tag == f"{{{version.faults}}}{fault.kind.value}"
    schema(version).check(element(body))
    theirs = official(version)
    assert theirs is None or theirs.validate(element(body)), theirs.error_log
    assert fault.kind in faults_of(operation, version)
    assert (noted["operation"], noted["fault"]) == (operation.value, fault.kind.value)
    assert offence.reason in noted["reason"]


def test_no_declared_fault_is_left_out() -> None:
    shown = {(version, operation, tried.cause.kind) for version, operation, tried in CASES}
    declared = {
        (version, operation, kind)
        for version in Version
        for operation in OPERATIONS_OF[version]
        for kind in faults_of(operation, version)
    }
    assert sorted(declared - shown) == []
    assert sorted(shown - declared) == []


@cache
def official(version: Version) -> etree.XMLSchema | None:
    """Return the official schema of faults where it is at hand (SOCERT_ORACLES)."""
    place = os.environ.get("SOCERT_ORACLES")
    if not place:
        return None
    folder = Path(place) / "smev3" / "schemas" / version.value
    return etree.XMLSchema(etree.parse(folder / f"smev-message-exchange-faults-{version.value}.xsd"))


def element(body: bytes) -> etree._Element:
    """Return the element in the detail."""
    detail = open_body(body).find("detail")
    assert detail is not None
    found: Any = detail[0]
    assert isinstance(found, etree._Element)
    return found
