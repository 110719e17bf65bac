"""What /api/v1 takes and gives. The answers are built from these, and the OpenAPI document is made of them."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crm.agency.agency_events import EventType
from crm.delivery import agency_payload
from crm.referral.referral_states import ReferralView
from crm.slots.introductions import IntroductionView

OutcomeWord = Literal["interviewed", "offered", "hired", "retained_3", "retained_6", "retained_12", "closed"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OutcomeStep(_Model):
    kind: OutcomeWord
    month: str = Field(description="YYYY-MM", pattern=r"^\d{4}-\d{2}$")


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
    outcomes: list[OutcomeStep]


class Provision(_Model):
    """Where the profile comes from: what the receiver has to check and record (個人情報保護法 30条)."""

    provider: str
    provider_address: str | None
    provider_representative: str | None
    obtained: str
    consent_id: str
    consent_text_sha256: str
    items: list[str]
    use_until: date


class Referral(Standing):
    """One referral of the asking agency. It names nobody; the contact data have an address of their own."""

    profile: dict[str, Any] | None = Field(description="JSON Resume subset with meta.careerrelay; null once withdrawn")
    provision: Provision | None


class Feed(_Model):
    """In the order of the hand-overs. Ask again with ``after`` = ``next``; it stays when nothing is newer yet."""

    referrals: list[Referral]
    next: str | None


class Told(_Model):
    """The body of a webhook call."""

    type: EventType
    timestamp: datetime
    data: dict[str, Any] = Field(
        description="Referral for referral.shared and profile.corrected; Standing for the other events of a referral; "
        "`id` alone for those of an introduction, which GET /agency/introductions/{id} tells more of; empty for a test"
    )


class Event(Told):
    """The same that a webhook gets. ``seq`` counts without gaps; an event whose content may not leave is left out."""

    seq: int
    id: str = Field(description="the webhook-id of the same event")


class Events(_Model):
    """In the order in which they happened; go on with ``after`` = ``next``."""

    events: list[Event]
    next: str | None


class AnswerRequest(_Model):
    answer: Literal["accepted", "duplicate", "ineligible"]


class Answered(_Model):
    referral: Standing
    credited: bool = Field(description="this call earned the company a credit")


class OutcomeRequest(_Model):
    """Coarse, and only while the candidate agrees to it; the month is what is kept."""

    kind: OutcomeWord
    happened_on: date


class ContactData(_Model):
    """Released by the candidate to this agency. Use it for placement only."""

    name: str
    phone: str
    mail: str


class IntroductionNeed(_Model):
    job: str
    place: str
    pay_from_yen: int | None
    pay_to_yen: int | None
    wishes: str


class Introduction(_Model):
    """A company's need with a free slot, and how far the introduction for it has come. It names nobody."""

    id: str
    company: str
    state: str
    need: IntroductionNeed
    opened_at: datetime
    moved_at: datetime
    interview_at: datetime | None
    held_at: datetime | None
    hired_at: datetime | None
    ended_at: datetime | None
    fee_waived_yen: int | None
    acts: list[str] = Field(description="what the agency can do now")


class Introductions(_Model):
    """What moved last comes first."""

    introductions: list[Introduction]


class ProposalRequest(_Model):
    """A person for a need. The company reads the summary, and who it is only when it accepts."""

    summary: str = Field(min_length=1, max_length=4000, description="must not name the person")
    name: str = Field(min_length=1, max_length=80)
    mail: str = Field(min_length=3, max_length=254)
    phone: str = Field("", max_length=30)
    agreed_on: date = Field(description="the day on which the person agreed to this introduction")


class ActRequest(_Model):
    """One step of an introduction; see its ``acts``."""

    act: Literal["schedule", "held", "no_show", "decline_by_candidate", "hire", "retain", "close"]
    interview_at: AwareDatetime | None = Field(None, description="for schedule")
    fee_basis_yen: int | None = Field(None, ge=0, description="for hire: yearly pay, with fee_rate_bp")
    fee_rate_bp: int | None = Field(None, ge=0, le=10_000, description="for hire: hundredths of a percent")
    fee_yen: int | None = Field(None, ge=0, description="for hire: the sum, where the contract names one")


class LinkRequest(_Model):
    """Who was rejected, by a company's applicant tracking system that sends the notice itself."""

    recipient: str = Field(min_length=3, max_length=254)
    rejected_at: AwareDatetime = Field(description="when the selection ended; must not move between two calls")
    application: str = Field("", max_length=200, description="the system's own reference of the application")


class PersonalLink(_Model):
    """``held``: a rejection may still be taken back, ask again from ``available_at`` on. One notice has one link."""

    state: Literal["issued", "held"]
    available_at: datetime | None = None
    url: str | None = Field(None, description="for the template of the notice")
    opt_out_url: str | None = None
    expires_on: date | None = None
    agency: str | None = Field(None, description="must stand beside the link")
    licence_no: str | None = Field(None, description="must stand beside the link")


class FieldError(_Model):
    field: str
    problem: str


class Problem(_Model):
    """RFC 9457, as application/problem+json."""

    type: str = Field(description="address of the page that lists the codes")
    title: str
    status: int
    detail: str = Field(description="what to do about it")
    code: str = Field(description="stable word")
    errors: list[FieldError] | None = None


def standing(view: ReferralView) -> Standing:
    """Where a referral stands."""
    return Standing.model_validate(agency_payload.standing(view))


def referral(view: ReferralView) -> Referral:
    """A referral with its profile."""
    return Referral.model_validate(agency_payload.referral(view))


def introduction(view: IntroductionView) -> Introduction:
    """An introduction, without the person."""
    need = view.need
    return Introduction(
        id=view.id,
        company=view.company,
        state=view.state.value,
        need=IntroductionNeed(
            job=need.job,
            place=need.place,
            pay_from_yen=need.pay_from_yen,
            pay_to_yen=need.pay_to_yen,
            wishes=need.wishes,
        ),
        opened_at=view.opened_at,
        moved_at=view.moved_at,
        interview_at=view.interview_at,
        held_at=view.held_at,
        hired_at=view.hired_at,
        ended_at=view.ended_at,
        fee_waived_yen=view.fee_waived_yen,
        acts=[act.value for act in view.acts],
    )
