"""The projector: draws touched objects anew and writes down what changed, inside the registry's own transaction."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from socert.gateway.domain.channel import Channel
from socert.gateway.exchange import recall
from socert.gateway.mapping import account
from socert.gateway.projection.book import CHUNK, Book, Drawn, Prior, prior_of, shown_of
from socert.gateway.projection.deciding import Decider
from socert.gateway.projection.drawing import Drawer
from socert.gateway.projection.holds import Hold
from socert.gateway.store.tables import ChangeState, Kind, Way, change, micros, projection
from socert.gateway.store.tables_life import offer_key, seen_settings
from socert.gateway.store.turns import Turn, take_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime, tzinfo

    from socert.contracts.portal import account as account_message
    from socert.gateway.life.consents import Consents, Standing
    from socert.gateway.ports import CertificateView, Registry

_FULL = Channel()
_MARK = "shown"


class Projector:
    """Draws touched objects anew and writes down what changed."""

    def __init__(
        self,
        *,
        registry: Registry,
        clock: Callable[[], datetime],
        consents: Consents,
        channel_of: Callable[[str], Channel] = lambda _oktmo: _FULL,
        zone: tzinfo = UTC,
    ) -> None:
        """Take the registry to read, the clock, whose consents let data leave, and how each municipality is shown."""
        self._registry = registry
        self._clock = clock
        self._consents = consents
        self._drawer = Drawer(channel_of=channel_of, zone=zone)

    def refresh(
        self,
        connection: Connection,
        certificates: Collection[str],
        contracts: Collection[str] = (),
        offers: Collection[str] = (),
    ) -> None:
        """Project these certificates (guid), contracts (id) and offers (key) anew.

        A certificate comes before what it pays in every message, its consents with it.
        """
        guids = list(dict.fromkeys(certificates))
        views = dict(self._registry.certificates(connection, guids))
        standing = dict(self._consents.standing(connection, [view.certificate for view in views.values()]))
        drawn = [self._drawer.certificate(views[guid], standing[guid]) for guid in guids if guid in views]
        prior = prior_of(connection, guids)
        turned = [item for item in drawn if _turned(item, prior)]
        self._stop(connection, turned)
        self._write(connection, drawn, prior)
        self._write_all(connection, self._draw_consents(views, standing))

        follow = [item.guid for item in turned]
        ids = list(dict.fromkeys([*contracts, *self._registry.contracts_of(connection, follow)]))
        keys = list(dict.fromkeys([*offers, *_keys_of(connection, follow)]))
        self._refresh_paid(connection, ids, keys, views, standing)

    def _refresh_paid(
        self,
        connection: Connection,
        ids: Sequence[str],
        keys: Sequence[str],
        views: dict[str, CertificateView],
        standing: dict[str, Standing],
    ) -> None:
        """Project what certificates pay or would pay; certificates that are not read yet are read now."""
        held = self._registry.contracts(connection, ids)
        offered = self._registry.offers(connection, keys) if keys else {}
        payers = {view.certificate_guid for view in held.values()}
        payers.update(view.offer.certificate_guid for view in offered.values())
        missing = self._registry.certificates(connection, payers - views.keys())
        views.update(missing)
        standing.update(self._consents.standing(connection, [view.certificate for view in missing.values()]))

        told = []
        for key in ids:
            if key in held:
                guid = held[key].certificate_guid
                told.append(self._drawer.contract(held[key], views[guid], standing[guid]))
        for name in keys:
            if name in offered:
                guid = offered[name].offer.certificate_guid
                told.append(self._drawer.offer(offered[name], views[guid], standing[guid]))
        _remember(
            connection, {account.offer_id(key): (key, view.offer.certificate_guid) for key, view in offered.items()}
        )
        self._write_all(connection, told)

    def _draw_consents(self, views: Mapping[str, CertificateView], standing: Mapping[str, Standing]) -> list[Drawn]:
        drawn: list[Drawn] = []
        for guid, view in views.items():
            if standing[guid].kept:
                policy = self._consents.policy_of(view.certificate)
                drawn += self._drawer.consents(view, standing[guid], policy)
        return drawn

    def draw(self, connection: Connection, guid: str, *, as_of: datetime) -> list[account_message.Update]:
        """Return what may be told of a certificate and all it pays, drawn from the registry now; nothing is written.

        Each object has the version that it was told at last, 1 where it never was, and the cause RECONCILE.
        """
        view = self._registry.certificates(connection, [guid])[guid]
        standing = self._consents.standing(connection, [view.certificate])[guid]
        policy = self._consents.policy_of(view.certificate)
        contracts = self._registry.contracts(connection, self._registry.contracts_of(connection, [guid]))
        offers = self._registry.offers(connection, _keys_of(connection, [guid]))
        drawn = [
            self._drawer.certificate(view, standing),
            *(self._drawer.contract(one, view, standing) for one in contracts.values()),
            *(self._drawer.offer(one, view, standing) for one in offers.values()),
            *self._drawer.consents(view, standing, policy),
        ]
        told = prior_of(connection, [item.object_id for item in drawn]).told
        return [
            item.update.update(seq=told[item.object_id]["seq"] if item.object_id in told else 1, as_of=as_of)
            for item in drawn
            if item.hold is None and item.update is not None and item.update.body is not None and not item.gone
        ]

    # --- looking again ----------------------------------------------------------------------------------------------

    def release(self, connection: Connection) -> int:
        """Project everything that is held anew (settings may have changed); return how many objects that were.

        What is held because nothing is pushed is looked at by `review`, when that setting has changed.
        """
        take_turn(connection, Turn.REGISTRY)
        chosen = select(change.c.object_id, change.c.kind, change.c.certificate_guid).where(
            change.c.state == ChangeState.HELD, change.c.reason != Hold.NOTHING_PUSHED.value
        )
        rows = connection.execute(chosen).all()
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            # A consent is drawn with its certificate.
            of_certificates = {Kind.CERTIFICATE.value, Kind.CONSENT.value}
            self.refresh(
                connection,
                [row.certificate_guid for row in part if row.kind in of_certificates],
                [row.object_id for row in part if row.kind == Kind.CONTRACT],
                _keys(connection, [row.object_id for row in part if row.kind == Kind.OFFER]),
            )
        return len(rows)

    def look_again(self, connection: Connection, guids: Sequence[str]) -> None:
        """Project these certificates anew with all they pay or would pay."""
        self.refresh(connection, guids, self._registry.contracts_of(connection, guids), _keys_of(connection, guids))

    def must_review(self, connection: Connection, settings: str) -> bool:
        """Whether the settings that decide what is shown differ from those of the last finished `review`.

        `settings` is a digest of them, at most 64 characters.
        """
        chosen = select(seen_settings.c.digest).where(seen_settings.c.name == _MARK)
        return connection.scalar(chosen) != settings

    def review(self, connection: Connection, *, after: str, settings: str) -> str | None:
        """Project the next certificates by GUID anew with all they pay; None when that was the last of them.

        Call it again with what it returned: each call is a transaction of its own, and doing one twice is doing it
        once. The last notes that these settings have been seen.
        """
        take_turn(connection, Turn.REGISTRY)
        known = select(projection.c.certificate_guid).where(projection.c.certificate_guid > after).distinct()
        guids = list(connection.scalars(known.order_by(projection.c.certificate_guid).limit(CHUNK)))
        if guids:
            self.look_again(connection, guids)
            return str(guids[-1])
        connection.execute(delete(seen_settings).where(seen_settings.c.name == _MARK))
        connection.execute(insert(seen_settings).values(name=_MARK, digest=settings))
        return None

    # --- writing ----------------------------------------------------------------------------------------------------

    def _stop(self, connection: Connection, turned: Sequence[Drawn]) -> None:
        """Take back what has not left of those whose consent is gone, before anybody asks what the account shows."""
        gone = [item.guid for item in turned if item.hold is Hold.NO_CONSENT]
        if gone:
            recall.recall(connection, gone, now=self._clock())

    def _write_all(self, connection: Connection, drawn: Sequence[Drawn]) -> None:
        if drawn:
            self._write(connection, drawn, prior_of(connection, [item.object_id for item in drawn]))

    def _write(self, connection: Connection, drawn: Sequence[Drawn], prior: Prior) -> None:
        now = self._clock()
        book = Book(now=micros(now))
        decider = Decider(now=now, book=book)
        shown = shown_of(connection, [item.object_id for item in drawn if _may_close(item, prior)])
        for item in drawn:
            told, waiting = prior.told.get(item.object_id), prior.waiting.get(item.object_id, ())
            decider.decide(item, told, waiting, shown=item.object_id in shown)
        book.write(connection)


def _may_close(item: Drawn, prior: Prior) -> bool:
    """Whether an object that was told may have to be closed by this refresh."""
    told = prior.told.get(item.object_id)
    if not told or not told["open"]:
        return False
    return item.gone or item.hold is Hold.NO_CONSENT or (item.hold is None and told["way"] != item.way)


def _turned(item: Drawn, prior: Prior) -> bool:
    """Whether a certificate may leave and was held, must not and was told, or goes another way: contracts follow."""
    told = prior.told.get(item.object_id)
    if item.hold is not None:
        return bool(told and told["open"])
    if told and told["way"] != item.way:
        return True
    pushed = item.way is not Way.NONE
    waiting = prior.waiting.get(item.object_id, ())
    return any(row["state"] == ChangeState.HELD and (pushed or row["reason"] != Hold.NOTHING_PUSHED) for row in waiting)


# Offers: the portal's id of one says nothing of the key that the registry knows it by.


def _remember(connection: Connection, offers: Mapping[str, tuple[str, str]]) -> None:
    known = set(_keys_by_id(connection, list(offers)))
    fresh = [
        {"object_id": object_id, "key": key, "certificate_guid": guid}
        for object_id, (key, guid) in offers.items()
        if object_id not in known
    ]
    if fresh:
        connection.execute(insert(offer_key), fresh)


def _keys_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), CHUNK):
        chosen = select(offer_key.c.object_id, offer_key.c.key)
        part = chosen.where(offer_key.c.object_id.in_(ids[start : start + CHUNK]))
        found.update({row.object_id: row.key for row in connection.execute(part)})
    return found


def _keys(connection: Connection, ids: Sequence[str]) -> list[str]:
    return list(_keys_by_id(connection, ids).values())


def _keys_of(connection: Connection, guids: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(guids), CHUNK):
        chosen = select(offer_key.c.key).where(offer_key.c.certificate_guid.in_(guids[start : start + CHUNK]))
        found.extend(connection.scalars(chosen.order_by(offer_key.c.key)))
    return found
