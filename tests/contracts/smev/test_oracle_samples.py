"""Real envelopes are read for what they say, and our fault texts are the manual's."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from socert.contracts.errors import SignatureInvalid
from socert.contracts.smev import reply
from socert.contracts.smev.fault_texts import _TEXTS, Cause
from socert.contracts.smev.faults import Disposition, Fault, FaultKind, FaultReceived
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.reply import DeliveryKind
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from socert.contracts.signature.suites import Suite


def soap(payload: str) -> bytes:
    """Put what was saved without an envelope back into one."""
    bare = re.sub(r"^\s*<\?xml[^>]*\?>|^\ufeff", "", payload)
    return (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{bare}</s:Body></s:Envelope>'
    ).encode()


@pytest.fixture(scope="module")
def samples(oracles: Path) -> Path:
    return oracles / "smev3"


@pytest.mark.parametrize(
    ("name", "message_id", "category"),
    [
        ("MC1.xml", "b09d7e45-3959-11f1-a763-938a8f3d61d2", InteractionStatus.REJECTED),
        ("MC9.xml", "36a058fd-3a62-11f1-b0d2-2712b17c77a0", InteractionStatus.RESPONSE_REJECTED),
    ],
)
def test_a_real_verdict(samples: Path, name: str, message_id: str, category: InteractionStatus) -> None:
    one = reply.open_reply(soap((samples / "signed" / name).read_text("utf-8")))
    reply.check_schema(one)
    got = one.delivery
    assert got is not None
    assert (got.kind, got.message_id, got.sender) == (DeliveryKind.RESPONSE, message_id, "SMEV")
    assert got.async_status is not None
    assert got.async_status.category is category
    assert got.async_status.original_message_id == got.original_message_id
    fault = got.async_status.fault
    assert fault is not None
    assert (fault.kind, fault.code, fault.smev_code) == (FaultKind.INVALID_CONTENT, "028122", 403)
    assert fault.errors[0].position == -1
    assert fault.errors[0].text.startswith("cvc-")
    assert got.sender_signature is None
    assert got.exchange_signature is not None


def test_a_real_answer(samples: Path, suites: frozenset[Suite]) -> None:
    one = reply.open_reply(soap((samples / "signed" / "MC3.xml").read_text("utf-8")))
    reply.check_schema(one)
    got = one.delivery
    assert got is not None
    assert got.metadata is not None
    assert got.message_id == got.metadata.message_id == "d884886c-395a-11f1-a6ab-b6df272c7906"
    assert (got.metadata.message_type, got.metadata.status) == (MessageCategory.RESPONSE, InteractionStatus.DELIVERED)
    assert (got.sender, got.metadata.recipient) == ("MNSV05", "RPTN01")
    assert str(got.message_type) == "{http://epgu.gosuslugi.ru/elk/status/1.0.2}ElkOrderResponse"
    assert got.to.startswith("eyJzaWQi")
    assert got.sender_signature is not None
    assert got.sender_data is not None
    # A pretty-printed file: its signature cannot hold. That it is looked at, and does not pass by chance, can be seen.
    with pytest.raises(SignatureInvalid):
        reply.verify(one, suites)


FAULTS = [
    ("faults/SMEV-100_CertificateIsExpired_1.1__sm3.xml", FaultKind.SIGNATURE_VERIFICATION, 100, Disposition.PERMANENT),
    ("faults/SMEV-501_TargetMessageIsNotFound_1.2__gosha.xml", FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, 501,
     Disposition.ALREADY_DONE),
    ("faults/SoapFaultResponse.xml", FaultKind.UNKNOWN, None, Disposition.RETRY),
    ("faults/SoapFaultResponse_SignatureVerificationFault.xml", FaultKind.SIGNATURE_VERIFICATION, 100,
     Disposition.PERMANENT),
    ("faults/TargetMessageIsNotFound_1.1_newgate__mylab.xml", FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, None,
     Disposition.ALREADY_DONE),
    ("mylab/SoapFaultResponse.xml", FaultKind.UNKNOWN, None, Disposition.RETRY),
    ("smevka-loop/1b-SendRequest-again.fault.xml", FaultKind.MESSAGE_IS_ALREADY_SENT, 301, Disposition.ALREADY_SENT),
    ("smevka-loop/3b-Ack-again.fault.xml", FaultKind.TARGET_MESSAGE_IS_NOT_FOUND, 501, Disposition.ALREADY_DONE),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "number", "what_to_do"), FAULTS)
def test_a_real_fault(samples: Path, name: str, kind: FaultKind, number: int | None, what_to_do: Disposition) -> None:
    with pytest.raises(FaultReceived) as answer:
        reply.open_reply((samples / "examples" / name).read_bytes())
    fault = answer.value.fault
    assert (fault.kind, fault.smev_code, fault.disposition) == (kind, number, what_to_do)
    assert fault.text


def test_a_real_fault_in_parts(samples: Path) -> None:
    lines = (
        next((samples / "examples" / "faults").glob("SMEV-403*multipart*")).read_text("utf-8").splitlines(keepends=True)
    )
    header = next(line for line in lines if line.startswith("Content-Type: multipart"))
    body = "".join(lines[next(place for place, line in enumerate(lines) if line.startswith("--")) :])
    with pytest.raises(FaultReceived) as answer:
        reply.open_reply(body.encode(), header.partition(":")[2].strip())
    fault = answer.value.fault
    assert fault == Fault(
        kind=FaultKind.INVALID_CONTENT,
        text=Cause.SIGNATURE_BLOCK_MISSING.template,
        code="tsmev3:PRODUCTION_AREA:TSMEV3_CORE2 : TR:SYNC:PP:55",
        description=f"SMEV-403:{Cause.SIGNATURE_BLOCK_MISSING.template}",
    )


def test_a_real_empty_queue_in_parts(samples: Path) -> None:
    data = (samples / "examples" / "mylab" / "GetResponseResponse_MultipartEmptyQueue.xml").read_bytes()
    boundary = data.split(b"\n")[0].strip().removeprefix(b"--").decode()
    one = reply.open_reply(
        data,
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<root.message@cxf.apache.org>"',
    )
    assert (one.version, one.operation, one.delivery) == (Version.V1_1, Operation.GET_RESPONSE, None)


# --- texts -----------------------------------------------------------------------------------------------------------

OURS_ALONE = {
    Cause.SIGNATURE_BLOCK_MISSING,
    Cause.END_OF_LIFE,
    Cause.PERSONAL_ACCESS_DENIED,
    Cause.TRANSACTION_CODE_INVALID,
    Cause.RESPONSE_TYPE_WRONG,
    Cause.REQUEST_NOT_FOUND,
}
SECTIONS = {
    Operation.SEND_REQUEST: ("Таблица 14", "Таблица 15"),
    Operation.SEND_RESPONSE: ("Таблица 15", "Таблица 16"),
    Operation.GET_REQUEST: ("Таблица 16", "Таблица 17"),
    Operation.GET_RESPONSE: ("Таблица 17", "Таблица 18"),
    Operation.ACK: ("Таблица 18", "Таблица 19"),
    Operation.GET_STATUS: ("Таблица 19", "11.7."),
}


@pytest.fixture(scope="module")
def tables(samples: Path) -> dict[Operation, str]:
    """The tables of appendix 6 without blanks, page numbers, headings and the column of exceptions."""
    lines = (samples / "manual.txt").read_text("utf-8").splitlines()
    begin = next(place for place, line in enumerate(lines) if line.startswith("Таблица 14 –"))
    kept = []
    for line in lines[begin:]:
        if re.fullmatch(r"\s*\d+\s*|\s*Исключение\s+Текст ошибки\s*|[A-Za-z]+\s*", line):
            continue
        kept.append(re.sub(r"^\s?[A-Za-z]+(?: (?=\")|\s{2,})", "", line))
    text = "\n".join(kept)
    return {
        operation: re.sub(r"\s", "", text[text.index(first) : text.index(last)])
        for operation, (first, last) in SECTIONS.items()
    }


def literals(template: str) -> Iterator[str]:
    """Yield the fixed pieces of a template, as the manual's tables write them."""
    for piece, _, _, _ in Formatter().parse(template):
        written = re.sub(r"\s", "", piece).replace('"', '\\"')
        if written not in {"", ".", ";", "{", "}"}:
            yield written.removeprefix("}")


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause not in OURS_ALONE])
def test_texts_are_the_manuals(cause: Cause, tables: dict[Operation, str]) -> None:
    special = {operation: text for (operation, one), text in _TEXTS.items() if one is cause}
    for operation, text in special.items():
        for piece in literals(text):
            assert piece in tables[operation], (operation, piece)
    rest = [table for operation, table in tables.items() if operation not in special]
    assert any(all(piece in table for piece in literals(cause.template)) for table in rest), list(
        literals(cause.template)
    )


def test_the_check_of_texts_is_not_blind(tables: dict[Operation, str]) -> None:
    assert all(len(table) > 500 for table in tables.values())
    assert not any("СообщениесидентификаторомPбыло" in table for table in tables.values())
    assert "Срокдействиясертификатаистёк" not in tables[Operation.ACK].replace("Срокдействиясертификатаистёк.", "")
