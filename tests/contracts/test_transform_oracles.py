"""The transform against the official vectors, the reference implementation's output, and real signed messages."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from socert.contracts.errors import TransformError
from socert.contracts.signature.transform import normalize, transform
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from pathlib import Path

# SHA-256 of the normal form of elements of real messages. Their own digests (GOST R 34.11-2012) were computed over
# exactly these bytes; checked once with an implementation of that hash.
REAL = {
    ("MC1.xml", "SIGNED_BY_SMEV"): "79a50e0e06e200a0b21576874c62913331a0b5476c320690f73cd9e191efa0ed",
    ("MC3.xml", "SIGNED_BY_CALLER"): "4cf01243f37149ac7b0077bf75472c7a6c00ec7c3c0d41cc2d7bccd1794cd720",
    ("MC3.xml", "SIGNED_BY_SMEV"): "01b03ca07019dc1327d56bc6c272cf3b928908fc055425cdb27c38af8f3be7f6",
    ("MC9.xml", "SIGNED_BY_SMEV"): "6c0cf613f86f6627824d1f26e50aa8c14f9eff326d8dc668ea99afd8bfa55567",
}


@pytest.fixture
def vectors(oracles: Path) -> Path:
    return oracles / "smev3" / "transform-vectors"


def test_official_vectors(vectors: Path) -> None:
    inputs = sorted((vectors / "official").glob("*.in.xml"))
    assert len(inputs) == 6
    for place in inputs:
        expected = place.with_name(place.name.replace(".in.xml", ".expected.xml")).read_bytes()
        assert transform(place.read_bytes()) == expected, place.name


def test_reference_implementation_on_awkward_input(vectors: Path) -> None:
    inputs = sorted((vectors / "edge").glob("*.in.xml"))
    assert len(inputs) == 26
    refused = []
    for place in inputs:
        expected = place.with_name(place.name.replace(".in.xml", ".expected-woodstox.xml"))
        if expected.exists():
            assert transform(place.read_bytes()) == expected.read_bytes(), place.name
            continue
        with pytest.raises(TransformError):
            transform(place.read_bytes())
        refused.append(place.name)
    assert refused == ["no_ns.in.xml", "nonns_child.in.xml", "xml_lang.in.xml"]


@pytest.mark.parametrize(("name", "identifier"), REAL)
def test_real_signed_messages(oracles: Path, name: str, identifier: str) -> None:
    root = parse((oracles / "smev3" / "signed" / name).read_bytes())
    (element,) = [element for element in root.iter("*") if element.get("Id") == identifier]
    assert hashlib.sha256(normalize(element)).hexdigest() == REAL[name, identifier]
