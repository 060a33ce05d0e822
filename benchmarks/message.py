"""One message built, validated and signed, without any I/O.

Ours goes from the registry's records: it draws and renders the objects, checks them, validates the text against the
schema and signs the envelope. The peer goes from values that are drawn already: zeep binds them to the content's schema
and makes the envelope, lxml validates the content, signxml signs, without the exchange's transform, which it does not
know. A second measure lets the peer write the content by hand with lxml instead.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from benchmarks import peer, region
from benchmarks.bench import Benchmark, Measure, Round, Sides
from socert.contracts.portal import account as contract
from socert.contracts.smev import call
from socert.contracts.smev.ids import MessageIds
from socert.gateway.mapping import account
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.bench import Bench
    from benchmarks.region import Family
    from socert.contracts.signature.signer import Signer


def build(parts: Sequence[Family], contracts: bool, message_id: str, signer: Signer) -> bytes:
    """Return one signed envelope that tells of the families' certificates, or of their contracts."""
    drawings = [
        account.draw_contract(one.contract, one.certificate) if contracts else account.draw_certificate(one.certificate)
        for one in parts
    ]
    cause = "CONTRACT_CONCLUDED" if contracts else "ISSUED"
    updates = [one.render(seq=1, as_of=region.AS_OF, cause=cause, operation="CREATE") for one in drawings]
    content = account.Batch(
        batch_id=parts[0].certificate.certificate.guid, sent_at=region.AS_OF, updates=tuple(updates)
    )
    contract.schema().check(etree.fromstring(content.render(account.PREFIX)))
    return call.send_request(message_id=message_id, content=content, signer=signer)


@contextmanager
def sides(bench: Bench) -> Iterator[Sides]:
    """Make keys and data; as many messages of certificates as of contracts."""
    place = Path(bench.folder) / "message"
    keys = ensure_key(place / "keys", "region", common_name="REGION", organisation="Region", clock=system_clock)
    signer, ids, builder = load_signer(keys), MessageIds(system_clock), peer.PeerBuilder(keys)
    listed = region.families(0, bench.scale.messages)
    requests = region.requests(listed)
    values = [peer.values_of(request) for request in requests]
    pairs = [listed[start : start + region.OBJECTS] for start in range(0, len(listed), region.OBJECTS)]

    def ours() -> Round:
        started = time.perf_counter()
        for pair in pairs:
            build(pair, False, ids(), signer)
            build(pair, True, ids(), signer)
        rate = 2 * len(pairs) / (time.perf_counter() - started)
        return rate, rate

    def theirs() -> Round:
        started = time.perf_counter()
        for each in values:
            builder.build(ids(), builder.bind(each))
        bound = time.perf_counter()
        for request in requests:
            builder.build(ids(), peer.content_of(request))
        return len(values) / (bound - started), len(requests) / (time.perf_counter() - bound)

    ours()
    theirs()
    yield Sides(ours=ours, peer=theirs)


MESSAGE = Benchmark(
    measures=(
        Measure(name="built, validated and signed", unit="messages/s", peer=peer.NAME, goal=3.0),
        Measure(name="built, validated and signed, peer by hand", unit="messages/s", peer=peer.BY_HAND),
    ),
    open=sides,
)
