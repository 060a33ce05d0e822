"""The exchange node beside what testers take today: mountebank and WireMock with one static answer.

All get the same requests over the same connections, each server alone on one processor. Ours answers truly: a request
is taken, given out and acknowledged, three calls a message, with every check, or with signatures left unlooked at; the
others say the same words to whatever comes. Time to the first answer and memory are those of the server's process.

The peers come from npm into build/peers (WireMock brings its jar and wants Java).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

from benchmarks import region, wire
from benchmarks.bench import Benchmark, Measure, Round, Sides
from benchmarks.machine import ROOT, held_mebibytes, line_of, process, program
from socert.contracts.portal import account
from socert.contracts.smev import call, reply
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.demo.processes import free_port
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.bench import Bench
    from socert.contracts.signature.signer import Signer

CONNECTIONS = 32
WARM_UP = 5
"""Rounds of a peer before the first that counts: a virtual machine that compiles while it runs wants some."""
PEERS = {"mountebank": "2.9.1", "wiremock": "3.13.2"}
_FOLDER = ROOT / "build" / "peers"
_PATIENCE = 60.0


class Server:
    """A server that is started for the measurement: address, seconds until it answered, memory at rest in MiB."""

    def __init__(self, pid: int, address: str, began: float, probe: bytes) -> None:
        """Wait until it answers the probe."""
        self._pid = pid
        self.address = address
        _first_answer(address, probe)
        self.ready = time.perf_counter() - began
        self.held = held_mebibytes(pid)

    def round(self, phases: Sequence[list[bytes]]) -> tuple[float, float]:
        """Send all phases one after another; calls a second, and MiB held afterwards."""
        seconds = sum(asyncio.run(wire.send(self.address, requests, CONNECTIONS)) for requests in phases)
        return sum(map(len, phases)) / seconds, held_mebibytes(self._pid)


class Work:
    """What one round sends: so many messages of the region, asked for by the portal, and acknowledged."""

    def __init__(self, keys: Path, messages: int) -> None:
        """Make keys and contents."""

        def signer(name: str) -> Signer:
            return load_signer(ensure_key(keys, name, common_name=name, organisation=name, clock=system_clock))

        self._region, self._portal, self._exchange = signer("region"), signer("portal"), signer("exchange")
        self._ids = MessageIds(system_clock)
        self._contents = region.requests(region.families(0, messages))

    def phases(self, address: str) -> list[list[bytes]]:
        """Return new requests: to send, to get, to acknowledge."""
        ids = [self._ids() for _ in self._contents]
        sent = [
            call.send_request(message_id=one, content=content, signer=self._region)
            for one, content in zip(ids, self._contents, strict=True)
        ]
        asked = call.get_request(timestamp=system_clock(), signer=self._portal, selector=account.UPDATE_REQUEST)
        acked = [call.ack(message_id=one, signer=self._portal) for one in ids]
        return [
            wire.posts(address, "SendRequest", sent),
            wire.posts(address, "GetRequest", [asked] * len(ids)),
            wire.posts(address, "Ack", acked),
        ]

    def probe(self) -> bytes:
        """Return a call that every server can answer."""
        return call.get_status(timestamp=system_clock(), signer=self._region)

    def answer(self) -> bytes:
        """Return what the others answer: the exchange's reply to a SendRequest."""
        now = system_clock()
        metadata = reply.Metadata(
            message_id=self._ids(),
            message_type=MessageCategory.REQUEST,
            sender="REGION",
            sent_at=now,
            recipient="EPGU",
            status=InteractionStatus.QUEUED,
        )
        return reply.send_reply(Operation.SEND_REQUEST, metadata, signer=self._exchange)


def install() -> Path:
    """Fetch the peers where they are not there yet; `RuntimeError` says what is missing."""
    for needed, package in (("npm", "nodejs and npm"), ("java", "a Java runtime")):
        if shutil.which(needed) is None:
            raise RuntimeError(f"{needed} is missing: install {package} from the system's packages to measure beside")
    modules = _FOLDER / "node_modules"
    if not all((modules / name).is_dir() for name in PEERS):
        _FOLDER.mkdir(parents=True, exist_ok=True)
        wanted = [f"{name}@{version}" for name, version in PEERS.items()]
        subprocess.run(
            ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(_FOLDER), *wanted], check=True
        )
    return modules


Peer = Callable[[Path, "Work", Path, int], tuple[list[str], str]]
"""Makes the command of a peer, and the address that it will answer at."""


def _beside(peer: Peer, *, signatures: bool) -> Callable[[Bench], AbstractContextManager[Sides]]:
    @contextmanager
    def sides(bench: Bench) -> Iterator[Sides]:
        modules = install()
        place = Path(bench.folder) / f"mocks{peer.__name__}-{'on' if signatures else 'off'}"
        place.mkdir()
        work = Work(place / "keys", bench.scale.calls)
        with ExitStack() as stack:
            ours = stack.enter_context(
                _node(place, bench.server_core, *([] if signatures else ["--signatures", "off"]))
            )
            command, address = peer(modules, work, place, free_port(0))
            began = time.perf_counter()
            other = stack.enter_context(program(command, core=bench.server_core, talks=False))
            theirs = Server(other.pid, address, began, work.probe())

            def side(server: Server) -> Round:
                speed, held = server.round(work.phases(server.address))
                return speed, server.ready, server.held, held

            side(ours)
            for _ in range(WARM_UP):
                side(theirs)
            yield Sides(ours=lambda: side(ours), peer=lambda: side(theirs))

    return sides


