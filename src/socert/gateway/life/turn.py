"""1 January for all certificates: one after another, in batches, resumable, and the same again changes nothing.

Each certificate is shifted by `domain.year.shift`, all of it or nothing (invariant 6). A batch is one unit of work,
with the cursor that says how far the run has come: so a run that stopped at any instruction goes on where it was, and
several processes share the work. What a rule refuses is listed and stops nobody else. A run after a finished one goes
through everything again and changes what has to be: that is how failures are mended, and late corrections closed.
Sources: portal message dictionary, 11.7, 11.9, 11.10; 15 (invariants 6, 14, 18).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from socert.gateway.domain.months import year_end
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode
from socert.gateway.life.renewals import Lapsed, Pools
from socert.gateway.life.turn_one import Tally, turn_one
from socert.gateway.store.tables import micros, moment
from socert.gateway.store.tables_life import turn_failure as failures
from socert.gateway.store.tables_life import turn_run as runs
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.renewal import Pool
    from socert.gateway.life.renewals import Place, Renewals
    from socert.gateway.life.turn_plan import Look
    from socert.gateway.ports import UnitOfWork, Units
    from socert.gateway.ports.turn import Loaded, TurnRegistry

log = get_logger("turn")
BATCH = 200
"""Certificates in one unit of work: others wait for the registry's turn no longer than this takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run of 1 January of a year: which round, how far, what it came to. `finished_at` None while it goes on."""

    year: int
    number: int
    after: str
    tally: Tally
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A certificate that a rule did not let through, the rule's code and its words for people."""

    certificate_guid: str
    code: str
    text: str


