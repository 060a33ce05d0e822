"""Certificates and contracts as the portal's account shows them (portal message dictionary, 7).

An object is drawn once per change: the update is rendered when the change is recorded, in the prefix that it will have
inside an envelope; a message is the joined text of its updates. So what is sent is what was true at the change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from socert.contracts.errors import ContractError
from socert.contracts.portal import account
from socert.contracts.portal.account.update import render_recipient, render_update
from socert.contracts.portal.values import format_moment
from socert.contracts.xml import escape_text
from socert.gateway.domain.records import CertificateStatus, ContractState, OrganisationKind
from socert.gateway.store.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.message import MessageType
    from socert.gateway.domain.records import Contract
    from socert.gateway.ports import CertificateView, ContractView

PREFIX = "ns3"
"""The prefix that business content has inside the signed block of an envelope: the third namespace declared there."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = account.Recipient(
    applicant=account.Applicant(last_name="", first_name=""),
    child=account.Child(last_name="", first_name="", birth_date=_EPOCH.date()),
)

Totals = tuple[int, int, int]
"""Nominal, reserved and spent, in hundredths."""


class NotTellable(ContractError):
    """The object's figures contradict each other, so the portal must not show them; the text says where."""

    code: ClassVar[str] = "not_tellable"


class WrongPrefixError(Exception):
    """A batch of rendered updates was asked for in another prefix than they were rendered in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """An AccountUpdateRequest out of updates that are rendered already, at most 100."""

    message_type: ClassVar[MessageType] = account.UPDATE_REQUEST

    batch_id: str
    sent_at: datetime
    updates: tuple[str, ...]

    def render(self, prefix: str = PREFIX) -> str:
        """Return the whole message in normal form; `WrongPrefixError` for any prefix but that of the updates."""
        if prefix != PREFIX:
            raise WrongPrefixError(f"updates are rendered with the prefix {PREFIX}, not {prefix}")
        return (
            f'<{PREFIX}:AccountUpdateRequest xmlns:{PREFIX}="{account.NAMESPACE}">'
            f"<{PREFIX}:batchId>{escape_text(self.batch_id)}</{PREFIX}:batchId>"
            f"<{PREFIX}:sentAt>{format_moment(self.sent_at)}</{PREFIX}:sentAt>"
            f"{''.join(self.updates)}</{PREFIX}:AccountUpdateRequest>"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """An object as it stands now, ready to be rendered as a change of some version."""

    object_id: str
    recipient: account.Recipient
    body: account.CertificateCard | account.ContractCard | None

    def digest(self) -> str:
        """Return a SHA-256 of what the account shows; versions and times, which always differ, are left out."""
        body = self.body
        if isinstance(body, account.CertificateCard):
            body = replace(body, version=0)
        elif body is not None:
            body = replace(body, certificate_version=0)
        text = _render(self, seq=1, as_of=_EPOCH, cause=account.Cause.RECONCILE, operation="UPDATE", body=body)
        return sha256(text.encode()).hexdigest()

    def render(self, *, seq: int, as_of: datetime, cause: str, operation: str) -> str:
        """Return the rendered update; `ContractError` for text that XML cannot carry, `NotTellable` for bad figures."""
        problems = account.check_update(_update(self, seq, as_of, account.Cause(cause), operation, self.body))
        if problems:
            raise NotTellable("; ".join(str(problem) for problem in problems))
        return _render(self, seq=seq, as_of=as_of, cause=account.Cause(cause), operation=operation, body=self.body)

    def told_to(self) -> str:
        """Return whose account and which child it is told to, rendered: what `render_closing` needs later."""
        return render_recipient(PREFIX, self.recipient)


def render_closing(object_id: str, *, seq: int, as_of: datetime, cause: str, told_to: str) -> str:
    """Return the rendered update that closes an object in the account that shows it (`Drawing.told_to` at the time).

    It has no figures and no reason beyond the cause, and nothing that the portal was not told before.
    """
    nobody = Drawing(object_id=object_id, recipient=_NOBODY, body=None)
    text = _render(nobody, seq=seq, as_of=as_of, cause=account.Cause(cause), operation="CLOSE", body=None)
    return text.replace(nobody.told_to(), told_to)


def _render(
    drawing: Drawing,
    *,
    seq: int,
    as_of: datetime,
    cause: account.Cause,
    operation: str,
    body: account.CertificateCard | account.ContractCard | None,
) -> str:
    return render_update(PREFIX, "update", _update(drawing, seq, as_of, cause, operation, body))


def _update(
    drawing: Drawing,
    seq: int,
    as_of: datetime,
    cause: account.Cause,
    operation: str,
    body: account.CertificateCard | account.ContractCard | None,
) -> account.Update:
    return account.Update(
        object_id=drawing.object_id,
        operation=account.Operation(operation),
        seq=seq,
        as_of=as_of,
        cause=cause,
        recipient=drawing.recipient,
        body=body,
    )


def draw_certificate(view: CertificateView) -> Drawing:
    """Draw a certificate's card. Without a known municipality only its closing can be rendered."""
    certificate, place, balance = view.certificate, view.municipality, view.certificate.balance
    card = None
    if place is not None:
        card = account.CertificateCard(
            certificate_guid=certificate.guid,
            certificate_number=certificate.number,
            scheme=account.Scheme(certificate.scheme.value),
            certificate_type=account.CertificateType("1" if certificate.with_funds else "0"),
            category_code=certificate.category_code,
            category_name=certificate.category_name,
            region_code=place.region_guid,
            municipality_code=place.guid,
            valid_from=certificate.valid_from,
            valid_to=certificate.valid_to,
            status=account.CertificateStatus(certificate.status.value),
            version=view.version,
            balances=(
                account.Balance(
                    period_from=balance.period_from,
                    period_to=balance.period_to,
                    unit=account.Unit(certificate.unit.value),
                    nominal=balance.nominal,
                    reserved=balance.reserved,
                    spent=balance.spent,
                    available=balance.available,
                ),
            ),
        )
    return Drawing(object_id=certificate.guid, recipient=_recipient(view), body=card)


