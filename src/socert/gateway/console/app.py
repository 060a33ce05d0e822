"""The console put together: one application to be mounted at `/console`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from socert.gateway.console.access import Access
from socert.gateway.console.certificates import CertificatePages
from socert.gateway.console.change import ChangePages
from socert.gateway.console.contracts import ContractPages
from socert.gateway.console.desk import Desk
from socert.gateway.console.enrol import EnrolPages
from socert.gateway.console.files import FilePages
from socert.gateway.console.overview import OverviewPages
from socert.gateway.console.shell import Shell
from socert.gateway.console.tokens import Tokens

if TYPE_CHECKING:
    from pydantic import SecretStr

    from socert.gateway.app import Workshop


def desk_of(workshop: Workshop) -> Desk:
    """Return the parts of a workshop that the pages work with."""
    return Desk(
        store=workshop.store,
        units=workshop.units,
        registry=workshop.registry,
        listing=workshop.listing,
        issuing=workshop.issuing,
        enrolments=workshop.enrolments,
        contracts=workshop.contracts,
        cases=workshop.cases,
        consents=workshop.consents,
        days=workshop.days,
        orders=workshop.orders,
        policy_of=workshop.settings.policy_of,
        clock=workshop.clock,
        today=workshop.today,
        zone=workshop.settings.zone,
        files=workshop.settings.files,
    )


def make_console(desk: Desk, *, password: SecretStr | None) -> web.Application:
    """Return the console's application; without a password it answers this machine only."""
    app = web.Application()
    shell = Shell(access=Access(password, clock=desk.clock), tokens=Tokens(), zone=desk.zone)
    overview = OverviewPages(shell, desk)
    others = (ContractPages, ChangePages, EnrolPages, CertificatePages, FilePages)
    pages = (overview, *(kind(shell, desk) for kind in others))
    shell.setup(app, [route for each in pages for route in each.routes()])
    app.cleanup_ctx.append(overview.background)
    return app
