"""The transform by remembered skeletons gives what the plain transform gives, and remembers no more than it may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.contracts.xml_trees import elements, texts, written

from socert.contracts.errors import TransformError
from socert.contracts.signature import skeleton
from socert.contracts.signature.skeleton import Skeletons
from socert.contracts.signature.transform import canonicalize, normalize, transform

if TYPE_CHECKING:
    from pathlib import Path


class Counted:
    """The plain transform, counted."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, data: bytes) -> bytes:
        self.calls += 1
        return transform(data)


@settings(max_examples=400, deadline=None)
@given(elements(instructions=True))
def test_it_is_the_plain_transform(text: str) -> None:
    canonical = canonicalize(etree.fromstring(text.encode()))
    by_skeleton = Skeletons(transform)
    assert by_skeleton(canonical) == transform(canonical)
    assert by_skeleton(canonical) == transform(canonical)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(texts, texts, texts), min_size=2, max_size=4))
def test_other_texts_and_values_in_the_same_tags(messages: list[tuple[str, str, str]]) -> None:
    by_skeleton = Skeletons(transform)
    for first, second, value in messages:
        root = etree.fromstring(
            f'<p:a xmlns:p="urn:a" xmlns:q="urn:b" xmlns="urn:c"><b z="1" q:y="2">{written(first)}</b>'
            f"<p:c>{written(second)}</p:c></p:a>".encode()
        )
        root[0].set("z", value)
        root[1].set("{urn:b}k", value)
        canonical = canonicalize(root)
        assert by_skeleton(canonical) == transform(canonical)


def test_known_tags_cost_no_plain_transform() -> None:
    plain = Counted()
    by_skeleton = Skeletons(plain)
    for number in range(5):
        document = f'<a xmlns="urn:a" Id="A{number}"><b>{number}</b><c>ё{number} </c></a>'
        by_skeleton(canonicalize(etree.fromstring(document.encode())))
    assert plain.calls == 1


@pytest.mark.parametrize(
    "document",
    [
        '<a xmlns="urn:a" b="x>y"><c>1</c></a>',
        '<a xmlns="urn:a"><?b c?>1</a>',
        '<a xmlns="urn:a" b="\uf8ff0\uf8ff">1</a>',
        '<a xmlns="urn:a"><b>\uf8fe</b>2</a>',
        '<a xmlns="urn:a" b="&#10;&#9;&#13;&quot;&lt;&amp;amp;">&amp;lt;</a>',
    ],
)
def test_what_looks_like_tags_or_signs_of_its_own(document: str) -> None:
    canonical = canonicalize(etree.fromstring(document.encode()))
    by_skeleton = Skeletons(transform)
    assert [by_skeleton(canonical), by_skeleton(canonical)] == [transform(canonical)] * 2


def test_what_has_no_normal_form_has_none_here() -> None:
    for _ in range(2):
        with pytest.raises(TransformError, match="namespace"):
            normalize(etree.fromstring(b'<a xmlns="urn:a"><b xmlns="">1</b></a>'))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skeleton, "BUDGET", 2_000)
    by_skeleton = Skeletons(transform)
    for number in range(100):
        document = f'<a xmlns="urn:a"><b{number}>text</b{number}></a>'
        canonical = canonicalize(etree.fromstring(document.encode()))
        assert by_skeleton(canonical) == transform(canonical)
    for memory in (by_skeleton._exact, by_skeleton._valued):
        assert sum(map(len, memory._kept)) <= 2_000
        assert len(memory._kept) > 10


def test_too_long_a_skeleton_is_not_remembered() -> None:
    by_skeleton = Skeletons(transform)
    document = f'<a xmlns="urn:a">{"<b></b>" * 10_000}</a>'
    canonical = canonicalize(etree.fromstring(document.encode()))
    assert by_skeleton(canonical) == transform(canonical)
    assert not by_skeleton._exact._kept


def test_threads_share_it() -> None:
    by_skeleton = Skeletons(transform)

    def one(number: int) -> bool:
        document = f'<a xmlns="urn:a"><b{number % 7} c="{number}">{number}</b{number % 7}></a>'
        canonical = canonicalize(etree.fromstring(document.encode()))
        return by_skeleton(canonical) == transform(canonical)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(one, range(400)))


def test_vectors_by_elements(oracles: Path) -> None:
    for place in sorted((oracles / "smev3" / "transform-vectors").glob("*/*.in.xml")):
        try:
            expected = transform(canonicalize(etree.fromstring(place.read_bytes())))
        except TransformError:
            continue
        assert [normalize(etree.fromstring(place.read_bytes())) for _ in range(2)] == [expected] * 2, place.name
