"""The official examples, real messages and an emulator's session: what is KO in them is known, each for its reason.

A file's list is all that must hold and does not. What only should hold is left out but where it is the point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.parts import absent

from socert.conformance.checking import check_messages, check_one
from socert.conformance.requirement import Outcome, Severity
from socert.conformance.session import read_file, read_folder
from socert.conformance.table import MESSAGE_RULES, SESSION_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from socert.conformance.requirement import Result

# Somebody saved them indented: whitespace stands in the signature, and the value holds without it only.
INDENTED = {"SIG-011", "SIG-015"}
# Indenting the content changed what was signed too.
CHANGED = {*INDENTED, "SIG-014"}
# Saved without the SOAP envelope.
BODY_ALONE = {"ENV-006"}
# Replies of 1.1 leave out names and a destination that their schema wants.
OWN_SCHEMA = {"XSD-001"}
# xop:Include stands there, but the parts were not saved: neither content nor PKCS#7 can be looked at.
PARTS_LOST = {"ATT-004", "ATT-006"}

KNOWN: dict[str, set[str]] = {
    "mr-official/AckRequest.xml": set(),
    "mr-official/GetRequestRequestWithFilter.xml": set(),
    "mr-official/GetRequestRequestWithoutFilter.xml": set(),
    "mr-official/GetRequestResponseAttachFTP.xml": {*CHANGED, *OWN_SCHEMA, *PARTS_LOST},
    "mr-official/GetRequestResponseAttachMTOM.xml": {*CHANGED, *OWN_SCHEMA, *PARTS_LOST},
    "mr-official/GetRequestResponsePersonalSignature.xml": {*INDENTED, *OWN_SCHEMA},
    "mr-official/GetResponseRequestWithFilter.xml": set(),
    "mr-official/GetResponseRequestWithoutFilter.xml": set(),
    "mr-official/SendRequestRequestAttachFTP.xml": set(),
    # Its 5 MB were cut off, and with them the closing boundary; its letters are twice encoded.
    "mr-official/SendRequestRequestAttachMTOM.txt": {"HTTP-005", "SIG-014"},
    "mr-official/SendRequestRequestAttachMTOM.xml": {*OWN_SCHEMA, "ATT-004"},
    "mr-official/SendRequestRequestNoAttach.xml": set(),
    "mr-official/SendRequestRequestPersonalSignature.xml": set(),
    "mr-official/SendRequestResponseAsync.xml": {*INDENTED, *OWN_SCHEMA},
    "mr-official/SendRequestResponseOK.xml": {*INDENTED, *OWN_SCHEMA},
    "mr-official/SendResponseRequestNoAttach.xml": set(),
    "mr-official/SendResponseResponseOK.xml": {*INDENTED, *OWN_SCHEMA},
    "mylab/GetResponseResponse_EmptyQueue.xml": set(),
    "mylab/GetResponseResponse_InvalidContent.xml": {*CHANGED, *OWN_SCHEMA},
    "mylab/GetResponseResponse_MultipartEmptyQueue.xml": set(),
    "mylab/SendRequestResponse.xml": {*CHANGED, *OWN_SCHEMA},
    # A proxy's fault, not the exchange's.
    "mylab/SoapFaultResponse.xml": {"FLT-001"},
    "mylab/SoapFaultResponse_SignatureVerificationFault.xml": set(),
    "faults/SMEV-100_CertificateIsExpired_1.1__sm3.xml": set(),
    "faults/SMEV-403_InvalidContent_noSignature_1.2_multipart__yandex-common_server.txt": set(),
    "faults/SMEV-501_TargetMessageIsNotFound_1.2__gosha.xml": set(),
    "faults/SoapFaultResponse.xml": {"FLT-001"},
    "faults/SoapFaultResponse_SignatureVerificationFault.xml": set(),
    "faults/TargetMessageIsNotFound_1.1_newgate__mylab.xml": set(),
}
SIGNED = {name: {*BODY_ALONE, *INDENTED} for name in ("MC1.xml", "MC3.xml", "MC9.xml")}


def broken(results: Iterable[Result], severity: Severity = Severity.MUST) -> set[str]:
    """The numbers that are KO, without their beginning."""
    return {
        result.requirement.id.removeprefix("SMEV-")
        for result in results
        if result.outcome is Outcome.KO and result.requirement.severity is severity
    }


def untold(results: Iterable[Result]) -> bool:
    """Whether this machine could not tell of some signature."""
    return any(result.doubt for result in results)


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_wrong_with_each_example_is_known(oracles: Path, name: str) -> None:
    results = check_messages(MESSAGE_RULES, read_file(oracles / "smev3" / "examples" / name).messages)
    if untold(results):
        absent("a GOST library", "none knows the suite")
    assert broken(results) == KNOWN[name]


def test_every_example_is_in_the_list(oracles: Path) -> None:
    folders = ("mr-official", "mylab", "faults")
    found = {
        f"{folder}/{place.name}" for folder in folders for place in (oracles / "smev3" / "examples" / folder).iterdir()
    }
    assert found == set(KNOWN)


@pytest.mark.parametrize("name", SIGNED)
def test_what_is_wrong_with_each_real_message_is_how_it_was_saved(oracles: Path, name: str) -> None:
    results = check_messages(MESSAGE_RULES, read_file(oracles / "smev3" / "signed" / name).messages)
    if untold(results):
        absent("a GOST library", "none knows the suite")
    assert broken(results) == SIGNED[name]
    value = next(result for result in results if result.requirement.id == "SMEV-SIG-015")
    assert {finding.reason.en for finding in value.findings} == {
        "value: it holds only after whitespace is removed from SignedInfo"
    }


def test_an_emulators_session_is_right_in_its_calls_and_wrong_in_its_replies(oracles: Path) -> None:
    session = read_folder(oracles / "smev3" / "examples" / "smevka-loop")
    results = (*check_messages(MESSAGE_RULES, session.messages), *check_one(SESSION_RULES, session))
    places = {
        finding.message for result in results for finding in result.findings if result.requirement.severity == "must"
    }
    # It signs nothing, gives ids of version 4 and a namespace that is no URI, and invents files.
    assert broken(results) == {"MID-002", "SIG-002", "SIG-013", "ATT-010"}
    assert all(".response." in place for place in places)


def test_the_style_of_faults_of_2023_is_one_that_should_not_be(oracles: Path) -> None:
    place = oracles / "smev3" / "examples" / "faults" / "TargetMessageIsNotFound_1.1_newgate__mylab.xml"
    results = check_messages(MESSAGE_RULES, read_file(place).messages)
    assert broken(results, Severity.SHOULD) == {"ENV-005", "FLT-005"}
