"""Who acts and for which child, as account messages name them (A-RECIPIENT)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal import account
from socert.contracts.portal.values import same_name
from socert.simulator.errors import OrderRefused

if TYPE_CHECKING:
    from socert.simulator.portal.people import KnownChild, Owner, People


def persons(people: People, owner: int, child: int) -> tuple[Owner, KnownChild]:
    """Return an owner and a child whom he may see. Raises `OrderRefused`."""
    found, whose = people.owner(owner), people.child_of(owner, child)
    if found is None or whose is None:
        raise OrderRefused("Такого ребёнка в вашем личном кабинете нет.")
    return found, whose


def recipient(owner: Owner, child: KnownChild) -> account.Recipient:
    """Return both as messages have them. Raises `OrderRefused` for an owner known by a mark that they do not carry."""
    kind, parts = owner.identity.kind, owner.identity.parts
    snils = document = oid = None
    match kind:
        case "snils":
            snils = parts[0]
        case "document":
            document = account.IdentityDocument(type=parts[0], series=parts[1] or None, number=parts[2])
        case "oid":
            oid = int(parts[0])
        case _:
            raise OrderRefused("Ваша учётная запись не подтверждена: укажите в профиле СНИЛС.")
    return account.Recipient(
        applicant=account.Applicant(
            last_name=owner.last_name,
            first_name=owner.first_name,
            middle_name=owner.middle_name,
            snils=snils,
            document=document,
            esia_oid=oid,
        ),
        child=account.Child(
            last_name=child.last_name,
            first_name=child.first_name,
            middle_name=child.middle_name,
            birth_date=child.birth_date,
            snils=child.snils,
        ),
    )


def same_child(one: account.Child, other: account.Child) -> bool:
    """Say whether both are one child: by SNILS where both have one, else by names and birth date."""
    if one.snils is not None and other.snils is not None:
        return one.snils == other.snils
    names = ((one.last_name, other.last_name), (one.first_name, other.first_name))
    return one.birth_date == other.birth_date and all(same_name(this, that) for this, that in names)
