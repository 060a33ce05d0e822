"""What the schema allows is read; what it does not allow is read or refused, and never breaks the reader."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from lxml import etree
from tests.contracts.smev.grammar import Grammar
from tests.contracts.smev.noise import Maker

from socert.contracts.errors import ContractError, EnvelopeInvalid
from socert.contracts.smev import call, reply
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version, files

SEED = 20260416
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ROUNDS = 60
pytestmark = pytest.mark.parametrize("version", list(Version))


def maker_of(version: Version) -> Maker:
    schemas = [data for name, data in files(version).items() if name.endswith(".xsd")]
    return Maker(Grammar(map(etree.fromstring, schemas)), random.Random(f"{SEED}, {version.value}"))


def wrapped(inside: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(inside)
    return etree.tostring(envelope, encoding="UTF-8")


def test_whatever_the_schema_allows_is_opened(version: Version) -> None:
    """All but one thing: the exchange's own verdict in a participant's answer, which the schema cannot forbid."""
    maker = maker_of(version)
    verdict = f"{{{version.types}}}SenderProvidedResponseData/{{{version.types}}}AsyncProcessingStatus"
    for operation in sorted(OPERATIONS_OF[version]):
        for number in range(ROUNDS):
            asked = maker.message(f"{{{version.types}}}{operation.asked}")
            if operation is Operation.SEND_RESPONSE and asked.find(verdict) is not None:
                with pytest.raises(EnvelopeInvalid, match="only the exchange may fill"):
                    call.open_call(wrapped(asked))
                continue
            answered = maker.message(f"{{{version.types}}}{operation.answered}")
            said, replied = wrapped(asked), wrapped(answered)
            try:
                opened, got = call.open_call(said), reply.open_reply(replied)
                call.check_schema(opened)
                reply.check_schema(got)
            except ContractError as error:
                pytest.fail(f"seed {SEED}, message {number} of {operation}: {error}\n{said!r}\n{replied!r}")
            assert (opened.version, opened.operation, got.operation) == (version, operation, operation)


def test_whatever_else_comes_is_opened_or_refused(version: Version) -> None:
    maker = maker_of(version)
    outcomes: Counter[str] = Counter()
    for operation in sorted(OPERATIONS_OF[version]):
        for number in range(ROUNDS):
            for name, opens in ((operation.asked, call.open_call), (operation.answered, reply.open_reply)):
                root = maker.message(f"{{{version.types}}}{name}")
                done = [maker.spoil(root) for _ in range(maker.dice.randint(1, 3))]
                data = wrapped(root)
                try:
                    opens(data)
                    outcomes["opened"] += 1
                except ContractError:
                    outcomes["refused"] += 1
                except Exception as error:
                    raise AssertionError(f"seed {SEED}, message {number} of {name}, {done}\n{data.decode()}") from error
    assert min(outcomes.values()) > ROUNDS
