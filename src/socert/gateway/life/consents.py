"""Consents of a child's certificate: which are in force, how one is given or withdrawn, and what follows at once.

A withdrawal takes effect in its own transaction: it touches the certificate, and the projection of it, before the
commit, cancels what has not left and closes what the account shows. Answers to the portal's orders are cancelled and a
case is opened here; erasing follows by its day. No contract is ended by a withdrawal.
Sources: portal message dictionary, 10 (consent, actions 1-6), 15 (invariant 12); the rules are `domain.consent`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID, uuid5

from sqlalchemy import func, insert, select, update

from socert.gateway.domain import consent as rules
from socert.gateway.domain.consent import Channel, Consent, DutyKind
from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.policy import FormCode, Policy
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.store.tables import micros, moment
from socert.gateway.store.tables_life import DutyState
from socert.gateway.store.tables_life import consent as table
from socert.gateway.store.tables_life import duty as duties

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, RowMapping

    from socert.gateway.domain.consent import Duty
    from socert.gateway.domain.records import Certificate
    from socert.gateway.ports import Ids, Registry, UnitOfWork

CHUNK = 500
_NAMES = UUID("d62352c0-c931-4182-9d12-57d2e6e6b109")
"""Of the ids of imported consents: the same paper has the same id whenever it is asked for."""
_PAPER = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION)
"""What an imported form of the social certificate stands for."""


class Cases(Protocol):
    """Where a person is asked to decide."""

    def consent_withdrawn(self, unit: UnitOfWork, guid: str) -> None:
        """Open a case: the organisation decides about the live contracts of a certificate."""
        ...

    def consent_given(self, unit: UnitOfWork, guid: str) -> None:
        """Close that case, where it is open."""
        ...


class PersonalAnswers(Protocol):
    """Answers to the portal's orders that wait to be sent."""

    def cancel_personal(self, connection: Connection, guid: str) -> None:
        """Cancel all that carry something about the child of a certificate and have not left."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is known of one certificate's consents: may data leave, and the consents given or withdrawn here.

    `kept` leaves out those that an imported form stands for: the account is not told of them.
    """

    may_leave: bool
    kept: tuple[Consent, ...]


