"""The node beside other servers: every call of a round is taken, and a server that hangs up is asked again."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from benchmarks.bench import Bench, Scale
from benchmarks.wire import posts

from benchmarks import mocks, wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TINY = Scale(rounds=1, calls=5)
_PEER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *words): pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def _closing(_modules: Path, _work: mocks.Work, _place: Path, port: int) -> tuple[list[str], str]:
    return [sys.executable, "-c", _PEER, str(port)], f"http://127.0.0.1:{port}/"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(scale=TINY, folder=str(tmp_path))


@pytest.mark.parametrize("signatures", [True, False])
def test_both_sides_take_every_call(bench: Bench, signatures: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mocks, "install", lambda: None)
    with mocks._beside(_closing, signatures=signatures)(bench) as sides:
        assert sides.peer is not None
        for side in (sides.ours, sides.peer):
            speed, ready, rest, after = side()
            assert speed
            assert ready
            assert rest
            assert after
            assert after > 5


def test_the_node_alone_is_started_anew_each_time(bench: Bench) -> None:
    with mocks.NODE.open(bench) as sides:
        first, second = sides.ours(), sides.ours()
    assert first[0] != second[0]


def test_a_missing_peer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> None:
        return None

    monkeypatch.setattr("shutil.which", nothing)
    with pytest.raises(RuntimeError, match="npm is missing"):
        mocks.install()


async def test_a_refusal_ends_the_round(unused_tcp_port_factory: Callable[[], int]) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    port = unused_tcp_port_factory()
    async with await asyncio.start_server(refuse, "127.0.0.1", port):
        address = f"http://127.0.0.1:{port}/"
        with pytest.raises(RuntimeError, match="refused"):
            await wire.send(address, posts(address, "Ack", [b"<a/>"]), 1)
