"""Erasing the personal data of a child whose consent was withdrawn, by its day, with an act that proves it.

What goes: contents of messages sent and received, of changes and answers, of texts, whose account was told; and, where
no live contract needs it, the names in the registry. What stays: ids, sums, and a digest of what went, by which a copy
could be told, but nobody read. A message that holds other children's objects too loses those of this child alone: once
it is settled its bytes are an archive, and the signature over them was checked when they were sent.
Source: portal message dictionary, 10 (consent, action 5); 152-FZ, article 21.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection, func, insert, select, update

from socert.gateway.domain.consent import DutyKind
from socert.gateway.domain.contract import LIVE
from socert.gateway.life.erasing import Erased, Needles, erase, find_received
from socert.gateway.store.tables import micros, moment
from socert.gateway.store.tables_life import DutyState
from socert.gateway.store.tables_life import act as acts
from socert.gateway.store.tables_life import duty as duties
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, RowMapping

    from socert.gateway.domain.records import Certificate
    from socert.gateway.life.consents import Consents
    from socert.gateway.ports import Registry, UnitOfWork, Units
    from socert.gateway.store.writer import Store

log = get_logger("erasure")
SPARE = timedelta(days=1)
"""A duty is done so long before its last day: a day on which the machine stood still must not break the law."""


class Anonymises(Protocol):
    """A registry that we keep ourselves and that can forget who a child is."""

    def anonymise(self, unit: UnitOfWork, guid: str) -> int:
        """Take everything personal out of a certificate; return how many records changed, 0 when it was done."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What proves an erasure: when, of which certificate, how many records of which table, a digest of what went.

    `whole`: the registry's own record too.
    """

    number: int
    certificate_guid: str
    at: datetime
    whole: bool
    counts: Mapping[str, int]
    digest: str


class Erasure:
    """Does the open duties to erase; called every day."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        keeper: Anonymises | None,
        consents: Consents,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the parts; `keeper` None: the registry is somebody else's, and only what is kept here is erased."""
        self._store = store
        self._registry = registry
        self._keeper = keeper
        self._consents = consents
        self._clock = clock

    def run(self, units: Units, today: date) -> int:
        """Do every duty that is due, each certificate in a transaction of its own; return how many acts were made.

        Stopped in between it goes on where it was; doing it again does nothing. What an import has brought back since
        is erased again.
        """
        guids = self._store.look(lambda connection: self._due(connection, today))
        made = 0
        for start in range(0, len(guids), 100):
            made += self._run_some(units, guids[start : start + 100], today)
        return made

    def now(self, units: Units, guid: str, today: date) -> int:
        """Erase at once what is kept of a certificate whose consent is withdrawn; return how many acts were made."""
        return self._run_some(units, [guid], today)

    def act(self, connection: Connection, number: int) -> Act | None:
        """Return an act by its number."""
        row = connection.execute(select(acts).where(acts.c.id == number)).mappings().first()
        return None if row is None else _act_of(row)

    def acts_of(self, connection: Connection, guid: str) -> Sequence[Act]:
        """Return all acts about a certificate, oldest first."""
        chosen = select(acts).where(acts.c.certificate_guid == guid).order_by(acts.c.id)
        return [_act_of(row) for row in connection.execute(chosen).mappings()]

    # --- inside -----------------------------------------------------------------------------------------------------

    def _due(self, connection: Connection, today: date) -> Sequence[str]:
        row = duties.c
        chosen = select(row.certificate_guid).where(row.kind == DutyKind.ERASE.value)
        chosen = chosen.group_by(row.certificate_guid).order_by(func.min(row.id))
        due = connection.scalars(chosen.where(row.state == DutyState.OPEN.value, row.due <= today + SPARE)).all()
        done = connection.scalars(chosen.where(row.state == DutyState.DONE.value, row.whole == 1)).all()
        back = self._registry.certificates(connection, set(done) - set(due))
        return [*due, *(guid for guid, view in back.items() if _is_known(view.certificate))]

    def _run_some(self, units: Units, guids: Sequence[str], today: date) -> int:
        kept = self._store.look(lambda connection: self._registry.certificates(connection, guids))
        needles = {guid: Needles.of(guid, view.certificate if (view := kept.get(guid)) else None) for guid in guids}
        received = find_received(self._store, needles)
        made = 0
        for guid in guids:
            certificate = kept[guid].certificate if guid in kept else None
            number = units.run(
                lambda unit, guid=guid, certificate=certificate: self._one(  # type: ignore[misc]  # bound now, on purpose
                    unit, guid, certificate, needles[guid], received.get(guid, ()), today
                )
            )
            if number is not None:
                made += 1
                log.info("personal data erased", certificate=guid, act=number)
        return made

    def _one(
        self,
        unit: UnitOfWork,
        guid: str,
        certificate: Certificate | None,
        needles: Needles,
        received: Sequence[int],
        today: date,
    ) -> int | None:
        """Erase one certificate's data and write the act; None where there was nothing to do."""
        connection, now = unit.connection, self._clock()
        if certificate is not None and self._consents.may_leave(connection, certificate):
            self._end(connection, guid, DutyState.CANCELLED, now)
            return None
        gone = erase(connection, guid, needles=needles, received=received, now=now)
        needed_until = self._needed_until(connection, guid)
        whole = needed_until is None
        if whole and self._keeper is not None:
            gone.add("registry", self._keeper.anonymise(unit, guid))
        open_before = connection.scalar(select(func.count()).select_from(duties).where(*_open(guid)))
        if not gone.any and not open_before:
            return None
        number = _write(connection, guid, gone, whole=whole, now=now)
        self._end(connection, guid, DutyState.DONE, now, act=number)
        if needed_until is not None and certificate is not None and open_before:
            # A live contract is a ground to keep the registry's record, and to erase it when it is over.
            later = timedelta(days=self._consents.policy_of(certificate).erase_days)
            _open_again(connection, guid, due=max(needed_until, today) + later, now=now)
        return number

    def _needed_until(self, connection: Connection, guid: str) -> date | None:
        """Return the last day of the live contracts, None where there is none."""
        ids = self._registry.contracts_of(connection, [guid])
        views = self._registry.contracts(connection, ids).values()
        return max((view.contract.end for view in views if view.contract.state in LIVE), default=None)

    def _end(
        self, connection: Connection, guid: str, state: DutyState, now: datetime, *, act: int | None = None
    ) -> None:
        connection.execute(update(duties).where(*_open(guid)).values(state=state.value, ended_at=micros(now), act=act))


