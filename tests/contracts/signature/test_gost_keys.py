"""Which public keys are taken for GOST keys: the standards' curves and lengths, and nothing else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.signature.samples import SAMPLES, XCHA, Sample

from socert.contracts.signature import certificate_fields, der
from socert.contracts.signature.gost_keys import CURVES, GostAlgorithm, GostSpki, read_spki


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_keys_on_every_curve_are_read(sample: Sample) -> None:
    found = read_spki(sample.spki)
    assert found.algorithm is sample.algorithm
    assert CURVES[found.algorithm][found.curve] == sample.curve
    assert found.der == sample.spki
    assert certificate_fields.read(sample.certificate).spki == sample.spki


def test_there_is_a_sample_of_every_curve() -> None:
    assert {(sample.algorithm, sample.curve) for sample in SAMPLES} == {
        (algorithm, curve) for algorithm, curves in CURVES.items() for curve in curves.values()
    }


def spki(*, algorithm: str = "1.2.643.7.1.1.1.1", curve: str = "1.2.643.2.2.36.0", point: bytes = b"\1" * 64) -> bytes:
    return der.sequence(
        der.sequence(der.oid(algorithm), der.sequence(der.oid(curve))),
        der.bit_string(der.write(der.OCTET_STRING, point)),
    )


def test_the_pieces_make_a_key() -> None:
    assert read_spki(spki()) == GostSpki(algorithm=GostAlgorithm.GOST_2012_256, curve="1.2.643.2.2.36.0", der=spki())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (spki(algorithm="1.2.840.10045.2.1"), "no GOST key"),
        (spki(curve="1.2.643.2.2.35.0"), "on a curve"),
        (spki(curve="1.2.643.7.1.2.1.2.1"), "on a curve"),
        (spki(algorithm="1.2.643.7.1.1.1.2", point=b"\1" * 128), "on a curve"),
        (spki(algorithm="1.2.643.2.2.19", curve="1.2.643.7.1.2.1.1.1"), "on a curve"),
        (spki(point=b"\1" * 63), "wrong length"),
        (spki(point=b"\1" * 128), "wrong length"),
        (spki() + b"\0", "DER"),
        (spki()[:-1], "DER"),
        (der.sequence(), "no public key"),
        (der.sequence(der.sequence(der.oid("1.2.643.7.1.1.1.1")), der.bit_string(b"")), "no public key"),
        (
            der.sequence(der.sequence(der.oid("1.2.643.7.1.1.1.1"), der.write(der.NULL)), der.bit_string(b"")),
            r"on a curve .*\(none named\)",
        ),
        (spki().replace(b"\x03\x43\x00\x04", b"\x03\x43\x01\x04"), "no point"),
        (b"", "DER"),
    ],
)
def test_what_is_no_gost_key_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_spki(data)


def test_other_keys_are_no_gost_keys() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(ValueError, match="no GOST key"):
        read_spki(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@given(st.integers(0, len(XCHA.spki) - 1), st.integers(1, 255))
def test_a_changed_byte_changes_only_the_point_or_spoils_the_key(place: int, change: int) -> None:
    changed = bytearray(XCHA.spki)
    changed[place] ^= change
    try:
        found = read_spki(bytes(changed))
    except ValueError:
        return
    assert found.der == changed
    assert found.curve in CURVES[found.algorithm]


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"nothing", der.sequence(der.sequence(), der.sequence(), b"\3\0")])
def test_what_is_no_certificate_has_no_fields(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"no certificate|not one DER|not DER"):
        certificate_fields.read(data)
