"""The rules' settings as people write them: read exactly, by municipality, and refused with name and place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from socert.gateway import config
from socert.gateway.config import Settings
from socert.gateway.config_policy import PolicySettings, RenewalSettings
from socert.gateway.domain.channel import Carrier, Channel, Push
from socert.gateway.domain.policy import (
    Carry,
    ChargeDay,
    FormCode,
    MonthDay,
    Policy,
    RankKey,
    Register,
    RemainderMonth,
    RenewalPolicy,
    Rounding,
    Short,
    Silence,
    settings,
)
from socert.gateway.domain.records import CertificateStatus, Scheme
from socert.gateway.errors import SettingsError

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "set-the-policy.md"
EVERYTHING = """
[policy]
issues_certificates = false
unit = "HOUR"
with_funds = false
nominals = { RUB = 25000.50, HOUR = 144, SIGNIFICANT = 2 }
agreement_needed = true
scheme = "PF"
youngest = 6
oldest = 18
accepted_forms = { PD_PROCESSING = ["2026-01", "2027-01"], PFDO_LEGACY = ["old"] }
carry = "up_to"
carry_limit = "1000.05"
rounding = "down"
remainder_month = "last"
normatives = { RUB = 9000 }
charge_day = "ahead"
requested_days = 7
accepted_days = 14
stale_start_months = 3
live_goes_on = ["EXPIRED"]
monthly_lowering = true
reissue_annulled = true
erase_days = 10

[policy.nominals_of.2027]
HOUR = 150.25

[policy.renewal]
opens = "11-15"
closes = "12-31"
order = ["birth_date"]
silence = "ACCEPT"
short = "part"
limits = { HOUR = 1000000, PREPROF = 500 }
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this machine's settings nor a file of the current folder play a part."""
    monkeypatch.chdir(tmp_path)
    for name in [*Settings.model_fields, "config"]:
        monkeypatch.delenv(f"SOCERT_{name.upper()}", raising=False)


def load(text: str) -> Settings:
    """Load a settings file."""
    Path("socert.toml").write_text(text, encoding="utf-8")
    return config.load()


def test_defaults_are_those_of_the_rules() -> None:
    assert config.load().policy_of("11605000") == Policy()


def test_every_rule_setting_can_be_set() -> None:
    renewal = {f"renewal.{name}" for name in RenewalSettings.model_fields}
    own = set(PolicySettings.model_fields) - {"renewal"}
    assert own | renewal | {"renewal"} == set(settings())


def test_everything_is_read_exactly() -> None:
    assert load(EVERYTHING).policy_of("11605000") == Policy(
        issues_certificates=False,
        unit=Register.HOUR,
        with_funds=False,
        nominals={Register.RUB: 25000_50, Register.HOUR: 144_00, Register.SIGNIFICANT: 2},
        nominals_of={2027: {Register.HOUR: 150_25}},
        agreement_needed=True,
        scheme=Scheme.PF,
        youngest=6,
        oldest=18,
        accepted_forms={
            FormCode.PD_PROCESSING: frozenset({"2026-01", "2027-01"}),
            FormCode.PFDO_LEGACY: frozenset({"old"}),
        },
        carry=Carry.UP_TO,
        carry_limit=1000_05,
        rounding=Rounding.DOWN,
        remainder_month=RemainderMonth.LAST,
        normatives={Register.RUB: 9000_00},
        charge_day=ChargeDay.AHEAD,
        requested_days=7,
        accepted_days=14,
        stale_start_months=3,
        live_goes_on=frozenset({CertificateStatus.EXPIRED}),
        monthly_lowering=True,
        reissue_annulled=True,
        erase_days=10,
        renewal=RenewalPolicy(
            opens=MonthDay(month=11, day=15),
            closes=MonthDay(month=12, day=31),
            order=(RankKey.BIRTH_DATE,),
            silence=Silence.ACCEPT,
            short=Short.PART,
            limits={Register.HOUR: 1_000_000_00, Register.PREPROF: 500},
        ),
    )


