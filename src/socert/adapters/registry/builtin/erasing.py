"""Taking a child's and a parent's personal data out of the registry, leaving numbers that add up.

Source: portal message dictionary, 10 (consent, action 5).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from socert.adapters.registry.builtin import tables

if TYPE_CHECKING:
    from socert.gateway.ports import UnitOfWork

ERASED = "(удалено)"
"""Stands where a name was: it cannot be a person's."""
NO_DAY = date(1900, 1, 1)


class Erasing:
    """Erases personal data; sums, contracts and the ledger stay."""

    def anonymise(self, unit: UnitOfWork, guid: str) -> int:
        """Take the names, SNILS, birth date and document out of a certificate; return how many rows changed.

        0 when there is nothing to take out. Nobody finds the certificate by the child any more.
        """
        table, key = tables.certificate, tables.child_key
        changed = unit.connection.execute(
            update(table)
            .where(table.c.guid == guid, table.c.child_last_name != ERASED)
            .values(
                digest="",
                consent_form=None,
                child_last_name=ERASED,
                child_first_name=ERASED,
                child_middle_name=None,
                child_birth_date=NO_DAY,
                child_snils=None,
                child_birth_certificate=None,
                applicant_last_name=ERASED,
                applicant_first_name=ERASED,
                applicant_middle_name=None,
                applicant_snils=None,
            )
        )
        dropped = unit.connection.execute(delete(key).where(key.c.certificate_guid == guid))
        contract = tables.contract
        texts = unit.connection.execute(
            update(contract).where(contract.c.certificate_guid == guid, contract.c.text.is_not(None)).values(text=None)
        )
        return changed.rowcount + dropped.rowcount + texts.rowcount
