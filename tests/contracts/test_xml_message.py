"""Message types: read from an element, comparable, usable as keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from socert.contracts.message import BusinessMessage, MessageType
from socert.contracts.signature.transform import normalize
from socert.contracts.xml import escape_text, parse

NOTE = MessageType(namespace="urn:note", root="Note")


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    message_type: ClassVar[MessageType] = NOTE
    text: str

    def render(self, prefix: str = "ns1") -> str:
        name = f"{prefix}:Note"
        return f'<{name} xmlns:{prefix}="urn:note"><{prefix}:text>{escape_text(self.text)}</{prefix}:text></{name}>'


@pytest.mark.parametrize("xml", ['<Note xmlns="urn:note"/>', '<p:Note xmlns:p="urn:note" xmlns="urn:other">x</p:Note>'])
def test_the_type_is_that_of_the_root_element(xml: str) -> None:
    assert MessageType.of(parse(xml.encode())) == NOTE


def test_a_root_without_namespace_has_an_empty_one() -> None:
    assert MessageType.of(parse(b"<Note/>")) == MessageType(namespace="", root="Note")


def test_types_are_keys_in_order() -> None:
    other = MessageType(namespace="urn:a", root="Z")
    assert sorted({NOTE, other, MessageType.of(parse(b'<Note xmlns="urn:note"/>'))}) == [other, NOTE]
    assert str(NOTE) == "{urn:note}Note"


def test_a_message_renders_itself_in_normal_form() -> None:
    message: BusinessMessage = Note(text="a & b")
    rendered = message.render()
    root = parse(rendered.encode())
    assert MessageType.of(root) == message.message_type
    assert normalize(root) == rendered.encode()
    assert normalize(parse(message.render("other").encode())) == rendered.encode()
