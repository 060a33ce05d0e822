"""Fuzzing of all that reads what strangers send: parser, parts, calls, replies, signatures, transform, skeletons.

    make fuzz ARGS=600                   # so many seconds, another seed each time
    python scripts/fuzz.py 60 --seed 7 --target verify
    python scripts/fuzz.py --big         # messages of ten megabytes: seconds and memory of each shape

Nothing but a `ContractError` may come out, soon; what verifies must be what was signed; what is transformed by a
remembered skeleton must be what the plain transform makes. A failure is made small, shown, and kept in build/fuzz.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from socert.contracts import xml
from socert.contracts.errors import ContractError
from socert.contracts.signature import testkeys, transform
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.skeleton import Skeletons
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, multipart, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader
from socert.contracts.smev.faults import Fault, FaultKind
from socert.contracts.smev.metadata import Metadata
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW: Final = datetime(2026, 4, 16, 6, 1, 20, tzinfo=UTC)
ID: Final = "b077cd84-3959-11f1-b8b2-0242333cce59"
KEPT: Final = Path(__file__).resolve().parent.parent / "build" / "fuzz"
LONGEST: Final = 2.0
"""Seconds that a small message may take."""
LONGEST_OF_BIG: Final = 10.0
"""Seconds that a message of ten megabytes may take, on a machine that does other things too: usually they are two."""
MOST_MEGABYTES: Final = 500
"""Memory that one may need; building and signing it is counted too."""
EVERY: Final = frozenset(Suite)
CONTENT: Final = (
    "<a:Order xmlns:a='urn:example:order' kind='hours'><a:Name>Журавлёв &amp; Ко</a:Name> <a:Sum>1000000</a:Sum>"
    "<b:Note xmlns:b='urn:b' b:x='1' a:x='2'><![CDATA[a > b]]></b:Note></a:Order>"
).encode()
Wire = tuple[bytes, str]
"""A message as it comes: body and Content-Type."""


# --- true messages ----------------------------------------------------------------------------------------------------


@dataclass
class Corpus:
    """True messages, and what was signed in them by whom."""

    signer: KeySigner
    messages: list[Wire] = field(default_factory=list)
    signed: set[bytes] = field(default_factory=set)

    @classmethod
    def make(cls) -> Corpus:
        """Make one message of each kind in each version."""
        made = testkeys.make("fuzz", organisation="Test", now=NOW)
        corpus = cls(signer=KeySigner.from_files(made.key_pem, made.certificate_pem))
        for version in Version:
            for data in (*corpus._calls(version), *corpus._replies(version)):
                corpus._add(data, "text/xml")
                corpus._add(*multipart.write(data, signatures=True))
        return corpus

    def _add(self, data: bytes, content_type: str) -> None:
        self.messages.append((data, content_type))
        for verified in verified_in(data, content_type):
            self.signed.add(verified)

    def _request(self, version: Version) -> bytes:
        return call.send_request(
            message_id=ID,
            signer=self.signer,
            version=version,
            content=CONTENT,
            attachments=[AttachmentHeader(content_id="scan", mime_type="application/pdf", signature=b"PKCS7")],
            contents=[AttachmentContent(id="scan", content=b"%PDF")],
        )

    def _calls(self, version: Version) -> Iterator[bytes]:
        given: dict[str, Any] = {"signer": self.signer, "version": version}
        yield self._request(version)
        yield call.send_response(message_id=ID, to="somebody", content=CONTENT, **given)
        yield call.get_request(timestamp=NOW, **given)
        yield call.get_status(timestamp=NOW, **given)
        yield call.ack(message_id=ID, **given)

    def _replies(self, version: Version) -> Iterator[bytes]:
        given: dict[str, Any] = {"signer": self.signer, "version": version}
        metadata = Metadata(message_id=ID, message_type=MessageCategory.REQUEST, sent_at=NOW, sender="EPGU")
        asked = call.open_call(self._request(version))
        yield reply.send_reply(Operation.SEND_REQUEST, metadata, **given)
        yield reply.request_delivery(
            sender_data=asked.sender_data(),
            sender_signature=asked.sender_signature(),
            metadata=metadata,
            reply_to="address",
            contents=asked.contents,
            **given,
        )
        yield reply.empty(Operation.GET_REQUEST, version)
        yield reply.fault(Fault(kind=FaultKind.ACCESS_DENIED, text="no", code="X", description="no"), version)


def verified_in(data: bytes, content_type: str) -> Iterator[bytes]:
    """Yield the normal form of all that is verified in a message, nothing where nothing is."""
    for read in (_of_call, _of_reply):
        try:
            yield from read(data, content_type)
        except ContractError:
            continue


def _of_call(data: bytes, content_type: str) -> Iterator[bytes]:
    yield call.verify(call.open_call(data, content_type), EVERY).canonical


def _of_reply(data: bytes, content_type: str) -> Iterator[bytes]:
    brought = reply.open_reply(data, content_type)
    yield reply.verify(brought, EVERY).canonical
    yield reply.verify_sender(brought, EVERY).canonical


# --- what is drawn ----------------------------------------------------------------------------------------------------

PIECES: Final = [
    b"", b" ", b"\n", b"\r\n", b"<a>", b"</a>", b"<a/>", b"<!-- -->", b"<!--", b"-->", b"<?x?>", b"<?x?> <?x?>",
    b"&amp;", b"&#0;", b"&#x41;", b"&x;", b"<![CDATA[", b"]]>", b"<!DOCTYPE a>", b'<!DOCTYPE a [<!ENTITY x "y">]>',
    b"\0", b"\xff", b"\xef\xbb\xbf", "ё\u2028\U0001f600".encode(), "\uf8fe\uf8ff".encode(), b"\x7f", b"\xc2\x85",
    b'"', b"'", b">", b"=", b' Id="SIGNED_BY_CALLER"', b' xmlns="urn:x"', b' xmlns:ns1="urn:x"', b' xml:lang="ru"',
    b"urn:x", b"--", b"\r\n\r\n", b"Content-ID: <x>",
    b'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:x"/>', b"9" * 400, b"<e>" * 70,
    b"</ds:Signature>", b"<ds:Reference/>", b"AAAA", b"====", b"2026-02-30T00:00:00", b"true",
]  # fmt: skip
"""What is put into messages."""


@st.composite
def mutated(draw: st.DrawFn, corpus: Corpus) -> Wire:
    """A true message with a few changes, each at a place that may matter: a tag, a text, any byte."""
    data, content_type = draw(st.sampled_from(corpus.messages))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        if draw(st.booleans()):
            start = max(data.rfind(draw(st.sampled_from([b"<", b">", b'"'])), 0, start) + draw(st.integers(0, 1)), 0)
        end = min(len(data), start + draw(st.sampled_from([0, 0, 0, 1, 2, 8, 60, 500])))
        other = draw(st.sampled_from(corpus.messages))[0]
        cut = draw(st.integers(0, len(other)))
        drawn = st.one_of(st.sampled_from(PIECES), st.binary(max_size=6))
        piece = draw(st.one_of(drawn, drawn, st.sampled_from([other[cut : cut + 700], data[start : start + 300] * 2])))
        data = data[:start] + piece + data[end:]
    if draw(st.integers(0, 9)) == 0:
        content_type = draw(st.sampled_from(["", "text/xml", 'multipart/related; boundary="x"', "multipart/related"]))
    return data, content_type


TEXTS: Final = st.text(st.sampled_from(">&<]\r\n\t \x7f\x85\xa0«abё\uf8fe\uf8ff\U0001f600\"'"), max_size=12)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> str:
    """A tree with what the transform has rules about: prefixes, attributes, blank and hostile texts, noise."""
    prefix, other = draw(st.sampled_from(["", "p", "ns1", "ns2"])), draw(st.sampled_from(["q", "ns1", "ns3"]))
    name = f"{prefix}:a" if prefix else draw(st.sampled_from(["a", "b", "ё"]))
    uri = draw(st.sampled_from(["urn:a", "urn:b", "urn:c&d'"]))
    spaces = {prefix: uri, **({other: draw(st.sampled_from(["urn:a", "urn:b"]))} if other != prefix else {})}
    lines = [f"xmlns{':' * bool(one)}{one}={_quoted(value)}" for one, value in spaces.items()]
    if other in spaces:
        lines += [f"{other}:{local}={_quoted(draw(TEXTS))}" for local in draw(st.sets(st.sampled_from("abc")))]
    lines += [f"{local}={_quoted(draw(TEXTS))}" for local in draw(st.sets(st.sampled_from("abc")))]
    noise = st.sampled_from(["", " \n", "<!--c-->", "<?p >?>", "<![CDATA[ > ]]>"])
    inside = st.one_of(TEXTS.map(xml.escape_text), noise, *([trees(depth=depth - 1)] if depth else []))
    return f"<{name} {' '.join(lines)}>{''.join(draw(st.lists(inside, max_size=4)))}</{name}>"


def _quoted(value: str) -> str:
    return f'"{xml.escape_attribute(value)}"'


# --- what is tried ----------------------------------------------------------------------------------------------------


def _parse(_: Corpus, data: bytes, __: str) -> None:
    xml.parse(data)


def _parts(_: Corpus, data: bytes, content_type: str) -> None:
    put_together = multipart.read(data, content_type)
    multipart.root_part(data, content_type)
    multipart.write(put_together)


def _call(_: Corpus, data: bytes, content_type: str) -> None:
    call.check_schema(call.open_call(data, content_type))


def _reply(_: Corpus, data: bytes, content_type: str) -> None:
    reply.check_schema(reply.open_reply(data, content_type), lenient=True)


def _verify(corpus: Corpus, data: bytes, content_type: str) -> None:
    for canonical in verified_in(data, content_type):
        assert canonical in corpus.signed, "something is verified that nobody has signed"


def _transform(_: Corpus, data: bytes, __: str) -> None:
    once = transform.transform(data)
    assert transform.transform(once) == once, "the normal form has another normal form"


_REMEMBERED: Final = Skeletons(transform.transform)


def _skeleton(_: Corpus, data: bytes, __: str) -> None:
    canonical = transform.canonicalize(xml.parse(data))
    assert _outcome(_REMEMBERED, canonical) == _outcome(transform.transform, canonical), "the skeleton lies"


def _outcome(do: Callable[[bytes], bytes], data: bytes) -> bytes | None:
    try:
        return do(data)
    except ContractError:
        return None


TARGETS: Final[dict[str, Callable[[Corpus, bytes, str], None]]] = {
    "parse": _parse,
    "parts": _parts,
    "call": _call,
    "reply": _reply,
    "verify": _verify,
    "transform": _transform,
    "skeleton": _skeleton,
}


def tried(corpus: Corpus, target: str, data: bytes, content_type: str) -> None:
    """Try one input; raises what must not be."""
    started = time.perf_counter()
    with suppress(ContractError):
        TARGETS[target](corpus, data, content_type)
    assert time.perf_counter() - started < LONGEST, "it takes too long"


def fuzz(corpus: Corpus, target: str, *, examples: int, number: int) -> None:
    """Draw and try so many inputs by a seed; raises the smallest failure that was found."""
    of_trees = trees().map(lambda written: (written.encode(), "text/xml"))
    wires = st.one_of(mutated(corpus), of_trees) if target in {"transform", "skeleton"} else mutated(corpus)

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(wire=wires)
    def check(wire: Wire) -> None:
        try:
            tried(corpus, target, *wire)
        except Exception:
            _keep(target, wire)
            raise

    check()


def _keep(target: str, wire: Wire) -> None:
    """Keep an input that fails; the smallest comes last."""
    KEPT.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(wire[0]).hexdigest()[:12]
    (KEPT / f"{target}-{len(wire[0]):06}-{digest}").write_bytes(wire[1].encode() + b"\n\n" + wire[0])


# --- big messages -----------------------------------------------------------------------------------------------------


def shapes(corpus: Corpus, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield true messages of about `size` bytes, each big in another way."""

    def signed(inside: str) -> bytes:
        content = f"<a:Order xmlns:a='urn:a'>{inside}</a:Order>".encode()
        return call.send_request(message_id=ID, signer=corpus.signer, content=content)

    def many(one: str) -> str:
        marks = max(one.count("<"), one.count("="))
        return one * min(size // len(one.encode()), xml.MAX_MARKS // marks - 200 if marks else size)

    yield "one long text", signed("x" * (size - 5000))
    yield "text of references", signed(many("&amp;&#13;"))
    yield "text with what must be escaped", signed(many("a&gt;]"))
    yield "small elements", signed(many("<a:b>text text</a:b>"))
    yield "empty elements", signed(many("<a:b></a:b>"))
    yield "attributes", signed(many("<a:b c='1' d='2' a:e='3'></a:b>"))
    yield "declarations", signed("<b:b xmlns:b='urn:b'></b:b>" * (size // 40))
    yield "names", signed("".join(f"<a:b{n}></a:b{n}>" for n in range(min(size // 20, 200_000))))
    yield "deep", signed(many("<a:b>" * 50 + "</a:b>" * 50))
    small = signed("")
    yield "long header", small.replace(b"<soap:Header>", b"<soap:Header>" + b"x" * (size - 5000))
    yield "ids", small.replace(b"<soap:Header>", b"<soap:Header>" + many('<e Id="E"/>').encode())


def big(corpus: Corpus, size: int) -> bool:
    """Read, verify and check messages of `size` bytes, print seconds and peak memory; False where one fails."""
    good, before = True, _peak()
    for name, data in shapes(corpus, size):
        started, said = time.perf_counter(), "holds"
        try:
            opened = call.open_call(data)
            call.verify(opened, EVERY)
            call.check_schema(opened)
        except ContractError as error:
            said = str(error)
        took = time.perf_counter() - started
        grown = _peak() - before
        good = good and took < LONGEST_OF_BIG and grown < MOST_MEGABYTES
        print(f"{name:32} {len(data):>10} bytes {took:6.2f} s, {grown} MB at most so far: {said}")
    return good


def _peak() -> int:
    """Return how many megabytes this process has needed at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# --- the command ------------------------------------------------------------------------------------------------------


def main() -> int:
    """Run what is asked for; returns 1 where something was found."""
    asked = argparse.ArgumentParser(description="Fuzz all that reads what strangers send.")
    asked.add_argument("seconds", nargs="?", type=float, default=60.0)
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked.add_argument("--target", choices=sorted(TARGETS))
    asked.add_argument("--big", action="store_true", help="measure messages of ten megabytes instead")
    told = asked.parse_args()
    corpus = Corpus.make()
    if told.big:
        return 0 if big(corpus, 9_900_000) else 1
    started, number, examples = time.monotonic(), told.seed, 0
    print(f"fuzzing for {told.seconds:g} s from seed {told.seed}", flush=True)
    while time.monotonic() - started < told.seconds:
        for target in [told.target] if told.target else TARGETS:
            try:
                fuzz(corpus, target, examples=200, number=number)
            except Exception as error:
                print(f"{target} fails by seed {number}, see {KEPT}: {type(error).__name__}: {error}")
                raise
            examples += 200
        number += 1
    print(f"{examples} inputs, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