def draw_contract(view: ContractView, payer: CertificateView) -> Drawing:
    """Draw a contract's card. Without a known programme only its closing can be rendered."""
    contract, programme = view.contract, view.programme
    card = None
    if programme is not None:
        provider = programme.organisation
        sole = len(contract.organisation_inn) == 12
        kind = provider.kind if provider.inn == contract.organisation_inn else OrganisationKind.PRIVATE
        card = account.ContractCard(
            contract_id=contract.contract_id,
            contract_number=contract.number,
            contract_date=contract.concluded_on,
            contract_state=account.ContractState(contract.state.value),
            start_date=contract.start,
            end_date=contract.end,
            certificate_guid=view.certificate_guid,
            certificate_version=payer.version,
            organisation=account.Organisation(
                organisation_id=contract.organisation_inn,
                name=contract.organisation_name,
                kind=account.OrganisationKind.SOLE_TRADER if sole else account.OrganisationKind(kind.value),
                inn=contract.organisation_inn,
                kpp=None if sole else provider.kpp,
                ogrn=provider.ogrn,
            ),
            programme_guid=programme.programme_guid,
            programme_name=contract.programme_name,
            group_guid=contract.group_guid,
            study_year=contract.study_year,
            split=_split(contract),
            reserved_now=contract.reserved,
            spent_now=contract.spent,
        )
    return Drawing(object_id=contract.contract_id, recipient=_recipient(payer), body=card)


def _recipient(view: CertificateView) -> account.Recipient:
    child, applicant = view.certificate.child, view.certificate.applicant
    return account.Recipient(
        applicant=account.Applicant(
            last_name=applicant.last_name,
            first_name=applicant.first_name,
            middle_name=applicant.middle_name,
            snils=applicant.snils,
        ),
        child=account.Child(
            last_name=child.last_name,
            first_name=child.first_name,
            middle_name=child.middle_name,
            birth_date=child.birth_date,
            snils=child.snils,
        ),
    )


def _split(contract: Contract) -> account.Split:
    """Split the contract's sums over its calendar years by months; what does not divide falls on the first year."""
    years = range(contract.start.year, contract.end.year + 1)
    months = [_months(contract, year) for year in years]
    certificate = _share(contract.certificate_part, months)
    own = _share(contract.own_part, months)
    return account.Split(
        unit=account.Unit(contract.unit.value),
        total=contract.certificate_part + contract.own_part,
        certificate_part=contract.certificate_part,
        applicant_part=contract.own_part,
        year_parts=tuple(
            account.YearPart(year=year, certificate_part=certificate[place], applicant_part=own[place])
            for place, year in enumerate(years)
        ),
    )


def _months(contract: Contract, year: int) -> int:
    first = contract.start.month if year == contract.start.year else 1
    last = contract.end.month if year == contract.end.year else 12
    return last - first + 1


def _share(amount: int, weights: list[int]) -> list[int]:
    """Divide hundredths by weights, each part rounded down, the remainder in the first; the sum is kept."""
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    parts[0] += amount - sum(parts)
    return parts


_STATUS_CAUSES = {
    CertificateStatus.SUSPENDED: "SUSPENDED",
    CertificateStatus.EXHAUSTED: "EXHAUSTED",
    CertificateStatus.ANNULLED: "ANNULLED",
    CertificateStatus.EXPIRED: "EXPIRED",
}
_CONTRACT_CAUSES = {
    ContractState.ACTIVE: "CONTRACT_CONCLUDED",
    ContractState.TERMINATED: "CONTRACT_TERMINATED",
    ContractState.COMPLETED: "CONTRACT_COMPLETED",
}


def cause(kind: Kind, state: str, totals: Totals, told: Mapping[str, Any] | None) -> str:
    """Name what happened to an object, from how it stands and how it stood when it was last told.

    `told` is its row of the projection, None when the account never heard of it.
    """
    if kind is Kind.CONTRACT:
        turned = told is None or told["state"] != state
        return _CONTRACT_CAUSES.get(ContractState(state), "CONTRACT_CHANGED") if turned else "CONTRACT_CHANGED"
    if told is None:
        return "ISSUED"
    if not told["open"]:
        return "CONSENT_GIVEN"
    if told["state"] != state:
        return _STATUS_CAUSES.get(CertificateStatus(state), "RESUMED")
    nominal, reserved, spent = totals
    if nominal != told["nominal"]:
        return "NOMINAL_CHANGED"
    if spent > told["spent"]:
        return "CHARGED"
    if reserved != told["reserved"]:
        return "RESERVED" if reserved > told["reserved"] else "RELEASED"
    return "UPDATED"
