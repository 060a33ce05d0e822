"""Nothing a caller sends brings the node down: damaged calls are faults, never failures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socert.contracts.portal import account
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultReceived
from socert.contracts.smev.ids import MessageIds
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer
from socert.simulator.app import Simulator
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator that listens nowhere."""
    made = Simulator(Settings(port=0, keys=tmp_path_factory.mktemp("keys")))
    yield made
    made.state.close()


@pytest.fixture(scope="module")
def calls(simulator: Simulator) -> list[bytes]:
    """One good call of each operation."""
    folder = simulator.settings.keys
    signer = load_signer(ensure_key(folder, "region", common_name="r", organisation="r", clock=system_clock))
    ids, now = MessageIds(system_clock), system_clock()
    response = account.UpdateResponse(batch_id="00000000-0000-4000-8000-000000000001", code=0, message="")
    return [
        call.send_request(message_id=ids(), content=b"<a xmlns='urn:a'><b c='d'>text</b></a>", signer=signer),
        call.send_response(message_id=ids(), to="nobody", content=response, signer=signer),
        call.get_request(timestamp=now, signer=signer),
        call.get_response(timestamp=now, signer=signer, selector=account.RESPONSE),
        call.get_status(timestamp=now, signer=signer),
        call.ack(message_id=ids(), signer=signer),
    ]


def outcome_of(simulator: Simulator, data: bytes, content_type: str = "text/xml") -> str:
    """Let the node handle bytes, check that its answer can be read, return what its journal says."""
    status, body = asyncio.run(simulator.node.handle(data, content_type))
    if status == 200:
        reply.check_schema(reply.open_reply(body))
    else:
        assert status == 500
        with pytest.raises(FaultReceived):
            reply.open_reply(body)
    outcome: str = simulator.journal.last(1)[0]["outcome"] if simulator.journal.last(1) else ""
    return outcome


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_calls_are_refused_in_order(simulator: Simulator, calls: list[bytes], data: Any) -> None:
    good = data.draw(st.sampled_from(calls), label="call")
    start = data.draw(st.integers(0, len(good)), label="start")
    length = data.draw(st.integers(0, 40), label="length")
    filler = data.draw(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from(
                [b"<a>", b"</a>", b"&x;", b"<!--", b"]]>", b"<?x?>", b'"', b"\x00", "ж".encode(), b"Id='x' "]
            ),
        ),
        label="filler",
    )

    assert outcome_of(simulator, good[:start] + filler + good[start + length :]) in {"ok", "empty", "fault"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=300), content_type=st.sampled_from(["text/xml", "multipart/related; boundary=x", "", "?"])
)
def test_any_bytes_are_refused_in_order(simulator: Simulator, data: bytes, content_type: str) -> None:
    assert outcome_of(simulator, data, content_type) == "fault"


def test_good_calls_are_good(simulator: Simulator, calls: list[bytes]) -> None:
    """The calls that are damaged above reach the last check when they are whole."""
    assert [outcome_of(simulator, data) for data in calls[2:5]] == ["empty", "empty", "empty"]
