"""What follows from how an object is drawn now, and from what was told of it and waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.contracts.errors import ContractError
from socert.contracts.portal import account as contract
from socert.gateway.domain.consent import ConsentState
from socert.gateway.mapping import account
from socert.gateway.projection.holds import Hold
from socert.gateway.store.tables import SEQ_START, ChangeState, Kind, Way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from socert.gateway.projection.book import Book, Drawn


def next_seq(told: Mapping[str, Any] | None, now: datetime) -> int:
    """Return the next version number of an object: it grows by one or more, and never below the seconds since 2020.

    So a database that was restored from an old backup goes on above every number that the portal has seen of it: a
    number used twice would be taken for a repeat, and the update would be lost.
    """
    return max(told["seq"] if told else 0, int((now - SEQ_START).total_seconds())) + 1


class Decider:
    """Decides about one object after another, and writes what follows into a book."""

    def __init__(self, *, now: datetime, book: Book) -> None:
        """Take the moment of this refresh and where to write."""
        self._now = now
        self._book = book

    def decide(
        self, item: Drawn, told: Mapping[str, Any] | None, waiting: Sequence[Mapping[str, Any]], *, shown: bool
    ) -> None:
        """Write down what follows for one object; `shown`: the account may show it as it was told before."""
        if item.gone:
            self._take_away(item, told, waiting, shown=shown)
            return
        if self._renews_form(item, told):
            self._ask_for_new_form(item, told, waiting)
            return
        hold, digest = item.hold, ""
        if hold is None and item.update is not None:
            try:
                digest = item.update.digest()
            except ContractError as error:
                hold = f"{Hold.INVALID}: {error}"
        if hold is None and told and told["open"] and told["way"] != item.way:
            told = self._leave_way(item, told, waiting, shown=shown)
            waiting = ()
        held = any(row["state"] == ChangeState.HELD for row in waiting)
        if hold is None and item.way is Way.NONE:
            self._keep_for_questions(item, told, waiting, digest)
        elif hold is not None or told is None or not told["open"] or told["digest"] != digest or held:
            self._tell(item, told, waiting, digest, hold, shown=shown)

    # --- telling ----------------------------------------------------------------------------------------------------

    def _tell(
        self,
        item: Drawn,
        told: Mapping[str, Any] | None,
        waiting: Sequence[Mapping[str, Any]],
        digest: str,
        hold: str | None,
        *,
        shown: bool,
    ) -> None:
        seq = next_seq(told, self._now)
        create = told is None or not told["open"] or any(row["operation"] == "CREATE" for row in waiting)
        operation = "CREATE" if create else "UPDATE"
        cause, body = self._cause(item, told), None
        if hold is None and item.update is not None:
            try:
                body = item.update.render(seq=seq, as_of=self._now, cause=cause, operation=operation)
            except ContractError as error:
                hold = f"{Hold.INVALID}: {error}"
        if hold is not None:
            self._hold(item, hold, told, waiting, shown=shown)
            return
        self._supersede(item, waiting)
        self._book.add(item, seq=seq, cause=cause, operation=operation, body=body, hold=None, way=item.way)
        told_to = item.update.told_to() if item.update is not None else ""
        self._book.tell(item, seq=seq, digest=digest, told_to=told_to, way=item.way, fresh=told is None)

    def _supersede(self, item: Drawn, waiting: Sequence[Mapping[str, Any]]) -> None:
        """Let what waits give way: a balance to the next one; an event of anything else only where it was held."""
        if not waiting:
            return
        coalesced = item.kind is Kind.CERTIFICATE
        states = (ChangeState.PENDING, ChangeState.HELD) if coalesced else (ChangeState.HELD,)
        self._book.supersede(item.object_id, *states)

    def _cause(self, item: Drawn, told: Mapping[str, Any] | None) -> str:
        return account.cause(item.kind, item.state, (item.nominal, item.reserved, item.spent), told, year=item.year)

    def _keep_for_questions(
        self, item: Drawn, told: Mapping[str, Any] | None, waiting: Sequence[Mapping[str, Any]], digest: str
    ) -> None:
        """Push nothing: the change is held whole, so that questions can be answered from it."""
        kept = any(row["reason"] == Hold.NOTHING_PUSHED for row in waiting)
        if kept and told is not None and told["digest"] == digest:
            return
        seq, cause, body = next_seq(told, self._now), self._cause(item, told), None
        hold = str(Hold.NOTHING_PUSHED)
        if item.update is not None:
            try:
                body = item.update.render(seq=seq, as_of=self._now, cause=cause, operation="CREATE")
            except ContractError as error:
                hold = f"{Hold.INVALID}: {error}"
        if waiting:
            self._book.supersede(item.object_id, ChangeState.HELD)
        self._book.add(item, seq=seq, cause=cause, operation="CREATE", body=body, hold=hold, way=Way.NONE)
        self._book.tell(item, seq=seq, digest=digest, told_to="", way=Way.NONE, fresh=told is None)

    # --- taking away ------------------------------------------------------------------------------------------------

    def _leave_way(
        self, item: Drawn, told: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]], *, shown: bool
    ) -> Mapping[str, Any]:
        """The municipality shows its certificates another way from now on: close what the former way shows."""
        if waiting:
            self._book.supersede(item.object_id, ChangeState.PENDING, ChangeState.HELD)
        seq = self._close(item, told, "MODE_OFF", shown=shown)
        silent = item.way is not Way.ACCOUNT and item.way is not Way.NONE and item.update is not None
        # A notice says what changed, and nothing did: it goes on from here in silence.
        told_to = item.update.told_to() if silent and item.update is not None else ""
        digest = item.update.digest() if silent and item.update is not None else ""
        self._book.tell(item, seq=seq, digest=digest, told_to=told_to, way=item.way, fresh=False)
        return {**told, "seq": seq, "digest": digest, "open": int(silent), "way": item.way.value}

    def _close(self, item: Drawn, told: Mapping[str, Any], cause: str, *, shown: bool) -> int:
        """Close an object where it is shown, by the way it was told; return its version number after that."""
        if not shown:
            return int(told["seq"])
        seq = next_seq(told, self._now)
        withdrawn = item.gone and item.state == ConsentState.WITHDRAWN
        card = item.update.body if withdrawn and item.update is not None else None
        body = account.render_closing(
            item.object_id,
            seq=seq,
            as_of=self._now,
            cause=cause,
            told_to=told["told_to"],
            body=card if isinstance(card, contract.ConsentState) else None,
        )
        self._book.add(item, seq=seq, cause=cause, operation="CLOSE", body=body, hold=None, way=Way(told["way"]))
        return seq

    def _take_away(
        self, item: Drawn, told: Mapping[str, Any] | None, waiting: Sequence[Mapping[str, Any]], *, shown: bool
    ) -> None:
        """A consent was withdrawn or replaced: its own object says so where it is shown, and is not told anew."""
        if waiting:
            self._book.supersede(item.object_id, ChangeState.HELD)
        if told is None or not told["open"]:
            return
        if waiting:
            self._book.supersede(item.object_id, ChangeState.PENDING)
        seq = self._close(item, told, item.closing, shown=shown)
        self._book.tell(item, seq=seq, digest="", told_to="", way=item.way, fresh=False)

    def _hold(
        self,
        item: Drawn,
        hold: str,
        told: Mapping[str, Any] | None,
        waiting: Sequence[Mapping[str, Any]],
        *,
        shown: bool,
    ) -> None:
        """Keep an object back; where the account shows it and the consent is gone, close it there.

        What never left is not closed: without a consent not even the child's name may leave.
        """
        if any(row["state"] == ChangeState.HELD and row["reason"] == hold for row in waiting):
            return
        if waiting:
            # The closing of an object that is told closed already goes; of an open one it is made anew below.
            closes = bool(told and told["open"])
            self._book.supersede(item.object_id, ChangeState.PENDING, ChangeState.HELD, closings=closes)
        seq = next_seq(told, self._now)
        if told and told["open"] and hold is Hold.NO_CONSENT:
            last = self._close(item, told, item.closing, shown=shown)
            self._book.tell(item, seq=last, digest="", told_to="", way=Way(told["way"]), fresh=False)
            seq = last + 1
        self._book.add(item, seq=seq, cause="UPDATED", operation="CREATE", body=None, hold=hold, way=item.way)

    # --- a form that needs a new version ----------------------------------------------------------------------------

    def _renews_form(self, item: Drawn, told: Mapping[str, Any] | None) -> bool:
        """Whether a consent that the account shows must now be given anew: that alone is told without a valid one."""
        needed = item.kind is Kind.CONSENT and item.state == ConsentState.NEW_VERSION_NEEDED
        return needed and item.hold is Hold.NO_CONSENT and bool(told and told["open"])

    def _ask_for_new_form(
        self, item: Drawn, told: Mapping[str, Any] | None, waiting: Sequence[Mapping[str, Any]]
    ) -> None:
        assert told is not None
        assert item.update is not None
        digest = item.update.digest()
        card = item.update.body
        if told["digest"] == digest or not isinstance(card, contract.ConsentState):
            return
        if waiting:
            self._book.supersede(item.object_id, ChangeState.HELD)
        seq, cause = next_seq(told, self._now), self._cause(item, told)
        body = account.render_told(
            item.object_id,
            seq=seq,
            as_of=self._now,
            cause=cause,
            operation="UPDATE",
            told_to=told["told_to"],
            body=card,
        )
        way = Way(told["way"])
        self._book.add(item, seq=seq, cause=cause, operation="UPDATE", body=body, hold=None, way=way)
        self._book.tell(item, seq=seq, digest=digest, told_to=told["told_to"], way=way, fresh=False)
