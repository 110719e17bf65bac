"""What /api/v1 takes and gives. The answers are built from these, and the OpenAPI document is made of them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm.referral_states import ReferralView


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Standing(_Model):
    """Where one referral of the asking agency stands: the answer to a POST, which is kept for its replay.

    Without the profile, since a kept copy would not ask the consent gate again and would outlive an erasure.
    """

    id: str
    company: str = Field(description="company whose notice the candidate answered")
    pseudonym: str = Field(description="random, one per person and agency")
    state: Literal["pending", "shared", "acknowledged", "counted", "reversed", "disqualified"]
    reason: str | None = Field(description="why it is disqualified or reversed, or accepted without a credit")
    shared_at: datetime | None
    answer: Literal["accepted", "duplicate", "ineligible"] | None
    answered_at: datetime | None
    talk_asked_at: datetime | None
    talk_declined_at: datetime | None
    contact_released_at: datetime | None = Field(description="from here on the contact data may be asked for")
    recall_asked_at: datetime | None = Field(description="the candidate withdrew: delete what you hold and say so")
    recall_acknowledged_at: datetime | None


class Referral(Standing):
    """One referral of the asking agency. It names nobody; the contact data have an address of their own."""

    profile: dict[str, Any] | None = Field(description="JSON Resume subset with meta.careerrelay; null once withdrawn")


class Feed(_Model):
    """Oldest first. Ask again with ``after`` = ``next``; it is null when there is nothing newer yet."""

    referrals: list[Referral]
    next: str | None


class AnswerRequest(_Model):
    answer: Literal["accepted", "duplicate", "ineligible"]


class Answered(_Model):
    referral: Standing
    credited: bool = Field(description="this call earned the company a credit")


class ContactData(_Model):
    """Released by the candidate to this agency. Use it for placement only."""

    name: str
    phone: str
    mail: str


class Fault(_Model):
    code: str = Field(description="stable word; see the responses of the operation")


class Problem(_Model):
    error: Fault


def standing(view: ReferralView) -> Standing:
    return Standing(**_standing(view))


def referral(view: ReferralView) -> Referral:
    return Referral(**_standing(view), profile=view.profile)


def _standing(view: ReferralView) -> dict[str, Any]:
    return {
        "id": view.id,
        "company": view.company,
        "pseudonym": view.pseudonym,
        "state": view.state.value,
        "reason": view.reason.value if view.reason else None,
        "shared_at": view.shared_at,
        "answer": view.answer.value if view.answer else None,
        "answered_at": view.answered_at,
        "talk_asked_at": view.talk_asked_at,
        "talk_declined_at": view.talk_declined_at,
        "contact_released_at": view.contact_released_at,
        "recall_asked_at": view.recall_asked_at,
        "recall_acknowledged_at": view.recall_acknowledged_at,
    }
