"""Messages signed with every suite, and real ones as an oracle."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.contracts.signature.samples import SAMPLES, Sample

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import testkeys, xmldsig
from socert.contracts.signature.diagnose import Repair, diagnose
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import SIGNING, Suite
from socert.contracts.smev import call
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from pathlib import Path

    from socert.contracts.signature.gost_library import GostLibrary

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DATA = '<ns1:Data xmlns:ns1="urn:t" Id="SIGNED_BY_CALLER">Иванова &amp; Ко</ns1:Data>'
EVERY = frozenset(Suite)

pytestmark = pytest.mark.usefixtures("engine")


def signer(suite: Suite) -> KeySigner:
    made = testkeys.make("Gateway", organisation="Test", now=NOW, suite=suite)
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


def verify(signature: str, suites: frozenset[Suite] = EVERY, data: str = DATA) -> xmldsig.Verified:
    root = parse(f'<e xmlns="urn:e">{data}<c>{signature}</c></e>'.encode())
    return xmldsig.verify(root[1][0], target=root[0], suites=suites)


@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_signature_of_each_suite_holds(suite: Suite) -> None:
    ours = signer(suite)
    signature = xmldsig.sign(DATA.encode(), reference="SIGNED_BY_CALLER", signer=ours)
    assert verify(signature) == xmldsig.Verified(certificate=ours.certificate, suite=suite, canonical=DATA.encode())
    assert suite.signature_uri in signature
    assert suite.digest_uri in signature


@pytest.mark.parametrize("suite", SIGNING.values())
def test_what_was_changed_does_not_hold(suite: Suite) -> None:
    signature = xmldsig.sign(DATA.encode(), reference="SIGNED_BY_CALLER", signer=signer(suite))
    with pytest.raises(SignatureInvalid, match="not what was signed"):
        verify(signature, data=DATA.replace("Иванова", "Петрова"))
    with pytest.raises(SignatureInvalid, match="not among those accepted"):
        verify(signature, EVERY - {suite})
    other = b64encode(signer(suite).certificate).decode()
    with pytest.raises(SignatureInvalid, match="not made with the certificate's key"):
        verify(re.sub(r"(<ds:X509Certificate>).*?(</)", rf"\g<1>{other}\g<2>", signature))


@pytest.mark.parametrize("claimed", Suite)
@pytest.mark.parametrize("suite", [Suite.GOST_2012_256, Suite.GOST_2012_512])
def test_a_suite_cannot_be_passed_off_as_another(suite: Suite, claimed: Suite) -> None:
    signature = xmldsig.sign(DATA.encode(), reference="SIGNED_BY_CALLER", signer=signer(suite))
    digest = b64encode(claimed.digest(DATA.encode())).decode()
    forged = signature.replace(suite.signature_uri, claimed.signature_uri).replace(suite.digest_uri, claimed.digest_uri)
    forged = re.sub(r"(<ds:DigestValue>).*?(</)", rf"\g<1>{digest}\g<2>", forged)
    if claimed is suite:
        assert verify(forged).suite is suite
        return
    with pytest.raises(SignatureInvalid) as caught:
        verify(forged)
    assert caught.value.reason is SignatureFault.SIGNATURE_IS_INVALID


def test_the_digest_and_the_method_must_be_of_one_suite() -> None:
    signature = xmldsig.sign(DATA.encode(), reference="SIGNED_BY_CALLER", signer=signer(Suite.GOST_2012_256))
    mixed = signature.replace(Suite.GOST_2012_256.digest_uri, Suite.ECDSA_P256.digest_uri)
    with pytest.raises(SignatureInvalid, match="not among those accepted"):
        verify(mixed)


@pytest.mark.parametrize("kept", SAMPLES, ids=str)
def test_certificates_on_every_curve_are_taken_from_messages(engine: GostLibrary, kept: Sample) -> None:
    """Also those of the old algorithm, which only others sign with."""

    class Other:
        suite = Suite[kept.algorithm.name]
        certificate = kept.certificate

        def sign(self, data: bytes) -> bytes:
            return engine.private_key(kept.pkcs8, None).sign(self.suite.digest(data))

    signature = xmldsig.sign(DATA.encode(), reference="SIGNED_BY_CALLER", signer=Other())
    assert verify(signature).certificate == kept.certificate


@pytest.mark.parametrize("suite", SIGNING.values())
def test_a_whole_envelope_is_signed_and_verified(suite: Suite) -> None:
    ours = signer(suite)
    envelope = call.send_request(
        message_id="d790b1bd-395a-11f1-b8b2-0242333cce59", content=b'<a xmlns="urn:a">1</a>', signer=ours
    )
    opened = call.open_call(envelope)
    call.check_schema(opened)
    verified = call.verify(opened, EVERY)
    assert (verified.suite, verified.certificate) == (suite, ours.certificate)
    (verdict,) = diagnose(parse(envelope))
    assert verdict.holds
    assert (verdict.place, verdict.signed) == ("CallerInformationSystemSignature", "SenderProvidedRequestData")


# --- real messages ----------------------------------------------------------------------------------------------------

REAL = [("MC1.xml", 1), ("MC3.xml", 2), ("MC9.xml", 1)]


@pytest.mark.parametrize(("name", "count"), REAL)
def test_real_messages_hold_after_what_pretty_printing_did(oracles: Path, name: str, count: int) -> None:
    verdicts = diagnose(parse((oracles / "smev3" / "signed" / name).read_bytes()))
    assert len(verdicts) == count
    for verdict in verdicts:
        assert (verdict.digest, verdict.value, verdict.repair) == (True, True, Repair.WHITESPACE)
        assert verdict.suite is Suite.GOST_2012_256
        assert verdict.certificate is not None
    assert verdicts[-1].place == "SMEVSignature"
    assert verdicts[-1].signed == "Response"


@pytest.mark.parametrize(("name", "count"), REAL)
def test_whoever_receives_messages_repairs_nothing(oracles: Path, name: str, count: int) -> None:
    root = parse((oracles / "smev3" / "signed" / name).read_bytes())
    signatures = list(root.iter("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    assert len(signatures) == count
    for signature, verdict in zip(signatures, diagnose(root), strict=True):
        target = next(element for element in root.iter("*") if element.get("Id") == verdict.reference)
        with pytest.raises(SignatureInvalid, match="not made with the certificate's key"):  # the digest was right
            xmldsig.verify(signature, target=target, suites=EVERY)


def test_gnutls_verifies_real_messages_too(oracles: Path, gnutls: GostLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    from socert.contracts.signature import gost_suites

    monkeypatch.setattr(gost_suites, "library", lambda: gnutls)
    gost_suites._key.cache_clear()
    try:
        verdicts = diagnose(parse((oracles / "smev3" / "signed" / "MC3.xml").read_bytes()))
    finally:
        gost_suites._key.cache_clear()
    assert [verdict.holds for verdict in verdicts] == [True, True]


def test_real_messages_name_what_ours_name(oracles: Path) -> None:
    """Not only the algorithms: also how the bytes of value and certificate stand in the element."""
    root = parse((oracles / "smev3" / "signed" / "MC1.xml").read_bytes())
    ours = parse(xmldsig.sign(DATA.encode(), reference="I", signer=signer(Suite.GOST_2012_256)).encode())
    theirs = next(root.iter(ours.tag))
    assert [element.tag for element in ours.iter()] == [element.tag for element in theirs.iter("*")]
    assert [element.get("Algorithm") for element in ours.iter()] == [
        element.get("Algorithm") for element in theirs.iter("*")
    ]
    values = [
        len(b64decode("".join((element.text or "").split())))
        for signature in (ours, theirs)
        for element in signature.iter("{*}SignatureValue", "{*}DigestValue")
    ]
    assert values == [32, 64, 32, 64]
