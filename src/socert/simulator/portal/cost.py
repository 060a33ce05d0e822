"""The question what a group costs: plain HTTP to the region, and what its answer means to a parent.

The answer itself has neither the version of the balance nor the division by years, so the region gives two headers
beside it, `Socert-Calculation` (a reference) and `Socert-Balance` ("VERSION MOMENT"), and the exact proposal as JSON at
`/eais/v1/calculations/REFERENCE`. Only figures that are whole and agree with each other can be agreed to.
Source: portal message dictionary, 2 (traps 1-6), 6 (block E-AGREED) and 12.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote

import aiohttp
from pydantic import Field, TypeAdapter, ValidationError

from socert.contracts import xml
from socert.contracts.errors import ContractError
from socert.contracts.portal import group_cost
from socert.contracts.portal.blocks import Register, Unit
from socert.contracts.portal.rules import split_problems
from socert.contracts.portal.values import parse_moment
from socert.host.log import get_logger
from socert.simulator.portal.division import COUNT, Division, MonthDivision, YearDivision
from socert.simulator.portal.order import Cost, CostOutcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

QUERIES = "/eais/v1/queries"
CALCULATIONS = "/eais/v1/calculations/"
#: The largest answer that is read.
_LARGEST = 1024 * 1024
_LONGEST_REFERENCE = 50
_NO_ANSWER = "Регион не ответил вовремя. Попробуйте рассчитать стоимость ещё раз через минуту."
_BAD_ANSWER = "Регион ответил, но ответ нельзя прочитать. Попробуйте рассчитать стоимость ещё раз."
_NO_FIGURES = "Регион не прислал точный расчёт. Согласиться с ним нельзя: попробуйте рассчитать стоимость ещё раз."
_DIFFERENT = "Точный расчёт региона не сходится с его ответом. Согласиться с ним нельзя: рассчитайте стоимость ещё раз."

log = get_logger("cost")

Amount = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    certificate_part: Amount
    own_part: Amount


@dataclass(frozen=True, kw_only=True, slots=True)
class _Year(_Part):
    year: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Month(_Part):
    month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Proposal:
    """The region's exact proposal: amounts in hundredths, on a count register in whole programmes."""

    calculation: str
    balance_version: int
    as_of: datetime
    register: Literal["RUB", "HOUR", "SIGNIFICANT", "PREPROF", "OTHER"]
    total: Amount
    certificate_part: Amount
    own_part: Amount
    start: date
    end: date
    payable: Amount | None = None
    years: tuple[_Year, ...] = ()
    months: tuple[_Month, ...] = ()


_PROPOSAL = TypeAdapter(_Proposal)


class _Unusable(Exception):
    """An answer cannot be used; the argument says why, in English, without its values."""


