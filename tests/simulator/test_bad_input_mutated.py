"""Valid calls of every version, mutated as bytes and as trees: an answer and a line in the journal, always, and nothing
that its sender has not signed reaches a queue."""

from __future__ import annotations

import asyncio
import copy
import random
import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.simulator.conftest import Region

from socert.contracts.portal import account
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call, multipart, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader
from socert.contracts.smev.envelope import DSIG
from socert.contracts.smev.faults import FaultReceived
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.routing import Routing
from socert.contracts.smev.version import Version
from socert.contracts.xml import parse
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer
from socert.simulator.app import Simulator
from socert.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import aiohttp

SECRET = "СЕКРЕТ"
CONTENT = f'<p:Ask xmlns:p="urn:test" note="{SECRET}"><p:Name>{SECRET}</p:Name><p:Name> x </p:Name></p:Ask>'.encode()
LIMITS = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator that listens nowhere and whose portal takes nothing."""
    made = Simulator(Settings(port=0, keys=tmp_path_factory.mktemp("keys"), exchange_only=True))
    yield made
    made.state.close()


@pytest.fixture(scope="module")
def calls(simulator: Simulator) -> dict[Version, list[Callable[[], bytes]]]:
    """Makers of good calls: every operation of every version, as bytes."""
    folder = simulator.settings.keys
    signer = load_signer(ensure_key(folder, "region", common_name="r", organisation="r", clock=system_clock))
    ids = MessageIds(system_clock)
    answer = account.UpdateResponse(batch_id="00000000-0000-4000-8000-000000000001", code=0, message=SECRET)
    attached: Any = {
        "attachments": (AttachmentHeader(content_id="a", mime_type="text/plain"),),
        "contents": (AttachmentContent(id="a", content=SECRET.encode()),),
    }

    def of(version: Version) -> list[Callable[[], bytes]]:
        now: Any = {"timestamp": system_clock(), "signer": signer, "version": version}
        region = Region(simulator, signer, cast("aiohttp.ClientSession", None))
        push = region.batch(region.certificate(recipient=region.recipient(last_name=SECRET)))

        def send(content: Any, **more: Any) -> bytes:
            message_id = ids()
            if version is Version.V1_3:
                more["routing"] = Routing(message_id=message_id, identifiers=(SECRET,))
            return call.send_request(message_id=message_id, content=content, signer=signer, version=version, **more)

        made = [
            lambda: send(CONTENT),
            lambda: send(push),
            lambda: send(push, **attached),
            lambda: call.send_response(message_id=ids(), to=SECRET, content=answer, signer=signer, version=version),
            lambda: call.get_request(**now),
            lambda: call.get_response(**now, selector=account.RESPONSE, node_id="n"),
            lambda: call.get_status(**now),
            lambda: call.ack(message_id=ids(), signer=signer, version=version),
        ]
        if version is Version.V1_1:
            made.append(lambda: call.get_incoming_queue_statistics(timestamp=system_clock(), signer=signer))
        return made

    return {version: of(version) for version in Version}


def held(simulator: Simulator) -> list[int]:
    """Return how much is in queues and how many ids were taken."""
    row = simulator.state.one("SELECT (SELECT count(*) FROM queue) AS held, (SELECT count(*) FROM sent) AS taken")
    assert row is not None
    return [row["held"], row["taken"]]


def blocks(simulator: Simulator) -> set[bytes]:
    """Return what stands in queues, in the normal form that is signed."""
    return {normalize(parse(row["data"])) for row in simulator.state.all("SELECT data FROM queue") if row["data"]}


def offered(data: bytes) -> set[bytes]:
    """Return the block that a whole call has its sender's signature over."""
    return {normalize(call.open_call(data).signed)}


def tell(simulator: Simulator, data: bytes, version: Version, content_type: str = "text/xml") -> dict[str, Any]:
    """Let the node handle bytes; check that its answer can be read and that the journal says what happened."""
    simulator.journal.clear()
    before = held(simulator)
    status, body = asyncio.run(simulator.node.handle(data, content_type, version))
    noted = simulator.journal.last()
    assert len(noted) == 1
    line: dict[str, Any] = noted[0]
    if status == 200:
        reply.check_schema(reply.open_reply(body))
        assert line["outcome"] in {"ok", "empty"}
    else:
        assert status == 500
        with pytest.raises(FaultReceived) as caught:
            reply.open_reply(body)
        assert (line["outcome"], line["fault"]) == ("fault", caught.value.fault.kind.value)
        assert line["reason"]
        assert held(simulator) == before
    return line


