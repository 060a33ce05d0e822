"""PKCS#7 of attachments: SignedData beside the file, with exactly one signature and its signed attributes.

    signature = cms.sign_detached(digest.digest(), signer=signer)
    signed = cms.verify_detached(signature, pieces, suites=accepted)       # or, when the file was read already:
    signed = cms.read(signature, suites=accepted).check(digest.digest())

Only the digest of a file is needed, so a file of any size costs no memory. Everything outside the exchange's profile is
refused rather than understood. Who the certificate belongs to and whether it is trusted is the caller's question
(`trust`); so is whether the time that a signer claims is believed.

Sources: SMEV 3 manual 3.3, 4.3.1, 4.5.4 and appendix 3; RFC 2315; RFC 5652, 5; RFC 5035, 5; RFC 4490 (GOST).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature import certificate_fields, der
from socert.contracts.signature.certificates import load_certificate
from socert.contracts.signature.digest import Digest
from socert.contracts.signature.gost_keys import GostAlgorithm
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from socert.contracts.signature.signer import Signer

MOST_BYTES: Final = 131_072
"""Of a signature: real ones have 2 to 10 KB, with a chain and time stamps 30."""

_MOST_CERTIFICATES: Final = 16
_MOST_ATTRIBUTES: Final = 32
_CERTIFICATE_BYTES: Final = 32_768

_DATA: Final = "1.2.840.113549.1.7.1"
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"  # version 2
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_NULL: Final = der.write(der.NULL)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Method:
    """How a suite is named in PKCS#7: its digest, and its signature as written first and as others write it too.

    With GOST the identifier of the key stands for the signature (the profile, and OpenSSL); some write that of the
    signature in certificates.
    """

    digest: str
    signatures: tuple[str, ...]
    parameters: bytes = _NULL

    def digest_written(self) -> bytes:
        return der.sequence(der.oid(self.digest), self.parameters)

    def signature_written(self) -> bytes:
        return der.sequence(der.oid(self.signatures[0]), self.parameters)


def _gost(algorithm: GostAlgorithm) -> _Method:
    return _Method(digest=algorithm.digest_oid, signatures=(algorithm.key_oid, algorithm.signature_oid))


_METHODS: Final[Mapping[Suite, _Method]] = {
    Suite.ECDSA_P256: _Method(digest=_SHA256, signatures=("1.2.840.10045.4.3.2",), parameters=b""),
    Suite.RSA_SHA256: _Method(digest=_SHA256, signatures=("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11")),
    Suite.GOST_2012_256: _gost(GostAlgorithm.GOST_2012_256),
    Suite.GOST_2012_512: _gost(GostAlgorithm.GOST_2012_512),
    Suite.GOST_2001: _gost(GostAlgorithm.GOST_2001),
}
_SUITE_OF_DIGEST: Final = {method.digest: suite for suite, method in _METHODS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A signature that holds: the signer's certificate (DER), the suite, the time that the signer claims.

    `others` are the certificates that came along: perhaps those of its authorities, proven by nothing.
    """

    certificate: bytes
    suite: Suite
    signing_time: datetime | None
    others: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a signature of the profile claims: nothing of it is proven yet.

    `digest` is the file's, `attributes` what was signed (the SET OF them, DER), `value` in the suite's own form.
    """

    signed: Signed
    digest: bytes
    attributes: bytes = field(repr=False)
    value: bytes = field(repr=False)

    @property
    def suite(self) -> Suite:
        """The suite whose digest of the file is needed."""
        return self.signed.suite

    def check(self, digest: bytes) -> Signed:
        """Return who signed the file of that digest. `SignatureInvalid` otherwise; `SuiteUnavailable` as ever."""
        if not hmac.compare_digest(digest, self.digest):
            raise _invalid("the file is not the one that was signed: its digest is another")
        if not self.suite.verify(self.signed.certificate, self.attributes, self.value):
            raise _invalid("the value was not made with the certificate's key over these signed attributes")
        return self.signed


def sign_detached(digest: bytes, *, signer: Signer, at: datetime | None = None, cades: bool = False) -> bytes:
    """Return the PKCS#7 (DER) over a file of that digest, which is of the signer's suite (`digest.Digest`).

    `at` (aware) is written as the signing time, and `cades` adds which certificate signed, as CAdES-BES has it.
    `ValueError` when the digest is not of the length that the suite has.
    """
    suite, method = signer.suite, _METHODS[signer.suite]
    if len(digest) != len(suite.digest(b"")):
        raise ValueError(f"The digest has {len(digest)} bytes and is none of {suite.title}.")
    fields = certificate_fields.read(signer.certificate)
    written = [
        _attribute(_CONTENT_TYPE, der.oid(_DATA)),
        _attribute(_MESSAGE_DIGEST, der.write(der.OCTET_STRING, digest)),
    ]
    if at is not None:
        written.append(_attribute(_SIGNING_TIME, der.time(at)))
    if cades:
        written.append(_attribute(_SIGNING_CERTIFICATE, _named(signer.certificate, suite)))
    attributes = b"".join(sorted(written))
    value = signer.sign(der.write(der.SET, attributes))
    info = der.sequence(
        der.integer(1),
        der.sequence(fields.issuer, fields.serial),
        method.digest_written(),
        der.write(der.context(0), attributes),
        method.signature_written(),
        der.write(der.OCTET_STRING, _to_wire(suite, value)),
    )
    body = der.sequence(
        der.integer(1),
        der.write(der.SET, method.digest_written()),
        der.sequence(der.oid(_DATA)),
        der.write(der.context(0), signer.certificate),
        der.write(der.SET, info),
    )
    return der.sequence(der.oid(_SIGNED_DATA), der.write(der.context(0), body))


def verify_detached(signature: bytes, pieces: Iterable[bytes], *, suites: frozenset[Suite]) -> Signed:
    """Return who signed the file that comes in pieces, when the PKCS#7 holds over it and is of one of the `suites`.

    `SignatureInvalid` otherwise, before the first piece is taken where its form tells. `SuiteUnavailable` when this
    machine cannot tell.
    """
    claim = read(signature, suites=suites)
    digest = Digest(claim.suite)
    for piece in pieces:
        digest.update(piece)
    return claim.check(digest.digest())


def read(signature: bytes, *, suites: frozenset[Suite]) -> Claim:
    """Return what a PKCS#7 claims when its form is the profile's. `SignatureInvalid` otherwise.

    Nothing is computed over the file here: `Claim.check` does.
    """
    if len(signature) > MOST_BYTES:
        raise _invalid(f"the PKCS#7 has {len(signature)} bytes; {MOST_BYTES} are accepted")
    try:
        certificates, info = _signed_data(der.definite(signature))
        return _claim(certificates, info, suites)
    except ValueError as error:
        raise _invalid(f"the bytes are no PKCS#7 signature as the exchange has them ({error})") from None


def _invalid(detail: str, reason: SignatureFault = SignatureFault.SIGNATURE_IS_INVALID) -> SignatureInvalid:
    return SignatureInvalid(reason, detail)


def _signed_data(data: bytes) -> tuple[list[bytes], der.Value]:
    """Return the certificates in SignedData, and its one SignerInfo."""
    kind, wrapped = _exactly(data, 2)
    if der.dotted(kind) != _SIGNED_DATA or wrapped.tag != der.context(0):
        raise _invalid("the PKCS#7 holds no SignedData", SignatureFault.NO_SIGNATURE_FOUND)
    version, digests, content, *rest = _exactly(wrapped.content, 4, least=True)
    if (digests.tag, content.tag) != (der.SET, der.SEQUENCE):
        raise ValueError("SignedData has other parts")
    _check_version("SignedData", version)
    inside = der.values(content.content)
    if not inside or der.dotted(inside[0]) != _DATA:
        raise _invalid(f"its contentInfo is not of the type {_DATA} (data)")
    if len(inside) != 1:
        raise _invalid("the file stands inside the PKCS#7; the signature must be detached")
    certificates: list[bytes] = []
    if rest and rest[0].tag == der.context(0):
        certificates = _certificates(rest.pop(0))
    if rest and rest[0].tag == der.context(1):
        raise _invalid("the PKCS#7 carries revocation lists, which the exchange's profile does not have")
    if [part.tag for part in rest] != [der.SET]:
        raise ValueError("SignedData does not end with its signatures")
    infos = der.values(rest[0].content)
    if len(infos) != 1:
        fault = SignatureFault.SIGNATURE_IS_INVALID if infos else SignatureFault.NO_SIGNATURE_FOUND
        raise _invalid(f"the PKCS#7 holds {len(infos)} signatures; exactly one is allowed", fault)
    named = _exactly(infos[0].raw, 5, least=True)[2]
    if _algorithm(named) not in [_algorithm(one) for one in der.values(digests.content)[:_MOST_ATTRIBUTES]]:
        raise _invalid("the signature's digest is not among those that SignedData names")
    return certificates, infos[0]


def _certificates(holder: der.Value) -> list[bytes]:
    found = der.values(holder.content)
    if any(one.tag != der.SEQUENCE for one in found):
        raise _invalid("the PKCS#7 carries certificates that are not X.509", SignatureFault.CERTIFICATE_IS_NOT_FOUND)
    if len(found) > _MOST_CERTIFICATES or any(len(one.raw) > _CERTIFICATE_BYTES for one in found):
        raise _invalid(
            f"the PKCS#7 carries more than {_MOST_CERTIFICATES} certificates, or one above {_CERTIFICATE_BYTES} bytes",
            SignatureFault.CERTIFICATE_IS_NOT_FOUND,
        )
    return list(dict.fromkeys(one.raw for one in found))


def _claim(certificates: list[bytes], info: der.Value, suites: frozenset[Suite]) -> Claim:
    version, who, digest, attributes, *more = _exactly(info.raw, 5, least=True)
    if who.tag == der.context(0) & ~0x20:
        raise _invalid("the signer is named by a key identifier; the profile wants issuer and serial number")
    _check_version("SignerInfo", version)
    if attributes.tag != der.context(0):
        raise _invalid("the signature has no signed attributes")
    tags = [who.tag, *(one.tag for one in more)]
    if tags not in ([der.SEQUENCE, der.SEQUENCE, der.OCTET_STRING, *unsigned] for unsigned in ([], [der.context(1)])):
        raise ValueError("SignerInfo has other parts")
    method, value = more[:2]
    suite = _suite(digest, method, suites)
    certificate = _of_signer(certificates, who)
    stated = _attributes(attributes)
    if _CONTENT_TYPE not in stated or _MESSAGE_DIGEST not in stated:
        raise _invalid("the signed attributes must hold contentType and messageDigest")
    if der.dotted(_one(stated[_CONTENT_TYPE])) != _DATA:
        raise _invalid(f"the signed contentType is not {_DATA} (data)")
    if _SIGNING_CERTIFICATE in stated:
        _check_named(_one(stated[_SIGNING_CERTIFICATE]), certificate)
    message = _one(stated[_MESSAGE_DIGEST])
    signed = Signed(
        certificate=certificate,
        suite=suite,
        signing_time=der.moment(_one(stated[_SIGNING_TIME])) if _SIGNING_TIME in stated else None,
        others=tuple(one for one in certificates if one != certificate),
    )
    # What is signed is the SET OF in DER, whatever the order in which its members travel (RFC 5652, 5.4).
    together = der.write(der.SET, *sorted(one.raw for one in der.values(attributes.content)))
    return Claim(
        signed=signed,
        digest=der.read(message.raw, der.OCTET_STRING).content,
        attributes=together,
        value=_from_wire(suite, value.content),
    )


def _exactly(data: bytes, count: int, *, least: bool = False) -> tuple[der.Value, ...]:
    """Return what stands in a SEQUENCE of that many values, or of at least as many."""
    found = der.values(der.read(data, der.SEQUENCE).content)
    if len(found) != count and not (least and len(found) > count):
        raise ValueError(f"{len(found)} values stand where {count} belong")
    return found


def _check_version(where: str, version: der.Value) -> None:
    if (number := der.number(version)) != 1:
        raise _invalid(f"{where} is of version {min(number, 100)}; PKCS#7 1.5 has version 1")


def _algorithm(identifier: der.Value) -> str:
    """Return the identifier of an algorithm that has no parameters."""
    named, *parameters = _exactly(identifier.raw, 1, least=True)
    if [one.raw for one in parameters] not in ([], [_NULL]):
        raise ValueError("an algorithm has parameters that it cannot have")
    return der.dotted(named)


def _suite(digest: der.Value, method: der.Value, suites: frozenset[Suite]) -> Suite:
    named = (_algorithm(digest), _algorithm(method))
    for suite in suites:
        known = _METHODS[suite]
        if named[0] == known.digest and named[1] in known.signatures:
            return suite
    raise _invalid("its algorithms are not among those accepted")


def _of_signer(certificates: list[bytes], who: der.Value) -> bytes:
    """Return the one certificate whose issuer and serial number the signature names."""
    found = []
    for one in certificates:
        fields = certificate_fields.read(one)
        if fields.issuer + fields.serial == who.content:
            found.append(one)
    if len(found) != 1:
        raise _invalid(
            f"{len(found)} of the {len(certificates)} certificates in the PKCS#7 are the signer's; put in exactly one",
            SignatureFault.CERTIFICATE_IS_NOT_FOUND,
        )
    load_certificate(found[0])
    return found[0]


def _attributes(holder: der.Value) -> dict[str, der.Value]:
    """Return the signed attributes, the SET of values of each; none may stand twice."""
    found: dict[str, der.Value] = {}
    members = der.values(holder.content)
    if len(members) > _MOST_ATTRIBUTES:
        raise _invalid(f"there are {len(members)} signed attributes; {_MOST_ATTRIBUTES} are accepted")
    for member in members:
        named, values = _exactly(member.raw, 2)
        if (identifier := der.dotted(named)) in found:
            raise _invalid("a signed attribute stands twice")
        if values.tag != der.SET:
            raise ValueError("an attribute has no set of values")
        found[identifier] = values
    return found


def _one(values: der.Value) -> der.Value:
    found = der.values(values.content)
    if len(found) != 1:
        raise _invalid(f"a signed attribute has {len(found)} values; exactly one is allowed")
    return found[0]


def _attribute(identifier: str, value: bytes) -> bytes:
    return der.sequence(der.oid(identifier), der.write(der.SET, value))


def _named(certificate: bytes, suite: Suite) -> bytes:
    """Return SigningCertificateV2 (RFC 5035, 3): the certificate's hash. SHA-256 is left unnamed, as DER wants."""
    digest = der.write(der.OCTET_STRING, suite.digest(certificate))
    method = _METHODS[suite]
    parts = (digest,) if method.digest == _SHA256 else (method.digest_written(), digest)
    return der.sequence(der.sequence(der.sequence(*parts)))


