"""The comparison of the account with the region by digests, asked from either side (M17).

Source: portal message dictionary, 7 (AccountSnapshotRequest).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from socert.contracts.errors import ContractError
from socert.contracts.portal import account
from socert.contracts.portal.errors import ValueRefused
from socert.host.log import get_logger
from socert.simulator.clock import microseconds
from socert.simulator.errors import QueryFailed
from socert.simulator.portal.accounts import CERTIFICATE, CONSENT, CONTRACT, OFFER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from lxml.etree import _Element

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.consumer import Consumer
    from socert.simulator.state import State

PAGE = 1000
"""Objects of one answer."""

_MOST_PAGES = 10_000
_KINDS = {
    CERTIFICATE: account.ObjectKind.CERTIFICATE,
    CONTRACT: account.ObjectKind.CONTRACT,
    OFFER: account.ObjectKind.OFFER,
    CONSENT: account.ObjectKind.CONSENT,
}

log = get_logger("snapshots")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What the portal and the region have of the same objects, by object id.

    `outcome`: "ok", "no_answer", "refused", "failed" (then `text` says why, in English). An object that is closed here
    and that the region does not name is no difference.
    """

    outcome: str
    text: str = ""
    equal: int = 0
    missing_here: tuple[str, ...] = ()
    missing_there: tuple[str, ...] = ()
    different: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the comparison for testers."""
        return asdict(self)


class Snapshots:
    """Answers the region's comparisons, and asks for its own. `deadline` is for one page, in real time."""

    def __init__(self, *, state: State, clock: SimulatorClock, guids: Callable[[], str], deadline: timedelta) -> None:
        self._state = state
        self._clock = clock
        self._guids = guids
        self._deadline = deadline

    def answer(self, content: _Element) -> account.SnapshotResponse:
        """Tell which versions the portal has: a handler of the portal's consumer. Raises ValueRefused for a bad token.

        An object of which only a CLOSE without a body ever came has no kind and is not told of.
        """
        request = account.read_snapshot_request(content)
        after = _after(request.page_token)
        wanted: Sequence[str | None] = request.object_ids or (None,)
        found = [item for one in wanted for item in self._items(one, after, request.changed_since)]
        found.sort(key=lambda item: item.object_id)
        page = found[:PAGE]
        return account.SnapshotResponse(
            snapshot_id=request.snapshot_id,
            as_of=self._clock(),
            page_token=_token(page[-1].object_id) if len(found) > PAGE else None,
            items=tuple(page),
        )

    async def compare(self, consumer: Consumer, object_ids: Sequence[str] = ()) -> Comparison:
        """Ask the region for its versions of all objects, or of up to 1000 named ones, and compare."""
        theirs: dict[str, tuple[int, str]] = {}
        token: str | None = None
        for _ in range(_MOST_PAGES):
            request = account.SnapshotRequest(
                snapshot_id=self._guids(),
                requested_at=self._clock(),
                object_ids=tuple(object_ids),
                page_token=token,
            )
            try:
                delivery = await consumer.ask(request, self._deadline)
                if delivery is None:
                    return Comparison(outcome="no_answer", text="The region did not answer in time.")
                if delivery.content is None:
                    reasons = " ".join(one.description for one in delivery.rejections)
                    return Comparison(outcome="refused", text=reasons or "The answer has no content.")
                response = account.read_snapshot_response(delivery.content)
                if response.snapshot_id != request.snapshot_id:
                    raise ValueRefused("the answer is to another question", field="snapshotId")
            except (QueryFailed, ContractError) as error:
                log.warning("the region's snapshot cannot be used", reason=str(error))
                return Comparison(outcome="failed", text=str(error))
            theirs.update((item.object_id, (item.seq, item.digest)) for item in response.items)
            if response.page_token is None:
                return self._compared(theirs, object_ids)
            if response.page_token == token:
                break
            token = response.page_token
        return Comparison(outcome="failed", text="The region's pages do not end.")

    def _compared(self, theirs: dict[str, tuple[int, str]], object_ids: Sequence[str]) -> Comparison:
        rows = self._state.all("SELECT object_id, seq, digest, closed FROM object ORDER BY object_id")
        asked = set(object_ids)
        ours = {row["object_id"]: row for row in rows if not asked or row["object_id"] in asked}
        shared = [one for one in ours if one in theirs]
        different = [one for one in shared if (ours[one]["seq"], ours[one]["digest"]) != theirs[one]]
        return Comparison(
            outcome="ok",
            equal=len(shared) - len(different),
            missing_here=tuple(sorted(theirs.keys() - ours.keys())),
            missing_there=tuple(one for one, row in ours.items() if one not in theirs and not row["closed"]),
            different=tuple(different),
        )

    def _items(
        self, object_id: str | None, after: str, changed_since: datetime | None
    ) -> Iterator[account.SnapshotItem]:
        rows = self._state.all(
            "SELECT object_id, seq, kind, digest FROM object WHERE object_id > ? AND object_id = coalesce(?, object_id)"
            " AND changed > ? AND kind <> '' ORDER BY object_id LIMIT ?",
            after,
            object_id,
            -1 if changed_since is None else microseconds(changed_since),
            PAGE + 1,
        )
        for row in rows:
            yield account.SnapshotItem(
                object_kind=_KINDS[row["kind"]], object_id=row["object_id"], seq=row["seq"], digest=row["digest"]
            )


def _token(object_id: str) -> str:
    return base64.urlsafe_b64encode(object_id.encode()).decode()


def _after(token: str | None) -> str:
    """Return the object id that a page goes on after."""
    try:
        return "" if token is None else base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValueRefused("this is no token that the portal gave", field="pageToken") from error