def mutated(data: bytes, choose: random.Random) -> bytes:
    """Change a call's tree in one to three places."""
    root = etree.fromstring(data)
    for _ in range(choose.randint(1, 3)):
        nodes = [node for node in root.iter() if isinstance(node.tag, str)]
        choose.choice(CHANGES)(choose.choice(nodes), choose.choice(nodes), choose)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=choose.random() < 0.5)


def removed(one: etree._Element, _other: etree._Element, _choose: random.Random) -> None:
    """Take an element away."""
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def doubled(one: etree._Element, _other: etree._Element, choose: random.Random) -> None:
    """Put an element in once more."""
    parent = one.getparent()
    if parent is not None:
        parent.insert(choose.randint(0, len(parent)), copy.deepcopy(one))


def copied(one: etree._Element, other: etree._Element, _choose: random.Random) -> None:
    """Put an element into another one too."""
    other.append(copy.deepcopy(one))


def moved(one: etree._Element, other: etree._Element, _choose: random.Random) -> None:
    """Put an element elsewhere: into another one, or last where it stands."""
    place = one.getparent() if one is other or one in other.iterancestors() else other
    if place is not None:
        place.append(one)


def reworded(one: etree._Element, _other: etree._Element, choose: random.Random) -> None:
    """Change what stands in an element."""
    one.text = choose.choice([None, "", " \n", "x", "1", SECRET, str(one.text or "") * 2, "\u00a0", "]]>"])


def followed(one: etree._Element, _other: etree._Element, choose: random.Random) -> None:
    """Change what stands after an element."""
    one.tail = choose.choice([None, " ", "\n\n", "x"])


def attributed(one: etree._Element, _other: etree._Element, choose: random.Random) -> None:
    """Set or remove an attribute."""
    if one.attrib and choose.random() < 0.3:
        del one.attrib[next(iter(one.attrib))]
    else:
        one.set(choose.choice(["Id", "accepted", "URI", "Algorithm", "x"]), choose.choice(["", "1", SECRET, "#"]))


def renamed(one: etree._Element, other: etree._Element, choose: random.Random) -> None:
    """Give an element another name or namespace."""
    name = etree.QName(one)
    one.tag = choose.choice(["{urn:odd}" + name.localname, f"{{{name.namespace}}}Odd", other.tag])


def remarked(one: etree._Element, _other: etree._Element, choose: random.Random) -> None:
    """Put a comment or an instruction into an element."""
    one.append(choose.choice([etree.Comment(SECRET), etree.ProcessingInstruction("pi", SECRET)]))


CHANGES = (removed, doubled, copied, moved, reworded, followed, attributed, renamed, remarked)


@LIMITS
@given(version=st.sampled_from(Version), number=st.integers(0, 7), seed=st.integers(0, 2**32))
def test_a_mutated_tree_is_answered_and_never_believed(
    simulator: Simulator, calls: dict[Version, list[Callable[[], bytes]]], version: Version, number: int, seed: int
) -> None:
    good = calls[version][number]()
    signed = offered(good)
    queued = blocks(simulator)

    line = tell(simulator, mutated(good, random.Random(seed)), version)

    assert SECRET not in str(line)
    assert blocks(simulator) - queued <= signed


@LIMITS
@given(
    version=st.sampled_from(Version),
    number=st.integers(0, 7),
    start=st.floats(0, 1),
    length=st.integers(0, 200),
    filler=st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [b"<a>", b"</a>", b"&x;", b"&#0;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>", b'"', b"\0", b"\xff"]
        ),
        st.sampled_from([b"<!DOCTYPE a>", b" Id='x'", b" xmlns:ns1='urn:odd'", "ж".encode(), b"/1.1", b"/1.3"]),
    ),
)
def test_mutated_bytes_are_answered_and_never_believed(
    simulator: Simulator,
    calls: dict[Version, list[Callable[[], bytes]]],
    version: Version,
    number: int,
    start: float,
    length: int,
    filler: bytes,
) -> None:
    good = calls[version][number]()
    signed = offered(good)
    queued = blocks(simulator)
    at = int(start * len(good))

    tell(simulator, good[:at] + filler + good[at + length :], version)

    assert blocks(simulator) - queued <= signed