class Consents:
    """Keeps consents, and does what giving and withdrawing them orders."""

    def __init__(
        self,
        *,
        registry: Registry,
        policy_of: Callable[[str], Policy],
        consent_forms: Collection[str],
        clock: Callable[[], datetime],
        today: Callable[[], date],
        ids: Ids,
        cases: Cases | None = None,
        answers: PersonalAnswers | None = None,
        withdrawn: Callable[[UnitOfWork, str], object] | None = None,
    ) -> None:
        """Take the parts. `policy_of` an OKTMO; `consent_forms` are imported forms that let data leave.

        `withdrawn` is called with the certificate's GUID in the unit of each withdrawal, when it is written down.

        `cases` and `answers` None: there is nobody to ask, and no order of the portal is answered.
        """
        self._registry = registry
        self._policy_of = policy_of
        self._forms = frozenset(consent_forms)
        self._clock = clock
        self._today = today
        self._ids = ids
        self._cases = cases
        self._answers = answers
        self._withdrawn = withdrawn

    # --- which are in force -----------------------------------------------------------------------------------------

    def of(self, connection: Connection, certificate: Certificate) -> tuple[Consent, ...]:
        """Return all consents of a certificate: given or withdrawn here, and those its imported form stands for."""
        return self._all(certificate, self._kept(connection, [certificate.guid]).get(certificate.guid, ()))

    def may_leave(self, connection: Connection, certificate: Certificate) -> bool:
        """Say whether anything personal about the child may leave now (invariant 12)."""
        return self.standing(connection, [certificate])[certificate.guid].may_leave

    def gate(self, connection: Connection, certificates: Collection[Certificate]) -> Mapping[str, bool]:
        """Say for each certificate, by GUID, whether anything about its child may leave now."""
        return {guid: found.may_leave for guid, found in self.standing(connection, certificates).items()}

    def standing(self, connection: Connection, certificates: Collection[Certificate]) -> Mapping[str, Standing]:
        """Return where the consents of each certificate stand, by GUID; one query for 500 of them."""
        kept = self._kept(connection, [certificate.guid for certificate in certificates])
        found: dict[str, Standing] = {}
        for certificate in certificates:
            own = kept.get(certificate.guid)
            if own is None:
                # Most of them: nothing was given or withdrawn here, so the imported form alone decides.
                found[certificate.guid] = Standing(may_leave=certificate.consent_form in self._forms, kept=())
            else:
                policy = self._policy_of(certificate.oktmo)
                whole = rules.may_leave(self._all(certificate, own), policy)
                found[certificate.guid] = Standing(may_leave=whole, kept=own)
        return found

    def policy_of(self, certificate: Certificate) -> Policy:
        """Return the policy that decides which forms and versions count for a certificate."""
        return self._policy_of(certificate.oktmo)

    def _all(self, certificate: Certificate, kept: Sequence[Consent]) -> tuple[Consent, ...]:
        ids = {consent.consent_id for consent in kept}
        return (*kept, *(one for one in self._imported(certificate) if one.consent_id not in ids))

    def _imported(self, certificate: Certificate) -> Iterable[Consent]:
        if certificate.consent_form not in self._forms:
            return
        policy = self._policy_of(certificate.oktmo)
        for form in _PAPER:
            versions = policy.accepted_forms.get(form, frozenset())
            if versions:
                yield Consent(
                    consent_id=str(uuid5(_NAMES, f"{certificate.guid}:{form.value}:{certificate.consent_form}")),
                    form=form,
                    # The setting says that this paper counts, so it stands for a version that does.
                    version=max(versions),
                    given_at=datetime.combine(certificate.valid_from, time(), UTC),
                    channel=Channel.ORGANISATION,
                )

    def _kept(self, connection: Connection, guids: Sequence[str]) -> dict[str, tuple[Consent, ...]]:
        found: dict[str, tuple[Consent, ...]] = {}
        for start in range(0, len(guids), CHUNK):
            chosen = select(table).where(table.c.certificate_guid.in_(guids[start : start + CHUNK]))
            for row in connection.execute(chosen.order_by(table.c.given_at, table.c.consent_id)).mappings():
                found[row["certificate_guid"]] = (*found.get(row["certificate_guid"], ()), _consent_of(row))
        return found

    # --- giving and withdrawing -------------------------------------------------------------------------------------

    def give(self, unit: UnitOfWork, certificate: Certificate, consents: Sequence[Consent]) -> None:
        """Store new consents; where they make the set whole again, everything resumes (10, action 6).

        An empty `consent_id` is filled in. One of the same form, version and time again changes nothing. Errors
        (Refused): FORM_NOT_ACCEPTED for a form or version that does not count, and then none is stored.
        """
        before = self.of(unit.connection, certificate)
        policy, today = self.policy_of(certificate), self._today()
        erasing = self._erasure_open(unit.connection, certificate.guid)
        ordered: dict[DutyKind, Duty] = {}
        for given in consents:
            if any(_same(given, other) for other in before):
                continue
            new = replace(given, consent_id=given.consent_id or self._ids())
            done = rules.give(new, before, today=today, policy=policy, erasure_open=erasing)
            unit.connection.execute(insert(table).values(_row(certificate.guid, done.consent)))
            before = (*before, done.consent)
            ordered.update({duty.kind: duty for duty in done.duties})
        self._fulfil(unit, certificate.guid, ordered, live=False)
        unit.touch([certificate.guid])

    def withdraw(
        self, unit: UnitOfWork, certificate: Certificate, *, form: FormCode | None, channel: Channel
    ) -> tuple[Duty, ...]:
        """Withdraw the consents of a form, all forms where it is None, and return what that ordered.

        One that was withdrawn before changes nothing and orders nothing. Errors (Refused): NO_CONSENT where there never
        was one of that form.
        """
        known = self.of(unit.connection, certificate)
        chosen = [one for one in known if form is None or one.form is form]
        if not chosen:
            raise Refused(RuleCode.NO_CONSENT, form=form or FormCode.PD_PROCESSING)
        policy, now, today = self.policy_of(certificate), self._clock(), self._today()
        live = self._has_live_contracts(unit.connection, certificate.guid)
        kept = {one.consent_id for one in self._kept(unit.connection, [certificate.guid]).get(certificate.guid, ())}
        ordered: dict[DutyKind, Duty] = {}
        for one in chosen:
            if one.withdrawn_at is not None:
                continue
            others = [other for other in known if other.consent_id != one.consent_id]
            done = rules.withdraw(
                one, others, channel=channel, now=now, today=today, policy=policy, live_contracts=live
            )
            known = (*others, done.consent)
            self._write_withdrawn(unit.connection, certificate.guid, done.consent, kept=one.consent_id in kept)
            ordered.update({duty.kind: duty for duty in done.duties})
        self._fulfil(unit, certificate.guid, ordered, live=live)
        if self._withdrawn is not None:
            self._withdrawn(unit, certificate.guid)
        unit.touch([certificate.guid])
        return tuple(ordered.values())

    def _write_withdrawn(self, connection: Connection, guid: str, withdrawn: Consent, *, kept: bool) -> None:
        """Write down a withdrawal; an imported consent gets its row by it, so that no later import gives it back."""
        row = _row(guid, withdrawn)
        if kept:
            connection.execute(update(table).where(table.c.consent_id == withdrawn.consent_id).values(row))
        else:
            connection.execute(insert(table).values(row))

    # --- duties -----------------------------------------------------------------------------------------------------

    def _fulfil(self, unit: UnitOfWork, guid: str, ordered: Mapping[DutyKind, Duty], *, live: bool) -> None:
        """Do at once what can be done at once, and write everything down; only an erasure stays open.

        Stopping, closing and resuming are the projection's doing: it draws the touched certificate anew by the consents
        that are in force now, before this transaction commits.
        """
        if not ordered:
            return
        now = micros(self._clock())
        if DutyKind.STOP_QUEUED in ordered and self._answers is not None:
            self._answers.cancel_personal(unit.connection, guid)
        if self._cases is not None:
            if DutyKind.OPEN_CASE in ordered and live:
                self._cases.consent_withdrawn(unit, guid)
            if DutyKind.CLOSE_CASE in ordered:
                self._cases.consent_given(unit, guid)
        if DutyKind.CANCEL_ERASURE in ordered or DutyKind.ERASE in ordered:
            # A new withdrawal counts its days anew: there is one open erasure at most.
            stop = update(duties).where(*_open_erasure(guid))
            unit.connection.execute(stop.values(state=DutyState.CANCELLED.value, ended_at=now))
        written: list[dict[str, Any]] = [
            {
                "certificate_guid": guid,
                "kind": duty.kind.value,
                "due": duty.by,
                "whole": int(duty.whole),
                "state": (DutyState.OPEN if duty.kind is DutyKind.ERASE else DutyState.DONE).value,
                "ordered_at": now,
                "ended_at": None if duty.kind is DutyKind.ERASE else now,
            }
            for duty in ordered.values()
        ]
        unit.connection.execute(insert(duties), written)

    def _erasure_open(self, connection: Connection, guid: str) -> bool:
        return bool(connection.scalar(select(func.count()).select_from(duties).where(*_open_erasure(guid))))

    def _has_live_contracts(self, connection: Connection, guid: str) -> bool:
        ids = self._registry.contracts_of(connection, [guid])
        return any(view.contract.state in LIVE for view in self._registry.contracts(connection, ids).values())