@contextmanager
def _node(place: Path, core: int | None, *options: str) -> Iterator[Server]:
    probe = Work(place / "keys", 0).probe()
    began = time.perf_counter()
    command = ["-m", "socert", "simulate", "--port", "0", "--keys", str(place / "keys"), "--exchange-only", *options]
    with process(command, core=core) as started:
        yield Server(started.pid, line_of(started, "Exchange").split()[1], began, probe)


def _mountebank(modules: Path, work: Work, place: Path, port: int) -> tuple[list[str], str]:
    """Mountebank as it comes: it writes a line of log for each call and hangs up after each answer."""
    return _imposter(modules, work, place, port, {}, ["--logfile", str(place / "mb.log")])


def _mountebank_bare(modules: Path, work: Work, place: Path, port: int) -> tuple[list[str], str]:
    """Mountebank told to log nothing and to keep its connections."""
    return _imposter(modules, work, place, port, {"Connection": "keep-alive"}, ["--nologfile", "--loglevel", "error"])


def _imposter(
    modules: Path, work: Work, place: Path, port: int, headers: dict[str, str], log: list[str]
) -> tuple[list[str], str]:
    words = {"Content-Type": "text/xml; charset=utf-8", **headers}
    answered = {"statusCode": 200, "headers": words, "body": work.answer().decode()}
    imposter = {"protocol": "http", "port": port, "stubs": [{"responses": [{"is": answered}]}]}
    file = place / "imposters.json"
    file.write_text(json.dumps({"imposters": [imposter]}), encoding="utf-8")
    options = [*log, "--port", str(free_port(0)), "--configfile", str(file)]
    options += ["--pidfile", str(place / "mb.pid")]
    command = ["node", str(modules / "mountebank" / "bin" / "mb"), "start", "--noParse", *options]
    return command, f"http://127.0.0.1:{port}/"


def _wiremock(modules: Path, work: Work, place: Path, port: int) -> tuple[list[str], str]:
    mappings = place / "wiremock" / "mappings"
    mappings.mkdir(parents=True)
    mapping = {
        "request": {"method": "ANY", "urlPattern": ".*"},
        "response": {
            "status": 200,
            "headers": {"Content-Type": "text/xml; charset=utf-8"},
            "body": work.answer().decode(),
        },
    }
    (mappings / "any.json").write_text(json.dumps(mapping), encoding="utf-8")
    (jar,) = (modules / "wiremock" / "build").glob("*.jar")
    options = ["--port", str(port), "--root-dir", str(mappings.parent), "--disable-banner"]
    return ["java", "-jar", str(jar), *options], f"http://127.0.0.1:{port}/"


def _first_answer(address: str, probe: bytes) -> None:
    """Wait for the first answer, whatever it says."""
    asked = urllib.request.Request(address, data=probe, headers={"Content-Type": "text/xml"})
    for _ in range(int(_PATIENCE / 0.01)):
        try:
            with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:
                answer.read()
            return
        except (URLError, ConnectionError):
            time.sleep(0.01)
    raise RuntimeError(f"no answer from {address} in {_PATIENCE:.0f} seconds")


def _measures(what: str, peer: str, goal: float | None) -> tuple[Measure, ...]:
    name = f"node, {what}, beside {peer}"
    return (
        Measure(name=f"{name}: calls on one processor", unit="calls/s", peer=peer, goal=goal),
        Measure(name=f"{name}: first answer after", unit="s", peer=peer, better="lower"),
        Measure(name=f"{name}: memory at rest", unit="MiB", peer=peer, better="lower"),
        Measure(name=f"{name}: memory afterwards", unit="MiB", peer=peer, better="lower"),
    )


@contextmanager
def _alone(bench: Bench) -> Iterator[Sides]:
    place = Path(bench.folder) / "node-alone"
    place.mkdir()
    work = Work(place / "keys", bench.scale.calls)

    def start() -> Round:
        with _node(place, bench.server_core) as node:
            _, held = node.round(work.phases(node.address))
            return node.ready, node.held, held

    yield Sides(ours=start)


CHECKED, UNSIGNED = "all checks", "schema on, signatures off"
MOCKS = (
    Benchmark(measures=_measures(CHECKED, "mountebank", None), open=_beside(_mountebank, signatures=True)),
    Benchmark(measures=_measures(CHECKED, "WireMock", None), open=_beside(_wiremock, signatures=True)),
    Benchmark(measures=_measures(UNSIGNED, "mountebank", 1.5), open=_beside(_mountebank, signatures=False)),
    Benchmark(
        measures=_measures(UNSIGNED, "bare mountebank", None),
        open=_beside(_mountebank_bare, signatures=False),
    ),
    Benchmark(measures=_measures(UNSIGNED, "WireMock", None), open=_beside(_wiremock, signatures=False)),
)
NODE = Benchmark(
    measures=(
        Measure(name="node: first answer after", unit="s", better="lower", goal=1.0),
        Measure(name="node: memory at rest", unit="MiB", better="lower", goal=60.0),
        Measure(name="node: memory afterwards", unit="MiB", better="lower"),
    ),
    open=_alone,
)
