"""The portal's accounts: the rules of the account profile, told over the exchange."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from socert.contracts.portal import account
from socert.contracts.portal.account import ResultStatus
from socert.contracts.smev import call

SNILS = "11223344595"


def statuses(response: account.UpdateResponse) -> list[ResultStatus]:
    """Return what was done with each object."""
    return [result.status for result in response.results]


async def test_update_is_applied_and_shown(region: Any) -> None:
    response = await region.push(region.certificate(18), region.contract())

    assert response.code == 0
    assert response.batch_id == region.batch().batch_id
    assert statuses(response) == [ResultStatus.APPLIED, ResultStatus.APPLIED]
    assert region.simulator.accounts.summary(SNILS) == {
        "certificates": [
            {
                "number": "1234567890",
                "unit": "rub",
                "nominal": "17456.00",
                "reserved": "8000.00",
                "spent": "200.00",
                "available": "9256.00",
                "status": "ACTIVE",
                "as_of": "2026-09-05T07:00:00+00:00",
            }
        ],
        "contracts": [
            {
                "number": "15",
                "status": "ACTIVE",
                "unit": "rub",
                "certificate_part": "8000.00",
                "own_part": "4000.00",
                "organisation": "ИП Образцова Мария Тестовна",
                "programme": "Тестовая программа «Ритм»",
            }
        ],
    }


@pytest.mark.parametrize(
    ("seq", "status"),
    [(4, ResultStatus.STALE), (5, ResultStatus.DUPLICATE), (6, ResultStatus.APPLIED), (90, ResultStatus.APPLIED)],
)
async def test_seq_decides(region: Any, seq: int, status: ResultStatus) -> None:
    await region.push(region.certificate(5))
    card = region.card(status=account.CertificateStatus.SUSPENDED)

    response = await region.push(region.certificate(seq, body=card, operation=account.Operation.UPDATE))

    assert response.code == 0
    assert statuses(response) == [status]
    shown = region.simulator.accounts.summary(SNILS)["certificates"][0]["status"]
    assert shown == ("SUSPENDED" if status is ResultStatus.APPLIED else "ACTIVE")


async def test_seq_is_kept_for_each_object(region: Any) -> None:
    await region.push(region.certificate(9))

    assert statuses(await region.push(region.contract(1))) == [ResultStatus.APPLIED]


async def test_broken_object_is_rejected_by_itself(region: Any) -> None:
    wrong = region.card(balances=(region.balance(available=1),))

    response = await region.push(region.certificate(1, body=wrong), region.contract(1))

    assert response.code == 11
    assert statuses(response) == [ResultStatus.REJECTED, ResultStatus.APPLIED]
    assert response.results[0].code == "BAD_PARAMS"
    assert "available" in (response.results[0].message or "")
    assert region.simulator.accounts.summary(SNILS)["certificates"] == []
    # What was rejected left no trace: the same version, mended, is applied.
    assert statuses(await region.push(region.certificate(1))) == [ResultStatus.APPLIED]


async def test_close_hides_an_object_and_later_versions_bring_it_back(region: Any) -> None:
    await region.push(region.certificate(1), region.contract(1))

    assert statuses(await region.push(region.close(2))) == [ResultStatus.APPLIED]
    shown = region.simulator.accounts.summary(SNILS)
    assert shown["certificates"] == []
    assert len(shown["contracts"]) == 1
    assert statuses(await region.push(region.certificate(1))) == [ResultStatus.STALE]
    assert statuses(await region.push(region.certificate(3))) == [ResultStatus.APPLIED]
    assert len(region.simulator.accounts.summary(SNILS)["certificates"]) == 1


async def test_close_forgets_the_figures(region: Any) -> None:
    await region.push(region.certificate(1))
    await region.push(region.close(2))

    row = region.simulator.state.one("SELECT card, closed FROM object")
    assert (row["card"], row["closed"]) == (None, 1)


async def test_close_of_an_object_never_seen_is_applied_and_counts(region: Any) -> None:
    assert statuses(await region.push(region.close(2))) == [ResultStatus.APPLIED]
    assert statuses(await region.push(region.certificate(1))) == [ResultStatus.STALE]
    assert region.simulator.accounts.summary(SNILS) == {"certificates": [], "contracts": []}


async def test_redelivered_message_gets_the_same_answer_and_no_second_effect(exchange: Any, keys: Any) -> None:
    region, simulator = exchange, exchange.simulator
    consumer = simulator.consumer
    await region.send(region.batch(region.certificate(1)))
    simulator.clock.advance(simulator.settings.ack_timeout * 0)

    # The portal applies and answers, and is stopped before it acknowledges.
    def stopped(_message: object) -> None:
        raise RuntimeError("stopped")

    consumer._ack, kept = stopped, consumer._ack
    await consumer._drain()
    consumer._ack = kept
    simulator.clock.advance(simulator.settings.ack_timeout)
    await consumer._drain()

    answer = await region.answers()
    assert account.read_update_response(answer.content).results[0].status is ResultStatus.APPLIED
    await region.ack(answer.message_id)
    assert await region.answers() is None
    assert simulator.accounts.statistics()["totals"] == {"applied": 1, "duplicate": 0, "stale": 0, "rejected": 0}
    assert simulator.queues.sizes() == []


async def test_unreadable_batch_is_refused_as_a_whole(region: Any) -> None:
    raw = region.batch(region.certificate(1)).render().replace("2026-09-05T07:00:00+00:00", "2026-09-05T07:00:00", 1)

    await region.send(raw.encode())
    await region.simulator.consumer.at_rest()
    answer = await region.answers()

    response = account.read_update_response(answer.content)
    assert (response.batch_id, response.code, response.results) == (region.batch().batch_id, 12, ())
    assert "offset" in response.message
    assert region.simulator.accounts.summary(SNILS) is None


async def test_hours_are_shown_as_hours(region: Any) -> None:
    balance = region.balance(unit=account.Unit.HOUR, nominal=10250, reserved=0, spent=9000, available=1250)
    await region.push(region.certificate(1, body=region.card(balances=(balance,))))

    shown = region.simulator.accounts.summary(SNILS)["certificates"][0]
    assert (shown["unit"], shown["nominal"], shown["available"]) == ("hour", "102.50", "12.50")


async def test_balance_of_todays_period_is_shown(region: Any) -> None:
    this, following = (
        region.balance(),
        region.balance(
            period_from=date(2027, 1, 1), period_to=date(2027, 12, 31), nominal=100, reserved=0, spent=0, available=100
        ),
    )
    counted = account.ProgrammeBalance(
        period_from=date(2026, 1, 1),
        period_to=date(2026, 12, 31),
        register=account.Register.OTHER,
        nominal=2,
        used=1,
        available=1,
    )
    await region.push(region.certificate(1, body=region.card(balances=(counted, following, this))))
    card = region.simulator.accounts.certificates(1)[0]

    assert card.balance_on(date(2026, 6, 1)).nominal == 1745600
    assert card.balance_on(date(2027, 6, 1)).nominal == 100
    assert card.balance_on(date(2020, 6, 1)).nominal == 1745600
    assert card.balance_on(date(2030, 6, 1)).nominal == 100


async def test_child_without_snils_has_an_account_too(region: Any) -> None:
    recipient = region.recipient(snils=None)
    await region.push(region.certificate(1, recipient=recipient))

    owner = region.simulator.people.find_owners("примерова")[0]
    (child,) = region.simulator.people.children_of(owner.id)
    assert child.snils is None
    assert len(region.simulator.accounts.certificates(child.id)) == 1


@pytest.mark.parametrize(
    ("known_by", "change"),
    [
        ("document", {"snils": None, "document": account.IdentityDocument(type="21", series="4510", number="123456")}),
        ("account id", {"snils": None, "esia_oid": 1000}),
    ],
)
async def test_owner_is_known_by_any_identification(region: Any, known_by: str, change: dict[str, Any]) -> None:
    recipient = region.recipient()
    other = replace(recipient, applicant=replace(recipient.applicant, **change))
    await region.push(region.certificate(1, recipient=other))
    await region.push(region.certificate(2, recipient=other))

    assert region.simulator.people.count_owners() == 1, known_by


async def test_object_is_in_its_recipients_account_only(region: Any) -> None:
    people, accounts = region.simulator.people, region.simulator.accounts
    recipient = region.recipient()
    father = replace(recipient.applicant, first_name="Иван", last_name="Примеров", snils="98160156926")
    await region.push(region.certificate(1))
    (mother,) = people.find_owners("анна")
    (child,) = people.children_of(mother.id)
    assert len(accounts.certificates(child.id, mother.id)) == 1

    await region.push(region.certificate(2, recipient=replace(recipient, applicant=father)))

    (other,) = people.find_owners("иван")
    assert len(accounts.certificates(child.id, other.id)) == 1
    assert accounts.certificates(child.id, mother.id) == []
    assert people.children_of(mother.id) == []
    assert people.child_of(mother.id, child.id) is None


async def test_statistics_count_every_version(region: Any) -> None:
    await region.push(region.certificate(1))
    await region.push(region.certificate(1))
    await region.push(region.certificate(3))
    await region.push(region.certificate(2))

    statistics = region.simulator.accounts.statistics()

    assert statistics["totals"] == {"applied": 2, "duplicate": 1, "stale": 1, "rejected": 0}
    assert statistics["applied_more_than_once"] == []
    assert [(row["seq"], row["applied"], row["duplicate"], row["stale"]) for row in statistics["objects"]] == [
        (1, 1, 1, 0),
        (2, 0, 0, 1),
        (3, 1, 0, 0),
    ]


async def test_same_batch_in_a_new_message_is_a_duplicate(region: Any) -> None:
    await region.push(region.certificate(1))

    assert statuses(await region.push(region.certificate(1))) == [ResultStatus.DUPLICATE]


async def test_portal_answers_in_order_under_many_messages(region: Any) -> None:
    ids = [await region.send(region.batch(region.certificate(seq))) for seq in range(1, 31)]
    await region.simulator.consumer.at_rest()

    got = []
    while (delivery := await region.answers()) is not None:
        got.append(delivery.original_message_id)
        await region.say(call.ack(message_id=delivery.message_id, signer=region.signer))

    assert got == ids
    assert region.simulator.accounts.statistics()["totals"]["applied"] == 30
