"""PKCS#7 of attachments in the official examples: made in 2014 by others, of the algorithms of 2001."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from socert.contracts.errors import SignatureInvalid
from socert.contracts.signature import cms
from socert.contracts.signature.suites import Suite

if TYPE_CHECKING:
    from pathlib import Path

    from socert.contracts.signature.gost_library import GostLibrary

_SIGNATURE = re.compile(r"SignaturePKCS7>([A-Za-z0-9+/=\s]{100,})<")
_HASH = re.compile(r"Hash>([A-Za-z0-9+/=]{44})<")


@pytest.mark.parametrize("name", ["SendRequestRequestAttachFTP.xml", "SendRequestRequestAttachMTOM.xml"])
def test_official_examples_hold(oracles: Path, engine: GostLibrary, name: str) -> None:
    text = (oracles / "smev3" / "examples" / "mr-official" / name).read_text()
    (encoded,) = _SIGNATURE.findall(text)
    signature = b64decode(encoded)
    claim = cms.read(signature, suites=frozenset({Suite.GOST_2001}))
    signed = claim.check(claim.digest)
    assert (signed.suite, signed.others) == (Suite.GOST_2001, ())
    assert signed.signing_time is not None
    assert signed.signing_time.year == 2014
    # Where the file lies in the store, the message states its digest once more: the same.
    assert [b64decode(one) for one in _HASH.findall(text)] in ([], [claim.digest])
    with pytest.raises(SignatureInvalid, match="not among those accepted"):
        cms.read(signature, suites=frozenset({Suite.GOST_2012_256}))
    with pytest.raises(SignatureInvalid, match="another"):
        claim.check(bytes(32))
