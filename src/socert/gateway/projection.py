"""What the portal account ought to show, kept beside the registry and committed with its change.

For each object (certificate, contract) the projection holds the last version number and a digest of what was told. When
the registry changes, the object is drawn anew; if it differs, the change is written down with the whole object as it
shall stand in the message. Balances of one certificate are coalesced while they wait; contract events never are.

Nothing leaves for a child without a valid consent, or whose municipality the portal does not know: the change is held,
with the reason, and released when the reason is gone. Consent that is taken away closes what the account shows
(portal message dictionary, 7.1 and 15, invariants 7 and 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from socert.contracts.errors import ContractError
from socert.gateway.mapping import account
from socert.gateway.store.prepared import Prepared
from socert.gateway.store.tables import ChangeState, Kind, change, micros, projection
from socert.gateway.store.turns import Turn, take_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter

    from socert.gateway.ports import CertificateView, ContractView, Registry

CHUNK = 500


class Hold(StrEnum):
    """Why a change must not leave yet."""

    NO_CONSENT = "NO_CONSENT"
    UNKNOWN_MUNICIPALITY = "UNKNOWN_MUNICIPALITY"
    UNKNOWN_PROGRAMME = "UNKNOWN_PROGRAMME"
    NO_RECIPIENT = "NO_RECIPIENT"
    INVALID = "INVALID"


HOLD_REASONS: Mapping[Hold, str] = {
    Hold.NO_CONSENT: "Нет действующего согласия на обработку персональных данных по форме социального сертификата.",
    Hold.UNKNOWN_MUNICIPALITY: "Код ОКТМО муниципалитета не сопоставлен с кодом портала: дополните municipalities.csv.",
    Hold.UNKNOWN_PROGRAMME: "Группа программы из договора не найдена среди программ: дополните список программ.",
    Hold.NO_RECIPIENT: "У законного представителя не указан СНИЛС: портал не найдёт его личный кабинет.",
    Hold.INVALID: "Данные нельзя передать порталу.",
}
"""Each reason in the words that the region's operator reads."""


def explain(reason: str) -> str:
    """Return a hold's reason in words for the operator, with the detail that it carries, if any."""
    name, _, detail = reason.partition(": ")
    words = HOLD_REASONS[Hold(name)]
    return f"{words} {detail}" if detail else words


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """One object as it should be told now: its kind, ids, numbers, and what draws the update, or why it is held."""

    object_id: str
    kind: Kind
    guid: str
    state: str
    nominal: int
    reserved: int
    spent: int
    hold: str | None
    update: account.Drawing | None