def test_no_amount_is_ever_a_binary_float() -> None:
    for kopecks in range(100_000, 100_200):
        written = f"{kopecks // 100}.{kopecks % 100:02d}"
        assert load(f"[policy.nominals]\nRUB = {written}").policy_of("").nominals == {Register.RUB: kopecks}


def test_a_municipality_changes_what_it_names_and_nothing_else() -> None:
    made = load(
        EVERYTHING
        + """
[municipalities.11605000]
account_push = "notify"
policy.youngest = 5
policy.renewal.closes = "12-10"
[municipalities.11605001]
notify_by = "elk"
"""
    )
    region, own = made.policy_of("99000000"), made.policy_of("11605000")

    assert (own.youngest, own.oldest, own.nominals) == (5, 18, region.nominals)
    assert own.renewal.window(2027)[1].isoformat() == "2026-12-10"
    assert own.renewal.opens == region.renewal.opens
    assert made.policy_of("11605001") == region
    assert made.channel_of("11605000") == Channel(push=Push.NOTIFY, carrier=Carrier.ORDER_EVENT)
    assert made.channel_of("11605001") == Channel(push=Push.FULL, carrier=Carrier.ELK)
    assert made.channel_of("99000000") == Channel()
    assert made.policies == (region, own, region)


def test_the_scheme_of_the_region_is_the_policys_unless_it_has_its_own() -> None:
    assert load('scheme = "PF"').policy_of("").scheme is Scheme.PF
    assert load('scheme = "PF"\n[policy]\nscheme = "SOCIAL_ORDER"').policy_of("").scheme is Scheme.SOCIAL_ORDER


def test_variables_reach_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCERT_POLICY__YOUNGEST", "7")
    monkeypatch.setenv("SOCERT_MUNICIPALITIES__11605000__ACCOUNT_PUSH", "off")
    made = load("[policy]\nyoungest = 6\noldest = 16")
    assert (made.policy_of("").youngest, made.policy_of("").oldest) == (7, 16)
    assert made.channel_of("11605000").push is Push.OFF


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[policy]\nyoungest = 18", "policy: .*youngest > oldest"),
        ("[municipalities.11605000]\npolicy.oldest = 3", r"municipalities\.11605000\.policy: .*youngest > oldest"),
        ("[policy]\nyungest = 3", r"policy\.yungest.*SOCERT_POLICY__YUNGEST"),
        ("[policy]\nnominals = { RUB = 12.345 }", r"policy\.nominals: .*two significant decimals"),
        ("[policy]\nnominals = { RUB = -1 }", r"policy\.nominals: .*minus"),
        ("[policy]\nnominals = { RUB = true }", r"policy\.nominals: .*number"),
        ("[policy]\nnominals = { SIGNIFICANT = 1.5 }", r"policy\.nominals: .*whole number"),
        ("[policy]\nnominals = { EURO = 1 }", r"policy\.nominals: .*EURO is no register"),
        ("[policy]\nnominals = 5", r"policy\.nominals: .*table"),
        ("[policy]\nunit = 'SIGNIFICANT'", r"policy\.unit"),
        ("[policy]\nrequested_days = -1", r"policy\.requested_days"),
        ("[policy]\nrenewal.opens = '12-32'", r"policy\.renewal\.opens: .*12-01"),
        ("[policy]\nrenewal.opens = '1 декабря'", r"policy\.renewal\.opens: .*12-01"),
        ("[policy]\nrenewal.opens = '12-25'", "policy: .*opens > renewal.closes"),
        ("[municipalities.Moscow]\naccount_push = 'off'", r"municipalities\.Moscow"),
        ("[municipalities.11605000]\naccount_push = 'loud'", r"municipalities\.11605000\.account_push"),
        ("zone = 'Moon/Sea'", "zone"),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert re.search(told, str(caught.value)), str(caught.value)


def test_the_examples_of_the_how_to_are_right() -> None:
    examples = re.findall(r"```toml\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) >= 3
    for example in examples:
        tomllib.loads(example)
        load(example)
