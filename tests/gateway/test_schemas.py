"""The gateway's threads need their first schemas at the same time, and libxml2 cannot take that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lxml import etree

from socert.contracts.portal import account, pf_certificate

if TYPE_CHECKING:
    import pytest


def test_schemas_are_compiled_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once, as the first of a process, failed about once in a hundred processes."""
    compile_one = etree.XMLSchema
    inside: list[Any] = []
    met = threading.Event()

    def watched(tree: Any) -> etree.XMLSchema:
        inside.append(tree)
        if len(inside) > 1:
            met.set()
        met.wait(0.3)  # time for the other to come in, if anything lets it
        inside.remove(tree)
        return compile_one(tree)

    monkeypatch.setattr(etree, "XMLSchema", watched)
    threads = [threading.Thread(target=loader.__wrapped__) for loader in (account.schema, pf_certificate.schema)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not met.is_set()
