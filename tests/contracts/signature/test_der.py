"""DER: what is written is read again, and what is not DER is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import example, given
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


def test_an_identifier_is_of_bounded_length() -> None:
    with pytest.raises(ValueError, match="no object identifier"):
        der.dotted(der.values(der.write(der.OBJECT_IDENTIFIER, b"\x81" * 128 + b"\1"))[0])


@given(st.integers(-(2**300), 2**300))
def test_numbers_come_back(number: int) -> None:
    assert der.number(der.values(der.integer(number))[0]) == number


@pytest.mark.parametrize("data", ["0200", "02020001", "0202ffff", "0401aa"])
def test_what_is_no_integer_of_der_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match="integer"):
        der.number(der.values(bytes.fromhex(data))[0])


@given(st.datetimes(timezones=st.just(UTC)))
@example(datetime(1949, 12, 31, 23, 59, 59, tzinfo=UTC))
@example(datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC))
@example(datetime(2050, 1, 1, tzinfo=UTC))
def test_times_come_back(moment: datetime) -> None:
    written = der.values(der.time(moment))[0]
    assert der.moment(written) == moment.replace(microsecond=0)
    assert written.tag == (der.UTC_TIME if 1950 <= moment.year < 2050 else der.GENERALIZED_TIME)


@pytest.mark.parametrize("text", [b"", b"2611251230Z", b"261125123015+0300", b"261325123015Z", b"26112512301-Z"])
@pytest.mark.parametrize("tag", [der.UTC_TIME, der.GENERALIZED_TIME, der.OCTET_STRING])
def test_what_is_no_time_of_der_is_refused(text: bytes, tag: int) -> None:
    with pytest.raises(ValueError, match="time"):
        der.moment(der.values(der.write(tag, text))[0])


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("0401aa", "0401aa"),
        ("30800401aa0000", "30030401aa"),
        ("3080a0800401aa00000000", "3005a0030401aa"),
        ("30800000", "3000"),
    ],
)
def test_open_lengths_are_written_out(given_: str, expected: str) -> None:
    assert der.definite(bytes.fromhex(given_)).hex() == expected


@pytest.mark.parametrize(
    "data", ["", "3080", "30800401aa", "308004", "0480aa0000", "0401aa00", "3080" * 20 + "0000" * 20]
)
def test_open_lengths_that_are_not_closed_or_too_deep_are_refused(data: str) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.definite(bytes.fromhex(data))


@given(st.binary(max_size=40).map(lambda data: b"\x30\x80" + data))
def test_any_open_bytes_are_closed_or_refused(data: bytes) -> None:
    try:
        closed = der.definite(data)
    except ValueError:
        return
    assert der.definite(closed) == closed
    assert len(closed) < len(data)
