"""What tests of the exchange's envelopes share: a moment, keys, and a small business message."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from socert.contracts.message import MessageType
from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_attribute, escape_text

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE = MessageType(namespace="urn:example:note/1.0", root="Note")
NOW = datetime(2026, 4, 16, 6, 1, 20, 319000, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A business message of one text and one attribute."""

    words: str
    mark: str = ""

    @property
    def message_type(self) -> MessageType:
        return NOTE

    def render(self, prefix: str = "ns1") -> str:
        return (
            f'<{prefix}:Note xmlns:{prefix}="{NOTE.namespace}" mark="{escape_attribute(self.mark)}">'
            f"<{prefix}:Words>{escape_text(self.words)}</{prefix}:Words></{prefix}:Note>"
        )


@pytest.fixture(scope="session")
def now() -> datetime:
    """The moment at which everything here happens."""
    return NOW


@pytest.fixture(scope="session")
def note() -> Callable[..., Note]:
    """Makes a business message: note(words, mark="")."""
    return lambda words, mark="": Note(words=words, mark=mark)


@pytest.fixture(scope="session")
def note_type() -> MessageType:
    """The message type of `note`."""
    return NOTE


def _signer(name: str) -> KeySigner:
    key = testkeys.make(name, organisation="Тест", now=NOW)
    return KeySigner.from_files(key.key_pem, key.certificate_pem)


@pytest.fixture(scope="session")
def caller() -> KeySigner:
    """The participant's signer."""
    return _signer("participant")


@pytest.fixture(scope="session")
def exchange() -> KeySigner:
    """The exchange's signer."""
    return _signer("exchange")


@pytest.fixture(scope="session")
def suites() -> frozenset[Suite]:
    """Every suite there is."""
    return frozenset(Suite)


@pytest.fixture
def ids() -> MessageIds:
    """Message ids of the moment, the same in every run."""
    return MessageIds(lambda: NOW, node=0x0142333CCE59, clock_seq=0x3F00)


@pytest.fixture(scope="session")
def hostile() -> list[str]:
    """Texts that XML, the transform or a careless reader may stumble over."""
    return [
        ">",
        ">>>",
        "a > b & c < d",
        "]]>",
        "x" * 520 + ">]]>" + "]" * 600 + ">",
        "&amp;",
        "<a></a>",
        "\"quoted\" and 'quoted'",
        "a\rb\r\nc\td\ne",
        "\t",
        "",
        "   ",
        " leading and trailing ",
        "\u00a0",
        "Ёжик в тумане",
        "👩‍🏫 учит 🎻",
        "\u2028\ufeff\u200b",
        "<!-- no comment -->",
        "<![CDATA[x]]>",
        "<?xml version='1.0'?>",
        "&#38;#60;",
    ]


@pytest.fixture(scope="session")
def official() -> Callable[[Version, etree._Element], None]:
    """Checks an element against the official schema of a version; says nothing where these are not at hand."""
    place = os.environ.get("SOCERT_ORACLES")
    if not place:
        return lambda _, __: None
    schemas = {
        version: etree.XMLSchema(
            etree.parse(Path(place) / "smev3" / "schemas" / version.value / f"_all-{version.value}.xsd")
        )
        for version in Version
    }

    def check(version: Version, element: etree._Element) -> None:
        alone = etree.fromstring(etree.tostring(element, with_tail=False))
        schemas[version].assertValid(alone)

    return check
