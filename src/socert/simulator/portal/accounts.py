"""The accounts: objects that regions push, by the rules of the account profile.

For each object the highest `seq` is kept: equal is DUPLICATE, lower STALE, higher APPLIED; an object that breaks the
profile is REJECTED by itself and the others of its batch are not touched (portal message dictionary, 7.1 and 15).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from socert.contracts.portal.account import (
    CODE_ALL_APPLIED,
    CODE_SOME_FAILED,
    NAMESPACE,
    CertificateCard,
    ConsentState,
    ContractCard,
    Operation,
    RenewalOffer,
    ResultStatus,
    UpdateResponse,
    UpdateResult,
    body_digest,
    check_update,
    read_update_request,
)
from socert.contracts.portal.errors import ValueRefused
from socert.simulator.clock import microseconds
from socert.simulator.portal import cards
from socert.simulator.portal.card_json import certificate_json, consent_json, contract_json, offer_json
from socert.simulator.portal.people import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from socert.contracts.portal.account import Applicant, Update, UpdateRequest
    from socert.simulator.portal.cards import Certificate, ConsentCard, Contract, Offer
    from socert.simulator.portal.local_time import LocalTime
    from socert.simulator.portal.people import People
    from socert.simulator.state import State

#: Code of an answer to a batch that cannot be read: none of it was applied.
CODE_UNREADABLE = 12
_BATCH_MESSAGE_LIMIT = 256
#: Code of an object that breaks a rule of the profile; its message says which.
_BROKEN = "BAD_PARAMS"
_MESSAGE_LIMIT = 2048

CERTIFICATE = "certificate"
CONTRACT = "contract"
OFFER = "offer"
CONSENT = "consent"

_COLUMNS = {
    ResultStatus.APPLIED: "applied",
    ResultStatus.DUPLICATE: "duplicate",
    ResultStatus.STALE: "stale",
    ResultStatus.REJECTED: "rejected",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A text that came with a version of an object."""

    object_id: str
    as_of: datetime
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedObject:
    """An object that is shown no more: its kind (empty where nobody told), why, and the neutral text that came."""

    object_id: str
    kind: str
    cause: str
    as_of: datetime
    text: str


