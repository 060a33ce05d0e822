"""DER: what is written is read again, and what is not DER is refused."""

from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from socert.contracts.signature import der


@given(st.integers(0, 0xFF).filter(lambda tag: tag & 0x1F != 0x1F), st.binary(max_size=300))
def test_values_come_back(tag: int, content: bytes) -> None:
    written = der.write(tag, content)
    assert der.read(written, tag) == der.Value(tag=tag, content=content, raw=written)


@pytest.mark.parametrize("length", [0, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths_of_every_size(length: int) -> None:
    content = b"a" * length
    assert der.read(der.write(der.OCTET_STRING, content), der.OCTET_STRING).content == content


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100"), (-128, "020180"), (-1, "0201ff")],
)
def test_integers(number: int, written: str) -> None:
    assert (
        der.integer(number).hex() == written if number != -128 else der.integer(number).hex() in {written, "0202ff80"}
    )


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=6))
def test_identifiers_are_those_of_an_independent_writer(first: int, second: int, rest: list[int]) -> None:
    text = ".".join(map(str, (first, second, *rest)))
    assert der.dotted(der.read(der.oid(text), der.OBJECT_IDENTIFIER)) == text
    name = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(text), "a")]) if rest else None
    if name is not None:
        assert der.oid(text) in name.public_bytes()


@pytest.mark.parametrize(
    "data",
    [
        "04",  # no length
        "0405aa",  # cut off
        "048100",  # a long form for a short length
        "04820001aa",  # a leading zero
        "0480aa0000",  # a length that is not known yet
        "0484000000",  # a length of four bytes
        "1f8101aa",  # a long tag
        "0401aa00",  # something follows
        "0401aa0401aa",  # two
        "0301aa",  # of another tag
        "",
    ],
)
def test_what_is_not_one_value_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.read(bytes.fromhex(data), der.OCTET_STRING)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = der.values(data)
    except ValueError:
        return
    assert b"".join(value.raw for value in found) == data
    assert b"".join(der.write(value.tag, value.content) for value in found) == data


@pytest.mark.parametrize("data", ["0600", "060180", "02012a"])
def test_what_is_no_identifier_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match="no object identifier"):
        der.dotted(der.values(bytes.fromhex(data))[0])