def _open_erasure(guid: str) -> tuple[Any, ...]:
    row = duties.c
    return row.certificate_guid == guid, row.kind == DutyKind.ERASE.value, row.state == DutyState.OPEN.value


def _same(given: Consent, other: Consent) -> bool:
    return (given.form, given.version, given.given_at) == (other.form, other.version, other.given_at)


def _row(guid: str, consent: Consent) -> dict[str, Any]:
    return {
        "consent_id": consent.consent_id,
        "certificate_guid": guid,
        "form": consent.form.value,
        "version": consent.version,
        "given_at": micros(consent.given_at),
        "channel": consent.channel.value,
        "text_digest": consent.text_digest,
        "withdrawn_at": None if consent.withdrawn_at is None else micros(consent.withdrawn_at),
        "withdrawn_through": None if consent.withdrawn_through is None else consent.withdrawn_through.value,
    }


def _consent_of(row: RowMapping) -> Consent:
    through, at = row["withdrawn_through"], row["withdrawn_at"]
    return Consent(
        consent_id=row["consent_id"],
        form=FormCode(row["form"]),
        version=row["version"],
        given_at=moment(row["given_at"]),
        channel=Channel(row["channel"]),
        text_digest=row["text_digest"],
        withdrawn_at=None if at is None else moment(at),
        withdrawn_through=None if through is None else Channel(through),
    )