def _check_named(value: der.Value, certificate: bytes) -> None:
    """Refuse a certificate that is not the one which the signer named."""
    listed = _exactly(value.raw, 1, least=True)[0]
    named = _exactly(_exactly(listed.raw, 1, least=True)[0].raw, 1, least=True)
    oid = _SHA256
    if named[0].tag == der.SEQUENCE:
        oid, named = _algorithm(named[0]), named[1:]
    if oid not in _SUITE_OF_DIGEST or not named or named[0].tag != der.OCTET_STRING:
        raise _invalid("signingCertificateV2 has a hash that is not known here")
    if not hmac.compare_digest(_SUITE_OF_DIGEST[oid].digest(certificate), named[0].content):
        raise _invalid("the certificate is not the one that the signer named (signingCertificateV2)")


def _to_wire(suite: Suite, value: bytes) -> bytes:
    """Return a value as PKCS#7 has it: that of messages, but for ECDSA."""
    if suite is not Suite.ECDSA_P256:
        return value
    return encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))


def _from_wire(suite: Suite, value: bytes) -> bytes:
    if suite is not Suite.ECDSA_P256:
        return value
    halves = [der.number(one) for one in _exactly(value, 2)]
    if not all(0 < half < 1 << 256 for half in halves):
        raise ValueError("the value is no signature of ECDSA")
    return b"".join(half.to_bytes(32, "big") for half in halves)
