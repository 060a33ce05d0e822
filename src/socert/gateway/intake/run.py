"""The import itself: tables in order, rows in batches, one transaction a batch.

An import that stops half-way leaves whole batches behind; running it again finishes the work, because a record that is
there already changes nothing. Nothing of a row is kept in memory longer than its batch.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from socert.gateway.domain import intake_rules as rules
from socert.gateway.domain.export import Code, Fault, Kind, Refusal, Warned
from socert.gateway.domain.intake_errors import ReportError
from socert.gateway.intake.progress import Silent
from socert.gateway.intake.report import open_report
from socert.gateway.intake.scratch import Scratch
from socert.gateway.intake.summary import KindSummary, Summary
from socert.gateway.ports import Put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
    from pathlib import Path

    from socert.gateway.domain.export import ExportSource, Row, Table
    from socert.gateway.domain.records import Certificate, Contract
    from socert.gateway.intake.progress import Progress
    from socert.gateway.intake.scratch import Payer
    from socert.gateway.intake.target import Target
    from socert.gateway.ports import CertificateBrief, UnitOfWork, Units

T = TypeVar("T")
BATCH = 1000
_OFTEN = 4096


def run_import(
    path: Path,
    *,
    open_export: Callable[[Path], ExportSource],
    registry: Target,
    units: Units,
    report: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Take the export at `path` into the registry and write the report of refused rows.

    `open_export` knows the files (an adapter, with profile and settings bound). `IntakeError` when the export cannot be
    read at all; before that is known nothing is written.
    """
    with closing(open_export(path)) as source:
        if report is not None and _is_part(report, path, source):
            raise ReportError(f"Отчёт {report} затёр бы файл самой выгрузки: укажите в --report другое имя.")
        with open_report(report) as refuse:
            return Intake(registry, units, refuse=refuse, progress=progress).run(source)


def _is_part(report: Path, path: Path, source: ExportSource) -> bool:
    """Whether the report would be written over a file of the export."""
    folder = path if path.is_dir() else path.parent
    tables = (source.municipalities, source.programmes, source.certificates, source.contracts)
    return any(table is not None and report.resolve() == (folder / table.file).resolve() for table in tables)


