"""A live exchange: the simulator keeps every requirement, in every version; one that is none keeps next to nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from tests.parts import absent
from tests.simulator.conftest import Region

from socert.conformance.checking import check_messages, check_one
from socert.conformance.cli import conformance
from socert.conformance.errors import EndpointUnreached
from socert.conformance.probing import Target, probe
from socert.conformance.requirement import Outcome
from socert.conformance.table import ENDPOINT_RULES, MESSAGE_RULES, OF_THE_EXCHANGE, SESSION_RULES
from socert.contracts.signature.native import SuiteUnavailable
from socert.contracts.signature.suites import Suite
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, key_files, load_signer
from socert.simulator.app import Simulator, SimulatorThread
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from socert.conformance.probing import Probed
    from socert.conformance.requirement import Result


SHOULD_ONLY = {"SMEV-SIG-010", "SMEV-SIG-003", "SMEV-END-035"}
"""The simulator takes test keys, and XML whatever its Content-Type says.

The portal behind it speaks 1.2: in another version's words its signature is left out.
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    ensure_key(folder, "region", common_name="Region", organisation="Region", clock=system_clock)
    return folder


@pytest.fixture
async def simulator(keys: Path) -> AsyncIterator[Simulator]:
    async with Simulator(Settings(port=0, keys=keys)) as running:
        yield running


def target(url: str, keys: Path, version: Version = Version.V1_2, content: bytes | None = None) -> Target:
    signer = load_signer(key_files(keys, "region"))
    return Target(url=url, version=version, signer=signer, clock=system_clock, content=content)


def all_results(probed: Probed) -> dict[str, Result]:
    replies = [message for message in probed.session.messages if message.to_exchange is False]
    found = (
        *check_one(ENDPOINT_RULES, probed),
        *check_messages(MESSAGE_RULES, [message for message in replies if message.status in {200, 500}]),
        *check_one([rule for rule in SESSION_RULES if rule.requirement.id in OF_THE_EXCHANGE], probed.session),
    )
    return {result.requirement.id: result for result in found}


@pytest.mark.parametrize("version", Version)
async def test_the_simulator_keeps_every_requirement(simulator: Simulator, keys: Path, version: Version) -> None:
    async with aiohttp.ClientSession() as http:
        region = Region(simulator, load_signer(key_files(keys, "region")), http)
    content = region.batch(region.certificate()).render().encode()
    probed = await probe(target(f"{simulator.url}/smev/{version}", keys, version, content))

    results = all_results(probed)

    broken = {
        identifier: [(finding.message, finding.path, finding.reason.en) for finding in result.findings]
        for identifier, result in results.items()
        if result.outcome is Outcome.KO
    }
    assert broken.keys() <= SHOULD_ONLY, broken
    assert [name for name, result in results.items() if "-END-" in name and not result.checked] == []


async def test_the_simulator_with_keys_of_gost_leaves_nothing_to_wish(tmp_path: Path) -> None:
    """But that it reads XML whatever its Content-Type says."""
    keys = tmp_path / "gost"
    try:
        for name in ("region", "exchange", "portal"):
            ensure_key(keys, name, common_name=name, organisation="Test", clock=system_clock, suite=Suite.GOST_2012_256)
        async with Simulator(Settings(port=0, keys=keys)) as running, aiohttp.ClientSession() as http:
            region = Region(running, load_signer(key_files(keys, "region")), http)
            content = region.batch(region.certificate()).render().encode()
            results = all_results(await probe(target(running.exchange_url, keys, content=content)))
    except SuiteUnavailable as error:
        absent("a GOST library", error)
    assert {name for name, result in results.items() if result.outcome is Outcome.KO} <= {"SMEV-END-035"}
    assert not any(result.doubt for result in results.values())


async def test_a_web_server_that_is_no_exchange_keeps_nothing(keys: Path) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>Hello</html>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/", page)])
    async with TestServer(app) as server:
        probed = await probe(target(str(server.make_url("/")), keys))

    results = all_results(probed)

    told = [
        result for name, result in results.items() if "-END-" in name and result.outcome is not Outcome.NOT_APPLICABLE
    ]
    assert {result.requirement.id for result in told if result.outcome is Outcome.OK} == {"SMEV-END-001"}
    assert len(told) > 12
    assert results["SMEV-HTTP-001"].outcome is Outcome.KO


async def test_a_server_that_cuts_connections_is_told_from_one_that_answers(keys: Path) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def nothing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    app = web.Application()
    app.add_routes([web.get("/", nothing), web.post("/", cut)])
    async with TestServer(app) as server:
        probed = await probe(target(str(server.make_url("/")), keys))

    results = all_results(probed)

    assert {finding.reason.en for finding in results["SMEV-END-031"].findings} == {
        "the connection broke, expected a SOAP fault"
    }
    assert results["SMEV-END-001"].outcome is Outcome.KO


async def test_nobody_at_the_address_is_an_error(keys: Path) -> None:
    with pytest.raises(EndpointUnreached, match="nobody answers"):
        await probe(target("http://127.0.0.1:1/smev/1.2", keys))


async def test_answers_are_asked_for_where_nobody_waits_for_them(simulator: Simulator, keys: Path) -> None:
    """The stand's own queue is left alone, also when there is something in it."""
    probed = await probe(target(f"{simulator.url}/smev/1.2", keys))
    calls = [one.call for one in probed.session.exchanges if one.call is not None]
    polls = [call for call in calls if call.operation is Operation.GET_RESPONSE]
    assert len(polls) == 2
    assert all(poll.text("NodeID") or poll.text("RootElementLocalName") == "Unknown" for poll in polls)


@pytest.fixture
def threaded(keys: Path) -> Iterator[SimulatorThread]:
    with SimulatorThread(Settings(port=0, keys=keys)) as running:
        yield running


def test_the_command_asks_a_live_exchange(threaded: SimulatorThread, keys: Path, tmp_path: Path) -> None:
    files = key_files(keys, "region")
    report = tmp_path / "report.json"
    arguments = [
        f"{threaded.url}/smev/1.2?wsdl",
        "--key",
        files.key,
        "--certificate",
        files.certificate,
        "--json",
        report,
    ]
    done = CliRunner().invoke(conformance, [str(argument) for argument in arguments])
    results = {result["id"]: result["outcome"] for result in json.loads(report.read_text())["results"]}
    assert done.exit_code == 0, done.output
    assert results["SMEV-END-010"] == "OK"
    assert results["SMEV-END-024"] == "--"  # nothing was given to send


def test_the_command_says_that_nobody_answers(keys: Path) -> None:
    files = key_files(keys, "region")
    arguments = ["http://127.0.0.1:1/smev/1.2", "--key", files.key, "--certificate", files.certificate]
    done = CliRunner().invoke(conformance, [str(argument) for argument in arguments])
    assert done.exit_code == 2
    assert "nobody answers at http://127.0.0.1:1/smev/1.2" in done.output
