"""Enrolment by the pages, step by step, as tests of what comes later need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.parent import GROUP

from socert.contracts.portal import enrolment

if TYPE_CHECKING:
    from tests.simulator.browsing import Browser, Page
    from tests.simulator.parent import Parent

ENROL = f"/enrol?group={GROUP}"
FORMS = {"form-PD_PROCESSING": "1", "form-SOCIAL_CERT_APPLICATION": "1", "form-SPLIT_PAYMENT": "1"}
ALL = {"own": "1", **FORMS}


def registered(parent: Parent, message: enrolment.Request) -> list[Any]:
    """Answer an application as a region that registers it, anything else not at all."""
    if not isinstance(message.body, enrolment.Application):
        return []
    return [parent.status(message.body.order_id, 1, 1, send_message_allowed=True)]


async def chosen(site: Browser, parent: Parent, **more: str) -> Page:
    """Choose the child and go to the certificate."""
    return await site.send(await site.get(ENROL), "/enrol", **({"child": str(parent.child)} | more))


async def priced(site: Browser, parent: Parent, **more: str) -> Page:
    """Go on to the price."""
    page = await chosen(site, parent, **more)
    return await site.send(page, page.path + "/cost")


async def filed(site: Browser, parent: Parent) -> Page:
    """Go on to the application filed."""
    page = await priced(site, parent)
    return await site.send(page, page.path + "/submit", **ALL)
