"""What a parent agrees to: a split of a price, and forms of consent. Blocks that account and enrolment share.

Each message type expands them in its own namespace. Source: portal message dictionary, 6 (blocks E-AGREED, E-CONSENT).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import AnySplit, Channel, FormCode, read_split, render_split
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import attribute, boolean, element, optional, text

if TYPE_CHECKING:
    from datetime import datetime

    from socert.contracts.portal.read import Fields


class DigestAlgorithm(StrEnum):
    """How the text of a form was digested; both give 64 hexadecimal digits."""

    SHA_256 = "SHA-256"
    STREEBOG_256 = "STREEBOG-256"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreedSplit:
    """The split that the parent agreed to, bound to the balance it was computed from (E-AGREED).

    `balance_version` is the certificate's version at `balance_as_of`: once it has changed, the split is stale and is
    refused. `calculation_ref` is the reference of the cost question. `applicant_part_accepted` must be True when the
    family pays anything.
    """

    calculation_ref: str | None = None
    calculated_at: datetime
    balance_version: int
    balance_as_of: datetime
    split: AnySplit
    applicant_part_accepted: bool
    agreed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TextDigest:
    """Digest of the exact text that the parent saw: 64 lower-case hexadecimal digits."""

    algorithm: DigestAlgorithm
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """A form of consent and its version (1-20 characters), when and where it was given (E-CONSENT).

    In an action of the account `given_at` is the moment of the action, a withdrawal included.
    """

    form_code: FormCode
    form_version: str
    given_at: datetime
    channel: Channel
    text_digest: TextDigest | None = None


def render_agreed_split(p: str, agreed: AgreedSplit | None) -> str:
    """Write the element `agreedSplit`, or nothing at all for None."""
    if agreed is None:
        return ""
    return (
        f"<{p}:agreedSplit>{optional(p, 'calculationRef', agreed.calculation_ref)}"
        f"<{p}:calculatedAt>{format_moment(agreed.calculated_at)}</{p}:calculatedAt>"
        f"<{p}:balanceVersion>{agreed.balance_version:d}</{p}:balanceVersion>"
        f"<{p}:balanceAsOf>{format_moment(agreed.balance_as_of)}</{p}:balanceAsOf>"
        f"{render_split(p, agreed.split)}"
        f"{element(p, 'applicantPartAccepted', boolean(agreed.applicant_part_accepted))}"
        f"<{p}:agreedAt>{format_moment(agreed.agreed_at)}</{p}:agreedAt></{p}:agreedSplit>"
    )


def maybe_read_agreed_split(fields: Fields) -> AgreedSplit | None:
    """Read `agreedSplit` among these fields, if there is one."""
    if not fields.has("agreedSplit"):
        return None
    agreed = fields.group("agreedSplit")
    return AgreedSplit(
        calculation_ref=agreed.maybe_text("calculationRef"),
        calculated_at=agreed.moment("calculatedAt"),
        balance_version=agreed.integer("balanceVersion"),
        balance_as_of=agreed.moment("balanceAsOf"),
        split=read_split(agreed),
        applicant_part_accepted=agreed.boolean("applicantPartAccepted"),
        agreed_at=agreed.moment("agreedAt"),
    )


def render_consents(p: str, consents: tuple[Consent, ...]) -> str:
    """Write the elements `ConsentInfo`."""
    return "".join(
        f"<{p}:ConsentInfo><{p}:formCode>{consent.form_code}</{p}:formCode>"
        f"<{p}:formVersion>{text(consent.form_version)}</{p}:formVersion>"
        f"<{p}:givenAt>{format_moment(consent.given_at)}</{p}:givenAt>"
        f"<{p}:channel>{consent.channel}</{p}:channel>{_render_digest(p, consent.text_digest)}</{p}:ConsentInfo>"
        for consent in consents
    )


def _render_digest(p: str, digest: TextDigest | None) -> str:
    if digest is None:
        return ""
    return f'<{p}:textDigest alg="{attribute(digest.algorithm)}">{text(digest.value)}</{p}:textDigest>'


def read_consents(fields: Fields) -> tuple[Consent, ...]:
    """Read every `ConsentInfo` among these fields."""
    return tuple(
        Consent(
            form_code=consent.choice(FormCode, "formCode"),
            form_version=consent.text("formVersion"),
            given_at=consent.moment("givenAt"),
            channel=consent.choice(Channel, "channel"),
            text_digest=_read_digest(consent) if consent.has("textDigest") else None,
        )
        for consent in fields.groups("ConsentInfo")
    )


def _read_digest(fields: Fields) -> TextDigest:
    return TextDigest(
        algorithm=fields.choice_of_attribute(DigestAlgorithm, "textDigest", "alg"), value=fields.text("textDigest")
    )
