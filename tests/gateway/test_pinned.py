"""Whom the gateway believes that it is the exchange."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.gateway.records import NOON
from tests.gateway.stub import SUITES

from socert.contracts.signature import testkeys
from socert.contracts.smev.operation import Operation
from socert.gateway.exchange.exchange import Exchange
from socert.gateway.exchange.pinned import Pinned
from socert.gateway.exchange.retry import Breaker

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.gateway.line import Line


def pem(name: str) -> bytes:
    return testkeys.make(name, organisation="Tests", now=NOON).certificate_pem


def write(place: Path, data: bytes, tick: int) -> None:
    """Write the file as of a moment of its own."""
    place.write_bytes(data)
    os.utime(place, (tick, tick))


def test_the_file_may_come_later_and_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "exchange.crt"
    pinned = Pinned(place)
    assert pinned() == pinned() == frozenset()
    assert capsys.readouterr().out.count("SOCERT_EXCHANGE_CERTIFICATE") == 1, "said once, not every time"
    old, new = pem("old"), pem("new")
    write(place, old, 1)
    first = pinned()
    assert len(first) == 1
    write(place, old + new, 2)
    assert len(pinned()) == 2, "both count while one takes the other's place"
    assert first < pinned()
    write(place, new, 3)
    assert not first & pinned()
    place.unlink()
    assert pinned() == frozenset()


def test_a_broken_file_stops_calls_not_the_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "exchange.crt"
    write(place, b"half a certif", 1)
    pinned = Pinned(place)
    assert pinned() == pinned() == frozenset()
    assert capsys.readouterr().out.count("no X.509 certificate") == 1
    write(place, pem("whole"), 2)
    assert len(pinned()) == 1


async def test_an_exchange_without_a_certificate_is_not_called(line: Line, tmp_path: Path) -> None:
    """It would give its messages out, and each would have to be refused as not trusted."""
    place = tmp_path / "exchange.crt"
    line.exchange = Exchange(  # takes the place of the one that trusts the stub
        transport=line.stub,
        trusted=Pinned(place),
        suites=SUITES,
        breaker=Breaker(failures=5, pause=5, clock=line.clock),
    )
    assert not line.exchange.trusted
    assert line.exchange.pause() > 0
    write(place, pem("SMEV"), 1)
    assert line.exchange.trusted
    assert line.exchange.pause() == 0
    assert line.poller(Operation.GET_REQUEST) is not None
