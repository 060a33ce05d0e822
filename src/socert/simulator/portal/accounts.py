"""The accounts: objects that regions push, by the rules of the account profile.

For each object the highest `seq` is kept: equal is DUPLICATE, lower STALE, higher APPLIED; an object that breaks the
profile is REJECTED by itself and the others of its batch are not touched (portal message dictionary, 7.1 and 15).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.contracts.portal.account import (
    CODE_ALL_APPLIED,
    CODE_SOME_FAILED,
    CertificateCard,
    ContractCard,
    Operation,
    RenewalOffer,
    ResultStatus,
    UpdateResponse,
    UpdateResult,
    check_update,
)
from socert.contracts.portal.values import format_hundredths
from socert.simulator.portal import cards

if TYPE_CHECKING:
    from socert.contracts.portal.account import Applicant, Body, Update, UpdateRequest
    from socert.simulator.portal.cards import Certificate, Contract
    from socert.simulator.portal.local_time import LocalTime
    from socert.simulator.portal.people import People
    from socert.simulator.state import State

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


class Accounts:
    """All objects of all accounts, in the state."""

    def __init__(self, state: State, people: People, time: LocalTime) -> None:
        self._state = state
        self._people = people
        self._time = time

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

    def summary(self, snils: str) -> dict[str, Any] | None:
        """Return a child's certificates and contracts for testers; None where nothing was ever pushed.

        Amounts are texts with two digits in `unit`: "rub", "hour" or "count" (programmes).
        """
        child = self._people.child_by_snils(snils)
        if child is None or self._state.one("SELECT 1 FROM object WHERE child = ? LIMIT 1", child.id) is None:
            return None
        today = self._time.today()
        return {
            "certificates": [_certificate_json(card, today) for card in self.certificates(child.id)],
            "contracts": [_contract_json(card) for card in self.contracts(child.id)],
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
            "INSERT INTO object (object_id, seq, kind, closed, owner, child, as_of, notice, card)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object_id) DO UPDATE SET seq = excluded.seq,"
            " kind = iif(excluded.kind = '', kind, excluded.kind), closed = excluded.closed, owner = excluded.owner,"
            " child = excluded.child, as_of = excluded.as_of, notice = excluded.notice, card = excluded.card",
            update.object_id,
            update.seq,
            kind,
            closed,
            owner,
            child,
            update.as_of.isoformat(),
            update.notice,
            None if closed else card,
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


def _identity(applicant: Applicant) -> str:
    """Return what tells an account owner from all others."""
    if applicant.snils is not None:
        return f"snils:{applicant.snils}"
    if applicant.document is not None:
        paper = applicant.document
        return f"document:{paper.type}:{paper.series or ''}:{paper.number}"
    return f"oid:{applicant.esia_oid}"


def _card(update: Update) -> tuple[str, str | None]:
    """Return an object's kind, empty where a CLOSE does not tell, and what is kept of it to be shown."""
    body: Body | None = update.body
    if body is None:
        return "", None
    if isinstance(body, CertificateCard):
        return CERTIFICATE, cards.dump(cards.certificate(body, update.as_of))
    if isinstance(body, ContractCard):
        return CONTRACT, cards.dump(cards.contract(body, update.as_of))
    return (OFFER if isinstance(body, RenewalOffer) else CONSENT), None


def _certificate_json(card: Certificate, today: Any) -> dict[str, Any]:
    balance = card.balance_on(today)
    return {
        "number": card.number,
        "unit": balance.unit,
        "nominal": format_hundredths(balance.nominal),
        "reserved": format_hundredths(balance.reserved),
        "spent": format_hundredths(balance.spent),
        "available": format_hundredths(balance.available),
        "status": card.status,
        "as_of": card.as_of.isoformat(),
    }


def _contract_json(card: Contract) -> dict[str, Any]:
    return {
        "number": card.number,
        "status": card.status,
        "unit": card.unit,
        "certificate_part": format_hundredths(card.certificate_part),
        "own_part": format_hundredths(card.own_part),
        "organisation": card.organisation,
        "programme": card.programme,
    }