def _is_known(certificate: Certificate) -> bool:
    """Whether a certificate says again whose it is."""
    child = certificate.child
    return any((child.snils, child.birth_certificate, certificate.applicant.snils))


def _open(guid: str) -> tuple[ColumnElement[bool], ...]:
    row = duties.c
    return row.certificate_guid == guid, row.kind == DutyKind.ERASE.value, row.state == DutyState.OPEN.value


def _open_again(connection: Connection, guid: str, *, due: date, now: datetime) -> None:
    connection.execute(
        insert(duties).values(
            certificate_guid=guid,
            kind=DutyKind.ERASE.value,
            due=due,
            whole=1,
            state=DutyState.OPEN.value,
            ordered_at=micros(now),
        )
    )


def _write(connection: Connection, guid: str, gone: Erased, *, whole: bool, now: datetime) -> int:
    written = connection.execute(
        insert(acts).values(
            certificate_guid=guid,
            at=micros(now),
            whole=int(whole),
            counts=json.dumps(gone.counts, sort_keys=True),
            digest=gone.digest,
        )
    )
    key = written.inserted_primary_key
    assert key is not None
    return int(key[0])


def _act_of(row: RowMapping) -> Act:
    return Act(
        number=row["id"],
        certificate_guid=row["certificate_guid"],
        at=moment(row["at"]),
        whole=bool(row["whole"]),
        counts=json.loads(row["counts"]),
        digest=row["digest"],
    )