class Projector:
    """Draws touched objects anew and writes down what changed, inside the registry's own transaction."""

    def __init__(self, *, registry: Registry, clock: Callable[[], datetime], consent_forms: Collection[str]) -> None:
        """Take the registry to read, the clock, and the consent forms that allow data to leave."""
        self._registry = registry
        self._clock = clock
        self._forms = frozenset(consent_forms)

    def refresh(self, connection: Connection, certificates: Collection[str], contracts: Collection[str]) -> None:
        """Project these certificates (guid) and contracts (id) anew. Certificates come first in every message."""
        guids, ids = list(dict.fromkeys(certificates)), dict.fromkeys(contracts)
        seen = self._prior(connection, guids)
        views = dict(self._registry.certificates(connection, guids))
        drawn = [self._draw_certificate(views[guid]) for guid in guids if guid in views]
        turned = [item.guid for item in drawn if _gate_turned(item, seen)]
        ids.update(dict.fromkeys(self._registry.contracts_of(connection, turned)))
        self._write(connection, drawn, seen)

        held = self._registry.contracts(connection, list(ids))
        missing = {view.certificate_guid for view in held.values()} - views.keys()
        views.update(self._registry.certificates(connection, missing))
        told = [self._draw_contract(held[key], views[held[key].certificate_guid]) for key in ids if key in held]
        self._write(connection, told, self._prior(connection, [item.object_id for item in told]))

    def release(self, connection: Connection) -> int:
        """Project everything that is held anew (settings may have changed); return how many objects that were."""
        take_turn(connection, Turn.REGISTRY)
        chosen = select(change.c.object_id, change.c.kind).where(change.c.state == ChangeState.HELD)
        rows = connection.execute(chosen).all()
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            self.refresh(
                connection,
                [row.object_id for row in part if row.kind == Kind.CERTIFICATE],
                [row.object_id for row in part if row.kind == Kind.CONTRACT],
            )
        return len(rows)

    # --- drawing ------------------------------------------------------------------------------------------------

    def _gate(self, view: CertificateView) -> Hold | None:
        if view.certificate.consent_form not in self._forms:
            return Hold.NO_CONSENT
        if view.municipality is None:
            return Hold.UNKNOWN_MUNICIPALITY
        if view.certificate.applicant.snils is None:
            return Hold.NO_RECIPIENT
        return None

    def _draw_certificate(self, view: CertificateView) -> Drawn:
        certificate, hold = view.certificate, self._gate(view)
        balance = certificate.balance
        return Drawn(
            object_id=certificate.guid,
            kind=Kind.CERTIFICATE,
            guid=certificate.guid,
            state=certificate.status.value,
            nominal=balance.nominal,
            reserved=balance.reserved,
            spent=balance.spent,
            hold=hold,
            update=None if hold is Hold.NO_RECIPIENT else account.draw_certificate(view),
        )

    def _draw_contract(self, view: ContractView, payer: CertificateView) -> Drawn:
        contract, hold = view.contract, self._gate(payer)
        if hold is None and view.programme is None:
            hold = Hold.UNKNOWN_PROGRAMME
        return Drawn(
            object_id=contract.contract_id,
            kind=Kind.CONTRACT,
            guid=view.certificate_guid,
            state=contract.state.value,
            nominal=contract.certificate_part,
            reserved=contract.reserved,
            spent=contract.spent,
            hold=hold,
            update=None if hold is Hold.NO_RECIPIENT else account.draw_contract(view, payer),
        )

    # --- writing ------------------------------------------------------------------------------------------------

    def _prior(self, connection: Connection, ids: Sequence[str]) -> Prior:
        prior = Prior(told={}, waiting={})
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            for row in connection.execute(select(projection).where(projection.c.object_id.in_(part))).mappings():
                prior.told[row["object_id"]] = dict(row)
            chosen = select(change.c.object_id, change.c.state, change.c.operation, change.c.reason).where(
                change.c.object_id.in_(part), change.c.state.in_((ChangeState.PENDING, ChangeState.HELD))
            )
            for row in connection.execute(chosen).mappings():
                prior.waiting.setdefault(row["object_id"], []).append(dict(row))
        return prior

    def _write(self, connection: Connection, drawn: Sequence[Drawn], prior: Prior) -> None:
        now = self._clock()
        book = Book(now=micros(now))
        shown = self._shown(connection, drawn, prior)
        for item in drawn:
            told, waiting = prior.told.get(item.object_id), prior.waiting.get(item.object_id, ())
            _decide(item, told, waiting, now, book, shown=item.object_id in shown)
        book.write(connection)

    def _shown(self, connection: Connection, drawn: Iterable[Drawn], prior: Prior) -> frozenset[str]:
        """Return which of those that must not be shown any more the account may show: their last word left us."""
        ids = [item.object_id for item in drawn if item.hold is Hold.NO_CONSENT and item.object_id in prior.told]
        last: dict[str, str] = {}
        for start in range(0, len(ids), CHUNK):
            chosen = select(change.c.object_id, change.c.operation).where(
                change.c.object_id.in_(ids[start : start + CHUNK]),
                change.c.message_id.is_not(None),
                change.c.state != ChangeState.REJECTED,
            )
            for row in connection.execute(chosen.order_by(change.c.id)):
                last[row.object_id] = row.operation
        return frozenset(object_id for object_id, operation in last.items() if operation != "CLOSE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What was told before (projection rows) and what still waits (changes), by object id."""

    told: dict[str, Mapping[str, Any]]
    waiting: dict[str, list[Mapping[str, Any]]]


_SUPERSEDE = Prepared(
    update(change)
    .where(change.c.object_id == bindparam("object"), change.c.state == bindparam("from"))
    .values(state=ChangeState.SUPERSEDED.value, settled_at=bindparam("now"), body=None)
)
_ADD = Prepared(
    insert(change),
    *("object_id", "kind", "certificate_guid", "seq", "cause", "operation", "state", "reason", "alone", "body"),
    "created_at",
)
_TOLD: dict[str, BindParameter[Any]] = {column.name: bindparam(f"to_{column.name}") for column in projection.c}
_TELL = Prepared(insert(projection).values(_TOLD))
_RENEW = Prepared(
    update(projection)
    .where(projection.c.object_id == bindparam("to_object_id"))
    .values({name: value for name, value in _TOLD.items() if name != "object_id"})
)


class Book:
    """Collects what one refresh writes, so that it goes to the database in a handful of statements."""

    def __init__(self, *, now: int) -> None:
        """Start empty; `now` in the tables' microseconds dates every change."""
        self._now = now
        self._superseded: list[dict[str, Any]] = []
        self._changes: list[dict[str, Any]] = []
        self._fresh: list[dict[str, Any]] = []
        self._renewed: list[dict[str, Any]] = []

    def supersede(self, object_id: str, *states: ChangeState) -> None:
        """Note that waiting changes of the object in these states shall not go."""
        self._superseded += [{"object": object_id, "from": state.value, "now": self._now} for state in states]

    def add(self, item: Drawn, *, seq: int, cause: str, operation: str, body: str | None, hold: str | None) -> None:
        """Note a change of the object, held or pending."""
        self._changes.append(
            {
                "object_id": item.object_id,
                "kind": item.kind.value,
                "certificate_guid": item.guid,
                "seq": seq,
                "cause": cause,
                "operation": operation,
                "state": (ChangeState.HELD if hold else ChangeState.PENDING).value,
                "reason": None if hold is None else str(hold),
                "alone": 0,
                "body": body,
                "created_at": self._now,
            }
        )

    def tell(self, item: Drawn, *, seq: int, digest: str, told_to: str, fresh: bool) -> None:
        """Note what the account is told from now on, and whose account it is; nobody's (empty) closes the object."""
        row = {
            "to_object_id": item.object_id,
            "to_kind": item.kind.value,
            "to_certificate_guid": item.guid,
            "to_seq": seq,
            "to_digest": digest,
            "to_state": item.state,
            "to_nominal": item.nominal,
            "to_reserved": item.reserved,
            "to_spent": item.spent,
            "to_open": int(bool(told_to)),
            "to_told_to": told_to,
        }
        (self._fresh if fresh else self._renewed).append(row)

    def write(self, connection: Connection) -> None:
        """Write all of it."""
        if self._superseded:
            _SUPERSEDE.run_each(connection, self._superseded)
        if self._changes:
            _ADD.run_each(connection, self._changes)
        if self._fresh:
            _TELL.run_each(connection, self._fresh)
        if self._renewed:
            _RENEW.run_each(connection, self._renewed)


def _gate_turned(item: Drawn, prior: Prior) -> bool:
    """Whether a certificate may leave and was held, or must not and was shown: its contracts follow it then."""
    told = prior.told.get(item.object_id)
    held = any(row["state"] == ChangeState.HELD for row in prior.waiting.get(item.object_id, ()))
    return held if item.hold is None else bool(told and told["open"])


def _decide(
    item: Drawn,
    told: Mapping[str, Any] | None,
    waiting: Sequence[Mapping[str, Any]],
    now: datetime,
    book: Book,
    *,
    shown: bool,
) -> None:
    """Write down what follows from how an object is drawn now and what was told and waits."""
    seq = (told["seq"] if told else 0) + 1
    body, digest, hold = None, "", item.hold
    create = told is None or not told["open"] or any(row["operation"] == "CREATE" for row in waiting)
    operation = "CREATE" if create else "UPDATE"
    cause = account.cause(item.kind, item.state, (item.nominal, item.reserved, item.spent), told)
    if hold is None and item.update is not None:
        try:
            digest = item.update.digest()
            body = item.update.render(seq=seq, as_of=now, cause=cause, operation=operation)
        except ContractError as error:
            hold = f"{Hold.INVALID}: {error}"
    if hold is not None:
        _hold(item, hold, told, waiting, now, seq, book, shown=shown)
    elif (
        told is None
        or not told["open"]
        or told["digest"] != digest
        or any(row["state"] == ChangeState.HELD for row in waiting)
    ):
        states = (ChangeState.PENDING, ChangeState.HELD) if item.kind is Kind.CERTIFICATE else (ChangeState.HELD,)
        if waiting:
            book.supersede(item.object_id, *states)
        book.add(item, seq=seq, cause=cause, operation=operation, body=body, hold=None)
        told_to = item.update.told_to() if item.update is not None else ""
        book.tell(item, seq=seq, digest=digest, told_to=told_to, fresh=told is None)


def _hold(
    item: Drawn,
    hold: str,
    told: Mapping[str, Any] | None,
    waiting: Sequence[Mapping[str, Any]],
    now: datetime,
    seq: int,
    book: Book,
    *,
    shown: bool,
) -> None:
    """Keep an object back; where the account shows it and the consent is gone, close it there.

    What never left is not closed: without a consent not even the child's name may leave.
    """
    if any(row["state"] == ChangeState.HELD and row["reason"] == hold for row in waiting):
        return
    if waiting:
        book.supersede(item.object_id, ChangeState.PENDING, ChangeState.HELD)
    if told and told["open"] and hold is Hold.NO_CONSENT:
        if shown:
            cause = "CONSENT_WITHDRAWN"
            body = account.render_closing(item.object_id, seq=seq, as_of=now, cause=cause, told_to=told["told_to"])
            book.add(item, seq=seq, cause=cause, operation="CLOSE", body=body, hold=None)
            seq += 1
        book.tell(item, seq=seq - 1, digest="", told_to="", fresh=False)
    book.add(item, seq=seq, cause="UPDATED", operation="CREATE", body=None, hold=hold)
