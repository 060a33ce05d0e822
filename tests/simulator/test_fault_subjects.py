"""The subject of a certificate in the texts of faults: RFC 1779, as Java's X500Principal writes it."""

from __future__ import annotations

import pytest
from cryptography import x509

from socert.contracts.signature import testkeys
from socert.host.clock import system_clock
from socert.simulator.smev.subjects import subject


@pytest.mark.parametrize(
    ("name", "organisation", "expected"),
    [
        ("Region", "Region", "O=Region, CN=Region"),
        ("ИС", 'ООО "Ромашка"', 'O="ООО \\"Ромашка\\"", CN=ИС'),
        ("a, b", "c=d+e", 'O="c=d+e", CN="a, b"'),
        ("a#", "back\\slash", 'O="back\\\\slash", CN="a#"'),
        ("two  spaces", "; <>", 'O="; <>", CN="two  spaces"'),
    ],
)
def test_values_that_mean_something_are_quoted(name: str, organisation: str, expected: str) -> None:
    made = testkeys.make(name, organisation=organisation, now=system_clock())

    assert subject(x509.load_pem_x509_certificate(made.certificate_pem)) == expected


def test_types_without_a_keyword_are_written_by_number() -> None:
    made = testkeys.make("ИС", organisation="Орган", now=system_clock(), requisites=testkeys.MADE_UP)

    written = subject(x509.load_pem_x509_certificate(made.certificate_pem))

    assert "OID.1.2.643.100.1=1000000000000" in written
    assert "OID.1.2.643.100.4=0000000000" in written