class Intake:
    """Takes one export into a registry."""

    def __init__(
        self,
        registry: Target,
        units: Units,
        *,
        refuse: Callable[[Refusal], None] = lambda _refusal: None,
        progress: Progress | None = None,
        batch: int = BATCH,
    ) -> None:
        """Set where records go (`registry` through `units`), who hears of refusals and progress, rows a transaction."""
        self._registry = registry
        self._units = units
        self._refuse = refuse
        self._progress = progress or Silent()
        self._batch = batch
        self._waiting: list[Refusal] = []
        self._refusals: Counter[tuple[Kind, Code]] = Counter()
        self._warnings: Counter[Warned] = Counter()

    def run(self, source: ExportSource) -> Summary:
        """Take municipalities, programmes, certificates and contracts, in this order, and return what was done."""
        self._refusals, self._warnings = Counter(), Counter()
        kinds = []
        with Scratch() as scratch:
            if source.municipalities is not None:
                put = self._registry.put_municipalities
                kinds.append(self._take(source.municipalities, self._plain(source.municipalities, scratch, put)))
            if source.programmes is not None:
                programmes = self._registry.put_programmes
                kinds.append(self._take(source.programmes, self._plain(source.programmes, scratch, programmes)))
            if source.certificates is not None:
                kinds.append(self._take(source.certificates, self._certificates(source.certificates, scratch)))
            if source.contracts is not None:
                kinds.append(self._take(source.contracts, self._contracts(source.contracts, scratch)))
                self._warnings[Warned.CONTRACTS_DO_NOT_ADD_UP] += scratch.unbalanced()
        return Summary(
            profile=source.profile,
            kinds=self._with_missing(kinds),
            refusals=dict(self._refusals),
            warnings={code: count for code, count in self._warnings.items() if count},
        )

    def _take(self, table: Table[T], put: Callable[[Sequence[Row[T]]], Put]) -> KindSummary:
        """Read one table in batches; `put` judges a batch, refuses its wrong rows and stores the rest."""
        before = self._refusals.total()
        read, total = 0, Put()
        self._progress.start(table.kind, table.total)
        for batch in _batches(table, self._batch):
            total += put(batch)
            self._tell()
            read += len(batch)
            self._progress.advance(len(batch))
        self._progress.finish()
        return KindSummary(kind=table.kind, read=read, put=total, refused=self._refusals.total() - before)

    def _plain(
        self, table: Table[T], scratch: Scratch, store: Callable[[UnitOfWork, Sequence[T]], Put]
    ) -> Callable[[Sequence[Row[T]]], Put]:
        """Make the judge of a table whose rows only must not repeat."""

        def put(batch: Sequence[Row[T]]) -> Put:
            good = [record for _, record in self._first_of_each(table, batch, scratch)]
            return self._units.run(lambda unit: store(unit, good)) if good else Put()

        return put

    def _certificates(self, table: Table[Certificate], scratch: Scratch) -> Callable[[Sequence[Row[Certificate]]], Put]:
        """Make the judge of certificates: numbers and GUIDs must not repeat, and a known number keeps its GUID."""
        listed = _listed(scratch, Kind.MUNICIPALITY)

        def put(batch: Sequence[Row[Certificate]]) -> Put:
            found = []
            for row, certificate in self._first_of_each(table, batch, scratch):
                if scratch.claim_guid(certificate.guid):
                    found.append((row, certificate))
                else:
                    reason = "GUID уже стоит в строке выше: у каждого сертификата он свой."
                    self._refuse_row(table, row, ("guid", Code.DUPLICATE_GUID, reason))
            if not found:
                return Put()
            done, moved = self._units.run(lambda unit: self._put_certificates(unit, [item for _, item in found]))
            scratch.take_certificates(certificate for _, certificate in found if certificate.number not in moved)
            for row, certificate in found:
                if certificate.number in moved:
                    reason = "Сертификат с этим номером уже известен с другим GUID: исправьте GUID или номер."
                    self._refuse_row(table, row, ("guid", Code.GUID_CHANGED, reason))
                    continue
                if not listed(certificate.oktmo):
                    self._warnings[Warned.UNKNOWN_OKTMO] += 1
                if rules.age_on(certificate.valid_from, certificate.child.birth_date) < rules.YOUNGEST:
                    self._warnings[Warned.AGE_UNDER_5] += 1
            return done

        return put

    def _put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> tuple[Put, frozenset[str]]:
        """Store certificates but those whose known GUID is another; return the tally and their numbers."""
        known = self._registry.certificates_by_number(unit, [item.number for item in items])
        moved = frozenset(
            item.number for item in items if item.number in known and known[item.number].guid != item.guid
        )
        good = [item for item in items if item.number not in moved]
        return (self._registry.put_certificates(unit, good) if good else Put()), moved

    def _contracts(self, table: Table[Contract], scratch: Scratch) -> Callable[[Sequence[Row[Contract]]], Put]:
        """Make the judge of contracts: numbers must not repeat, and a taken certificate must be able to pay."""
        listed = _listed(scratch, Kind.PROGRAMME)

        def put(batch: Sequence[Row[Contract]]) -> Put:
            found = list(self._first_of_each(table, batch, scratch))
            payers = self._payers({contract.certificate_number for _, contract in found}, scratch)
            good = []
            for row, contract in found:
                fault = _payment_fault(contract, scratch, payers)
                if fault is not None:
                    self._refuse_row(table, row, fault)
                    continue
                good.append(contract)
                if not listed(contract.group_guid):
                    self._warnings[Warned.UNKNOWN_PROGRAMME] += 1
            done = self._units.run(lambda unit: self._registry.put_contracts(unit, good)) if good else Put()
            scratch.take_contracts(good)
            return done

        return put

    def _payers(self, numbers: Set[str], scratch: Scratch) -> Mapping[str, Payer | CertificateBrief]:
        """Find the certificates that pay: those of this export, and those of the registry that it does not mention."""
        taken = {number: payer for number in numbers if (payer := scratch.payer(number)) is not None}
        strange = {number for number in numbers - taken.keys() if not scratch.seen(Kind.CERTIFICATE, number)}
        if not strange:
            return taken
        return {**self._units.run(lambda unit: self._registry.certificates_by_number(unit, strange)), **taken}

    def _first_of_each(self, table: Table[T], batch: Sequence[Row[T]], scratch: Scratch) -> Iterator[tuple[Row[T], T]]:
        """Give the good rows whose key comes for the first time, and refuse the others.

        Of two rows with one key the later is wrong, even when the first was refused: nobody knows whom the key means.
        """
        for row in batch:
            first = row.key is None or scratch.see(table.kind, row.key)
            if row.record is None:
                self._refuse_row(table, row, None)
            elif not first:
                self._refuse_row(table, row, _repeated(table.kind))
            else:
                yield row, row.record

    def _refuse_row(self, table: Table[T], row: Row[T], found: rules.Found | None) -> None:
        """Refuse a row once: by its first fault, with the reasons of all of them."""
        faults = row.faults
        if found is not None:
            name, code, reason = found
            faults = (Fault(field=table.title(name), code=code, reason=reason),)
        first = faults[0]
        self._refusals[table.kind, first.code] += 1
        self._waiting.append(
            Refusal(
                kind=table.kind,
                file=table.file,
                sheet=table.sheet,
                row=row.number,
                field=first.field,
                code=first.code,
                reason=_reasons(faults),
            )
        )

    def _tell(self) -> None:
        """Hand over the refusals of a batch in the order of its rows: they were found in the order of the rules."""
        for refusal in sorted(self._waiting, key=lambda refusal: refusal.row):
            self._refuse(refusal)
        self._waiting.clear()

    def _with_missing(self, kinds: Sequence[KindSummary]) -> tuple[KindSummary, ...]:
        """Add how many certificates and contracts the registry keeps beyond those just taken."""
        certificates, contracts = self._units.run(self._registry.count)
        kept = {Kind.CERTIFICATE: certificates, Kind.CONTRACT: contracts}
        return tuple(
            replace(kind, missing=kept[kind.kind] - kind.taken) if kind.kind in kept else kind for kind in kinds
        )


