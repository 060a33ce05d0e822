"""One enrolment, played through by a parent at the portal and by the organisation: from nothing to a contract.

The child has no certificate when it begins: the enrolment issues it. What ought to be seen at the end is computed here
from the catalogue and this demonstration's own settings; nothing of it comes from the gateway.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from socert.demo.errors import DemoError
from socert.demo.processes import get, post
from socert.host.clock import system_clock
from socert.sample.numbers import snils

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOMINAL = 2_500_000
"""What a new certificate gets for a year in this demonstration, in kopecks."""
SETTINGS = f"""# What this demonstration's region decides; everything else is as it comes.
[policy]
nominals = {{ RUB = {NOMINAL // 100}.00 }}
"""
_FAR = 90_000_000  # an index of invented numbers that no sample reaches
_WAIT_SECONDS = 30
_MOSCOW = timedelta(hours=3)
UNDER_REVIEW, TO_SIGN, ENROLLED = 6, 60, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Newcomer:
    """A parent whose child has no certificate; SNILS as 11 digits."""

    name: str
    parent: str
    child: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """What came of it: who, the order's number, and what differs from what ought to be (nothing, if all is well)."""

    newcomer: Newcomer
    order: int
    programme: str
    differs: tuple[str, ...]


def add_newcomer(world: Path) -> Newcomer:
    """Add a family without a certificate to the simulator's people."""
    file = world / "people.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    found = Newcomer(name="Новосёлова Анна Игоревна", parent=snils(_FAR), child=snils(_FAR + 1))
    born = date(system_clock().year - 9, 5, 20)
    child = {
        "snils": found.child,
        "last_name": "Новосёлов",
        "first_name": "Егор",
        "middle_name": "Павлович",
        "birth_date": born.isoformat(),
        "gender": "Male",
        "birth_certificate": "IV-АБ 100200",
    }
    parent = {"snils": found.parent, "last_name": "Новосёлова", "first_name": "Анна", "middle_name": "Игоревна"}
    document["people"].append({**parent, "children": [child]})
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return found


def enrol(newcomer: Newcomer, *, portal: str, world: Path, organisation: Callable[..., str]) -> Enrolled | None:
    """Play an enrolment; None where the catalogue has nothing that a certificate pays.

    `portal` is the simulator's address, `organisation` runs a `socert registry` command and returns what it printed.
    """
    catalogue = json.loads((world / "catalogue.json").read_text(encoding="utf-8"))
    payable = [one for one in catalogue["programmes"] if one["certificate_accepted"] and one["price"]]
    if not payable:
        return None
    programme, place = payable[0], catalogue["municipalities"][0]["code"]
    start = (system_clock() + _MOSCOW).date()
    wish = {
        "owner": newcomer.parent,
        "child": newcomer.child,
        "group": programme["group_guid"],
        "start": start.isoformat(),
        "municipality": place,
    }
    orders = f"{portal}/_sim/orders"
    order = post(orders, wish)
    own = f"{orders}/{order['id']}"
    post(f"{own}/certificate", {})
    post(f"{own}/cost", {})
    order = post(f"{own}/submit", {"own_part_accepted": True})
    order = _await(own, order, UNDER_REVIEW)
    contract = order["contract"]["id"]
    organisation("accept", contract)
    order = _await(own, order, TO_SIGN)
    organisation("conclude", contract, "--number", f"Д-{start.year}/1")
    _await(own, order, ENROLLED)
    account = _shown(portal, newcomer)
    return Enrolled(
        newcomer=newcomer,
        order=order["id"],
        programme=programme["name"],
        differs=tuple(_differences(account, programme["price"], start)),
    )


def _await(address: str, order: dict[str, Any], status: int) -> dict[str, Any]:
    """Wait until the order has come to a status; `DemoError` when it does not."""
    deadline = system_clock() + timedelta(seconds=_WAIT_SECONDS)
    while order["status"] != status:
        if system_clock() > deadline or order["closed"]:
            raise DemoError(f"Order {order['id']} is at {order['status']} ({order['said']}) and not at {status}.")
        order = get(f"{address}?after={order['changes']}&wait={_WAIT_SECONDS}")
    return order


def _shown(portal: str, newcomer: Newcomer) -> dict[str, Any]:
    """Return the child's account once the contract is shown there as concluded."""
    deadline = system_clock() + timedelta(seconds=_WAIT_SECONDS)
    while system_clock() < deadline:
        account: dict[str, Any] | None = get(f"{portal}/_sim/accounts/{newcomer.child}")
        if account and any(one["status"] == "ACTIVE" for one in account["contracts"]):
            return account
    raise DemoError("The concluded contract did not come to the parent's account.")


def _differences(account: dict[str, Any], price: int, start: date) -> list[str]:
    """Compare the account with what this enrolment ought to leave there."""
    days, whole = (date(start.year, 12, 31) - start).days + 1, (date(start.year, 12, 31) - date(start.year, 1, 1)).days
    full = (2 * days * price + whole + 1) // (2 * (whole + 1))
    pays = min(full, NOMINAL)
    [certificate], [contract] = account["certificates"], account["contracts"]
    wanted = {
        "nominal": (certificate["nominal"], NOMINAL),
        "reserved": (certificate["reserved"], pays),
        "available": (certificate["available"], NOMINAL - pays),
        "certificate_part": (contract["certificate_part"], pays),
        "own_part": (contract["own_part"], full - pays),
    }
    return [
        f"{name}: {seen} вместо {_written(amount)}"
        for name, (seen, amount) in wanted.items()
        if seen != _written(amount)
    ]


def _written(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