@LIMITS
@given(version=st.sampled_from(Version), where=st.floats(0, 1, exclude_max=True), seed=st.integers(0, 2**32))
def test_not_one_character_of_what_is_signed_can_be_changed(
    simulator: Simulator, calls: dict[Version, list[Callable[[], bytes]]], version: Version, where: float, seed: int
) -> None:
    good = calls[version][1]().decode()
    begin, end = good.index("<ns1:SenderProvidedRequestData"), good.index("</ns1:SenderProvidedRequestData>")
    places = [
        at
        for words in re.finditer(r">([^<]+)<", good[begin:end])
        for at in range(begin + words.start(1), begin + words.end(1))
        if good[at].isalnum()
    ]
    at = places[int(where * len(places))]
    other = random.Random(seed).choice([letter for letter in "ЖжZz09af" if letter != good[at]])

    line = tell(simulator, (good[:at] + other + good[at + 1 :]).encode(), version)

    assert line["outcome"] == "fault"


@LIMITS
@given(
    version=st.sampled_from(Version),
    start=st.floats(0, 1),
    length=st.integers(0, 100),
    filler=st.one_of(st.binary(max_size=20), st.sampled_from([b"\r\n--b\r\n", b"\r\n\r\n", b"--", b"cid:", b"<root>"])),
    content_type=st.one_of(
        st.none(),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map("multipart/related; {}".format),
        st.sampled_from(
            ["multipart/related", 'multipart/related; boundary="', "multipart/related; boundary=b; start=x"]
        ),
    ),
)
def test_a_mutated_multipart_is_answered_and_never_believed(
    simulator: Simulator,
    calls: dict[Version, list[Callable[[], bytes]]],
    version: Version,
    start: float,
    length: int,
    filler: bytes,
    content_type: str | None,
) -> None:
    good = calls[version][2]()
    signed = offered(good)
    queued = blocks(simulator)
    body, written = multipart.write(good)
    at = int(start * len(body))

    tell(simulator, body[:at] + filler + body[at + length :], version, content_type or written)

    assert blocks(simulator) - queued <= signed


@LIMITS
@given(data=st.binary(max_size=300), version=st.sampled_from(Version), content_type=st.text(max_size=80))
def test_any_bytes_with_any_media_type_are_refused(
    simulator: Simulator, data: bytes, version: Version, content_type: str
) -> None:
    assert tell(simulator, data, version, content_type)["outcome"] == "fault"


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("number", [0, 3, 7])
def test_an_id_that_is_none_is_kept_nowhere(
    simulator: Simulator, calls: dict[Version, list[Callable[[], bytes]]], version: Version, number: int
) -> None:
    """It may be anything: somebody's name, too."""
    good = calls[version][number]().decode()
    spoiled = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", SECRET, good)
    assert spoiled != good

    line = tell(simulator, spoiled.encode(), version)

    assert line["message_id"] == ""
    assert SECRET not in str(line)


@pytest.mark.parametrize("version", list(Version))
def test_what_is_mutated_is_good_before(
    simulator: Simulator, calls: dict[Version, list[Callable[[], bytes]]], version: Version
) -> None:
    """Each call above gets as far as its operation when it is whole, so that mutations reach every check."""
    assert [tell(simulator, make(), version)["reason"] for make in calls[version]] == [
        "type not supported",
        "",
        "",
        "reply to unknown",
        "",
        "",
        "",
        "target not found",
        *[""] * (version is Version.V1_1),
    ]


@pytest.mark.parametrize("version", list(Version))
def test_blanks_that_the_signature_does_not_cover_change_nothing(
    simulator: Simulator, calls: dict[Version, list[Callable[[], bytes]]], version: Version
) -> None:
    """A pretty-printed call is still its sender's: the transform drops what lies between elements."""
    good = calls[version][4]()
    root = etree.fromstring(good)
    for node in root.iter():
        if etree.QName(node).namespace != DSIG:
            node.tail = "\n "
    assert tell(simulator, etree.tostring(root), version)["outcome"] == "empty"