class Accounts:
    """All objects of all accounts, in the state."""

    def __init__(self, state: State, people: People, time: LocalTime, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._people = people
        self._time = time
        self._clock = clock

    def answer(self, content: _Element) -> UpdateResponse:
        """Read and apply a push, return the answer. Call inside a transaction."""
        try:
            request = read_update_request(content)
        except ValueRefused as error:
            # The schema let it through and the profile does not: nothing of the batch can be trusted.
            batch_id = content.findtext(f"{{{NAMESPACE}}}batchId") or ""
            return UpdateResponse(batch_id=batch_id, code=CODE_UNREADABLE, message=str(error)[:_BATCH_MESSAGE_LIMIT])
        return self.apply(request)

    def apply(self, request: UpdateRequest) -> UpdateResponse:
        """Apply a batch, object by object, and return the answer. Call inside a transaction."""
        results = tuple(self._apply(update) for update in request.updates)
        failed = sum(1 for result in results if not result.status.delivered)
        return UpdateResponse(
            batch_id=request.batch_id,
            code=CODE_SOME_FAILED if failed else CODE_ALL_APPLIED,
            message=f"Не применено объектов: {failed}" if failed else "Применено",
            results=results,
        )

    def certificates(self, child: int, owner: int | None = None) -> list[Certificate]:
        """Return the open certificates of a child, by number; only those in the account of `owner` when given."""
        found = [cards.load_certificate(text) for text in self._open(child, CERTIFICATE, owner)]
        return sorted(found, key=lambda card: card.number)

    def contracts(self, child: int, owner: int | None = None) -> list[Contract]:
        """Return the open contracts of a child, the latest start first; of one owner's account when given."""
        found = [cards.load_contract(text) for text in self._open(child, CONTRACT, owner)]
        return sorted(found, key=lambda card: (-card.start.toordinal(), card.number, card.id))

    def offers(self, child: int, owner: int | None = None) -> list[Offer]:
        """Return the open renewal offers of a child, the earliest deadline first; of one owner's account when given."""
        found = [cards.load_offer(text) for text in self._open(child, OFFER, owner)]
        return sorted(found, key=lambda card: (card.respond_by, card.id))

    def offer(self, offer: str, owner: int) -> tuple[Offer, int] | None:
        """Return an open offer in an owner's account and whose child it is for."""
        row = self._state.one(
            "SELECT card, child FROM object WHERE object_id = ? AND kind = ? AND NOT closed AND owner = ?",
            offer,
            OFFER,
            owner,
        )
        return None if row is None or row["card"] is None else (cards.load_offer(row["card"]), row["child"])

    def consents(self, child: int, owner: int | None = None) -> list[ConsentCard]:
        """Return where the consents for a child stand, by form; of one owner's account when given."""
        found = [cards.load_consent(text) for text in self._open(child, CONSENT, owner)]
        return sorted(found, key=lambda card: (card.form, card.id))

    def notices(self, child: int, owner: int | None = None) -> list[Notice]:
        """Return the texts that came with a child's objects, the latest first; of one owner's account when given."""
        rows = self._state.all(
            "SELECT object_id, as_of, text FROM notice WHERE child = ? AND owner = coalesce(?, owner) ORDER BY id DESC",
            child,
            owner,
        )
        return [
            Notice(object_id=row["object_id"], as_of=datetime.fromisoformat(row["as_of"]), text=row["text"])
            for row in rows
        ]

    def closed(self, child: int, owner: int | None = None) -> list[ClosedObject]:
        """Return what was closed of a child, by id, without any figures; of one owner's account when given."""
        rows = self._state.all(
            "SELECT object_id, kind, cause, as_of, notice FROM object"
            " WHERE child = ? AND closed AND owner = coalesce(?, owner) ORDER BY object_id",
            child,
            owner,
        )
        return [
            ClosedObject(
                object_id=row["object_id"],
                kind=row["kind"],
                cause=row["cause"],
                as_of=datetime.fromisoformat(row["as_of"]),
                text=row["notice"] or "",
            )
            for row in rows
        ]

    def summary(self, snils: str) -> dict[str, Any] | None:
        """Return a child's certificates and contracts for testers; None where nothing was ever pushed.

        Amounts are texts with two digits in `unit`: "rub", "hour" or "count" (programmes).
        """
        child = self._people.child_by_snils(snils)
        if child is None or self._state.one("SELECT 1 FROM object WHERE child = ? LIMIT 1", child.id) is None:
            return None
        today = self._time.today()
        return {
            "certificates": [certificate_json(card, today) for card in self.certificates(child.id)],
            "contracts": [contract_json(card) for card in self.contracts(child.id)],
        }

    def details(self, child: int) -> dict[str, Any]:
        """Return a child's other objects for testers: offers, consents, notices, and what was closed and why."""
        return {
            "offers": [offer_json(card) for card in self.offers(child)],
            "consents": [consent_json(card) for card in self.consents(child)],
            "notices": [
                {"object_id": one.object_id, "as_of": one.as_of.isoformat(), "text": one.text}
                for one in self.notices(child)
            ],
            "closed": [
                {"object_id": one.object_id, "kind": one.kind, "cause": one.cause, "text": one.text}
                for one in self.closed(child)
            ],
        }

    def statistics(self, object_id: str | None = None, *, summary: bool = False) -> dict[str, Any]:
        """Return how often each version of each object, or of one, came and what was done with it.

        `summary` leaves the list of objects out: there may be a million of them.
        """
        where = "1" if object_id is None else "object_id = :object_id"
        values = {"object_id": object_id}
        sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in _COLUMNS.values())
        run = self._state.connection.execute
        totals = run(f"SELECT {sums} FROM effect WHERE {where}", values).fetchone()  # noqa: S608 - constants
        twice = run(f"SELECT * FROM effect WHERE {where} AND applied > 1", values)  # noqa: S608 - constants
        found: dict[str, Any] = {"totals": dict(totals), "applied_more_than_once": [dict(row) for row in twice]}
        if not summary:
            rows = run(f"SELECT * FROM effect WHERE {where} ORDER BY object_id, seq", values)  # noqa: S608 - constants
            found["objects"] = [dict(row) for row in rows]
        return found

    def _apply(self, update: Update) -> UpdateResult:
        status, code, message = self._decide(update)
        column = _COLUMNS[status]
        self._state.run(
            f"INSERT INTO effect (object_id, seq, {column}) VALUES (?, ?, 1)"  # noqa: S608 - names from the table above
            f" ON CONFLICT (object_id, seq) DO UPDATE SET {column} = {column} + 1",
            update.object_id,
            update.seq,
        )
        return UpdateResult(
            object_id=update.object_id, seq=update.seq, status=status, code=code or None, message=message or None
        )

    def _decide(self, update: Update) -> tuple[ResultStatus, str, str]:
        problems = check_update(update)
        if problems:
            return ResultStatus.REJECTED, _BROKEN, "; ".join(map(str, problems))[:_MESSAGE_LIMIT]
        row = self._state.one("SELECT seq FROM object WHERE object_id = ?", update.object_id)
        if row is not None and update.seq == row["seq"]:
            return ResultStatus.DUPLICATE, "", ""
        if row is not None and update.seq < row["seq"]:
            return ResultStatus.STALE, "", ""
        self._store(update)
        return ResultStatus.APPLIED, "", ""

    def _store(self, update: Update) -> None:
        """Keep a version of an object: whole for CREATE and UPDATE; CLOSE hides it and forgets its figures."""
        owner, child = self._recipient(update)
        closed = update.operation is Operation.CLOSE
        kind, card = _card(update)
        self._state.run(
            "INSERT INTO object (object_id, seq, kind, closed, owner, child, as_of, changed, cause, digest, notice,"
            " card) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (object_id) DO UPDATE SET seq = excluded.seq,"
            " kind = iif(excluded.kind = '', kind, excluded.kind), closed = excluded.closed, owner = excluded.owner,"
            " child = excluded.child, as_of = excluded.as_of, changed = excluded.changed, cause = excluded.cause,"
            " digest = excluded.digest, notice = excluded.notice, card = excluded.card",
            update.object_id,
            update.seq,
            kind,
            closed,
            owner,
            child,
            update.as_of.isoformat(),
            microseconds(self._clock()),
            update.cause.value,
            body_digest(update.body),
            update.notice,
            None if closed else card,
        )
        if closed:  # its texts had figures too
            self._state.run("DELETE FROM notice WHERE object_id = ?", update.object_id)
        elif update.notice:
            self._state.run(
                "INSERT INTO notice (object_id, owner, child, as_of, text) VALUES (?, ?, ?, ?, ?)",
                update.object_id,
                owner,
                child,
                update.as_of.isoformat(),
                update.notice,
            )

    def _recipient(self, update: Update) -> tuple[int, int]:
        """Return the ids of the account's owner and of the child, both renewed from the update."""
        applicant, child = update.recipient.applicant, update.recipient.child
        owner = self._people.put_owner(
            _identity(applicant), applicant.last_name, applicant.first_name, applicant.middle_name
        )
        number = self._people.put_child(
            snils=child.snils,
            last_name=child.last_name,
            first_name=child.first_name,
            middle_name=child.middle_name,
            birth_date=child.birth_date,
        )
        return owner, number

    def _open(self, child: int, kind: str, owner: int | None) -> list[str]:
        rows = self._state.all(
            "SELECT card FROM object WHERE child = ? AND kind = ? AND NOT closed AND owner = coalesce(?, owner)",
            child,
            kind,
            owner,
        )
        return [row["card"] for row in rows if row["card"] is not None]


def _identity(applicant: Applicant) -> Identity:
    """Return what tells an account owner from all others."""
    if applicant.snils is not None:
        return Identity.snils(applicant.snils)
    if applicant.document is not None:
        paper = applicant.document
        return Identity("document", (paper.type, paper.series or "", paper.number))
    return Identity("oid", (str(applicant.esia_oid),))


def _card(update: Update) -> tuple[str, str | None]:
    """Return an object's kind, empty where a CLOSE does not tell, and what is kept of it to be shown."""
    match update.body:
        case None:
            return "", None
        case CertificateCard() as body:
            return CERTIFICATE, cards.dump(cards.certificate(body, update.as_of))
        case ContractCard() as body:
            return CONTRACT, cards.dump(cards.contract(body, update.as_of))
        case RenewalOffer() as body:
            return OFFER, cards.dump(cards.offer(body, update.seq, update.as_of))
        case ConsentState() as body:
            return CONSENT, cards.dump(cards.consent(body, update.as_of))
