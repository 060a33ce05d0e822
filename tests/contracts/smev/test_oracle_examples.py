"""Every example at hand is opened in its own version, for what it says, and forgiven what real answers do."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from socert.contracts.errors import SchemaInvalid
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultReceived
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import InteractionStatus, InteractionType, MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    from socert.contracts.smev.call import Call
    from socert.contracts.smev.reply import Reply

BREACH = "{urn://x-artefacts-gibdd-gov-ru/breach/root/1.0}BreachRequest"
DEBTS = "{urn:dom.gosuslugi.ru/debt-responses/1.0.0}ExportDebtRequests"
LOOP_ID, ANSWER_ID = "b79b0526-e792-11f1-9971-02fc00000001", "a98cb4dd-b8c9-47c6-9060-ce5d914e11d3"
FTP_ID, MTOM_ID = "0e8cfc01-5e81-11e4-a9ff-d4c9eff07b77", "6fefa07c-5e7f-11e4-a9ff-d4c9eff07b77"
PART = b"the bytes of a part"

# In the folder: the file, what it is, and what must be read of it, by the path of the attribute.
CALLS: list[tuple[str, Operation, dict[str, Any]]] = [
    ("mr-official/AckRequest.xml", Operation.ACK, {"message_id": FTP_ID, "accepted": True}),
    ("mr-official/GetRequestRequestWithFilter.xml", Operation.GET_REQUEST, {"selector": BREACH}),
    ("mr-official/GetRequestRequestWithoutFilter.xml", Operation.GET_REQUEST, {"selector": None}),
    ("mr-official/GetResponseRequestWithFilter.xml", Operation.GET_RESPONSE, {"selector": BREACH}),
    ("mr-official/GetResponseRequestWithoutFilter.xml", Operation.GET_RESPONSE, {"selector": None}),
    ("mr-official/SendRequestRequestAttachFTP.xml", Operation.SEND_REQUEST, {
        "message_id": "868a694d-5e80-11e4-a9ff-d4c9eff07b77", "message_type": BREACH, "attachments": (),
        "files[0].uuid": "e74b2cb9-5aa3-11e4-a9ff-d4c9eff07b77", "files[0].hash[:2]": b"V\x94",
        "files[0].mime_type": "image/jpeg", "files[0].signature[:1]": b"0"}),
    ("mr-official/SendRequestRequestAttachMTOM.xml", Operation.SEND_REQUEST, {
        "message_id": MTOM_ID, "attachments[0].content_id": "attach5MB.jpg", "attachments[0].signature[:1]": b"0",
        "contents[0].id": "attach5MB.jpg", "contents[0].content": PART}),
    ("mr-official/SendRequestRequestNoAttach.xml", Operation.SEND_REQUEST, {
        "message_id": "db0486d0-3c08-11e5-95e2-d4c9eff07b77", "attachments": (), "files": (), "contents": (),
        "personal_signature": None}),
    ("mr-official/SendRequestRequestPersonalSignature.xml", Operation.SEND_REQUEST, {
        "message_id": "76796044-5e83-11e4-a9ff-d4c9eff07b77", "personal_signature.prefix": "ds",
        "content.attrib['Id']": "PERSONAL_SIGNATURE"}),
    ("mr-official/SendResponseRequestNoAttach.xml", Operation.SEND_RESPONSE, {
        "message_id": "afc526a2-5e82-11e4-a9ff-d4c9eff07b77", "message_type": BREACH.replace("Request", "Response"),
        "to": f"3219|x-artefacts-gibdd-gov-ru_breach_root_1.0_BreachRequest|{FTP_ID}"}),
    ("smevka-loop/1-SendRequest.request.xml", Operation.SEND_REQUEST, {
        "message_id": LOOP_ID, "message_type": f"{DEBTS}Request"}),
    ("smevka-loop/2-GetResponse.request.xml", Operation.GET_RESPONSE, {"selector": None, "node_id": None}),
    ("smevka-loop/3-Ack.request.xml", Operation.ACK, {"message_id": ANSWER_ID, "accepted": True}),
]  # fmt: skip

# The last word: whether the answer breaks the schema of its version as it is.
REPLIES: list[tuple[str, Operation, dict[str, Any], bool]] = [
    ("mr-official/GetRequestResponseAttachFTP.xml", Operation.GET_REQUEST, {
        "delivery.message_id": FTP_ID, "delivery.message_type": BREACH, "delivery.files[0].signature": PART,
        "delivery.files[0].hash[:2]": b"V\x94",
        "delivery.stored[0].uuid": "04a5bc90-5e81-11e4-a9ff-d4c9eff07b77",
        "delivery.stored[0].user_name": "RuhSKQ8eNGYKDWgByyjVBTLQLx8K8A",
        "delivery.stored[0].password": "rFHmjM5N5fkIM7Aiy2Oyie1BgEDXxm",
        "delivery.stored[0].file_name": "/sample10M.tmp",
        "delivery.reply_to": f"3219|x-artefacts-gibdd-gov-ru_breach_root_1.0_BreachRequest|{FTP_ID}",
        "metadata.message_type": MessageCategory.REQUEST, "metadata.sender": "OV_2", "metadata.recipient": "mtfoiv1",
        "metadata.sender_name": "Я_ИС_РОИВ1", "metadata.content_type": "МТ_ВС_ФОИВ1",
        "metadata.interaction": InteractionType.NOT_DETECTED, "metadata.destination": None}, True),
    ("mr-official/GetRequestResponseAttachMTOM.xml", Operation.GET_REQUEST, {
        "delivery.message_id": MTOM_ID, "delivery.attachments[0].signature": PART,
        "delivery.contents[0].id": "attach5MB.jpg", "delivery.contents[0].content": PART}, True),
    ("mr-official/GetRequestResponsePersonalSignature.xml", Operation.GET_REQUEST, {
        "delivery.personal_signature.prefix": "ds"}, True),
    ("mr-official/SendRequestResponseAsync.xml", Operation.SEND_REQUEST, {
        "delivery": None, "metadata.status": InteractionStatus.QUEUED}, True),
    ("mr-official/SendRequestResponseOK.xml", Operation.SEND_REQUEST, {
        "metadata.status": InteractionStatus.QUEUED, "metadata.recipient": "mtfoiv1"}, True),
    ("mr-official/SendResponseResponseOK.xml", Operation.SEND_RESPONSE, {
        "metadata.message_type": MessageCategory.RESPONSE, "metadata.sender": "mtfoiv1"}, True),
    ("mylab/GetResponseResponse_EmptyQueue.xml", Operation.GET_RESPONSE, {"delivery": None, "signed": None}, False),
    ("mylab/GetResponseResponse_InvalidContent.xml", Operation.GET_RESPONSE, {
        "delivery.message_id": "ad1d4183-8b8c-11eb-9ae4-fa163e6269f4",
        "delivery.original_message_id": "ac9fbf27-8b8c-11eb-9086-e2bf794ac2e9",
        "delivery.async_status.category": InteractionStatus.REJECTED,
        "delivery.async_status.fault.smev_code": 403, "delivery.async_status.fault.errors[0].position": -1,
        "delivery.sender_signature.prefix": "ds", "metadata.status": InteractionStatus.DELIVERED,
        "metadata.sender": "smev", "metadata.sender_name": None}, True),
    ("mylab/SendRequestResponse.xml", Operation.SEND_REQUEST, {
        "metadata.destination": "Destination", "metadata.sender": "77BD01", "metadata.sender_name": None,
        "metadata.interaction": None, "metadata.status": InteractionStatus.QUEUED}, True),
    ("smevka-loop/1-SendRequest.response.xml", Operation.SEND_REQUEST, {
        "metadata.message_id": LOOP_ID, "metadata.content_type": "not detected"}, False),
    ("smevka-loop/2-GetResponse.response.xml", Operation.GET_RESPONSE, {
        "delivery.message_id": ANSWER_ID, "delivery.original_message_id": LOOP_ID,
        "delivery.message_type": f"{DEBTS}Response",
        "delivery.stored[1].file_name": "/78d9e04a-4ebe-11ec-977f-005056b665bf.zip"}, False),
    ("smevka-loop/2b-GetResponse-empty.response.xml", Operation.GET_RESPONSE, {
        "delivery.message_id": ANSWER_ID}, False),
    ("smevka-loop/3-Ack.response.xml", Operation.ACK, {"delivery": None, "metadata": None}, False),
]  # fmt: skip


@pytest.fixture(scope="module")
def examples(oracles: Path) -> Path:
    return oracles / "smev3" / "examples"


def with_parts(data: bytes) -> tuple[bytes, str]:
    """Return a message with the binary parts that it refers to, which the samples were saved without."""
    referred = [unquote(found.decode()) for found in re.findall(rb'href="cid:([^"]+)"', data)]
    if not referred:
        return data, "text/xml"
    heads = [
        '<r>\r\nContent-Type: application/xop+xml; charset=UTF-8; type="text/xml"',
        *(f"<{name}>\r\nContent-Type: application/octet-stream" for name in referred),
    ]
    bodies = [data, *(PART for _ in referred)]
    body = b"".join(
        f"--b\r\nContent-ID: {head}\r\n\r\n".encode() + part + b"\r\n" for head, part in zip(heads, bodies, strict=True)
    )
    return body + b"--b--\r\n", 'multipart/related; boundary="b"; start="<r>"; type="application/xop+xml"'


def read(one: Call | Reply, place: str) -> Any:
    """Return what stands at a place like `files[0].hash[:2]`."""
    found: Any = one
    for name, index in re.findall(r"([a-z_]+)|\[([^\]]+)\]", place):
        if name:
            found = attrgetter(name)(found)
        elif index.startswith(":"):
            found = found[: int(index[1:])]
        else:
            found = found[int(index) if index.isdigit() else index.strip("'")]
    return str(found) if place.endswith(("message_type", "selector")) and "metadata" not in place and found else found


def opened(examples: Path, name: str, opener: Any) -> Any:
    data, content_type = with_parts((examples / name).read_bytes().removeprefix(b"\xef\xbb\xbf"))
    return opener(data, content_type)


@pytest.mark.parametrize(("name", "operation", "expected"), CALLS, ids=[name for name, *_ in CALLS])
def test_a_call_of_others(name: str, operation: Operation, expected: dict[str, Any], examples: Path) -> None:
    one = opened(examples, name, call.open_call)
    assert (one.version, one.operation) == (Version.V1_1, operation)
    assert {place: read(one, place) for place in expected} == expected
    call.check_schema(one)


@pytest.mark.parametrize(("name", "operation", "expected", "departs"), REPLIES, ids=[name for name, *_ in REPLIES])
def test_an_answer_of_others(
    name: str, operation: Operation, expected: dict[str, Any], departs: bool, examples: Path
) -> None:
    one = opened(examples, name, reply.open_reply)
    assert (one.version, one.operation) == (Version.V1_1, operation)
    assert {place: read(one, place) for place in expected} == expected
    reply.check_schema(one, lenient=True)
    if departs:
        with pytest.raises(SchemaInvalid):
            reply.check_schema(one)
    else:
        reply.check_schema(one)


def test_a_call_in_parts_as_it_was_sent(examples: Path) -> None:
    """A dump of HTTP, cut after the headers of the second part: its bytes are not in the sample."""
    head, _, body = (
        (examples / "mr-official" / "SendRequestRequestAttachMTOM.txt").read_bytes().partition(b"\r\n\r\n\r\n")
    )
    if not body:
        head, _, body = head.replace(b"\r\n", b"\n").partition(b"\n\n\n")
    content_type = next(line for line in head.decode().splitlines() if line.startswith("Content-Type:"))
    boundary = re.findall(r'boundary="([^"]+)"', content_type)[0].encode()
    whole = body.lstrip() + b"\n\n" + PART + b"\n--" + boundary + b"--\n"
    one = call.open_call(whole, content_type.partition(":")[2].strip())
    assert (one.version, one.operation, one.message_id) == (Version.V1_1, Operation.SEND_REQUEST, MTOM_ID)
    assert [(part.id, part.content) for part in one.contents] == [("attach5MB.jpg", PART)]


def test_no_example_is_forgotten(examples: Path) -> None:
    """What is in none of the tables is a fault, or is looked at in `test_oracle_samples`."""
    known = {name for name, *_ in CALLS} | {name for name, *_ in REPLIES}
    rest = [place for place in sorted(examples.glob("*/*.xml")) if f"{place.parent.name}/{place.name}" not in known]
    rest = [place for place in rest if "Multipart" not in place.name]
    assert len(rest) == 9
    for place in rest:
        with pytest.raises(FaultReceived):
            reply.open_reply(place.read_bytes())