class YearTurn:
    """Shifts every certificate of the year that ended."""

    def __init__(
        self,
        *,
        registry: TurnRegistry,
        renewals: Renewals,
        policy_of: Callable[[str], Policy],
        clock: Callable[[], datetime],
        today: Callable[[], date],
        look: Look,
        units: Units,
    ) -> None:
        """Take the parts; `look` reads, `units` write, `today` is the region's day."""
        self._registry = registry
        self._renewals = renewals
        self._policy_of = policy_of
        self._clock = clock
        self._today = today
        self._look = look
        self._units = units

    # --- running ----------------------------------------------------------------------------------------------------

    def run(self, *, year: int, batch: int = BATCH, progress: Callable[[Run], None] | None = None) -> Run:
        """Turn to `year`: go on with the run that is under way, or begin one. Returns it when nothing is left.

        Offers whose window is over are ended first, so that what silence took is on the accounts. `progress` is told
        after each batch. Errors: YEAR_NOT_OVER (Refused) before 1 January.
        """
        if self._today() <= year_end(year - 1):
            raise Refused(RuleCode.YEAR_NOT_OVER, year=year - 1)
        self.lapse(batch=batch)
        run = self._units.run(lambda unit: self._begin(unit, year))
        while run.finished_at is None:
            number = run.number
            run = self._next(year, number, batch)
            if progress is not None:
                progress(run)
            if run.number != number:
                break  # another process has finished this round and begun the next
        return run

    def lapse(self, *, batch: int = BATCH) -> Lapsed:
        """End all offers whose window is over: what a day's work and 1 January begin with."""
        done = Lapsed()
        while (ended := self._units.run(lambda unit: self._renewals.lapse(unit, limit=batch))).count:
            done += ended
        return done

    def status(self, connection: Connection, *, year: int) -> Run | None:
        """Return the latest run of a year, None when there was none."""
        row = connection.execute(select(runs).where(runs.c.year == year)).mappings().first()
        if row is None:
            return None
        return Run(
            year=row["year"],
            number=row["number"],
            after=row["after"],
            tally=Tally.of_text(row["tally"]),
            started_at=moment(row["started_at"]),
            finished_at=None if row["finished_at"] is None else moment(row["finished_at"]),
        )

    def failed(self, connection: Connection, *, year: int) -> Sequence[Failure]:
        """Return the certificates that the latest run could not turn, in order."""
        chosen = select(failures).where(failures.c.year == year).order_by(failures.c.certificate_guid)
        return [
            Failure(certificate_guid=row["certificate_guid"], code=row["code"], text=row["text"])
            for row in connection.execute(chosen).mappings()
        ]

    def _begin(self, unit: UnitOfWork, year: int) -> Run:
        """Go on with a run that is not finished, or begin the next round."""
        before = self.status(unit.connection, year=year)
        if before is not None and before.finished_at is None:
            return before
        run = Run(
            year=year,
            number=1 if before is None else before.number + 1,
            after="",
            tally=Tally(),
            started_at=self._clock(),
            finished_at=None,
        )
        unit.connection.execute(delete(failures).where(failures.c.year == year))
        if before is None:
            unit.connection.execute(insert(runs).values(_row(run)))
        else:
            _write(unit.connection, run)
        return run

    def _next(self, year: int, number: int, batch: int) -> Run:
        """Turn the next batch; where our own code or the database refuses one of it, each by itself."""
        try:
            return self._units.run(partial(self._batch, year, number, batch))
        except DBAPIError as error:
            if not isinstance(error, IntegrityError):
                raise  # the database's trouble, not a certificate's: the next run goes on from here
        except Exception as error:  # noqa: BLE001  one certificate that our code fails on must not stop all others
            log.error("a batch of the turn failed and is taken apart", error=type(error).__name__)
        run = self._units.run(partial(self._batch, year, number, 0))
        for _ in range(batch):
            if run.finished_at is not None or run.number != number:
                break
            run = self._single(year, number)
        return run

    def _single(self, year: int, number: int) -> Run:
        try:
            return self._units.run(partial(self._batch, year, number, 1))
        except DBAPIError as error:
            if not isinstance(error, IntegrityError):
                raise
            why = type(error).__name__
        except Exception as error:  # noqa: BLE001  as above
            why = type(error).__name__
        return self._units.run(partial(self._pass_over, year, number, why))

    def _batch(self, year: int, number: int, batch: int, unit: UnitOfWork) -> Run:
        """Turn the next certificates after the cursor, and move it."""
        run = self.status(unit.connection, year=year)
        assert run is not None  # `_begin` wrote it, and nothing deletes it
        if run.number != number or run.finished_at is not None or not batch:
            return run
        tally = run.tally
        guids = self._registry.certificates_of_year(unit.connection, year=year - 1, after=run.after, limit=batch)
        loaded = self._registry.load(unit.connection, guids)
        pools = Pools(self._renewals, unit.connection)
        for guid in guids:
            try:
                self._turn_one(loaded, guid, year, tally, pools)
            except RuleBroken as broken:
                self._fail(unit, year, Failure(certificate_guid=guid, code=broken.code, text=broken.people_text), tally)
        loaded.write(unit)
        pools.store(unit)
        tally.certificates += len(guids)
        run = replace(
            run,
            after=guids[-1] if guids else run.after,
            finished_at=None if guids else self._clock(),
        )
        _write(unit.connection, run)
        return run

    def _pass_over(self, year: int, number: int, why: str, unit: UnitOfWork) -> Run:
        """List the next certificate as failed, and move the cursor behind it."""
        run = self.status(unit.connection, year=year)
        assert run is not None  # as above
        guids = self._registry.certificates_of_year(unit.connection, year=year - 1, after=run.after, limit=1)
        if run.number != number or not guids:
            return run
        text = f"Внутренняя ошибка ({why}), её подробности в журнале."
        self._fail(unit, year, Failure(certificate_guid=guids[0], code=RuleCode.TECHNICAL.value, text=text), run.tally)
        run.tally.certificates += 1
        run = replace(run, after=guids[0])
        _write(unit.connection, run)
        return run

    def _fail(self, unit: UnitOfWork, year: int, failure: Failure, tally: Tally) -> None:
        tally.failed += 1
        unit.connection.execute(
            insert(failures).values(
                year=year, certificate_guid=failure.certificate_guid, code=failure.code, text=failure.text
            )
        )
        log.warning("a certificate cannot be turned", certificate=failure.certificate_guid, code=failure.code)

    def _turn_one(self, loaded: Loaded, guid: str, year: int, tally: Tally, pools: Pools) -> None:
        kept = loaded.kept(guid)
        place = kept.certificate.oktmo
        turned = turn_one(
            kept,
            loaded.lives(guid),
            year=year,
            today=max(self._today(), date(year, 1, 1)),
            policy=self._policy_of(place),
            pool_of=lambda register: pools.of(place, year, register),
        )
        loaded.save(
            kept,
            entries=turned.shifted.entries,
            status=turned.status,
            contracts=turned.shifted.contracts,
        )
        for register, amount in turned.given.items():
            pools.put(pools.of(place, year, register).take(amount))
        tally.count(kept, turned)

    # --- preview ----------------------------------------------------------------------------------------------------

    def preview(
        self,
        *,
        year: int,
        oktmo: str | None = None,
        batch: int = 1000,
        progress: Callable[[Tally], None] | None = None,
    ) -> Tally:
        """Say what 1 January of `year` would come to by what the registry holds now; changes nothing."""
        tally, after = Tally(), ""
        taken: dict[Place, Pool] = {}
        while True:
            after = self._look(partial(self._try_batch, year, oktmo, after, batch, tally, taken))
            if not after:
                return tally
            if progress is not None:
                progress(tally)

    def _try_batch(
        self,
        year: int,
        oktmo: str | None,
        after: str,
        batch: int,
        tally: Tally,
        taken: dict[Place, Pool],
        connection: Connection,
    ) -> str:
        """Try the next certificates without storing anything; return the cursor, empty when there are none."""
        guids = self._registry.certificates_of_year(connection, year=year - 1, after=after, limit=batch)
        chosen = list(guids)
        if oktmo is not None:
            views = self._registry.certificates(connection, guids)
            chosen = [guid for guid in guids if views[guid].certificate.oktmo == oktmo]
        loaded = self._registry.load(connection, chosen)
        pools = Pools(self._renewals, connection, taken)
        for guid in chosen:
            tally.certificates += 1
            try:
                self._turn_one(loaded, guid, year, tally, pools)
            except RuleBroken:
                tally.failed += 1
        return guids[-1] if guids else ""


def _row(run: Run) -> dict[str, object]:
    return {
        "year": run.year,
        "number": run.number,
        "after": run.after,
        "tally": run.tally.as_text(),
        "started_at": micros(run.started_at),
        "finished_at": None if run.finished_at is None else micros(run.finished_at),
    }


def _write(connection: Connection, run: Run) -> None:
    connection.execute(update(runs).where(runs.c.year == run.year).values(_row(run)))