def _listed(scratch: Scratch, kind: Kind) -> Callable[[str], bool]:
    """Return whether a key stands in a directory, which has been read by now; without a directory every key does."""
    if not scratch.any_seen(kind):
        return lambda _key: True
    return lru_cache(_OFTEN)(lambda key: scratch.seen(kind, key))


def _payment_fault(
    contract: Contract, scratch: Scratch, payers: Mapping[str, Payer | CertificateBrief]
) -> rules.Found | None:
    """Return why no certificate can pay this contract, or None."""
    number = contract.certificate_number
    payer = payers.get(number)
    if payer is not None:
        return next(rules.payment_faults(contract, unit=payer.unit, nominal=payer.nominal), None)
    if scratch.seen(Kind.CERTIFICATE, number):
        return (
            "certificate_number",
            Code.CERTIFICATE_REFUSED,
            "Сертификат этого договора отклонён: исправьте его строку.",
        )
    return "certificate_number", Code.NO_CERTIFICATE, "Сертификата с таким номером нет ни в выгрузке, ни в реестре."


def _repeated(kind: Kind) -> rules.Found:
    """Return the fault of a row whose key stands in a row above."""
    if kind is Kind.PROGRAMME:
        return "group_guid", Code.DUPLICATE_GUID, "Группа с этим GUID уже стоит в строке выше."
    if kind is Kind.MUNICIPALITY:
        return "oktmo", Code.DUPLICATE_NUMBER, "Этот ОКТМО уже стоит в строке выше."
    return "number", Code.DUPLICATE_NUMBER, "Этот номер уже стоит в строке выше: верной считается первая из строк."


def _reasons(faults: Sequence[Fault]) -> str:
    """Join the reasons of all faults; those of further columns say which column they mean."""
    first, *rest = faults
    return " ".join([first.reason, *(f"{fault.field}: {fault.reason}" for fault in rest)])


def _batches(rows: Iterable[Row[T]], size: int) -> Iterator[list[Row[T]]]:
    """Cut a stream into lists of `size` rows."""
    stream = iter(rows)
    while batch := list(islice(stream, size)):
        yield batch