class Costs:
    """Asks the region at `url` what groups cost; `token` is the Bearer token, `deadline` in real time."""

    def __init__(self, *, url: str, token: str, deadline: timedelta, clock: Callable[[], datetime]) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._deadline = deadline
        self._clock = clock
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def ask(self, request: group_cost.Request) -> Cost:
        """Ask, wait, return what came of it; nothing is raised for whatever the region does."""
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                answer, reference, balance = await self._query(request)
                cost = _shown(answer, self._clock())
                if not reference:
                    return cost if not cost.order_allowed else replace(cost, obstacle=_NO_FIGURES)
                return await self._with_figures(cost, reference, balance)
        except TimeoutError:
            return Cost(outcome=CostOutcome.NO_ANSWER, text=_NO_ANSWER)
        except (aiohttp.ClientError, OSError) as error:
            log.warning("the region cannot be asked for a cost", error=type(error).__name__)
            return Cost(outcome=CostOutcome.NO_ANSWER, text=_NO_ANSWER)
        except (ContractError, _Unusable) as error:
            log.warning("the answer to a cost question cannot be used", reason=str(error))
            return Cost(outcome=CostOutcome.FAILED, text=_BAD_ANSWER)

    async def _query(self, request: group_cost.Request) -> tuple[group_cost.Response, str, str]:
        """Return the answer and the two headers, empty where they are not there."""
        headers = self._headers | {"Content-Type": "application/xml; charset=utf-8", "Accept": "application/xml"}
        data = request.render().encode()
        async with self._session().post(
            self._url + QUERIES, data=data, headers=headers, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise _Unusable(f"HTTP status {response.status}")
            element = group_cost.without_debug(xml.parse(await _body(response)))
            group_cost.schema().check(element)
            answer = group_cost.read_response(element)
            problems = group_cost.check_response(answer)
            if problems:
                raise _Unusable("; ".join(map(str, problems)))
            return answer, response.headers.get("Socert-Calculation", ""), response.headers.get("Socert-Balance", "")

    async def _with_figures(self, cost: Cost, reference: str, balance: str) -> Cost:
        """Add the exact proposal; where it cannot be had, say so to the parent and leave the rest as it is."""
        try:
            version, moment = _balance(balance)
            proposal = await self._proposal(reference)
            if (proposal.calculation, proposal.balance_version) != (reference, version):
                raise _Unusable("the calculation is of another reference or version")
            divided = _division(proposal)
        except (ContractError, _Unusable, ValidationError, aiohttp.ClientError) as error:
            log.warning("the figures of a calculation cannot be used", error=type(error).__name__, reason=_why(error))
            return replace(cost, obstacle=_NO_FIGURES)
        if cost.total is not None and (cost.total, cost.certificate_part) != (divided.total, divided.certificate_part):
            return replace(cost, obstacle=_DIFFERENT)
        return replace(
            cost,
            calculation=reference,
            calculated_at=self._clock(),
            balance_version=version,
            balance_as_of=moment,
            division=divided,
            first_day=proposal.start,
            last_day=proposal.end,
        )

    async def _proposal(self, reference: str) -> _Proposal:
        if len(reference) > _LONGEST_REFERENCE:
            raise _Unusable("the reference is too long")
        address = self._url + CALCULATIONS + quote(reference, safe="")
        async with self._session().get(address, headers=self._headers, allow_redirects=False) as response:
            if response.status != 200:
                raise _Unusable(f"HTTP status {response.status}")
            return _PROPOSAL.validate_json(await _body(response), strict=True)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        return self._http


async def _body(response: aiohttp.ClientResponse) -> bytes:
    data = await response.content.read(_LARGEST + 1)
    while len(data) <= _LARGEST and (more := await response.content.read(_LARGEST + 1 - len(data))):
        data += more
    if len(data) > _LARGEST:
        raise _Unusable("the answer is too large")
    return data


def _shown(answer: group_cost.Response, now: datetime) -> Cost:
    """Return what the page says of an answer, without the exact proposal."""
    text, allowed = answer.message, answer.order_allowed
    match answer:
        case group_cost.Calculation():
            return Cost(
                outcome=CostOutcome.CALCULATED,
                order_allowed=allowed,
                text=text,
                total=answer.cost_per_year,
                certificate_part=answer.certificate_reserving_cost,
                own_part=answer.applicant_part,
                monthly_cost=answer.monthly_cost,
                monthly_certificate=answer.monthly_from_certificate,
                monthly_own=answer.monthly_from_applicant,
                calculated_at=now,
            )
        case group_cost.FreeOfCharge():
            return Cost(
                outcome=CostOutcome.FREE,
                order_allowed=allowed,
                text=text,
                free_balance=answer.registry_balance,
                free_booked=answer.registry_booked_amount,
                calculated_at=now,
            )
        case group_cost.Ineffectual():
            return Cost(outcome=CostOutcome.INEFFECTUAL, order_allowed=allowed, text=text, calculated_at=now)
        case group_cost.CertificateExhausted():
            return Cost(outcome=CostOutcome.EXHAUSTED, order_allowed=allowed, text=text, calculated_at=now)
        case group_cost.BadCalculationData():
            errors = tuple(f"{error.code}: {error.message}" for error in answer.errors)
            return Cost(
                outcome=CostOutcome.BAD_DATA, order_allowed=allowed, text=text, errors=errors, calculated_at=now
            )


def _balance(header: str) -> tuple[int, datetime]:
    version, _, moment = header.strip().partition(" ")
    if not version.isascii() or not version.isdigit() or len(version) > 18:
        raise _Unusable("Socert-Balance does not begin with a version")
    return int(version), parse_moment(moment)


def _division(proposal: _Proposal) -> Division:
    """Return the proposal as the portal keeps it; `_Unusable` where its parts do not add up."""
    if proposal.register in {"RUB", "HOUR"}:
        divided = Division(
            unit=Unit[proposal.register].value,
            total=proposal.total,
            certificate_part=proposal.certificate_part,
            own_part=proposal.own_part,
            payable=proposal.payable if proposal.register == "HOUR" else None,
            years=tuple(
                YearDivision(year=one.year, certificate_part=one.certificate_part, own_part=one.own_part)
                for one in proposal.years
            ),
            months=tuple(
                MonthDivision(
                    month=date.fromisoformat(f"{one.month}-01"),
                    certificate_part=one.certificate_part,
                    own_part=one.own_part,
                )
                for one in proposal.months
            ),
        )
    else:
        divided = Division(
            unit=COUNT,
            register=Register(proposal.register),
            total=proposal.total * 100,
            certificate_part=proposal.certificate_part * 100,
            own_part=proposal.own_part * 100,
        )
    problems = list(split_problems("calculation", divided.split(), proposal.start, proposal.end))
    if problems:
        raise _Unusable("; ".join(map(str, problems)))
    return divided


def _why(error: Exception) -> str:
    """Say what is wrong without any value: pydantic's own text quotes what it was given."""
    if isinstance(error, ValidationError):
        return "; ".join(".".join(map(str, one["loc"])) for one in error.errors())
    return str(error)
