"""The peer: the same message by zeep, lxml and signxml, the way a careful team writes it.

Clients, schemas, key and certificate are loaded once. What signxml cannot do, the exchange's own transform, is left
out, so the peer does less: its signature covers the exclusive canonical form alone.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, cast

import zeep
import zeep.transports
import zeep.xsd
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from socert.contracts.portal import account
from socert.contracts.smev.blocks import CALLER_ID
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from socert.contracts.portal.account import (
        CertificateCard,
        ContractCard,
        Organisation,
        Recipient,
        Split,
        Update,
        UpdateRequest,
    )
    from socert.host.keys import KeyFiles

NAME = "zeep + signxml"
BY_HAND = "zeep + signxml, content by lxml"
TYPES = Version.V1_2.types
_NS = account.NAMESPACE
_NSMAP = {"a": _NS}
_REPEATED = frozenset({"update", "balance", "yearPart"})
Values = dict[str, Any]


class PeerBuilder:
    """Builds, validates and signs one SendRequest after another. Not for several threads at once."""

    def __init__(self, keys: KeyFiles, trusted: Path | None = None) -> None:
        """Load WSDL, schemas, key and certificate; `trusted` is the certificate that answers must be signed with."""
        with as_file(files("socert.contracts.smev") / "schemas" / Version.V1_2.value) as folder:
            self._client = zeep.Client(str(folder / "service.wsdl"))
            self._envelope_schema = etree.XMLSchema(etree.parse(str(folder / "types.xsd")))
        with as_file(files("socert.contracts.portal.account") / "schema.xsd") as place:
            tree = etree.parse(str(place), etree.XMLParser(remove_comments=True))
            self._content_schema = etree.XMLSchema(tree)
            bound = zeep.xsd.Schema(tree.getroot(), transport=zeep.transports.Transport(), location=str(place))
        self._content = bound.get_element(f"{{{_NS}}}AccountUpdateRequest")
        self._key = cast("ec.EllipticCurvePrivateKey", load_pem_private_key(keys.key.read_bytes(), None))
        self._certificate = [x509.load_pem_x509_certificate(keys.certificate.read_bytes())]
        self._signer = XMLSigner(
            method=SignatureConstructionMethod.detached,
            signature_algorithm="ecdsa-sha256",
            digest_algorithm="sha256",
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )

        self._trusted = None if trusted is None else x509.load_pem_x509_certificate(trusted.read_bytes())
        self._expected = SignatureConfiguration(
            signature_methods=frozenset({SignatureMethod.ECDSA_SHA256}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        )

    def build(self, message_id: str, content: etree._Element) -> bytes:
        """Return the bytes of one signed envelope; `lxml.etree.DocumentInvalid` when the content breaks the schema."""
        self._content_schema.assertValid(content)
        envelope = self._client.create_message(
            self._client.service,
            "SendRequest",
            SenderProvidedRequestData={
                "Id": CALLER_ID,
                "MessageID": message_id,
                "MessagePrimaryContent": {"_value_1": content},
            },
            CallerInformationSystemSignature={"_value_1": etree.Element("placeholder")},
        )
        data = envelope.find(f".//{{{TYPES}}}SenderProvidedRequestData")
        signature = self._signer.sign(
            data, key=self._key, cert=self._certificate, reference_uri=f"#{CALLER_ID}", id_attribute="Id"
        )
        holder = envelope.find(f".//{{{TYPES}}}CallerInformationSystemSignature")
        holder[:] = [signature]
        return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")

    def bind(self, values: Values) -> etree._Element:
        """Return an AccountUpdateRequest as a tree, bound by zeep to the types of its schema."""
        holder = etree.Element("holder")
        self._content.render(holder, self._content(**values))
        return holder[0]

    def check(self, answer: bytes) -> None:
        """Check an answer: it is a SendRequestResponse, valid, and its metadata are signed by the trusted key.

        `ValueError`, `lxml.etree.DocumentInvalid` or `signxml.InvalidSignature` when it is not.
        """
        root = etree.fromstring(answer)
        taken = root.find(f".//{{{TYPES}}}SendRequestResponse")
        if taken is None:
            raise ValueError("the answer is no SendRequestResponse")
        self._envelope_schema.assertValid(taken)
        if self._trusted is None:
            return
        verified = XMLVerifier().verify(taken, x509_cert=self._trusted, id_attribute="Id", expect_config=self._expected)
        signed = verified.signed_xml if not isinstance(verified, list) else None
        if signed is None or signed.tag != f"{{{TYPES}}}MessageMetadata":
            raise ValueError("the answer's signature is over something else")


def values_of(request: UpdateRequest) -> Values:
    """Return an AccountUpdateRequest as the plain values that zeep binds: by element name, texts as on the wire."""
    return cast("Values", _plain(content_of(request)))


def _plain(element: etree._Element) -> Values | str:
    if not len(element):
        return element.text or ""
    values: Values = {}
    for child in element:
        name = etree.QName(child).localname
        if name in _REPEATED:
            values.setdefault(name, []).append(_plain(child))
        else:
            values[name] = _plain(child)
    return values


def content_of(request: UpdateRequest) -> etree._Element:
    """Return an AccountUpdateRequest as a tree, element by element."""
    root = etree.Element(f"{{{_NS}}}AccountUpdateRequest", nsmap=cast("Any", _NSMAP))
    _text(root, "batchId", request.batch_id)
    _text(root, "sentAt", request.sent_at.isoformat(timespec="seconds"))
    for update in request.updates:
        _update(root, update)
    return root


def _inside(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_NS}}}{name}")


def _text(parent: etree._Element, name: str, value: object) -> None:
    """Add an element that holds text; none for None."""
    if value is not None:
        etree.SubElement(parent, f"{{{_NS}}}{name}").text = str(value)


def _sum(parent: etree._Element, name: str, hundredths: int) -> None:
    whole, rest = divmod(hundredths, 100)
    _text(parent, name, f"{whole}.{rest:02d}")


def _update(parent: etree._Element, update: Update) -> None:
    node = _inside(parent, "update")
    _text(node, "objectId", update.object_id)
    _text(node, "operation", update.operation)
    _text(node, "seq", update.seq)
    _text(node, "asOf", update.as_of.isoformat(timespec="seconds"))
    _text(node, "cause", update.cause)
    _recipient(node, update.recipient)
    match update.body:
        case account.CertificateCard() as card:
            _certificate(node, card)
        case account.ContractCard() as card:
            _contract(node, card)
        case _:
            raise TypeError("the comparison is made with certificates and contracts")


def _recipient(parent: etree._Element, recipient: Recipient) -> None:
    node = _inside(parent, "recipient")
    applicant, child = recipient.applicant, recipient.child
    inner = _inside(node, "applicant")
    _text(inner, "lastName", applicant.last_name)
    _text(inner, "firstName", applicant.first_name)
    _text(inner, "middleName", applicant.middle_name)
    _text(inner, "snils", applicant.snils)
    inner = _inside(node, "child")
    _text(inner, "lastName", child.last_name)
    _text(inner, "firstName", child.first_name)
    _text(inner, "middleName", child.middle_name)
    _text(inner, "birthDate", child.birth_date)
    _text(inner, "snils", child.snils)


def _certificate(parent: etree._Element, card: CertificateCard) -> None:
    node = _inside(parent, "certificateCard")
    _text(node, "certificateGUID", card.certificate_guid)
    _text(node, "certificateNumber", card.certificate_number)
    _text(node, "scheme", card.scheme)
    _text(node, "certificateType", card.certificate_type)
    _text(node, "categoryCode", card.category_code)
    _text(node, "categoryName", card.category_name)
    _text(node, "regionCode", card.region_code)
    _text(node, "municipalityCode", card.municipality_code)
    _text(node, "validFrom", card.valid_from)
    _text(node, "validTo", card.valid_to)
    _text(node, "status", card.status)
    _text(node, "version", card.version)
    for balance in card.balances:
        if not isinstance(balance, account.Balance):
            raise TypeError("the comparison is made with balances in roubles")
        inner = _inside(node, "balance")
        _text(inner, "periodFrom", balance.period_from)
        _text(inner, "periodTo", balance.period_to)
        money = _inside(inner, "money")
        _sum(money, "nominal", balance.nominal)
        _sum(money, "reserved", balance.reserved)
        _sum(money, "spent", balance.spent)
        _sum(money, "available", balance.available)


def _contract(parent: etree._Element, card: ContractCard) -> None:
    node = _inside(parent, "contractCard")
    _text(node, "contractId", card.contract_id)
    _text(node, "contractNumber", card.contract_number)
    _text(node, "contractDate", card.contract_date)
    _text(node, "contractState", card.contract_state)
    _text(node, "startDate", card.start_date)
    _text(node, "endDate", card.end_date)
    _text(node, "certificateGUID", card.certificate_guid)
    _text(node, "certificateVersion", card.certificate_version)
    _organisation(node, card.organisation)
    _text(node, "programmeGUID", card.programme_guid)
    _text(node, "programmeName", card.programme_name)
    _text(node, "groupGUID", card.group_guid)
    _text(node, "studyYear", card.study_year)
    if not isinstance(card.split, account.Split):
        raise TypeError("the comparison is made with contracts in roubles")
    _split(node, card.split)
    _sum(node, "reservedNow", card.reserved_now)
    _sum(node, "spentNow", card.spent_now)


def _organisation(parent: etree._Element, organisation: Organisation) -> None:
    node = _inside(parent, "organisation")
    _text(node, "organisationId", organisation.organisation_id)
    _text(node, "organisationName", organisation.name)
    _text(node, "organisationKind", organisation.kind)
    _text(node, "inn", organisation.inn)
    _text(node, "kpp", organisation.kpp)
    _text(node, "ogrn", organisation.ogrn)


def _split(parent: etree._Element, split: Split) -> None:
    node = _inside(parent, "splitRub")
    _sum(node, "total", split.total)
    _sum(node, "certificatePart", split.certificate_part)
    _sum(node, "applicantPart", split.applicant_part)
    for part in split.year_parts:
        inner = _inside(node, "yearPart")
        _text(inner, "year", part.year)
        _sum(inner, "certificatePart", part.certificate_part)
        _sum(inner, "applicantPart", part.applicant_part)
